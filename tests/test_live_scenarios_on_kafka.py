"""What goes wrong in real life, on Apache Kafka: a backlog, an import beside live traffic, a publisher that is down.

Whatever comes when, nothing may ever be published that the complete data does not hold.
"""

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, Self

import aiokafka
import fastavro
import pytest
from worker_process import KEYS, WorkerProcess

from streams import topics
from streams.avro.codec import Encoder
from streams.avro.registry import FileRegistry
from streams.broker.kafka import LocalKafka
from streams.channels.admission import Admission, Admitted
from streams.channels.identifiers import key_of
from streams.demo.drain import until_drained
from streams.events import ChannelEvent
from streams.journeys.customer import Customer
from streams.journeys.identity.strength import customer_of, name_of
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.processes import shipped_processes
from streams.processors.internal import partition_of
from streams.publishing import publish, publish_import, source_key
from streams.settings import CHANNELS, Settings
from streams.simulation import Simulation, simulate
from streams.stack import Stack
from streams.wording_file import load_wording

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
BACKLOG = 2 * HOUR
BESIDE = 10 * MINUTE
"""The last of the live events come while the worker takes the backlog and the import."""
SILENT, SILENT_FOR = "website", 3 * HOUR
DECLARED_S = 4 * 3600
"""The delay that is declared for the channel while its publisher is down."""
TIMES = ("occurred_at", "sent_at", "due_from", "due_until", "valid_from", "valid_until", "stated_for")
OLD = "simulation-60-9"
REGISTRY = FileRegistry()
PIPELINE = "admit,identify,stitch"


def moved(value: Any, by: int) -> Any:
    """A record with all of its times (us) moved."""
    if isinstance(value, dict):
        return {name: each + by if name in TIMES and isinstance(each, int) else moved(each, by) for name, each in value.items()}
    return [moved(each, by) for each in value] if isinstance(value, list) else value


def knowledge_of(simulation: Simulation) -> list[ChannelEvent]:
    return [each for each in simulation.events() if each.channel == topics.KNOWLEDGE]


def touchpoints_of(simulation: Simulation) -> list[ChannelEvent]:
    return [each for each in simulation.events() if each.channel != topics.KNOWLEDGE]


def lives_until(now: int, simulation: Simulation, random: Random) -> list[ChannelEvent]:
    """What customers lived, each moved so that one of its moments lies in the last two hours; what is still to come is not there."""
    lives = defaultdict(list)
    for event in touchpoints_of(simulation):
        lives[event.record["event_id"].split("-")[2]].append(event)
    events = []
    for life in lives.values():
        by = now - random.randrange(BACKLOG) - random.choice(life[len(life) // 3 :]).at
        events += [ChannelEvent(each.channel, moved(each.record, by), each.at + by) for each in life if each.at + by < now]
    return sorted(events, key=lambda each: each.at)


class Source:
    """Publishes live events with the arrival that they would have had."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.producer = aiokafka.AIOKafkaProducer(bootstrap_servers=settings.brokers)

    async def send(self, events: Iterable[ChannelEvent], arrived: int | None = None) -> None:
        """`arrived` (us) is when they reach the broker; None: a second after they happened."""
        sent = [
            await self.producer.send(
                self.settings.channel_topic(event.channel),
                value_of(event),
                partition=partition_of(source_key(event.record), self.settings.partitions),
                timestamp_ms=(event.at + SECOND if arrived is None else arrived) // 1000,
            )
            for event in events
        ]
        await asyncio.gather(*sent)

    async def __aenter__(self) -> Self:
        await self.producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.producer.stop()


ENCODERS = {channel: Encoder(REGISTRY.current(channel)) for channel in CHANNELS}


def value_of(event: ChannelEvent) -> bytes:
    return REGISTRY.reference(event.channel).prefix + ENCODERS[event.channel].encode_run([event.record])[0]


def held_by(events: Iterable[ChannelEvent], replay: str, knowledge: Iterable[ChannelEvent], now: int) -> set[str]:
    """Ids of the findings that all events together hold at `now` (us): each customer folded at once, by no pipeline."""
    admissions = {channel: Admission(channel, REGISTRY, key_of(KEYS["PSEUDONYM_KEY"])) for channel in CHANNELS}
    settings, known = JourneySettings(shipped_processes(), wording=load_wording()), Knowledge(each.record for each in knowledge)
    customers: dict[str, Customer] = {}
    for event in events:
        (answer,) = admissions[event.channel].admit_run([value_of(event)], [now], [replay], now)
        assert isinstance(answer, Admitted), answer
        name = customer_of(name_of(answer.touchpoint.anchor))
        customers.setdefault(name, Customer(name, settings, known)).add(answer.touchpoint)
    return {finding.inconsistency_id for each in customers.values() for finding in each.results(now).inconsistencies}


async def published_findings(settings: Settings) -> list[dict[str, Any]]:
    """Every version of every finding that was ever published, in the order of each partition."""
    prefix, schema = REGISTRY.reference("inconsistency").prefix, REGISTRY.current("inconsistency").parsed
    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=settings.brokers, isolation_level="read_committed")
    await consumer.start()
    try:
        sources = [aiokafka.TopicPartition(settings.topic(topics.INCONSISTENCIES), number) for number in range(settings.partitions)]
        consumer.assign(sources)
        await consumer.seek_to_beginning(*sources)
        ends = await consumer.end_offsets(sources)
        found = []
        while any([await consumer.position(each) < ends[each] for each in sources]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [fastavro.schemaless_reader(BytesIO(record.value.removeprefix(prefix)), schema) for record in records]
        return found
    finally:
        await consumer.stop()


async def until_live(stack: Stack, at: int) -> None:
    """Return once live time is `at` (us) in every partition."""
    while True:
        times = (await stack.state())["times"]
        if times and all(each["live"] is not None and each["live"] >= at for each in times.values()):
            return
        await asyncio.sleep(0.25)


async def drained(stack: Stack, *published: list[ChannelEvent]) -> None:
    await until_drained(stack, sum(map(len, published)), (OLD,), lambda _done, _all: None)


@pytest.mark.kafka
@pytest.mark.timeout(420)
async def test_a_backlog_an_import_and_a_silent_publisher_find_nothing_that_the_complete_data_does_not_hold(
    kafka: LocalKafka, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix, folder=tmp_path)
    await topics.create_topics(settings)
    now = time.time_ns() // 1000
    lived, old = simulate(240, 4), simulate(60, 9)
    live, imported = lives_until(now, lived, Random(5)), touchpoints_of(old)
    late = [each for each in live if each.channel == SILENT and each.at >= now - SILENT_FOR]
    prompt = [each for each in live if each.channel != SILENT or each.at < now - SILENT_FOR]
    backlog = [each for each in prompt if each.at < now - BESIDE]
    beside = prompt[len(backlog) :]
    await publish(settings, knowledge_of(lived))
    worker = WorkerProcess(settings, tmp_path / "worker.log", PIPELINE, CHANNEL_DELAY_S=f"{SILENT}={DECLARED_S}")
    try:
        async with Source(settings) as source:
            await source.send(backlog)
            importing = asyncio.ensure_future(publish_import(settings, old.events(), name=OLD, until=old.until))
            stack = Stack(settings, await worker.start())
            for begin in range(0, len(beside), 10):
                await source.send(beside[begin : begin + 10], time.time_ns() // 1000)
                await asyncio.sleep(0.1)
            await importing
            await drained(stack, prompt, imported)
            before = {each["inconsistency_id"] for each in await published_findings(settings)}
            await source.send(late, time.time_ns() // 1000)
            await drained(stack, live, imported)
        # The publisher is back and its delay is taken back: time may go on.
        await worker.end(signal.SIGTERM)
        worker.more.clear()
        stack = Stack(settings, await worker.start())
        judged = time.time_ns() // 1000
        await until_live(stack, judged)
        await drained(stack, live, imported)
    finally:
        await worker.end(signal.SIGTERM)
        await worker.end(signal.SIGKILL)
    versions = await published_findings(settings)
    ended = time.time_ns() // 1000
    of_old = held_by(imported, OLD, knowledge_of(old), old.until)
    certain = held_by(live, "", knowledge_of(lived), judged) | of_old
    possible = held_by(live, "", knowledge_of(lived), ended) | of_old
    false = [each for each in versions if each["status"] not in ("open", "resolved") or each["inconsistency_id"] not in possible]
    assert false == []
    assert certain <= {each["inconsistency_id"] for each in versions}
    # The scene is not empty: of each kind there is something, and something waited for the silent publisher.
    assert len([each for each in live if each.at >= now - BACKLOG]) > 500
    assert len(late) > 100
    assert before < certain
    assert len(certain) > 20
