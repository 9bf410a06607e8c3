"""Apache Kafka in the foreground, for development: `make kafka`, or `python -m streams.broker [PORT [DIRECTORY]]`.

Without DIRECTORY what it holds is gone when it stops.
"""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

from streams.broker.kafka import LocalKafka
from streams.broker.server import BrokerError

DEFAULT_PORT: Final = 29092


async def serve(port: int, directory: Path | None) -> int:
    """Run until Ctrl-C or SIGTERM, or until the node ends by itself. Returns the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    broker = LocalKafka(directory=directory, port=port)
    starting = asyncio.ensure_future(broker.start())
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return 1
    await starting
    sys.stdout.write(
        f"Apache Kafka answers on {broker.bootstrap}, transactions included. In another terminal:\n\n"
        f"    export TOUCHPOINTS_BROKERS={broker.bootstrap}\n\nCtrl-C stops it.\n"
    )
    sys.stdout.flush()
    try:
        while broker.running and not stop.is_set():
            await asyncio.wait({stopping}, timeout=1.0)
        if not stop.is_set():
            sys.stderr.write(f"Apache Kafka ended by itself; {broker.log_end()}\n")
    finally:
        await broker.stop()
    return 0 if stop.is_set() else 1


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:  # noqa: PLR2004 - the largest port
        raise BrokerError(f"the port is {text!r}; a number from 0 to 65535 was expected, 0 for a free one")
    return int(text)


def main() -> int:
    """Read the arguments and serve; prints one line and returns 1 where it cannot."""
    try:
        port = _port(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PORT
        directory = Path(sys.argv[2]) if len(sys.argv) > 2 else None  # noqa: PLR2004
        return asyncio.run(serve(port, directory))
    except BrokerError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
