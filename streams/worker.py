"""A worker: runs processors until it is told to stop, and says on HTTP how they stand."""

import asyncio
import logging
import signal
import time
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from aiohttp import web

from streams import metrics as meters
from streams import topics
from streams.app import Pipeline, pipeline
from streams.collecting import collect_by_the_clock, leave_what_is_there
from streams.conservation import Conservation, conservation, is_behind
from streams.delivery.names import check_names
from streams.forgotten_knowledge import take_away
from streams.metrics import Metrics, Sample, metrics_app, served
from streams.processors.admit import AdmitPartition
from streams.processors.identify import IdentifyPartition
from streams.processors.stitch import StitchPartition
from streams.row_count import RowCount
from streams.settings import Settings

log = logging.getLogger(__name__)


async def run_worker(settings: Settings, roles: tuple[str, ...]) -> None:
    """Run `roles` until SIGTERM or SIGINT. Raises SettingsError, TopicError, WrongVersionError before anything starts."""
    check_names()
    await topics.check_topics(settings)
    transactional = await topics.transactional(settings)
    metrics = Metrics()
    parts = pipeline(settings, roles, transactional=transactional, metrics=metrics)
    metrics.state.register(lambda: samples(parts))
    rows = RowCount(settings, lambda: ("record", 0) in {(role, executor.plan.number) for role, executor in _executors(parts)})
    metrics.state.register(rows.samples)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    application = metrics_app(metrics)
    application.router.add_get("/state", lambda _request: _state(parts))
    async with served(application, settings.metrics_port) as port, parts.inserts, parts.following:
        read_at_ms = time.time_ns() // 1_000_000
        await parts.knowledge.start()
        leave_what_is_there()
        applications = [role.app for role in parts.roles]
        for each in applications:
            each.finalize()
        await asyncio.gather(*(each.start() for each in applications))  # together: each waits seconds for its group
        print(f"ready http://127.0.0.1:{port}", flush=True)  # noqa: T201  # whoever started it waits for this line
        beside: list[asyncio.Future[Any]] = [asyncio.ensure_future(each) for each in (rows.run(), collect_by_the_clock())]
        if "record" in roles:
            beside.append(asyncio.ensure_future(take_away(settings, parts.knowledge.held, read_at_ms, parts.knowledge_rows.take)))
        stopped = [asyncio.ensure_future(each.wait_until_stopped()) for each in applications]
        stopped += [asyncio.ensure_future(each._crashed.wait()) for each in applications]  # noqa: SLF001  # there is no public word for it
        await asyncio.wait([asyncio.ensure_future(stop.wait()), *stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in beside:
            task.cancel()
        for role in parts.roles:
            await role.store.close()
        await asyncio.gather(*(each.stop() for each in applications), return_exceptions=True)
        await parts.knowledge.stop()
        await parts.knowledge_rows.stop()
    if not stop.is_set():
        raise WorkerStoppedError("a processor stopped by itself: see the lines above, then start the worker again")


class WorkerStoppedError(RuntimeError):
    """A processor ended although nobody asked it to."""


def memos(parts: Pipeline) -> Iterator[tuple[str, bytes]]:
    """What every partition here committed last, with its role."""
    for role, executor in _executors(parts):
        position = executor.position
        if position is not None:
            yield role, position.memo


def drained(parts: Pipeline) -> bool:
    """Whether every partition here has all of its sources."""
    return all(executor.caught_up_ms(topic) is not None for _, executor in _executors(parts) for topic in executor.plan.topics)


def line(parts: Pipeline) -> Conservation:
    """The conservation line of the partitions here."""
    return conservation(memos(parts), drained=drained(parts))


def samples(parts: Pipeline) -> Iterable[Sample]:
    """What the partitions here have committed, as metrics."""
    now_ms = time.time() * 1000
    yield meters.CONSERVATION.sample(line(parts).difference)
    for role, executor in _executors(parts):
        number = str(executor.plan.number)
        lags = [executor.lag_s(topic, now_ms) for topic in executor.plan.topics]
        yield meters.LAG.sample(max(lags, default=0.0), role, number)
        processor = executor.processor
        if isinstance(processor, AdmitPartition):
            yield from _admit_samples(processor, number)
        elif isinstance(processor, IdentifyPartition):
            yield meters.SHARED.sample(processor.graph.shared)
        elif isinstance(processor, StitchPartition):
            yield from _stitch_samples(processor, number)


def _admit_samples(processor: AdmitPartition, number: str) -> Iterable[Sample]:
    memo = processor.memo
    for channel, count in memo.received.items():
        yield meters.EVENTS.sample(count, channel, "received", number)
    dead: dict[str, int] = {}
    for name, count in memo.dead.items():
        channel, _, reason = name.partition(" ")
        dead[channel] = dead.get(channel, 0) + count
        yield meters.DEAD_LETTERS.sample(count, channel, reason, number)
    for channel, count in dead.items():
        yield meters.EVENTS.sample(count, channel, "dead", number)
    for channel, count in memo.late.items():
        yield meters.LATE.sample(count, channel, number)
    for channel, at_us in memo.last_event.items():
        yield meters.LAST_EVENT.sample(at_us / 1e6, channel)


def _stitch_samples(processor: StitchPartition, number: str) -> Iterable[Sample]:
    memo = processor.memo
    for channel, count in memo.new.items():
        yield meters.EVENTS.sample(count, channel, "recorded", number)
    for channel, count in memo.duplicate.items():
        yield meters.EVENTS.sample(count, channel, "duplicate", number)
    for name, count in memo.found.items():
        rule, _, severity = name.partition(" ")
        yield meters.INCONSISTENCIES.sample(count, rule, severity, number)
    for rule, count in memo.failed.items():
        yield meters.RULES_FAILED.sample(count, rule, number)
    for each in processor.disruptions.open():
        yield meters.DISRUPTIONS.sample(1, each.cause.rule, each.cause.second_channel, each.severity)
    marks = list(processor.truncated.marks())
    yield meters.TRUNCATED.sample(len(marks))
    yield meters.TO_REBUILD.sample(sum(each.needs_rebuild for each in marks))
    yield meters.ACCOUNTS_LEFT.sample(memo.accounts_left)
    yield meters.DEADLINES_WAITING.sample(processor.deadlines_waiting)


def _executors(parts: Pipeline) -> Iterator[tuple[str, Any]]:
    for role in parts.roles:
        name = role.role.app_id.rpartition("-")[2]
        for executor in role.store:
            yield name, executor


async def _state(parts: Pipeline) -> web.Response:
    """Where every partition here stands: for `touchpoints demo`, `up` and whoever wants to know."""
    executors = list(_executors(parts))
    times = {
        str(executor.plan.number): processor.memo.board.time(executor.plan.number, parts.settings.partitions)
        for role, executor in executors
        if role == "stitch" and (processor := executor.processor) is not None
    }
    report = {
        "conservation": line(parts).as_json(),
        "drained": bool(executors) and drained(parts) and not is_behind(memos(parts)),
        "partitions": len(executors),
        "held": sum(p.deadlines_waiting for r, e in executors if r == "stitch" and (p := e.processor) is not None),
        "times": {number: {"live": time_.live, "imports": time_.imports} for number, time_ in times.items()},
        "offsets": [[role, e.plan.number, p.offsets if (p := e.position) is not None else {}] for role, e in executors],
        "stopped": [f"{role} partition {e.plan.number}: {e.stopped_because}" for role, e in executors if e.stopped_because],
    }
    return web.Response(body=msgspec.json.encode(report), content_type="application/json")
