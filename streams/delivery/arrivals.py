"""What arrives for a partition: batches are taken as far as they join the position; what starts past it is fetched again."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from faust.types import TP

from streams.delivery.batch import Batch
from streams.delivery.plan import Plan

log = logging.getLogger(__name__)

REWIND_AGAIN_S: Final = 2.0
"""Batches of older fetches may still arrive after a rewind; only after this long is another one asked for."""
REWIND_MOST_S: Final = 30.0


@dataclass(slots=True, eq=False)
class Arrival:
    """A batch, and the word to say once it is done with."""

    batch: Batch
    acknowledge: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Rewind:
    """A source was asked to fetch again, or is given time to hand over what it fetched.

    at          the position wanted
    asked_s     when, on the monotonic clock
    again_s     how long it has until it is asked again
    """

    at: int
    asked_s: float
    again_s: float


def acknowledge(arrivals: Iterable[Arrival]) -> None:
    """Say that these are done with."""
    for arrival in arrivals:
        arrival.acknowledge()


def from_position(batch: Batch, at: int) -> Batch:
    """The part of a batch from position `at` on."""
    if batch.start >= at:
        return batch
    return replace(batch, start=at, records=[record for record in batch.records if record.offset >= at])


def cut(batch: Batch, size: int) -> tuple[Batch, Batch]:
    """The first `size` records of a batch, and the rest."""
    head, tail = batch.records[:size], batch.records[size:]
    stop = head[-1].offset + 1
    return replace(batch, stop=stop, records=head), replace(batch, start=stop, records=tail)


class Arrivals:
    """Batches of one partition that wait for their commit."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._waiting: deque[Arrival] = deque()
        self._rewound: dict[str, _Rewind] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def records(self) -> int:
        """How many records wait."""
        return sum(len(each.batch.records) for each in self._waiting)

    def put(self, arrival: Arrival) -> None:
        """Let a batch wait."""
        self._waiting.append(arrival)

    def drop(self) -> None:
        """Done with all that waits, and with every rewind."""
        acknowledge(self._waiting)
        self._waiting.clear()
        self._rewound.clear()

    def oldest_ms(self, topic: str) -> int | None:
        """Time of the oldest record of `topic` that waits, ms since 1970."""
        return min((each.batch.records[0].timestamp for each in self._waiting if each.batch.topic == topic), default=None)

    async def take(self, offsets: Mapping[str, int], most: int) -> tuple[list[Arrival], list[Batch]]:
        """What has arrived, as far as it joins the position and fits one commit of `most` records."""
        reached = dict(offsets)
        taken: list[Arrival] = []
        batches: list[Batch] = []
        size = 0
        while self._waiting and size < most:
            arrival = self._waiting[0]
            batch = arrival.batch
            at = reached.get(batch.topic, 0)
            if batch.start > at:
                await self._refetch(batch.topic, at, f"got {batch.start}")
            elif batch.stop > at:
                batch = from_position(batch, at)
                room = most - size
                if len(batch.records) > room:
                    batch, arrival.batch = cut(batch, room)
                    batches.append(batch)
                    break
                batches.append(batch)
                reached[batch.topic] = batch.stop
                size += len(batch.records)
            taken.append(self._waiting.popleft())
        return taken, batches

    async def look_again(self, offsets: Mapping[str, int]) -> None:
        """On a tick: fetch again where something was handed over, or asked for again, and nothing came of it for too long."""
        waiting = {each.batch.topic for each in self._waiting}
        for topic, at in offsets.items():
            source = TP(topic, self._plan.number)
            if topic in waiting or self._plan.source.holds(source):  # a partition that is long at work does not want more of it yet
                continue
            rewind = self._rewound.get(topic)
            if rewind is not None and rewind.at == at:
                await self._refetch(topic, at, "nothing came")
            elif self._plan.source.handed_over(source) > at:  # on its way here, or lost on it
                self._rewound[topic] = _Rewind(at, time.monotonic(), REWIND_AGAIN_S)

    async def _refetch(self, topic: str, at: int, why: str) -> None:
        rewind = self._rewound.get(topic)
        now = time.monotonic()
        again_s = REWIND_AGAIN_S
        if rewind is not None and rewind.at == at:
            if now - rewind.asked_s < rewind.again_s:
                return
            again_s = min(2 * rewind.again_s, REWIND_MOST_S)  # a slow broker's answer is not to be thrown away for ever
        self._rewound[topic] = _Rewind(at, now, again_s)
        self._plan.on_refetch()
        log.info("%s partition %d: %s, want %d: fetching again", topic, self._plan.number, why, at)
        await self._plan.source.rewind(TP(topic, self._plan.number), at)
