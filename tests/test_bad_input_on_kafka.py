"""Bad input in the midst of live traffic, on Apache Kafka: each a dead letter that opens to the very bytes, and none stops a worker.

Then the letters by `touchpoints dead-letters`: counted, shown, and published again.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import aiokafka
import pytest
from worker_process import KEYS, WorkerProcess

from streams import topics
from streams.avro.codec import Encoder
from streams.avro.configured import sealing_of
from streams.avro.registry import FileRegistry
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.letters import Wanted, letters
from streams.clickhouse.migrations import Names, migrate
from streams.demo.drain import until_drained
from streams.processors.internal import partition_of
from streams.publishing import source_key
from streams.settings import PREFIX, Settings
from streams.simulation import simulate
from streams.stack import Stack
from streams.verify import verify

SECOND = 1_000_000
DAY = 86_400 * SECOND
YEAR_2100 = 4_102_444_800 * SECOND
CURED_IN_S = 15
REGISTRY = FileRegistry()
CHAT = Encoder(REGISTRY.current("chat"))
PREFIX_OF_CHAT = REGISTRY.reference("chat").prefix
NEW_KEYS = {"DEAD_LETTER_KEY": "next:" + "3c" * 32, "DEAD_LETTER_FORMER_KEYS": KEYS["DEAD_LETTER_KEY"]}


@dataclass
class Bad:
    """One bad event: what is wrong, its bytes, the reason to expect, and where it lies."""

    reason: str
    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    as_sent: Callable[[], bytes] | None = None
    place: tuple[str, int, int] = ("", -1, -1)


def said(**more: Any) -> dict[str, Any]:
    identifiers = [{"type": "email", "value": "kim@example.com"}]
    return {"event_id": "bad", "occurred_at": time.time_ns() // 1000, "kind": "customer_said", "identifiers": identifiers} | more


def chat(**more: Any) -> bytes:
    return PREFIX_OF_CHAT + CHAT.encode_run([said(**more)])[0]


def with_kind(index: int) -> bytes:
    """A chat event whose kind is the enum's symbol `index`, which there may not be."""
    now = time.time_ns() // 1000
    one, other = chat(occurred_at=now), chat(occurred_at=now, kind="agent_said")
    at = next(at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right)
    assert index * 2 < 128
    return one[:at] + bytes([index * 2]) + one[at + 1 :]


def too_soon() -> bytes:
    """Refused now, admitted in a while."""
    return chat(event_id="cured", occurred_at=time.time_ns() // 1000 + DAY + CURED_IN_S * SECOND)


def bad_input(random: Random) -> list[Bad]:
    phone = REGISTRY.reference("phone").prefix + Encoder(REGISTRY.current("phone")).encode_run([said(kind="agent_said")])[0]
    return [
        Bad("not_avro", b"\x17" + random.randbytes(300), b"some key", (("trace", b"\x00\xff"), ("trace", b"again"))),
        Bad("not_avro", b'{"event_id": "json"}'),
        Bad("not_avro", b""),
        Bad("not_avro", None, b"a tombstone"),
        Bad("unknown_schema", b"\xc3\x01" + random.randbytes(60)),
        Bad("unknown_schema", phone),
        Bad("too_large", chat(session="s" * 300_000)),
        Bad("truncated", chat()[:-3]),
        Bad("truncated", chat()[:14], None, (("replay", b"an import"),)),
        Bad("trailing_bytes", chat() + b"\x00"),
        Bad("malformed", with_kind(63)),
        Bad("unknown_kind", with_kind(0)),
        Bad("occurred_too_early", chat(occurred_at=0)),
        Bad("occurred_in_future", chat(occurred_at=YEAR_2100)),
        Bad("occurred_in_future", None, as_sent=too_soon),
        Bad("no_identifier", chat(identifiers=[])),
        Bad("no_event_id", chat(event_id=" ")),
    ]


async def publish_mixed(settings: Settings, bad: list[Bad]) -> int:
    """Good events with the bad ones among them; returns how many good ones."""
    good = [each for each in simulate(120, 8).events() if each.channel != topics.KNOWLEDGE]
    encoders = {channel: Encoder(REGISTRY.current(channel)) for channel in {each.channel for each in good}}
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=settings.brokers)
    await producer.start()
    try:
        spread = len(good) // len(bad)
        lying = []
        for number, event in enumerate(good):
            value = REGISTRY.reference(event.channel).prefix + encoders[event.channel].encode_run([event.record])[0]
            partition = partition_of(source_key(event.record), settings.partitions)
            await producer.send(settings.channel_topic(event.channel), value, partition=partition)
            which, rest = divmod(number, spread)
            if rest == 0 and which < len(bad):
                each = bad[which]
                topic = settings.channel_topic("chat")
                if each.as_sent is not None:
                    each.value = each.as_sent()
                future = await producer.send(topic, each.value, each.key, partition=which % 4, headers=list(each.headers))
                lying.append((each, topic, future))
        for each, topic, future in lying:
            sent = await future
            each.place = (topic, sent.partition, sent.offset)
    finally:
        await producer.stop()
    return len(good)


async def touchpoints(settings: Settings, *arguments: str, **keys: str) -> tuple[int, Any]:
    """Run the program with --json: its exit code and what it printed."""
    own = {
        "BROKERS": settings.brokers,
        "PREFIX": settings.prefix,
        "CLICKHOUSE_URL": settings.clickhouse_url,
        "CLICKHOUSE_DATABASE": settings.clickhouse_database,
        "CLICKHOUSE_STORE": settings.clickhouse_store,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "streams.cli", *arguments, "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {PREFIX + name: value for name, value in (own | keys).items()},
    )
    out, err = await process.communicate()
    assert out, err.decode()
    return process.returncode or 0, json.loads(out)


async def metric(url: str, name: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.fixture
async def installation(kafka: LocalKafka, clickhouse_url: str, topic_prefix: str, tmp_path: Path) -> AsyncIterator[tuple[Settings, Any]]:
    settings = Settings(
        brokers=kafka.bootstrap,
        prefix=topic_prefix,
        clickhouse_url=clickhouse_url,
        clickhouse_database="bad_input",
        clickhouse_store="bad_input_store",
        pseudonym_key=KEYS["PSEUDONYM_KEY"],
        dead_letter_key=KEYS["DEAD_LETTER_KEY"],
        folder=tmp_path,
    )
    client = connect(settings)
    migrate(client, Names.of(settings))
    await topics.create_topics(settings)
    worker = WorkerProcess(settings, tmp_path / "worker.log")
    try:
        yield settings, worker
    finally:
        await worker.end(signal.SIGTERM)
        await worker.end(signal.SIGKILL)
        for database in (settings.clickhouse_database, settings.clickhouse_store):
            client.command(f"DROP DATABASE {database} SYNC")
        client.close()


@pytest.mark.kafka
@pytest.mark.stack
@pytest.mark.timeout(420)
async def test_every_bad_event_is_a_dead_letter_that_opens_to_its_bytes_and_can_be_published_again(installation: Any) -> None:
    settings, worker = installation
    bad = bad_input(Random(11))
    url = await worker.start()
    stack = Stack(settings, url)
    pid, restores = worker.process.pid, await metric(url, "touchpoints_restores_total")
    good = await publish_mixed(settings, bad)
    died_by = time.monotonic()
    state = await until_drained(stack, good + len(bad), (), lambda _done, _all: None)
    line = {"received": good + len(bad), "recorded": good, "dead": len(bad), "duplicate": 0, "in_flight": 0, "difference": 0}
    assert state["conservation"] == line

    sealing = sealing_of(replace(settings, dead_letter_key=NEW_KEYS["DEAD_LETTER_KEY"], dead_letter_former_keys=KEYS["DEAD_LETTER_KEY"]))
    found = {(each.topic, each.partition, each.offset): each for each in letters(settings, Wanted())}
    assert len(found) == len(bad)
    for each in bad:
        letter = found[each.place]
        contents = sealing.open(letter.sealed)
        assert (letter.reason, letter.channel, letter.size_bytes) == (each.reason, "chat", len(each.value or b""))
        assert (contents.value, contents.key, contents.headers) == (each.value, each.key, each.headers)

    await the_letters_are_counted_shown_and_published_again(settings, bad, died_by)
    again = 3
    state = await until_drained(stack, good + len(bad) + again, (), lambda _done, _all: None)
    line = {
        "received": good + len(bad) + again,
        "recorded": good + 1,
        "dead": len(bad) + 2,
        "duplicate": 0,
        "in_flight": 0,
        "difference": 0,
    }
    assert state["conservation"] == line
    verdict = await verify(settings)
    assert verdict.is_sound
    assert verdict.rows == good + 1
    assert {each.reason for each in letters(settings, Wanted())} == {each.reason for each in bad}
    assert (worker.process.pid, worker.process.returncode) == (pid, None)
    assert await metric(url, "touchpoints_restores_total") == restores


async def the_letters_are_counted_shown_and_published_again(settings: Settings, bad: list[Bad], died_by: float) -> None:
    """By the program, after the key was rotated: one letter that can be admitted by now, two that cannot."""
    _, listed = await touchpoints(settings, "dead-letters", "list", "--each")
    assert listed["total"] == len(bad)
    counts = {(each["channel"], each["reason"]): each["letters"] for each in listed["tallies"]}
    assert counts["chat", "not_avro"] == 4
    assert all(each["sealed"] is None for each in listed["letters"] if "sealed" in each)
    (cured,) = [each["dead_letter_id"] for each in listed["letters"] if each["event_id"] == "cured"]
    (unknown,) = [each["dead_letter_id"] for each in listed["letters"] if each["reason"] == "unknown_kind"]

    _, shown = await touchpoints(settings, "dead-letters", "show", cured, **NEW_KEYS)
    assert shown["record"]["identifiers"] == [{"type": "email", "value": "kim@example.com"}]

    await asyncio.sleep(max(0.0, CURED_IN_S + 1 - (time.monotonic() - died_by)))
    asked = ("dead-letters", "replay", "--reason", "unknown_kind", "--channel", "chat")
    _, tried = await touchpoints(settings, *asked, "--dry-run")
    assert (tried["replayed"], tried["replayable"], tried["kept"]) == (0, 1, [])
    for chosen in (asked, ("dead-letters", "replay", cured), ("dead-letters", "replay", unknown, "--again")):
        code, done = await touchpoints(settings, *chosen, **NEW_KEYS)
        assert (code, done["replayed"], done["kept"]) == (0, 1, [])
    _, listed = await touchpoints(settings, "dead-letters", "list", "--reason", "occurred_in_future")
    assert [(each["letters"], each["replayed"]) for each in listed["tallies"]] == [(2, 1)]
