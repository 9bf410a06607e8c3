"""One serial executor per partition: batches and ticks pass through it one commit at a time.

On taking the partition over it opens the writer (which fences the former owner), restores the committed state, seeks every
source to the state's position, and only then works. A commit that fails or is cancelled throws the partition's memory away
and restores it. A batch that starts past the position is refused and fetched again; what lies before it is skipped.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from aiokafka.errors import KafkaError
from faust.types import TP

from streams.delivery.batch import Batch
from streams.delivery.commit import OUTBOX_KEY, POSITION_KEY, Changes, Output, Position, Work, decode_outbox, decode_position
from streams.delivery.transport import Reach
from streams.delivery.writer import Fenced, TooLarge, Writer

log = logging.getLogger(__name__)

REWIND_AGAIN_S: Final = 2.0
"""Batches of older fetches may still arrive after a rewind; only after this long is another one asked for."""
RETRY_FIRST_S: Final = 0.5
RETRY_MOST_S: Final = 15.0
WAITING_BATCHES: Final = 8
"""With this many batches waiting, no more are fetched for the partition."""


class PartitionLostError(RuntimeError):
    """The partition cannot go on without a person: the source lost records, was replaced, or was made anew."""


class Processor(Protocol):
    """What a role does with one partition: its state, and what it makes of work. Called by the executor alone."""

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""

    def loaded(self, position: Position) -> None:
        """The state is complete, as of `position`."""

    async def step(self, work: Work) -> Changes | None:
        """Take in work and say what changes; None where nothing does (a tick).

        It may change its memory at once: that is thrown away where the commit fails.
        """

    def committed(self, position: Position) -> None:
        """The last step's changes are durable and published."""


class Source(Protocol):
    """The consumer, as far as an executor needs it."""

    async def rewind(self, partition: TP, position: int) -> None:
        """Fetch again from `position`."""

    async def bounds(self, partitions: Sequence[TP]) -> tuple[Mapping[TP, int], Mapping[TP, int]]:
        """First offsets that the broker still has, and ends."""

    def reach(self, partition: TP) -> Reach | None:
        """How far it is fetched."""

    def handed_over(self, partition: TP) -> int:
        """First position behind what was handed over."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an executor is made of.

    number, topics      the partition, and the source topics whose partition of that number it takes
    processor, writer   makers of a fresh one: each restore starts with both new
    changelog           reads the partition's committed changelog
    topic_ids           the broker's ids of the source topics, where it tells them
    ends_known          whether the broker lists the end of a partition truly
    linger_s            how long to wait for more work before a commit
    max_records         records in one commit at most
    """

    number: int
    topics: tuple[str, ...]
    processor: Callable[[int], Processor]
    writer: Callable[[int], Writer]
    changelog: Callable[[int], AsyncIterator[Sequence[Any]]]
    source: Source
    topic_ids: Callable[[], Mapping[str, str]]
    ends_known: bool
    linger_s: float
    max_records: int
    on_commit: Callable[[float, int], None] = lambda _seconds, _records: None
    on_refetch: Callable[[], None] = lambda: None
    on_restore: Callable[[], None] = lambda: None


@dataclass(slots=True, eq=False)
class _Arrival:
    batch: Batch
    acknowledge: Callable[[], None]


def _from_position(batch: Batch, at: int) -> Batch:
    """The part of a batch from position `at` on."""
    if batch.start >= at:
        return batch
    return replace(batch, start=at, records=[record for record in batch.records if record.offset >= at])


def _cut(batch: Batch, size: int) -> tuple[Batch, Batch]:
    """The first `size` records of a batch, and the rest."""
    head, tail = batch.records[:size], batch.records[size:]
    stop = head[-1].offset + 1
    return replace(batch, stop=stop, records=head), replace(batch, start=stop, records=tail)


class PartitionExecutor:
    """Owns one partition from assignment to revocation."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.position: Position | None = None
        self.processor: Processor | None = None
        self.stopped_because = ""
        self._writer: Writer | None = None
        self._arrivals: deque[_Arrival] = deque()
        self._wake = asyncio.Event()
        self._ticked = False
        self._rewound: dict[str, tuple[int, float]] = {}
        self._most = plan.max_records
        self._refused: set[tuple[str, int]] = set()
        self._last_single: tuple[str, int] | None = None
        self._task: asyncio.Task[None] | None = None
        self._began_s = time.time()

    # -- from the outside ------------------------------------------------

    def start(self) -> None:
        """Begin to restore, then to work."""
        self._task = asyncio.ensure_future(self._run())

    @property
    def wants_more(self) -> bool:
        """Whether more should be fetched: not while it restores, not while enough is waiting."""
        return self.position is not None and len(self._arrivals) < WAITING_BATCHES

    def put(self, batch: Batch, acknowledge: Callable[[], None]) -> None:
        """Hand a batch in. Before the restore is done it is dropped: the sources are sought to the position after it."""
        if self.position is None:
            acknowledge()
            return
        self._arrivals.append(_Arrival(batch, acknowledge))
        self._wake.set()

    def tick(self) -> None:
        """Let the processor see the clock at its next work."""
        self._ticked = True
        self._wake.set()

    async def resume(self) -> None:
        """After a rebalance that left the partition here: fetch on from the position."""
        if self.position is not None and not self.stopped_because:
            await self._seek()

    async def stop(self) -> None:
        """Let go of the partition: what is not committed is somebody else's now."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._drop_arrivals()
        if self._writer is not None:
            await self._writer.close()
            self._writer = None

    def offset(self, topic: str) -> int | None:
        """What may be committed to the consumer group: the position of the state."""
        return None if self.position is None else self.position.offsets.get(topic)

    def caught_up_ms(self, topic: str) -> int | None:
        """When the broker last said that the state has everything of `topic`'s partition, ms since 1970; None where it lags."""
        source = TP(topic, self.plan.number)
        reach = self.plan.source.reach(source)
        position = self.offset(topic)
        if reach is None or position is None or reach.fetched < reach.end:
            return None
        return reach.asked_ms if self.plan.source.handed_over(source) <= position else None

    def _caught_up(self) -> dict[str, int]:
        found = {topic: self.caught_up_ms(topic) for topic in self.plan.topics}
        return {topic: at for topic, at in found.items() if at is not None}

    def lag_s(self, topic: str, now_ms: float) -> float:
        """Age of the oldest record of a source that the state lacks, as far as it is known; 0 where it lacks none."""
        if self.position is None:
            return max(0.0, now_ms / 1000 - self._began_s)
        if self.caught_up_ms(topic) is not None:
            return 0.0
        waiting = [each.batch.records[0].timestamp for each in self._arrivals if each.batch.topic == topic and each.batch.records]
        return max(0.0, (now_ms - min(waiting)) / 1000) if waiting else 0.0

    # -- life ------------------------------------------------------------

    async def _run(self) -> None:
        retry_s = RETRY_FIRST_S
        while True:
            try:
                await self._restore()
                retry_s = RETRY_FIRST_S
                while True:
                    await self._work_once()
            except asyncio.CancelledError:
                self.position = None
                raise
            except PartitionLostError as lost:
                self.stopped_because = str(lost)
                log.critical("%s", lost)
                self._drop_arrivals()
                return
            except Fenced as fenced:
                log.warning("%s was taken over; restoring in case it is still assigned here", fenced)
            except TooLarge:
                self._make_smaller()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("partition %d: %s: %s; trying again in %.1f s", self.plan.number, type(error).__name__, error, retry_s)
            except Exception:
                log.exception("partition %d: restoring and trying again in %.1f s", self.plan.number, retry_s)
            await self._forget()
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, RETRY_MOST_S)

    async def _forget(self) -> None:
        self.position = None
        self.processor = None
        self._rewound.clear()
        self._drop_arrivals()
        if self._writer is not None:
            await self._writer.close()
            self._writer = None

    def _drop_arrivals(self) -> None:
        while self._arrivals:
            self._arrivals.popleft().acknowledge()

    # -- restore ---------------------------------------------------------

    async def _restore(self) -> None:
        plan = self.plan
        plan.on_restore()
        self._writer = writer = plan.writer(plan.number)
        await writer.open()  # first fence the former owner, then read what is committed
        processor = plan.processor(plan.number)
        position = Position(offsets={})
        outbox: Sequence[Output] = ()
        async for records in plan.changelog(plan.number):
            for record in records:
                if record.key == POSITION_KEY:
                    position = decode_position(record.value)
                elif record.key == OUTBOX_KEY:
                    outbox = decode_outbox(record.value)
                else:
                    processor.load(record.key, record.value)
        await writer.publish(outbox)
        position = await self._checked(position)
        processor.loaded(position)
        self.processor, self.position = processor, position
        await self._seek()

    async def _checked(self, position: Position) -> Position:
        """The position with the sources' beginnings where it has none; raises PartitionLostError where a source does not fit it."""
        number = self.plan.number
        sources = [TP(topic, number) for topic in self.plan.topics]
        begins, ends = await self.plan.source.bounds(sources)
        ids = dict(self.plan.topic_ids())
        offsets = dict(position.offsets)
        for source in sources:
            topic = source.topic
            begin, end = begins.get(source, 0), ends.get(source, 0)
            had = offsets.get(topic)
            if had is None:
                offsets[topic] = begin
                continue
            known_id = position.topic_ids.get(topic)
            if known_id and topic in ids and ids[topic] != known_id:
                raise PartitionLostError(
                    f"{topic} was deleted and made anew since partition {number}'s state was written: "
                    f"restore the topic, or start over under another TOUCHPOINTS_PREFIX and import what was recorded"
                )
            if begin > had:
                raise PartitionLostError(
                    f"{topic} partition {number} lost {begin - had} records below the state's position {had} to retention: "
                    f"restore them, or start over under another TOUCHPOINTS_PREFIX and publish again what the sources still have"
                )
            if self.plan.ends_known and end < had:
                raise PartitionLostError(
                    f"{topic} partition {number} ends at {end}, before the state's position {had}: it was replaced or cut; "
                    f"restore it, or start over under another TOUCHPOINTS_PREFIX"
                )
        return Position(offsets=offsets, topic_ids=ids or position.topic_ids, memo=position.memo)

    async def _seek(self) -> None:
        position = self.position
        if position is not None:
            for topic, offset in position.offsets.items():
                await self.plan.source.rewind(TP(topic, self.plan.number), offset)

    # -- work ------------------------------------------------------------

    async def _work_once(self) -> None:
        await self._wake.wait()
        if self.plan.linger_s and len(self._arrivals) < WAITING_BATCHES // 2:
            await asyncio.sleep(self.plan.linger_s)
        self._wake.clear()
        arrivals, batches = await self._admissible()
        ticked, self._ticked = self._ticked, False
        try:
            if batches or ticked:
                caught_up = self._caught_up() if ticked else {}
                await self._commit(Work(batches, ticked, time.time_ns() // 1000, frozenset(self._refused), caught_up))
        finally:
            for arrival in arrivals:
                arrival.acknowledge()

    async def _admissible(self) -> tuple[list[_Arrival], list[Batch]]:
        """Take what has arrived, as far as it joins the position and fits one commit."""
        position = self.position
        assert position is not None, "work begins after the restore"
        reached = dict(position.offsets)
        arrivals: list[_Arrival] = []
        batches: list[Batch] = []
        size = 0
        while self._arrivals and size < self._most:
            arrival = self._arrivals[0]
            batch = arrival.batch
            at = reached.get(batch.topic, 0)
            if batch.start > at:
                await self._refetch(batch, at)
            elif batch.stop > at:
                batch = _from_position(batch, at)
                room = self._most - size
                if len(batch.records) > room:
                    if not batches:
                        batch, arrival.batch = _cut(batch, room)
                        batches.append(batch)
                    break
                batches.append(batch)
                reached[batch.topic] = batch.stop
                size += len(batch.records)
            arrivals.append(self._arrivals.popleft())
        if self._arrivals:
            self._wake.set()
        return arrivals, batches

    async def _refetch(self, batch: Batch, at: int) -> None:
        wanted, when = self._rewound.get(batch.topic, (-1, 0.0))
        now = time.monotonic()
        if wanted == at and now - when < REWIND_AGAIN_S:
            return
        self._rewound[batch.topic] = at, now
        self.plan.on_refetch()
        log.info("%s partition %d: got %d, want %d: fetching again", batch.topic, batch.partition, batch.start, at)
        await self.plan.source.rewind(TP(batch.topic, batch.partition), at)

    async def _commit(self, work: Work) -> None:
        processor, writer, position = self.processor, self._writer, self.position
        assert processor is not None, "work begins after the restore"
        assert writer is not None, "work begins after the restore"
        assert position is not None, "work begins after the restore"
        began = time.monotonic()
        singles = [(batch.topic, record.offset) for batch in work.batches for record in batch.records] if work.size == 1 else []
        self._last_single = singles[0] if singles else None
        changes = await processor.step(work)
        offsets = dict(position.offsets)
        for batch in work.batches:
            offsets[batch.topic] = batch.stop
        if changes is None:
            if offsets == position.offsets:
                return
            changes = Changes()
        after = Position(
            offsets=offsets,
            topic_ids=position.topic_ids,
            memo=position.memo if changes.memo is None else changes.memo,
        )
        await writer.commit(changes.state, after, changes.outputs)
        self.position = after
        processor.committed(after)
        self._grow_again(work)
        self.plan.on_commit(time.monotonic() - began, work.size)

    # -- commits that are too large ---------------------------------------

    def _make_smaller(self) -> None:
        """Halve what one commit takes; a single record that does not fit is refused."""
        if self._most > 1:
            self._most = max(1, self._most // 2)
            log.info("partition %d: a commit was too large, taking %d records at a time", self.plan.number, self._most)
        elif self._last_single is not None:
            self._refused.add(self._last_single)

    def _grow_again(self, work: Work) -> None:
        if work.size:  # a tick may commit before the refused record comes again
            self._refused.clear()
        if self._most < self.plan.max_records and work.size:
            self._most = min(self.plan.max_records, self._most * 2)
