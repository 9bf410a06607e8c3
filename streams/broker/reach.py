"""Whether a broker is there at all: one clear line instead of a client that logs every attempt."""

import asyncio
import os
from typing import Final

from aiokafka.conn import collect_hosts
from aiokafka.errors import KafkaError

REACH_S: Final = 5.0
"""A broker that takes no connection this long is away."""


class BrokerAwayError(ConnectionError):
    """No broker of the bootstrap servers takes connections; the message is one line and says what to do."""


class BrokerRefusedError(RuntimeError):
    """The broker answers, and not what was asked for; the message is one line."""


async def reach(servers: str) -> None:
    """Return when one of the bootstrap servers takes a connection. Raises BrokerAwayError."""
    reason = "no address is set"
    for host, port, _ in collect_hosts(servers, randomize=False):
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), REACH_S)
        except TimeoutError:
            reason = f"no answer within {REACH_S:g} s"
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)
        else:
            writer.close()
            return
    raise BrokerAwayError(
        f"no broker answers at {servers} ({reason}); start one (touchpoints up, or make kafka) or set TOUCHPOINTS_BROKERS to yours"
    )


def told(error: KafkaError) -> str:
    """A client's error in one line."""
    return " ".join(f"{type(error).__name__.removesuffix('Error')}: {error}".split())
