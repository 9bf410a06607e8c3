"""Sends records in whole batches, one lane per partition: what is appended to a lane arrives in that order."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.broker.reach import BrokerRefusedError, reach, told

Headers = Sequence[tuple[str, bytes]]

LINGER_MS: Final = 20
"""A request to the broker for each few events costs it more than the events do."""
BATCH_BYTES: Final = 128 * 1024
REQUEST_MS: Final = 20_000
"""A batch that is not acknowledged this long fails the publication; until then the client tries again, after random pauses."""


class Lanes:
    """The partitions of topics, each with a batch that fills up. One batch of a partition is on its way at a time.

    Use as `async with Lanes(servers, idempotent=...) as lanes:`. With `idempotent` the broker drops what a retry sends twice.
    """

    def __init__(self, servers: str, *, idempotent: bool) -> None:
        self._servers = servers
        self._producer: Any = None
        self._idempotent = idempotent
        self._filling: dict[tuple[str, int], Any] = {}
        self._sent: list[asyncio.Future[Any]] = []

    async def append(self, topic: str, partition: int, key: bytes | None, value: bytes, headers: Headers) -> None:
        """Append one record to its lane; waits where the broker is behind. Raises BrokerRefusedError."""
        lane = (topic, partition)
        batch = self._filling.get(lane)
        if batch is None:
            batch = self._filling[lane] = self._producer.create_batch()
        if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            await self._send(lane, batch)
            batch = self._filling[lane] = self._producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=headers)

    async def flush(self) -> None:
        """Send what the lanes hold, and return without waiting for all acknowledgements. Raises BrokerRefusedError."""
        filling, self._filling = self._filling, {}
        for lane, batch in filling.items():
            await self._send(lane, batch)
        waiting = []
        for future in self._sent:
            if not future.done():
                waiting.append(future)
            elif error := future.exception():
                raise self._failed(error) from error
        self._sent = waiting

    async def acknowledged(self) -> None:
        """Send what the lanes hold, and return when the broker has acknowledged all of it. Raises BrokerRefusedError."""
        await self.flush()
        sent, self._sent = self._sent, []
        for answer in await asyncio.gather(*sent, return_exceptions=True):
            if isinstance(answer, BaseException):
                raise self._failed(answer) from answer

    async def _send(self, lane: tuple[str, int], batch: Any) -> None:
        topic, partition = lane
        batch.close()
        try:
            self._sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        except (KafkaError, AssertionError) as error:
            raise self._failed(error) from error

    def _failed(self, error: BaseException) -> BrokerRefusedError:
        reason = told(error) if isinstance(error, KafkaError) else str(error) or type(error).__name__
        return BrokerRefusedError(
            f"the broker at {self._servers} did not take all records: {reason}; publish again, what it has counts once"
        )

    async def __aenter__(self) -> Self:
        await reach(self._servers)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            enable_idempotence=self._idempotent,
            max_batch_size=BATCH_BYTES,
            linger_ms=LINGER_MS,
            request_timeout_ms=REQUEST_MS,
        )
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            raise self._failed(error) from error
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for future in self._sent:
            future.add_done_callback(_heard)
        await self._producer.stop()


def _heard(future: "asyncio.Future[Any]") -> None:
    """Take an answer that no one waits for any more, so that it is not reported as lost."""
    if not future.cancelled():
        future.exception()
