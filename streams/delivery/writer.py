"""Writes a commit to Kafka: in one transaction where the broker has them, in one record batch where it has none.

TransactionalWriter  state, position and outputs in one transaction; its transactional id belongs to the partition, so that
                     opening a writer fences whoever wrote that partition before and aborts what he left open.
PlainWriter          state, position and an outbox in one record batch, then the outputs; a restart publishes the outbox again.
                     At least once, one worker.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import aiokafka
from aiokafka.errors import KafkaError

from streams.delivery.commit import OUTBOX_KEY, POSITION_KEY, Output, Position, encode_outbox, encode_position
from streams.delivery.record_batches import NewBatch, RecordBatches, TooLarge
from streams.delivery.transactions import Fenced, Transactions

PLAIN_BATCH_BYTES: Final = 8_000_000
"""Largest record batch without transactions: the embedded broker sets no limit, our own request size does."""
STOP_TIMEOUT_S: Final = 5.0


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


class TransactionalWriter:
    """Commits of one partition as Kafka transactions under the partition's own transactional id."""

    def __init__(self, servers: str, changelog: str, partition: int) -> None:
        self._servers, self._changelog, self._partition = servers, changelog, partition
        self._transactions: Transactions | None = None

    @property
    def transactional_id(self) -> str:
        """The same for every worker that ever owns the partition: that is what fences."""
        return f"{self._changelog}-{self._partition}"

    async def open(self) -> None:
        """Take the transactional id over: fences the former owner and aborts what he left open."""
        self._transactions = Transactions(self._servers, self.transactional_id)
        await self._transactions.open()

    async def commit(self, state: Mapping[bytes, bytes | None], position: Position, outputs: Sequence[Output]) -> None:
        """State, position and outputs in one transaction."""
        transactions = self._started()
        batches = transactions.batches()
        batches.add(self._changelog_records(state, position))
        batches.add(outputs)
        await transactions.write(batches)
        await transactions.end()

    def _changelog_records(self, state: Mapping[bytes, bytes | None], position: Position) -> Iterable[Output]:
        for key, value in state.items():
            yield Output(self._changelog, self._partition, key, value)
        yield Output(self._changelog, self._partition, POSITION_KEY, encode_position(position))

    async def publish(self, outputs: Sequence[Output]) -> None:
        """Nothing is ever left: outputs are in the transaction."""

    async def close(self) -> None:
        """Let go of the connections; what is left open is aborted by the next owner."""
        if self._transactions is not None:
            with contextlib.suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(self._transactions.close(), STOP_TIMEOUT_S)
            self._transactions = None

    def _started(self) -> Transactions:
        if self._transactions is None:
            raise Fenced(self.transactional_id)
        return self._transactions


def _plain_batch(producer: aiokafka.AIOKafkaProducer) -> NewBatch:
    """What aiokafka's own `append` does beside, for each record, costs as much again as filling it directly."""
    batch = producer.create_batch()
    return NewBatch(batch, batch._builder.append)  # noqa: SLF001  # checked at the start: names.py


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
        producer = self._started()
        batches = RecordBatches(lambda: _plain_batch(producer))
        batches.add(outputs)
        sent = []
        for (topic, partition), filling in batches.filled():
            filling.batch._relative_offset = filling.count  # noqa: SLF001  # checked at the start: names.py
            filling.batch.close()
            sent.append(await producer.send_batch(filling.batch, topic, partition=partition))
        if sent:
            await asyncio.gather(*sent)

    async def close(self) -> None:
        """Stop the producer."""
        if self._producer is not None:
            try:
                await asyncio.wait_for(self._producer.stop(), STOP_TIMEOUT_S)
            except (TimeoutError, KafkaError):
                self._producer._closed = True  # noqa: SLF001  # its connections go with the event loop; nothing of it is waited for
            self._producer = None

    def _started(self) -> aiokafka.AIOKafkaProducer:
        if self._producer is None:
            raise Fenced(f"{self._changelog}-{self._partition}")
        return self._producer
