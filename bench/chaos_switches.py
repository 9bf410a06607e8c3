"""Delivery's guarantees, switched off one at a time in a worker of the kill test: each must turn the run red.

They replace methods in the worker's own process; the product has no such switches.
"""

import asyncio
import os
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from streams.delivery.arrivals import Arrivals, acknowledge
from streams.delivery.commit import Work
from streams.delivery.executor import PartitionExecutor
from streams.delivery.writer import PlainWriter, TransactionalWriter


def without_position_check() -> None:
    """Take every batch as it comes: past the position, before it, across it."""

    async def take(self, _offsets, most):
        arrivals, batches, size = [], [], 0
        while self._waiting and size < most:
            arrival = self._waiting.popleft()
            arrivals.append(arrival)
            batches += arrival.rest
            size += sum(len(batch.records) for batch in arrival.rest)
        return arrivals, batches

    Arrivals.take = take


def without_fencing() -> None:
    """Give each process transactional ids of its own: opening a writer fences nobody."""
    TransactionalWriter.transactional_id = property(lambda self: f"{self._changelog}-{self._partition}-{os.getpid()}")


def without_serial_executor() -> None:
    """Work on every batch and tick in a task of its own, as if each came from an agent or a timer.

    Batches are still taken in order and checked; transactions still follow each other, which the producer insists on.
    """
    turns: WeakKeyDictionary[PartitionExecutor, _Turns] = WeakKeyDictionary()
    commit_locks: WeakKeyDictionary[TransactionalWriter, asyncio.Lock] = WeakKeyDictionary()
    commit = TransactionalWriter.commit

    async def commit_in_turn(self, state, position, outputs):
        async with commit_locks.setdefault(self, asyncio.Lock()):
            await commit(self, state, position, outputs)

    async def work_once(self):
        turn = turns.get(self)
        if turn is None or turn.processor is not self._processor:
            turn = turns[self] = _Turns(self._processor, dict(self._position.offsets))
        turn.check()
        await self._wake.wait()
        self._wake.clear()
        while self._arrivals:
            arrivals, batches = await self._arrivals.take(turn.taken, 1_000_000)
            for batch in batches:
                turn.taken[batch.topic] = batch.stop
                turn.begin(self._commit(Work([batch], tick=False, now_us=time.time_ns() // 1000)))
            acknowledge(arrivals)
        if self._ticked:
            self._ticked = False
            turn.begin(self._commit(Work([], tick=True, now_us=time.time_ns() // 1000)))

    TransactionalWriter.commit = commit_in_turn
    PartitionExecutor._work_once = work_once  # noqa: SLF001


class _Turns:
    """Work under way in one partition since its last restore."""

    def __init__(self, processor, taken):
        self.processor, self.taken = processor, taken
        self._tasks = set()

    def begin(self, work):
        self._tasks.add(asyncio.ensure_future(work))

    def check(self):
        """Raise what a finished task raised."""
        for task in [each for each in self._tasks if each.done()]:
            self._tasks.discard(task)
            task.result()


def without_commit_first() -> None:
    """Publish outputs by a producer of its own, before the commit that they belong to."""
    commit, opened, closed = TransactionalWriter.commit, TransactionalWriter.open, TransactionalWriter.close
    plain: WeakKeyDictionary[TransactionalWriter, PlainWriter] = WeakKeyDictionary()

    async def open_both(self):
        await opened(self)
        plain[self] = PlainWriter(self._servers, self._changelog, self._partition)
        await plain[self].open()

    async def publish_then_commit(self, state, position, outputs):
        await plain[self].publish(outputs)
        await commit(self, state, position, ())

    async def close_both(self):
        if self in plain:
            await plain.pop(self).close()
        await closed(self)

    TransactionalWriter.open, TransactionalWriter.commit, TransactionalWriter.close = open_both, publish_then_commit, close_both


SWITCHES: dict[str, Callable[[], None]] = {
    "position-check": without_position_check,
    "fencing": without_fencing,
    "serial": without_serial_executor,
    "commit-first": without_commit_first,
}
