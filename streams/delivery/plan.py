"""What a partition's executor is made of: its processor, its source, and who hears what happens."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from faust.types import TP

from streams.delivery.commit import Changes, Position, Work
from streams.delivery.lingering import Lingering
from streams.delivery.transport import Reach
from streams.delivery.writer import Writer


class Processor(Protocol):
    """What a role does with one partition: its state, and what it makes of work. Called by the executor alone."""

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""

    def settle(self) -> bool:
        """All records of the changelog have been loaded: put a few milliseconds' worth in order; whether there is more to do."""

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

    def astray(self, partition: TP) -> bool:
        """Whether the broker no longer had the position that was fetched from: nothing is handed over until it is rewound."""

    async def topic_ids(self, topics: Sequence[str]) -> Mapping[str, str]:
        """The broker's ids of topics, those that it tells; a topic made anew has another."""

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
    ends_known          whether the broker lists the end of a partition truly
    lingering           how long to wait for more work before it is taken up
    max_records         records in one commit at most
    held                how many partitions of the role this worker has by now
    session_s           a worker that stood still longer may have lost the partition without knowing
    turn                held while a partition is restored: what is loaded and not in order yet takes room
    """

    number: int
    topics: tuple[str, ...]
    processor: Callable[[int], Processor]
    writer: Callable[[int], Writer]
    changelog: Callable[[int], AsyncIterator[Sequence[Any]]]
    source: Source
    ends_known: bool
    lingering: Lingering
    max_records: int
    held: Callable[[], int]
    session_s: float = math.inf
    turn: AbstractAsyncContextManager[object] = field(default_factory=asyncio.Lock)
    on_commit: Callable[[float, int], None] = lambda _seconds, _records: None
    on_refetch: Callable[[], None] = lambda: None
    on_restore: Callable[[], None] = lambda: None
