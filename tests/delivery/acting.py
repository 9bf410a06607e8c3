"""Actors of the executor's tests: a source, a writer and a changelog in memory, and a processor that remembers what it was given."""

import asyncio
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace

from faust.types import TP

from streams.delivery.batch import Batch
from streams.delivery.commit import POSITION_KEY, Changes, Output, decode_position, encode_position
from streams.delivery.executor import PartitionExecutor
from streams.delivery.held import Bundle
from streams.delivery.lingering import at_once
from streams.delivery.plan import Plan

TOPIC, OTHER = "in", "in-too"


def record(offset, value=b"v", topic=TOPIC):
    return SimpleNamespace(offset=offset, key=b"k", value=value, topic=topic, timestamp=offset)


def batch(start, stop, *, topic=TOPIC, values=None):
    """Positions from start up to stop, a record at each."""
    values = values or {}
    return Batch(topic, 0, start, stop, [record(offset, values.get(offset, b"v"), topic) for offset in range(start, stop)])


def bundle(*batches, most=100):
    """What was fetched of one partition, as it is handed over."""
    made = Bundle(batches[0], most)
    made.add(batches)
    return made


class Stage:
    """What is durable in a test, whatever executors come and go."""

    def __init__(self, **plan):
        self.changelog, self.published = [], []
        self.rewinds, self.refetches, self.restores, self.commits = [], 0, 0, []
        self.acknowledged = 0
        self.bundles = []
        self.processors, self.writers = [], []
        self.begins, self.ends, self.ids, self.handed = {}, {}, {}, {}
        self.strayed = set()
        self.failures = []  # what the next commits raise; None: nothing
        self.hold = None  # an Event that commits wait for
        self.most_values = 10**9
        self.processor = Remembering
        self.plan = {"lingering": at_once, "max_records": 100, "held": lambda: 1, "ends_known": True, "topics": (TOPIC,)} | plan

    # -- the source
    async def rewind(self, partition, position):
        self.rewinds.append((partition.topic, position))
        for each in self.bundles:
            each.drop(partition.topic)

    async def bounds(self, partitions):
        return {each: self.begins.get(each.topic, 0) for each in partitions}, {
            each: self.ends.get(each.topic, 10**6) for each in partitions
        }

    def astray(self, partition):
        return partition.topic in self.strayed

    async def topic_ids(self, topics):
        return {topic: self.ids[topic] for topic in topics if topic in self.ids}

    def reach(self, partition):
        return None

    def handed_over(self, partition):
        return self.handed.get(partition.topic, 0)

    # -- the changelog
    async def read(self, number) -> AsyncIterator[list]:
        for key, value in list(self.changelog):
            yield [SimpleNamespace(key=key, value=value)]

    # -- the executor
    def executor(self):
        def counted_refetch():
            self.refetches += 1

        def counted_restore():
            self.restores += 1

        def processor(number):
            self.processors.append(self.processor(self))
            return self.processors[-1]

        def writer(number):
            self.writers.append(MemoryWriter(self))
            return self.writers[-1]

        return PartitionExecutor(
            Plan(
                number=0,
                processor=processor,
                writer=writer,
                changelog=self.read,
                source=self,
                on_commit=lambda _seconds, records: self.commits.append(records),
                on_refetch=counted_refetch,
                on_restore=counted_restore,
                **self.plan,
            )
        )

    def put(self, executor, *batches):
        """Hand in a bundle for each batch."""
        for each in batches:
            self.bundles.append(bundle(each))
            executor.put(self.bundles[-1], self._acknowledge)

    def _acknowledge(self):
        self.acknowledged += 1

    @property
    def state(self):
        return {key: value for key, value in self.changelog if key != POSITION_KEY}

    @property
    def seen(self):
        """Offsets in the committed state, as the processor appended them."""
        return [int(each) for each in self.state.get(b"seen", b"").split()]


class MemoryWriter:
    def __init__(self, stage):
        self.stage, self.opened, self.closed = stage, False, False
        self.republished = []

    async def open(self):
        self.opened = True

    async def commit(self, state, position, outputs):
        failure = self.stage.failures.pop(0) if self.stage.failures else None
        if self.stage.hold is not None:
            await self.stage.hold.wait()
        if failure is not None:
            raise failure
        self.stage.changelog += [*state.items(), (POSITION_KEY, encode_position(position))]
        self.stage.published += outputs

    async def publish(self, outputs):
        self.republished += outputs

    async def close(self):
        self.closed = True


class Remembering:
    """Appends the offsets that it is given to its state, and publishes each; a tick appends nothing but is counted."""

    def __init__(self, stage):
        self.stage, self.seen, self.ticks, self.positions, self.work = stage, b"", 0, [], []
        self.at_work = 0

    def load(self, key, value):
        if key == b"seen":
            self.seen = value

    def settle(self):
        return False

    def loaded(self, position):
        self.positions.append(position)

    async def step(self, work):
        assert not self.at_work, "one step at a time"
        self.at_work += 1
        self.work.append(work)
        await asyncio.sleep(0)
        self.at_work -= 1
        self.ticks += work.tick
        offsets = [each.offset for run in work.batches for each in run.records if (run.topic, each.offset) not in work.refused]
        if not work.batches:
            return await self.on_tick()
        self.seen = b" ".join(filter(None, [self.seen, *(b"%d" % offset for offset in offsets)]))
        return Changes({b"seen": self.seen}, [Output("out", 0, b"k", b"%d" % offset) for offset in offsets])

    async def on_tick(self):
        return None

    def committed(self, position):
        self.positions.append(position)


async def until(condition, seconds=5.0):
    """Wait for a condition; the test fails where it does not come."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # it may be about anything
            await asyncio.sleep(0.005)


async def restored(executor):
    executor.start()
    await until(lambda: executor.position is not None)


async def at_work(play, stage):
    """An executor that has taken three records; what it asked its source for before is forgotten."""
    executor = await play(stage)
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    stage.rewinds.clear()
    return executor


def source(topic=TOPIC):
    return TP(topic, 0)


async def ticked(stage, executor):
    """A tick, and all that the executor does on it."""
    ticks = stage.processors[-1].ticks
    executor.tick()
    await until(lambda: stage.processors[-1].ticks > ticks)
    await asyncio.sleep(0.01)


def position_of(stage):
    """The last one that was committed."""
    return decode_position(stage.changelog[-1][1])


class Clock:
    """The monotonic clock of a test: it moves when it is told to."""

    def __init__(self):
        self.passed_s = 0.0
        self.time, self.time_ns = time.time, time.time_ns

    def monotonic(self):
        return self.passed_s
