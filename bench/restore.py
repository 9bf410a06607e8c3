"""How fast a worker takes partitions over: state records a second, read from Apache Kafka into identify and stitch on one pinned core.

Run: .venv/bin/python -m bench.restore [PEOPLE]
The records are what simulated people leave in the changelogs after compaction, 20 touchpoints each; broker and JVM have the other core.
CPU is this process's own, reading included.
"""

import asyncio
import gc
import os
import sys
import time
from typing import Final

import aiokafka
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.lives import ADMITTED, IDENTIFIED, Installation, empty, touchpoints
from streams.broker.kafka import LocalKafka
from streams.delivery.changelog import read_partition
from streams.delivery.commit import POSITION_KEY, Position
from streams.delivery.record_batches import RECORD_BATCH_BYTES

GOAL: Final = 100_000
NAMES: Final = {ADMITTED: "identify", IDENTIFIED: "stitch"}


async def written(servers: str, topic: str, records: dict[bytes, bytes]) -> None:
    """Put a changelog's records on a topic of one partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=servers, max_batch_size=RECORD_BATCH_BYTES) as producer:
        batch = producer.create_batch()
        for key, value in records.items():
            if batch.append(timestamp=None, key=key, value=value) is None:
                await producer.send_batch(batch, topic, partition=0)
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value)
        await (await producer.send_batch(batch, topic, partition=0))


async def restored(servers: str, topic: str) -> float:
    """Restore a partition and print what it took; CPU seconds."""
    partition = empty(topic)
    count = 0
    gc.collect()
    began, cpu = time.monotonic(), time.process_time()
    async for records in read_partition(servers, topic, 0, "read_committed"):
        for record in records:
            if record.key != POSITION_KEY:
                partition.load(record.key, record.value)
        count += len(records)
    while partition.settle():
        pass
    partition.loaded(Position({}))
    cpu, took = time.process_time() - cpu, time.monotonic() - began
    each = f"{cpu / count * 1e6:5.2f} us of CPU each"
    print(f"{NAMES[topic]:10} {count:9,} records  {each}  {count / cpu:9,.0f}/s of CPU  {count / took:9,.0f}/s", flush=True)
    return cpu


def changelogs_of(people: int) -> dict[str, dict[bytes, bytes]]:
    """What so many people leave, by topic."""
    installation = Installation()
    installation.live(touchpoints(people, 5))
    return {topic: installation.changelogs[topic].records for topic in NAMES}


async def main(changelogs: dict[str, dict[bytes, bytes]]) -> None:
    """Print a line for each role, and one for both."""
    async with LocalKafka() as kafka:
        for topic, records in changelogs.items():
            await written(kafka.bootstrap, topic, records)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        cpu = sum([await restored(kafka.bootstrap, topic) for topic in NAMES])
    count = sum(map(len, changelogs.values()))
    print(f"{'both':10} {count:9,} records  {cpu / count * 1e6:5.2f} us of CPU each  {count / cpu:9,.0f}/s of CPU; goal {GOAL:,}/s")


if __name__ == "__main__":
    asyncio.run(main(changelogs_of(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)))
