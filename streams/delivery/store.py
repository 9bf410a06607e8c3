"""The partitions that a worker owns for one processor: follows Faust's assignments, one executor each."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from faust.types import TP

from streams.delivery.changelog import read_partition
from streams.delivery.executor import PartitionExecutor
from streams.delivery.lingering import Lingering
from streams.delivery.plan import Plan, Processor
from streams.delivery.transport import BatchConsumer, BatchTransport, Reach
from streams.delivery.writer import PlainWriter, TransactionalWriter, Writer

log = logging.getLogger(__name__)

RESTORED_AT_ONCE: Final = 1
"""Partitions of a processor that are read back at one time: all share one core, and what is read takes room until it is in order."""


class ConsumerSource:
    """An app's consumer, as executors see it."""

    def __init__(self, app: Any) -> None:
        self._app = app

    @property
    def _consumer(self) -> BatchConsumer:
        return self._app.consumer  # type: ignore[no-any-return]

    async def rewind(self, partition: TP, position: int) -> None:
        """Fetch again from `position`."""
        await self._consumer.rewind(partition, position)

    async def bounds(self, partitions: Sequence[TP]) -> tuple[Mapping[TP, int], Mapping[TP, int]]:
        """First offsets that the broker still has, and ends."""
        thread = self._consumer.batch_thread
        return await thread.begins(*partitions), await thread.ends(*partitions)

    def astray(self, partition: TP) -> bool:
        """Whether the broker no longer had the position that was fetched from."""
        return self._consumer.batch_thread.astray(partition)

    async def topic_ids(self, topics: Sequence[str]) -> Mapping[str, str]:
        """The broker's ids of topics, those that it tells."""
        return await self._consumer.batch_thread.topic_ids(*topics)

    def reach(self, partition: TP) -> Reach | None:
        """How far it is fetched."""
        return self._consumer.batch_thread.reach(partition)

    def handed_over(self, partition: TP) -> int:
        """First position behind what was handed over."""
        return self._consumer.batch_thread.handed_over(partition)


class PartitionStore:
    """Executors of the partitions of one app that are assigned here."""

    def __init__(
        self,
        app: Any,
        topics: tuple[str, ...],
        changelog: str,
        processor: Callable[[int], Processor],
        *,
        servers: str,
        transactional: bool,
        lingering: Lingering,
        max_records: int,
        session_s: float,
        on_commit: Callable[[float, int], None] = lambda _seconds, _records: None,
        on_refetch: Callable[[], None] = lambda: None,
        on_restore: Callable[[], None] = lambda: None,
    ) -> None:
        """Follow `app`'s assignments of `topics`, whose state is in `changelog`."""
        self._topics = topics
        self._changelog, self._servers, self._transactional = changelog, servers, transactional
        self._executors: dict[int, PartitionExecutor] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        turn = asyncio.Semaphore(RESTORED_AT_ONCE)
        self._plan: Callable[[int], Plan] = lambda number: Plan(
            number=number,
            topics=topics,
            processor=processor,
            writer=self._writer,
            changelog=self._read,
            source=ConsumerSource(app),
            ends_known=transactional,
            lingering=lingering,
            max_records=max_records,
            held=lambda: len(self._executors),
            session_s=session_s,
            turn=turn,
            on_commit=on_commit,
            on_refetch=on_refetch,
            on_restore=on_restore,
        )
        app.on_partitions_assigned.connect(self._assigned, weak=False)
        transport: BatchTransport = app.transport
        transport.position_of = self.position_of
        transport.drop_waiting = self.drop_waiting

    def __iter__(self) -> Iterator[PartitionExecutor]:
        return iter(list(self._executors.values()))

    def executor(self, number: int) -> PartitionExecutor | None:
        """The executor of a partition, where it is assigned here."""
        return self._executors.get(number)

    def position_of(self, partition: TP) -> int | None:
        """What may be committed to the group for a source partition."""
        executor = self._executors.get(partition.partition)
        return executor.offset(partition.topic) if executor is not None else None

    def drop_waiting(self) -> None:
        """Before partitions are taken away: let go of what waits for its turn."""
        for executor in self:
            executor.drop_waiting()

    def tick(self) -> None:
        """Let every partition see the clock."""
        for executor in self:
            executor.tick()

    async def close(self) -> None:
        """Let go of everything."""
        self._let_go(list(self._executors))
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _assigned(self, _sender: Any, assigned: Iterable[TP], **_: Any) -> None:
        """Take over what is new, give up what is gone, fetch on what stayed."""
        owned = {each.partition for each in assigned if each.topic in self._topics}
        self._let_go([number for number in self._executors if number not in owned])
        for number in sorted(owned):
            executor = self._executors.get(number)
            if executor is not None:
                await executor.resume()
                continue
            executor = self._executors[number] = PartitionExecutor(self._plan(number))
            executor.start()

    def _let_go(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            leaving = asyncio.ensure_future(self._executors.pop(number).stop())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    def _writer(self, number: int) -> Writer:
        kind = TransactionalWriter if self._transactional else PlainWriter
        return kind(self._servers, self._changelog, number)

    def _read(self, number: int) -> AsyncIterator[Sequence[Any]]:
        isolation = "read_committed" if self._transactional else "read_uncommitted"
        return read_partition(self._servers, self._changelog, number, isolation)
