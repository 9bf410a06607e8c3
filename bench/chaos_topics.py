"""The kill test's topics: made, filled at a steady pace, and read back as committed."""

import asyncio
import random
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Self

import aiokafka
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.chaos_worker import PARTITIONS

STEADY_KEYS = 200
SHORT_LIVED = 20
"""So many events on end share one key that never gets another: what is lost of it, nothing repairs."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of one run's topics."""

    run: str

    @property
    def sources(self) -> tuple[str, str]:
        """What workers read: partition n of both goes to one of them."""
        return f"{self.run}-in-a", f"{self.run}-in-b"

    @property
    def changelog(self) -> str:
        """Their state."""
        return f"{self.run}-changelog"

    @property
    def out(self) -> str:
        """What they publish."""
        return f"{self.run}-out"


async def create(servers: str, topics: Topics) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        compacted = {"cleanup.policy": "compact"}
        await admin.create_topics(
            [NewTopic(name, PARTITIONS, 1) for name in (*topics.sources, topics.out)]
            + [NewTopic(topics.changelog, PARTITIONS, 1, topic_configs=compacted)]
        )
    finally:
        await admin.close()


def events(topics: Topics, seed: int, number: int) -> Iterator[tuple[str, int, bytes, bytes]]:
    """Topic, partition, key and value of each event; a key stays in one topic and partition."""
    drawn = random.Random(seed)
    for each in range(number):
        steady = drawn.random() < 0.5
        key = b"steady-%03d" % drawn.randrange(STEADY_KEYS) if steady else b"short-%06d" % (each // SHORT_LIVED)
        mixed = zlib.crc32(key)
        yield topics.sources[mixed >> 8 & 1], mixed % PARTITIONS, key, b"event %d of %d" % (each, seed)


async def produce(servers: str, topics: Topics, seed: int, number: int, seconds: float) -> None:
    """Send all events, at a steady pace over `seconds`."""
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=10)
    await producer.start()
    try:
        began = time.monotonic()
        for sent, (topic, partition, key, value) in enumerate(events(topics, seed, number)):
            await producer.send(topic, value, key=key, partition=partition)
            ahead = sent * seconds / number - (time.monotonic() - began)
            if ahead > 0.02:
                await asyncio.sleep(ahead)
        await producer.flush()
    finally:
        await producer.stop()


class Committed:
    """Reads topics as committed, on from where it stood."""

    def __init__(self, servers: str, *names: str) -> None:
        self._partitions = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
        self._consumer = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=servers, auto_offset_reset="earliest", enable_auto_commit=False, isolation_level="read_committed"
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        await self._consumer.seek_to_beginning(*self._partitions)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def more(self) -> AsyncIterator[aiokafka.ConsumerRecord]:
        """Every record up to the last stable offset, each partition in order."""
        while not await self._at_end():
            for records in (await self._consumer.getmany(timeout_ms=300)).values():
                for record in records:
                    yield record

    async def _at_end(self) -> bool:
        ends = await self._consumer.end_offsets(self._partitions)  # the last stable offsets, under this isolation
        return all([await self._consumer.position(each) >= end for each, end in ends.items()])
