"""The knowledge topic: read whole before stitch starts, followed from then on. One for all partitions of a worker."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiokafka
from aiokafka import TopicPartition

from streams.avro import wire
from streams.avro.codec import Decoder
from streams.avro.refusal import Refusal
from streams.avro.registry import Registry
from streams.avro.schema import SchemaError
from streams.journeys.knowledge import Key, Knowledge
from streams.processors.knowledge_rows import forgotten, row, version_of
from streams.stack_folder import write_down

log = logging.getLogger(__name__)

FETCH_WAIT_MS: Final = 250


class KnowledgeReader:
    """Keeps a Knowledge, `held`, equal to the topic."""

    def __init__(
        self,
        servers: str,
        topic: str,
        partitions: int,
        registry: Registry,
        knowledge: Knowledge,
        *,
        kept: Path | None = None,
        on_row: Callable[[bytes], None] = lambda _row: None,
    ) -> None:
        """Read `topic` into `knowledge`; `kept` is a file that holds the topic's records for a broker that forgets.

        `on_row` hears each record as a row of ClickHouse's table.
        """
        self._on_row = on_row
        self._kept, self._records = kept, dict[str, str]()
        self._servers, self._topic, self._partitions = servers, topic, partitions
        self.held = knowledge
        self._learner = Learner(registry, knowledge)
        self._consumer: aiokafka.AIOKafkaConsumer | None = None
        self._follower: asyncio.Task[None] | None = None
        self.refused = 0

    async def start(self) -> None:
        """Read the topic to its end, then follow it in the background."""
        consumer = self._consumer = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level="read_uncommitted",
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        await consumer.start()
        sources = [TopicPartition(self._topic, number) for number in range(self._partitions)]
        consumer.assign(sources)
        await consumer.seek_to_beginning(*sources)
        while not await self._at_end(sources):
            await self._take(FETCH_WAIT_MS)
        self._follower = asyncio.ensure_future(self._follow())

    async def stop(self) -> None:
        """Stop following."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()

    async def _at_end(self, sources: list[TopicPartition]) -> bool:
        consumer = self._consumer
        assert consumer is not None
        for source in sources:
            end = consumer.highwater(source)
            if end is None or await consumer.position(source) < end:
                return False
        return True

    async def _follow(self) -> None:
        while True:
            await self._take(60_000)

    async def _take(self, timeout_ms: int) -> None:
        assert self._consumer is not None
        fetched = await self._consumer.getmany(timeout_ms=timeout_ms)
        for records in fetched.values():
            for record in records:
                self._learn(record)
        if fetched and self._kept is not None:
            await asyncio.to_thread(write_down, self._kept, dict(self._records))

    def _learn(self, record: Any) -> None:
        key, value = record.key or b"", record.value or b""
        self._records[key.hex()] = value.hex()
        learned = self._learner.learn(key, value)
        version = version_of(record.timestamp, record.offset)
        if isinstance(learned, Refusal):
            self.refused += 1
            log.warning("%s partition %d offset %d is no knowledge: %s", record.topic, record.partition, record.offset, learned.reason)
        elif isinstance(learned, Key):
            self._on_row(forgotten(learned, version))
        elif learned is not None:
            self._on_row(row(learned, version))


class Learner:
    """Takes records of the knowledge topic into a Knowledge."""

    def __init__(self, registry: Registry, knowledge: Knowledge) -> None:
        self._registry, self._knowledge = registry, knowledge
        self._reader = registry.current("knowledge")

    def learn(self, key: bytes, value: bytes) -> dict[str, Any] | Key | Refusal | None:
        """Take one record, b"" for a tombstone: the entry learned, the key forgotten (None: no key), or why it is no knowledge."""
        if not value:
            parts = key.decode(errors="replace").split("|")
            if len(parts) in {len(Key._fields) - 1, len(Key._fields)}:
                forgotten_key = Key(*parts)
                self._knowledge.forget(forgotten_key)
                return forgotten_key
            return None
        entry = self._decoded(value)
        if isinstance(entry, Refusal):
            return entry
        self._knowledge.learn(entry)
        return entry

    def _decoded(self, value: bytes) -> dict[str, Any] | Refusal:
        try:
            prefix = wire.prefix_of(value)
            decoder = Decoder(self._registry.find(wire.reference_of(prefix)), self._reader)
        except (wire.WireError, SchemaError, LookupError) as error:
            return Refusal("unknown_schema", "", str(error))
        return decoder.decode_run([value], len(prefix))[0]
