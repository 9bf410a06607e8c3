"""Disruptions on Apache Kafka, whose counts travel between partitions: workers killed while they open, grow, close and open again.

What is published, each record once, and the analysts' views are those of one worker that lives.
"""

import asyncio
import signal
import time
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import aiokafka
import fastavro
import pytest
from stored import rows, until
from worker_process import KEYS, WorkerProcess

from streams import topics
from streams.avro.registry import FileRegistry
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.migrations import Names, migrate
from streams.events import ChannelEvent
from streams.publishing import publish
from streams.settings import Settings

MINUTE_US = 60_000_000
BEGIN = time.time_ns() // 1000 - 60 * MINUTE_US
WITHIN_S = 120
LIFE = "SELECT subject, status, customers, times FROM disruptions_history ORDER BY subject, version"
OF_PROCESSING = ("version", "opened_at", "closed_at", "detected_at")
"""Fields of a record that are times at which a worker worked it out."""


def event(number: int, offer: str, after: int, channel: str, kind: str, **terms: Any) -> ChannelEvent:
    at = BEGIN + after * MINUTE_US
    who = [{"type": "customer_number", "value": f"1-{number:04}"}]
    fields = {"event_id": f"{kind}-{offer}-{number}", "occurred_at": at, "kind": kind, "identifiers": who, "offer": {"id": offer, **terms}}
    return ChannelEvent(channel, fields | {"references": {"offer": offer}}, at)


def refused(offer: str, number: int) -> list[ChannelEvent]:
    held = {"amount": Decimal("10.00"), "currency": "EUR", "personal": True, "valid_until": BEGIN + 10_000 * MINUTE_US}
    return [
        event(number, offer, 0, "website", "offer_clicked", **held),
        event(number, offer, 10, "phone", "offer_refused", reason="unknown"),
    ]


def learned(offer: str, number: int) -> list[ChannelEvent]:
    return [event(number, offer, 20, "phone", "offer_acknowledged")]


AUTUMN = ("offer:AUTUMN", "opened", 10, 1)
OPENED, GROWN, CLOSED, AGAIN = (
    ("offer:SPRING", *each) for each in (("opened", 10, 1), ("grown", 20, 1), ("closed", 4, 1), ("opened", 10, 2))
)
STEPS = [
    ([*(refused("SPRING", each) for each in range(10)), *(refused("AUTUMN", each) for each in range(5, 15))], [AUTUMN, OPENED]),
    ([refused("SPRING", each) for each in range(10, 20)], [AUTUMN, OPENED, GROWN]),
    ([learned("SPRING", each) for each in range(16)], [AUTUMN, OPENED, GROWN, CLOSED]),
    ([refused("SPRING", each) for each in range(20, 26)], [AUTUMN, OPENED, GROWN, CLOSED, AGAIN]),
]
"""What customers do, and which records there are once it is counted: each step turns a disruption with its last customer alone."""
UNCHANGED_S = 4.0
KILLED_AFTER_S = (0.3, 0.9, 0.6, 1.2)


async def at_rest(settings: Settings, text: str) -> list[tuple[Any, ...]]:
    """The answer once no new one has come for a while: rows of findings come after the records of disruptions."""
    found, since, end = None, time.monotonic(), time.monotonic() + WITHIN_S
    while time.monotonic() < min(since + UNCHANGED_S, end):
        await asyncio.sleep(0.25)
        if (now := rows(settings, text)) != found:
            found, since = now, time.monotonic()
    assert found is not None
    return found


async def published(settings: Settings) -> list[dict[str, Any]]:
    """Every committed record of the topic, by disruption and in order, without the times of processing."""
    registry = FileRegistry()
    prefix, schema = registry.reference("disruption").prefix, registry.current("disruption").parsed
    sources = [aiokafka.TopicPartition(settings.topic(topics.DISRUPTIONS), number) for number in range(settings.partitions)]
    async with aiokafka.AIOKafkaConsumer(bootstrap_servers=settings.brokers, isolation_level="read_committed") as consumer:
        consumer.assign(sources)
        await consumer.seek_to_beginning(*sources)
        ends = await consumer.end_offsets(sources)
        found: list[dict[str, Any]] = []
        while any([await consumer.position(each) < ends[each] for each in sources]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [fastavro.schemaless_reader(BytesIO(record.value.removeprefix(prefix)), schema) for record in records]
    found.sort(key=lambda each: (each["disruption_id"], each["version"]))
    return [{name: value for name, value in each.items() if name not in OF_PROCESSING} for each in found]


async def open_by_state(url: str) -> float:
    """Disruptions that a worker's partitions keep as open."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("touchpoints_disruptions_open"))


async def outcome(settings: Settings, logs: Path, workers: int, kills: tuple[float, ...]) -> tuple[Any, ...]:
    migrate(connect(settings), Names.of(settings))
    await topics.create_topics(settings)
    crew = [WorkerProcess(settings, logs / f"{settings.prefix}{number}.log") for number in range(workers)]
    try:
        urls = [await each.start() for each in crew]
        for number, (lives, expected) in enumerate(STEPS):
            half = len(lives) // 2
            await publish(settings, [each for life in lives[:half] for each in life])
            if kills:
                await asyncio.sleep(kills[number])
                victim = number % workers
                await crew[victim].end(signal.SIGKILL)
            await publish(settings, [each for life in lives[half:] for each in life])
            if kills:
                urls[victim] = await crew[victim].start()
            await until(settings, LIFE, expected, WITHIN_S)
        records = await published(settings)
        view = await at_rest(settings, "SELECT * FROM disruptions ORDER BY subject")
        return records, view, sum([await open_by_state(each) for each in urls])
    finally:
        for each in crew:
            await each.end(signal.SIGKILL)


@pytest.mark.kafka
@pytest.mark.stack
@pytest.mark.timeout(420)
async def test_workers_killed_while_disruptions_turn_publish_what_a_worker_that_lives_does(
    kafka: LocalKafka, clickhouse_url: str, topic_prefix: str, tmp_path: Path
) -> None:
    found = []
    for name, workers, kills in (("calm", 1, ()), ("stormy", 2, KILLED_AFTER_S)):
        settings = Settings(
            brokers=kafka.bootstrap,
            prefix=f"{topic_prefix}{name}.",
            clickhouse_url=clickhouse_url,
            clickhouse_database=f"disruptions_{name}",
            clickhouse_store=f"disruptions_{name}_store",
            pseudonym_key=KEYS["PSEUDONYM_KEY"],
        )
        found.append(await outcome(settings, tmp_path, workers, kills))
    calm, stormy = found
    assert [(each["subject"], each["status"]) for each in calm[0]].count(("offer:SPRING", "opened")) == 2
    assert stormy == calm
    assert calm[2] == 2
