"""Two merges and a split on Apache Kafka, the worker killed before, between and after them: the customers and rows of one that lives."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from streams import topics
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.migrations import Names, migrate
from streams.demo.outcome import checksum
from streams.events import ChannelEvent
from streams.identifiers_file import configured_pseudonyms
from streams.identity_graph import split
from streams.journeys.identity.strength import customer_of, name_of
from streams.publishing import publish
from streams.settings import Settings
from streams.verify import verify
from tests.identity.by_the_words import Seen, customers
from tests.worker_process import KEYS, WorkerProcess

MINUTE_US = 60_000_000
START = time.time_ns() // 1000 - 600 * MINUTE_US
COOKIE, NUMBER, EMAIL, PHONE, OTHER = (
    ("cookie", "ck"), ("customer_number", "N1"), ("email", "ada@example.com"), ("phone", "+31206241111"), ("customer_number", "N2"),
)  # fmt: skip
FIRST = [("w1", [COOKIE]), ("w2", [COOKIE]), ("m1", [EMAIL]), ("p1", [PHONE]), ("p2", [NUMBER]), ("s1", [OTHER])]
MERGE, SECOND_MERGE = [("w3", [NUMBER, COOKIE])], [("m2", [EMAIL, PHONE]), ("m3", [NUMBER, EMAIL])]
LAST = [("w4", [COOKIE]), ("p3", [PHONE]), ("p4", [PHONE, EMAIL])]
STEPS = [FIRST, MERGE, SECOND_MERGE, (NUMBER, EMAIL), LAST]
SEEN = [event for step in STEPS if isinstance(step, list) for event in step]
WITHIN_S = 90


def published_at(number: int) -> int:
    return START + number * MINUTE_US


def channel_event(number: int) -> ChannelEvent:
    event_id, identifiers = SEEN[number]
    given = [{"type": type_, "value": value} for type_, value in identifiers]
    record = {"event_id": event_id, "occurred_at": published_at(number), "kind": "agent_said", "identifiers": given}
    return ChannelEvent("phone", record, published_at(number))


class Named:
    """Identifiers as the graph has them."""

    def __init__(self, settings: Settings) -> None:
        self.of = configured_pseudonyms(settings).of

    def __call__(self, identifier: tuple[str, str]) -> str:
        return f"{identifier[0]}:{self.of(*identifier)}"


async def rows_of(settings: Settings, count: int, expected: dict[str, str]) -> str:
    """The checksum over current rows, once every touchpoint is with whom it belongs to and nothing changes any more."""
    client = connect(settings, settings.clickhouse_database)
    before, until = "", time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        await asyncio.sleep(1)
        found = dict(client.query("SELECT event_id, customer FROM touchpoints").result_rows)
        verdict = await verify(settings)
        now = checksum(client) if found == expected and verdict.is_drained and verdict.rows == count else ""
        if now and now == before:
            client.close()
            return now
        before = now
    raise AssertionError(f"{found} is not {expected}; {verdict}")


async def outcome(settings: Settings, log: Path, *, kills: bool) -> str:
    migrate(connect(settings), Names.of(settings))
    await topics.create_topics(settings)
    name = Named(settings)
    seen: list[Seen] = [
        (tuple(sorted(map(name, identifiers), key=name_of)), published_at(number), event_id)
        for number, (event_id, identifiers) in enumerate(SEEN)
    ]
    expected = {event_id: customer_of(label) for event_id, label in customers(seen, [frozenset(map(name, (NUMBER, EMAIL)))]).items()}
    worker = WorkerProcess(settings, log)
    number = 0
    try:
        await worker.start()
        for step in STEPS:
            if isinstance(step, list):
                await publish(settings, [channel_event(each) for each in range(number, number + len(step))])
                number += len(step)
            else:
                await split(settings, name(step[0]), name(step[1]), "split-1")
            if kills:
                await worker.end(signal.SIGKILL)
                await worker.start()
        return await rows_of(settings, len(SEEN), expected)
    finally:
        await worker.end(signal.SIGKILL)


@pytest.mark.kafka
@pytest.mark.stack
@pytest.mark.timeout(300)
async def test_two_merges_and_a_split_between_kills_leave_the_rows_of_a_worker_that_lives(
    kafka: LocalKafka, clickhouse_url: str, topic_prefix: str, tmp_path: Path
) -> None:
    checksums = []
    for kills in (False, True):
        name = "stormy" if kills else "calm"
        settings = Settings(
            brokers=kafka.bootstrap,
            prefix=f"{topic_prefix}{name}.",
            clickhouse_url=clickhouse_url,
            clickhouse_database=f"merges_{name}",
            clickhouse_store=f"merges_{name}_store",
            pseudonym_key=KEYS["PSEUDONYM_KEY"],
        )
        checksums.append(await outcome(settings, tmp_path / f"{name}.log", kills=kills))
    assert checksums[0] == checksums[1]
