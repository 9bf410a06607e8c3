"""How long a live touchpoint takes through the whole pipeline at half load, on Apache Kafka with transactions on.

One worker with every role is pinned to one core; broker and ClickHouse have the other; this program runs where there is room. An
import first, to warm up, then one whose rate is what the worker reaches on its core. Then live touchpoints come at half that rate, encoded
beforehand and dated when they are due (`bench.live`).

publish to row      from the moment at which a touchpoint is due to the first answer of ClickHouse that has its row, asked ten times a
                    second, which is part of what is measured
publish to finding  from the moment at which the last touchpoint of a finding's evidence is due to the moment a consumer that reads
                    committed records gets the finding; of rules whose two facts decide at once

Run: .venv/bin/python -m bench.latency [SECONDS [RATE]]
With a RATE, touchpoints come at that rate, and what the worker would reach is not measured. `bench.detection` measures findings alone.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import aiohttp
import aiokafka
from aiokafka import TopicPartition

from bench.live import made, send
from bench.pipeline import KEYS, used_s
from streams import topics
from streams.avro.codec import Decoder
from streams.avro.registry import FileRegistry
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.events import ChannelEvent
from streams.journeys.touchpoint import event_id_of
from streams.processors.internal import KIND, TOUCHPOINT
from streams.publishing import publish_import
from streams.settings import PREFIX, ROLES, Settings
from streams.simulation import simulate

AT_ONCE = ("offer_unknown", "offer_unannounced", "offer_not_honoured", "case_reopened")
ASKED_EVERY_S = 0.1
SEEN_AGAIN_S = 2
WORKER_CORE, OTHER_CORE = 0, 1
PREFIX_BYTES = 10
GOALS_S = {"publish to row": 2.0, "publish to finding": 1.0}
METRICS = {"publish to row": "touchpoints_publish_to_row_seconds", "publish to finding": "touchpoints_publish_to_inconsistency_seconds"}


@dataclass
class Measured:
    """When touchpoints were published and their rows seen, and when findings came, with what shows them; seconds since 1970."""

    published: dict[str, float] = field(default_factory=dict)
    rows: dict[str, float] = field(default_factory=dict)
    findings: dict[str, tuple[float, tuple[str, ...]]] = field(default_factory=dict)

    def to_row(self) -> list[float]:
        """Seconds from a touchpoint's publication to its row."""
        return [self.rows[event_id] - at for event_id, at in self.published.items() if event_id in self.rows]

    def to_finding(self, since: float = 0.0) -> list[float]:
        """Seconds from the publication of the last touchpoint of the evidence to the finding; of those published from `since` on."""
        whole = [(at, shown) for at, shown in self.findings.values() if shown <= self.published.keys()]
        last = [(at, max(map(self.published.__getitem__, shown))) for at, shown in whole]
        return [at - published for at, published in last if published >= since]


def to_publish(settings: Settings, number: int) -> list[ChannelEvent]:
    """So many events of customers who live for a while."""
    return [event for event in simulate(number // 12, 1).events() if event.channel in settings.channel_delay_s][:number]


async def watch_rows(settings: Settings, measured: Measured) -> None:
    """Ask ClickHouse for rows that are new, again and again."""
    text = f"SELECT event_id FROM {settings.clickhouse_store}.touchpoints WHERE ingested_at > now64(6) - {SEEN_AGAIN_S} FORMAT TSV"
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.post(settings.clickhouse_url, data=text) as answer:
                body = await answer.text()
            at = time.time()
            for event_id in body.split():
                measured.rows.setdefault(event_id, at)
            await asyncio.sleep(ASKED_EVERY_S)


async def watch_findings(settings: Settings, measured: Measured) -> None:
    """Note each finding of the rules that decide at once when it comes for the first time."""
    decoder = Decoder(FileRegistry().current("inconsistency"))
    async with aiokafka.AIOKafkaConsumer(
        settings.topic(topics.INCONSISTENCIES), bootstrap_servers=settings.brokers, isolation_level="read_committed", fetch_max_wait_ms=50
    ) as consumer:
        async for message in consumer:
            at = time.time()
            (finding,) = decoder.decode_run([message.value], PREFIX_BYTES)
            if finding["rule"] in AT_ONCE:
                measured.findings.setdefault(finding["inconsistency_id"], (at, frozenset(finding["evidence"])))


async def start_worker(settings: Settings) -> tuple[asyncio.subprocess.Process, str]:
    """A worker of every role on its core, and the address of its metrics."""
    own = {"BROKERS": settings.brokers, "CLICKHOUSE_URL": settings.clickhouse_url, "METRICS_PORT": "0", **KEYS}
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", str(WORKER_CORE), sys.executable, "-m", "streams.cli", "worker",
        stdout=asyncio.subprocess.PIPE, stderr=sys.stderr, env=os.environ | {PREFIX + name: value for name, value in own.items()},
    )  # fmt: skip
    line = (await asyncio.wait_for(process.stdout.readline(), 90)).decode()
    if not line.startswith("ready "):
        raise RuntimeError("the worker did not start")
    return process, line.split()[1]


@dataclass(frozen=True, slots=True)
class Effort:
    """What had been done by a moment: seconds of CPU by process, commits and the seconds that they took by role."""

    at_s: float
    used_s: Mapping[str, float]
    commits: Mapping[str, tuple[float, float]]

    def until(self, later: "Effort") -> str:
        """What was done from here to then, in words."""
        lasted = later.at_s - self.at_s
        shares = [f"{name} {(used - self.used_s[name]) / lasted:.0%}" for name, used in later.used_s.items()]
        commits = []
        for role, (number, taken_s) in later.commits.items():
            more = number - self.commits[role][0]
            took_ms = (taken_s - self.commits[role][1]) / more * 1000 if more else 0.0
            commits.append(f"{role} {more / lasted:.1f} of {took_ms:.0f} ms")
        return f"  of a core: {', '.join(shares)}\n  commits a second: {', '.join(commits)}"


async def metrics(url: str) -> str:
    """The worker's metrics as they are scraped."""
    async with aiohttp.ClientSession() as session, session.get(url + "/metrics") as answer:
        return await answer.text()


async def effort(url: str, pids: Mapping[str, int]) -> Effort:
    """What has been done so far."""
    text = await metrics(url)
    found = re.findall(r'^touchpoints_commit_seconds_(count|sum)\{role="(\w+)"\} (\S+)$', text, re.MULTILINE)
    numbers = {(part, role): float(number) for part, role, number in found}
    commits = {role: (numbers["count", role], numbers["sum", role]) for role in ROLES}
    return Effort(time.monotonic(), {name: used_s(pid) for name, pid in pids.items()}, commits)


async def buckets(url: str) -> dict[str, dict[float, float]]:
    """The metrics' histograms: by name, how many observations were no longer than so many seconds."""
    text = await metrics(url)
    found: dict[str, dict[float, float]] = {}
    for name, limit, number in re.findall(r'^(\w+)_bucket\{le="([^"]+)"\} (\S+)$', text, re.MULTILINE):
        found.setdefault(name, {})[float(limit)] = float(number)
    return found


def at_most(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    """The limit of the bucket below which that share of what was observed in between lies."""
    seen = {limit: after[limit] - before.get(limit, 0.0) for limit in after}
    total = max(seen.values(), default=0.0)
    return min((limit for limit, number in seen.items() if number >= share * total), default=0.0)


def share_of(values: list[float], share: float) -> float:
    """The value below which that share lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def distribution(name: str, values: list[float], goal_s: float) -> str:
    """How many came, and within how many seconds which share of them did."""
    shares = "".join(f"   p{share:g} {share_of(values, share / 100):5.2f} s" for share in (50, 95, 99)) if values else "   none came"
    return f"{name:19} {len(values):7,}{shares}   max {max(values, default=0.0):5.2f} s   goal p99 < {goal_s:g} s"


async def stages(settings: Settings, measured: Measured) -> dict[str, list[float]]:
    """Where the time to the row goes: seconds from each stage to the next, by the timestamps of the records in between."""
    at: dict[str, dict[str, float]] = {topics.ADMITTED: {}, topics.IDENTIFIED: {}}
    for topic, found in at.items():
        async with aiokafka.AIOKafkaConsumer(
            bootstrap_servers=settings.brokers, isolation_level="read_committed", auto_offset_reset="earliest"
        ) as consumer:
            sources = [TopicPartition(settings.topic(topic), number) for number in range(settings.partitions)]
            consumer.assign(sources)
            ends = await consumer.end_offsets(sources)  # clocks go on for ever
            while any([await consumer.position(source) < ends[source] for source in sources]):
                fetched = await consumer.getmany(timeout_ms=1000)
                for message in (message for messages in fetched.values() for message in messages):
                    if dict(message.headers).get(KIND) == TOUCHPOINT:
                        found[event_id_of(message.value)] = message.timestamp / 1000
    text = f"SELECT event_id, toFloat64(received_at), toFloat64(ingested_at) FROM {settings.clickhouse_store}.touchpoints FORMAT TSV"
    async with aiohttp.ClientSession() as session, session.post(settings.clickhouse_url, data=text) as answer:
        rows = [line.split("\t") for line in (await answer.text()).splitlines()]
    found: dict[str, list[float]] = {"publisher": [], "admit": [], "identify": [], "record": [], "shown": []}
    for event_id, received, ingested in rows:
        if event_id in measured.published:
            times = [measured.published[event_id], float(received), at[topics.ADMITTED][event_id], at[topics.IDENTIFIED][event_id]]
            times += [float(ingested), measured.rows[event_id]]
            for values, (begin, end) in zip(found.values(), pairwise(times), strict=True):
                values.append(end - begin)
    return found


async def seen(measured: Measured, number: int, within_s: float) -> None:
    """Wait until so many rows were seen."""
    until = time.monotonic() + within_s
    while len(measured.rows) < number:
        if time.monotonic() > until:
            raise RuntimeError(f"{len(measured.rows)} of {number} rows after {within_s:.0f} s")
        await asyncio.sleep(ASKED_EVERY_S)


async def warm_up(settings: Settings, measured: Measured) -> None:
    """Send an import through, and wait until it has come to rest."""
    warm = await publish_import(settings, simulate(150, 9).events(), name="simulation-warm")
    await seen(measured, warm.total, 120)
    await asyncio.sleep(3)


async def reached_rate(settings: Settings, measured: Measured) -> float:
    """Touchpoints a second that the worker makes rows of when more are there than it can take."""
    planned = list(simulate(1000, 8).events())
    before, began = len(measured.rows), time.monotonic()
    imported = await publish_import(settings, planned, name="simulation-rate")
    await seen(measured, before + imported.total, 300)
    rate = imported.total / (time.monotonic() - began)
    await asyncio.sleep(5)
    return rate


async def measure(seconds: float, given: float | None) -> None:
    """Print the distributions, at a given rate or at half of what the worker reaches."""
    os.sched_setaffinity(0, {OTHER_CORE})
    rows, measured = Measured(), Measured()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, EmbeddedClickHouse(Path(folder) / "clickhouse") as clickhouse:
        async with LocalKafka() as kafka:
            os.sched_setaffinity(0, {WORKER_CORE, OTHER_CORE})
            settings = Settings(brokers=kafka.bootstrap, clickhouse_url=clickhouse.url, pseudonym_key=KEYS["PSEUDONYM_KEY"])
            migrate(connect(settings), Names.of(settings))
            await topics.create_topics(settings)
            worker, url = await start_worker(settings)
            watching = [asyncio.ensure_future(watch_rows(settings, rows))]
            try:
                await warm_up(settings, rows)
                rate = given or await reached_rate(settings, rows) / 2
                watching.append(asyncio.ensure_future(watch_findings(settings, measured)))
                planned = to_publish(settings, int(rate * seconds))
                before = await buckets(url)
                source = "as given" if given else "half of what the worker makes of a backlog"
                load = os.getloadavg()[0]
                print(f"{len(planned):,} live touchpoints, {rate:,.0f} a second: {source}; load average {load:.1f}", flush=True)
                already = len(rows.rows)
                pids = {"worker": worker.pid, "Kafka": kafka.pid, "ClickHouse": clickhouse.pid, "this program": os.getpid()}
                due = made(settings, planned, rate)
                measured.published = {each.event_id: each.at_s for each in due}
                await asyncio.sleep(due[0].at_s - time.time())
                idle = await effort(url, pids)
                await send(settings, due)
                done = idle.until(await effort(url, pids))
                await seen(rows, already + len(planned), 60)
                await asyncio.sleep(5)
                measured.rows = rows.rows
                after = await buckets(url)
                parts = await stages(settings, measured)
                report(measured, before, after, parts)
                print(done)
            finally:
                for task in watching:
                    task.cancel()
                with suppress(ProcessLookupError):
                    worker.terminate()
                await worker.wait()
                await asyncio.gather(*watching, return_exceptions=True)


def report(
    measured: Measured,
    before: Mapping[str, Mapping[float, float]],
    after: Mapping[str, Mapping[float, float]],
    parts: Mapping[str, list[float]],
) -> None:
    """Print the distributions, and what the worker's own metrics say of them."""
    for name, values in (("publish to row", measured.to_row()), ("publish to finding", measured.to_finding())):
        print(distribution(name, values, GOALS_S[name]))
        own = before.get(METRICS[name], {}), after.get(METRICS[name], {})
        print(f"  {METRICS[name]}: p50 <= {at_most(*own, 0.5):g} s, p99 <= {at_most(*own, 0.99):g} s")
    print(
        "  to the row: " + ", ".join(f"{name} p50 {share_of(each, 0.5):.2f} p99 {share_of(each, 0.99):.2f}" for name, each in parts.items())
    )
    print(f"  shown: from the row's insertion to the answer that has it, asked every {ASKED_EVERY_S:g} s")


if __name__ == "__main__":
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0, float(sys.argv[2]) if len(sys.argv) > 2 else None))
