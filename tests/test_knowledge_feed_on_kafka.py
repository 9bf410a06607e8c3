"""What channels know, in ClickHouse, on Apache Kafka: ClickHouse away while entries come, workers killed before it is back, nothing lost."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import aiokafka
import pytest
from stored import until
from worker_process import KEYS, WorkerProcess

from streams import topics
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.events import ChannelEvent
from streams.processors.internal import partition_of
from streams.publishing import knowledge_key, publish
from streams.settings import Settings

MINUTE_US = 60_000_000
BEGIN = time.time_ns() // 1000 - 60 * MINUTE_US
AWAY_S = 3.0
"""How long ClickHouse is away once entries have come: several attempts."""
KNOWN = "SELECT channel, offer, value FROM knowledge ORDER BY channel, offer"


def entry(channel: str, offer: str, value: str = "", **more: Any) -> dict[str, Any]:
    base = {"channel": channel, "offer": offer, "subject": "", "attribute": "", "value": value, "period": ""}
    return {**base, "known_from": BEGIN, "known_until": None, "withdrawn": False, **more}


async def told(settings: Settings, *entries: dict[str, Any]) -> None:
    await publish(settings, [ChannelEvent("knowledge", each, BEGIN) for each in entries])


async def forgotten(settings: Settings, of: dict[str, Any]) -> None:
    """A tombstone."""
    key = knowledge_key(of)
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        place = partition_of(key, settings.partitions)
        await producer.send_and_wait(settings.topic(topics.KNOWLEDGE), None, key=key.encode(), partition=place)


def versions(settings: Settings) -> set[tuple[str, ...]]:
    """Every record of the topic that the table ever took, by key and version."""
    client = connect(settings)
    rows = client.query(f"SELECT DISTINCT channel, offer, version FROM {settings.clickhouse_store}.knowledge").result_rows
    client.close()
    return set(rows)


@pytest.mark.kafka
@pytest.mark.stack
@pytest.mark.timeout(300)
async def test_entries_that_come_while_clickhouse_is_away_are_in_it_after_whoever_died_meanwhile(
    kafka: LocalKafka, free_port: int, topic_prefix: str, tmp_path: Path
) -> None:
    clickhouse = EmbeddedClickHouse(tmp_path / "clickhouse", port=free_port).start()
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix, clickhouse_url=clickhouse.url, pseudonym_key=KEYS["PSEUDONYM_KEY"])
    migrate(connect(settings), Names.of(settings))
    await topics.create_topics(settings)
    worker = WorkerProcess(settings, tmp_path / "worker.log", roles="stitch,record")
    try:
        await worker.start()
        await told(settings, entry("phone", "SPRING"), entry("store", "SPRING"), entry("chat", "OLD"), entry("store", "WRONG"))
        await until(settings, KNOWN, [("chat", "OLD", ""), ("phone", "SPRING", ""), ("store", "SPRING", ""), ("store", "WRONG", "")])

        # Away for a while, under a worker that lives.
        clickhouse.stop()
        await told(settings, entry("phone", "SPRING", "5 %"), entry("phone", "SUMMER"), entry("store", "WRONG", withdrawn=True))
        await forgotten(settings, entry("chat", "OLD"))
        await asyncio.sleep(AWAY_S)
        await told(settings, entry("phone", "SUMMER", "10 %"), entry("chat", "AUTUMN"))
        clickhouse.start()
        lived = [("chat", "AUTUMN", ""), ("phone", "SPRING", "5 %"), ("phone", "SUMMER", "10 %"), ("store", "SPRING", "")]
        await until(settings, KNOWN, lived)

        # Away, and the worker that held the entries dies; the next one starts while it is still away.
        clickhouse.stop()
        await told(settings, entry("phone", "SUMMER", "20 %"), entry("store", "AUTUMN"), entry("chat", "OLD", "again"))
        await forgotten(settings, entry("store", "SPRING"))
        await asyncio.sleep(AWAY_S)
        await worker.end(signal.SIGKILL)
        await worker.start()
        clickhouse.start()
        after = [
            ("chat", "AUTUMN", ""),
            ("chat", "OLD", "again"),
            ("phone", "SPRING", "5 %"),
            ("phone", "SUMMER", "20 %"),
            ("store", "AUTUMN", ""),
        ]
        await until(settings, KNOWN, after)

        # A worker that finds all of it there reads the topic whole again and changes nothing, but for an entry of old that the topic
        # has forgotten, tombstone and all.
        client = connect(settings)
        client.command(f"INSERT INTO {settings.clickhouse_store}.knowledge (channel, offer, version) VALUES ('app', 'ANCIENT', 1)")
        client.close()
        before = versions(settings)
        await worker.end(signal.SIGKILL)
        await worker.start()
        await told(settings, entry("store", "LAST"))
        await until(settings, KNOWN, [*after, ("store", "LAST", "")])
        assert {each[:2] for each in versions(settings) - before} == {("store", "LAST"), ("app", "ANCIENT")}
        assert "not in ClickHouse" not in worker.log.read_text()
    finally:
        await worker.end(signal.SIGTERM)
        await worker.end(signal.SIGKILL)
        clickhouse.stop()
