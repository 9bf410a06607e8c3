"""Reads a partition's changelog back: every record that is committed, in order, up to the end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import aiokafka
from aiokafka import TopicPartition

FETCH_TIMEOUT_MS: Final = 500
STALL_S: Final = 60.0
"""A restore that gets no answer this long gives up, so that the worker says so instead of hanging."""


class RestoreStalledError(RuntimeError):
    """The broker answered nothing about the changelog for too long."""


async def read_partition(servers: str, topic: str, partition: int, isolation: str) -> AsyncIterator[Sequence[Any]]:
    """Yield runs of the records of one partition, from its beginning to its end as of the first answer that reaches it.

    Under read_committed the end is the last stable offset: with a transaction open, the high watermark is never reached.
    Without transactions it is the high watermark of a fetch: what some brokers list as the end is short of the last batch.
    """
    consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level=isolation,
        max_partition_fetch_bytes=4 << 20,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    loop = asyncio.get_running_loop()
    heard = loop.time()
    try:
        source = TopicPartition(topic, partition)
        consumer.assign([source])
        await consumer.seek_to_beginning(source)
        while (end := _end(consumer, source, isolation)) is None or await consumer.position(source) < end:
            fetched = await consumer.getmany(source, timeout_ms=FETCH_TIMEOUT_MS)
            for records in fetched.values():
                heard = loop.time()
                yield records
            if loop.time() - heard > STALL_S:
                raise RestoreStalledError(
                    f"{topic} partition {partition}: no answer for {STALL_S:.0f} s; check the broker, then start the worker again"
                )
    finally:
        await consumer.stop()


def _end(consumer: aiokafka.AIOKafkaConsumer, source: TopicPartition, isolation: str) -> int | None:
    if isolation == "read_committed":
        return consumer.last_stable_offset(source)  # type: ignore[no-any-return]
    return consumer.highwater(source)  # type: ignore[no-any-return]
