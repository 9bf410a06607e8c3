"""Writes a commit to Kafka: in one transaction where the broker has them, in one record batch where it has none.

TransactionalWriter  state, position and outputs in one transaction; its transactional id belongs to the partition, so that
                     opening a writer fences whoever wrote that partition before and aborts what he left open.
PlainWriter          state, position and an outbox in one record batch, then the outputs; a restart publishes the outbox again.
                     At least once, one worker.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import aiokafka
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerFenced

from streams.delivery.commit import OUTBOX_KEY, POSITION_KEY, Output, Position, encode_outbox, encode_position

RECORD_BATCH_BYTES: Final = 900_000
"""Largest record batch of a transaction: under Kafka's default `message.max.bytes` of 1,048,588."""
PLAIN_BATCH_BYTES: Final = 8_000_000
"""Largest record batch without transactions: the embedded broker sets no limit, our own request size does."""
TRANSACTION_TIMEOUT_MS: Final = 60_000
STOP_TIMEOUT_S: Final = 5.0


class Fenced(Exception):  # noqa: N818  # a state of affairs, not an error of anybody's
    """Another worker has opened this partition's writer since: the partition is not ours any more."""


class TooLarge(Exception):  # noqa: N818  # the executor's business, not the user's
    """A commit does not fit what can be written at once."""


class Writer(Protocol):
    """Where a partition's commits go."""

    async def open(self) -> None:
        """Take the partition over: from here on nobody else's commit of it succeeds."""

    async def commit(self, state: Mapping[bytes, bytes | None], position: Position, outputs: Sequence[Output]) -> None:
        """Make the commit durable, whole or not at all, and publish its outputs. Raises Fenced, TooLarge, KafkaError."""

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Publish what a former commit may have left unpublished."""

    async def close(self) -> None:
        """Let go of the partition."""


class _Filling:
    """A record batch that is being filled. What aiokafka's own `append` does beside, seven times a touchpoint, costs as much again."""

    __slots__ = ("append", "batch", "count")

    def __init__(self, batch: Any) -> None:
        self.batch, self.append, self.count = batch, batch._builder.append, 0  # noqa: SLF001  # checked at the start: names.py

    def closed(self) -> Any:
        """The batch, with all that was appended."""
        self.batch._relative_offset = self.count  # noqa: SLF001
        self.batch.close()
        return self.batch


class _Batches:
    """Record batches under construction, one or more for each topic and partition, all of one time."""

    def __init__(self, producer: aiokafka.AIOKafkaProducer) -> None:
        self._producer = producer
        self._at_ms = time.time_ns() // 1_000_000
        self._open: dict[tuple[str, int], _Filling] = {}
        self._full: list[tuple[tuple[str, int], _Filling]] = []

    def add(self, outputs: Iterable[Output]) -> None:
        """Append records. Raises TooLarge for one that no batch can hold."""
        at_ms, filling_of = self._at_ms, self._open.get
        for topic, partition, key, value, headers in outputs:
            own = headers if headers.__class__ is list else list(headers)
            filling = filling_of((topic, partition))
            if filling is None or filling.append(filling.count, at_ms, key, value, own) is None:
                filling = self._next((topic, partition), filling)
                if filling.append(0, at_ms, key, value, own) is None:
                    raise TooLarge(f"a record of {len(value or b'')} bytes for {topic} exceeds one record batch")
            filling.count += 1

    def _next(self, target: tuple[str, int], full: _Filling | None) -> _Filling:
        if full is not None:
            self._full.append((target, full))
        filling = self._open[target] = _Filling(self._producer.create_batch())
        return filling

    async def send(self) -> None:
        futures = [
            await self._producer.send_batch(filling.closed(), topic, partition=partition)
            for (topic, partition), filling in (*self._full, *self._open.items())
        ]
        if futures:
            await asyncio.gather(*futures)


async def _stop(producer: aiokafka.AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(producer.stop(), STOP_TIMEOUT_S)
    except (TimeoutError, KafkaError):
        producer._closed = True  # noqa: SLF001  # its connections go with the event loop; nothing of it is waited for


class TransactionalWriter:
    """Commits of one partition as Kafka transactions under the partition's own transactional id."""

    def __init__(self, servers: str, changelog: str, partition: int) -> None:
        self._servers, self._changelog, self._partition = servers, changelog, partition
        self._producer: aiokafka.AIOKafkaProducer | None = None

    @property
    def transactional_id(self) -> str:
        """The same for every worker that ever owns the partition: that is what fences."""
        return f"{self._changelog}-{self._partition}"

    async def open(self) -> None:
        """Initialise the producer: fences the former owner and aborts what he left open."""
        self._producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=self._servers,
            transactional_id=self.transactional_id,
            acks="all",
            linger_ms=0,
            max_batch_size=RECORD_BATCH_BYTES,
            max_request_size=2 * RECORD_BATCH_BYTES,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        )
        await self._producer.start()

    async def commit(self, state: Mapping[bytes, bytes | None], position: Position, outputs: Sequence[Output]) -> None:
        """State, position and outputs in one transaction."""
        producer = self._started()
        try:
            await producer.begin_transaction()
            batches = _Batches(producer)
            batches.add(self._changelog_records(state, position))
            batches.add(outputs)
            await batches.send()
            await producer.commit_transaction()
        except ProducerFenced as error:
            raise Fenced(self.transactional_id) from error
        except MessageSizeTooLargeError as error:
            raise TooLarge(str(error)) from error

    def _changelog_records(self, state: Mapping[bytes, bytes | None], position: Position) -> Iterable[Output]:
        for key, value in state.items():
            yield Output(self._changelog, self._partition, key, value)
        yield Output(self._changelog, self._partition, POSITION_KEY, encode_position(position))

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Nothing is ever left: outputs are in the transaction."""

    async def close(self) -> None:
        """Stop the producer; what it left open is aborted by the next owner."""
        if self._producer is not None:
            await _stop(self._producer)
            self._producer = None

    def _started(self) -> aiokafka.AIOKafkaProducer:
        if self._producer is None:
            raise Fenced(self.transactional_id)
        return self._producer


class PlainWriter:
    """Commits of one partition to a broker without transactions: state, position and outbox in one record batch."""

    def __init__(self, servers: str, changelog: str, partition: int) -> None:
        self._servers, self._changelog, self._partition = servers, changelog, partition
        self._producer: aiokafka.AIOKafkaProducer | None = None
        self._outbox_filled = False

    async def open(self) -> None:
        """Start the producer; nobody is fenced, so there must be one worker."""
        self._producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            linger_ms=0,
            max_batch_size=PLAIN_BATCH_BYTES,
            max_request_size=2 * PLAIN_BATCH_BYTES,
        )
        await self._producer.start()

    async def commit(self, state: Mapping[bytes, bytes | None], position: Position, outputs: Sequence[Output]) -> None:
        """Write state, position and outbox as one record batch, then publish the outputs."""
        producer = self._started()
        batch = producer.create_batch()
        records = list(state.items())
        if outputs or self._outbox_filled:
            records.append((OUTBOX_KEY, encode_outbox(outputs)))
        records.append((POSITION_KEY, encode_position(position)))
        for key, value in records:
            if batch.append(timestamp=None, key=key, value=value) is None:
                raise TooLarge(f"{len(records)} changes and {len(outputs)} outputs exceed one record batch of {PLAIN_BATCH_BYTES} bytes")
        batch.close()
        await (await producer.send_batch(batch, self._changelog, partition=self._partition))
        self._outbox_filled = bool(outputs)
        await self.publish(outputs)

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Send outputs, in order for each topic and partition."""
        batches = _Batches(self._started())
        batches.add(outputs)
        await batches.send()

    async def close(self) -> None:
        """Stop the producer."""
        if self._producer is not None:
            await _stop(self._producer)
            self._producer = None

    def _started(self) -> aiokafka.AIOKafkaProducer:
        if self._producer is None:
            raise Fenced(f"{self._changelog}-{self._partition}")
        return self._producer
