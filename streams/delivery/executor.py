"""One serial executor per partition: batches and ticks pass through it one commit at a time.

On taking the partition over it opens the writer (which fences the former owner), restores the committed state, seeks every
source to the state's position, and only then works. A commit that fails or is cancelled throws the partition's memory away
and restores it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaError
from faust.types import TP

from streams.delivery.arrivals import Arrival, Arrivals, acknowledge
from streams.delivery.commit import Changes, Position, Work
from streams.delivery.commit_size import CommitSize
from streams.delivery.held import Bundle
from streams.delivery.plan import Plan, Processor
from streams.delivery.record_batches import TooLarge
from streams.delivery.restore import PartitionLostError, checked, restore
from streams.delivery.transactions import Fenced

if TYPE_CHECKING:
    from streams.delivery.writer import Writer

log = logging.getLogger(__name__)

RETRY_FIRST_S: Final = 0.5
RETRY_MOST_S: Final = 15.0
FENCED_S: Final = 2.0
"""Whoever is fenced waits this long for the group to say whose the partition is, before taking it back."""
LOOK_AGAIN_S: Final = 30.0
"""How often a partition that works makes sure that its sources still fit its position."""
GATHERS_S: Final = 0.01
"""What comes together, of several topics, is fetched within this time: a partition that had nothing to do waits for it."""


class PartitionExecutor:
    """Owns one partition from assignment to revocation."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stopped_because = ""
        self._position: Position | None = None
        self._processor: Processor | None = None
        self._writer: Writer | None = None
        self._arrivals = Arrivals(plan)
        self._size = CommitSize(plan.number, plan.max_records)
        self._had_records = False
        self._wake = asyncio.Event()
        self._reassigned = asyncio.Event()
        self._ticked = False
        self._ticked_s = time.monotonic()
        self._doubtful = False
        self._retry_s = RETRY_FIRST_S
        self._restored_s = self._looked_s = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self._began_s = time.time()
        self._taken_s = time.monotonic()
        self._took_s = 0.0
        self._unfinished = False

    # -- from the outside ------------------------------------------------

    def start(self) -> None:
        """Begin to restore, then to work."""
        self._task = asyncio.ensure_future(self._run())

    @property
    def position(self) -> Position | None:
        """How far the state is; None while it restores, and while it may be somebody else's."""
        return None if self._stood_still() else self._position

    @property
    def processor(self) -> Processor | None:
        """The partition's processor; None while it restores, and while the partition may be somebody else's."""
        return None if self._stood_still() else self._processor

    def _stood_still(self) -> bool:
        """Whether this worker stood still so long that its memory may be out of date: until a commit of its own succeeds."""
        return self._doubtful or time.monotonic() - self._ticked_s > self.plan.session_s

    def put(self, bundle: Bundle, acknowledge: Callable[[], None]) -> None:
        """Hand a bundle in. Before the restore is done it waits, so that no more is fetched than it can hold.

        Then the sources are sought to the position, and what was fetched of them before is dropped from every bundle.
        """
        self._arrivals.put(Arrival(bundle, acknowledge))
        self._wake.set()

    def drop_waiting(self) -> None:
        """Let go of what waits for its turn; after the rebalance it is fetched again, here or elsewhere."""
        self._arrivals.drop()

    def tick(self) -> None:
        """Let the processor see the clock at its next work."""
        self._doubtful = self._stood_still()
        self._ticked_s = time.monotonic()
        self._ticked = True
        self._wake.set()

    async def resume(self) -> None:
        """After a rebalance that left the partition here: fetch on from the position."""
        self._reassigned.set()
        if not self.stopped_because:
            await self._seek()

    async def stop(self) -> None:
        """Let go of the partition: what is not committed is somebody else's now."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._arrivals.drop()
        if self._writer is not None:
            await self._writer.close()
            self._writer = None

    def offset(self, topic: str) -> int | None:
        """What may be committed to the consumer group: the position of the state."""
        position = self.position
        return None if position is None else position.offsets.get(topic)

    def caught_up_ms(self, topic: str) -> int | None:
        """When the broker last said that the state has everything of `topic`'s partition, ms since 1970; None where it lags.

        It lags too where something of what came is still to be done.
        """
        if self._unfinished:
            return None
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
        if self._position is None:
            return max(0.0, now_ms / 1000 - self._began_s)
        if self.caught_up_ms(topic) is not None:
            return 0.0
        oldest_ms = self._arrivals.oldest_ms(topic)
        return 0.0 if oldest_ms is None else max(0.0, (now_ms - oldest_ms) / 1000)

    # -- life ------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                await self._restore()
                while True:
                    await self._work_once()
            except asyncio.CancelledError:
                self._position = None
                raise
            except PartitionLostError as lost:
                self.stopped_because = str(lost)
                log.critical("%s", lost)
                await self._forget()
                return
            except Fenced as fenced:
                log.warning("%s was taken over; restoring in case it is still assigned here", fenced)
                await self._forget()
                await self._until_reassigned()
                continue
            except TooLarge:
                if self._size.too_large():
                    await self._forget()
                    continue
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("partition %d: %s: %s; trying again in %.1f s", self.plan.number, type(error).__name__, error, self._retry_s)
            except Exception:
                log.exception("partition %d: restoring and trying again in %.1f s", self.plan.number, self._retry_s)
            await self._forget()
            await asyncio.sleep(self._retry_s)
            self._retry_s = min(self._retry_s * 2, RETRY_MOST_S)  # until work succeeds: a restore alone proves nothing

    async def _until_reassigned(self) -> None:
        """Wait for the group's word, for a while: restoring at once would fence the new owner in turn."""
        self._reassigned.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reassigned.wait(), FENCED_S)

    async def _restore(self) -> None:
        self.plan.on_restore()
        self._writer = writer = self.plan.writer(self.plan.number)
        await writer.open()
        restored = await restore(self.plan, writer)
        self._processor, self._position, self._doubtful = restored.processor, restored.position, False
        self._restored_s = self._looked_s = time.monotonic()
        await self._seek()

    async def _seek(self) -> None:
        position = self._position
        if position is not None:
            for topic, offset in position.offsets.items():
                await self.plan.source.rewind(TP(topic, self.plan.number), offset)

    async def _forget(self) -> None:
        self._position = None
        self._unfinished = False
        self._processor = None
        self._arrivals.drop()
        if self._writer is not None:
            await self._writer.close()
            self._writer = None

    # -- work ------------------------------------------------------------

    async def _work_once(self) -> None:
        await self._await_work()
        position = self._position
        assert position is not None, "work begins after the restore"
        self._taken_s = time.monotonic()
        arrivals, batches = await self._arrivals.take(position.offsets, self._size.most)
        self._had_records = bool(batches)
        if self._arrivals:
            self._wake.set()
        ticked, self._ticked = self._ticked, False
        try:
            if batches or ticked or self._unfinished:
                caught_up = self._caught_up() if ticked else {}
                await self._commit(Work(batches, ticked, time.time_ns() // 1000, frozenset(self._size.refused), caught_up))
        finally:
            acknowledge(arrivals)
        if ticked:
            await self._look_at_sources()
        if time.monotonic() - self._restored_s > RETRY_MOST_S:
            self._retry_s = RETRY_FIRST_S

    async def _await_work(self) -> None:
        if self._arrivals.records < self.plan.max_records and not self._unfinished:
            if self._had_records:
                since_s = time.monotonic() - self._taken_s
                await asyncio.sleep(self.plan.lingering(since_s, self._took_s, self.plan.held()))
            if not self._wake.is_set():
                await self._wake.wait()
                await asyncio.sleep(GATHERS_S)
        self._wake.clear()

    async def _look_at_sources(self) -> None:
        """Fetch again what never came; raise PartitionLostError where a source does not fit the position any more."""
        position, plan = self._position, self.plan
        assert position is not None, "work begins after the restore"
        astray = any(plan.source.astray(TP(topic, plan.number)) for topic in plan.topics)
        if not astray and time.monotonic() - self._looked_s < LOOK_AGAIN_S:
            await self._arrivals.look_again(position.offsets)
            return
        self._looked_s = time.monotonic()
        try:
            await checked(plan, position)
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("partition %d: %s: %s; its sources are looked at again later", plan.number, type(error).__name__, error)
            return
        if astray:
            await self._seek()

    async def _commit(self, work: Work) -> None:
        processor, writer, position = self._processor, self._writer, self._position
        assert processor is not None, "work begins after the restore"
        assert writer is not None, "work begins after the restore"
        assert position is not None, "work begins after the restore"
        began = time.monotonic()
        self._size.trying(work)
        changes = await processor.step(work)
        self._unfinished = changes is not None and changes.unfinished
        offsets = dict(position.offsets)
        for batch in work.batches:
            offsets[batch.topic] = batch.stop
        if changes is None:
            if offsets == position.offsets and not self._doubtful:
                return
            changes = Changes()  # where the partition may be lost, even nothing is committed: that fails if it is
        after = Position(
            offsets=offsets,
            topic_ids=position.topic_ids,
            memo=position.memo if changes.memo is None else changes.memo,
        )
        await writer.commit(changes.state, after, changes.outputs)
        self._position, self._doubtful = after, False
        self._retry_s = RETRY_FIRST_S
        processor.committed(after)
        self._size.fitted(work)
        self._took_s = time.monotonic() - began
        self.plan.on_commit(self._took_s, work.size)
