"""What arrives for a partition: batches are taken as far as they join the position; what starts past it is fetched again."""

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from faust.types import TP

from streams.delivery.batch import Batch
from streams.delivery.held import Bundle
from streams.delivery.plan import Plan

log = logging.getLogger(__name__)

REWIND_AGAIN_S: Final = 2.0
"""Batches of older fetches may still arrive after a rewind; only after this long is another one asked for."""
REWIND_MOST_S: Final = 30.0


class Arrival:
    """A bundle, and the word to say once it is done with. It is filled until its turn comes."""

    def __init__(self, bundle: Bundle, acknowledge: Callable[[], None]) -> None:
        self.acknowledge = acknowledge
        self._bundle = bundle
        self._rest: deque[Batch] | None = None

    @property
    def rest(self) -> deque[Batch]:
        """Its batches that are to be done; from the first look on no more are added."""
        if self._rest is None:
            self._rest = deque(self._bundle.take())
        return self._rest

    @property
    def waiting(self) -> Collection[Batch]:
        """The same, without taking it up."""
        return self._bundle.batches() if self._rest is None else self._rest


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
    """Bundles of one partition that wait for their commit."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._waiting: deque[Arrival] = deque()
        self._rewound: dict[str, _Rewind] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def records(self) -> int:
        """How many records wait."""
        return sum(len(batch.records) for each in self._waiting for batch in each.waiting)

    def put(self, arrival: Arrival) -> None:
        """Let a bundle wait."""
        self._waiting.append(arrival)

    def drop(self) -> None:
        """Done with all that waits, and with every rewind."""
        for each in self._waiting:
            each.rest.clear()
        acknowledge(self._waiting)
        self._waiting.clear()
        self._rewound.clear()

    def oldest_ms(self, topic: str) -> int | None:
        """Time of the oldest record of `topic` that waits, ms since 1970."""
        return min((batch.records[0].timestamp for each in self._waiting for batch in each.waiting if batch.topic == topic), default=None)

    async def take(self, offsets: Mapping[str, int], most: int) -> tuple[list[Arrival], list[Batch]]:
        """What has arrived, as far as it joins the position and fits one commit of `most` records."""
        reached = dict(offsets)
        taken: list[Arrival] = []
        batches: list[Batch] = []
        size = 0
        while self._waiting and size < most:
            arrival = self._waiting[0]
            rest = arrival.rest
            while rest and size < most:
                batch = rest.popleft()
                at = reached.get(batch.topic, 0)
                if batch.start > at:
                    await self._refetch(batch.topic, at, f"got {batch.start}")
                elif batch.stop > at:
                    batch = from_position(batch, at)
                    if len(batch.records) > most - size:
                        batch, left = cut(batch, most - size)
                        rest.appendleft(left)
                    batches.append(batch)
                    reached[batch.topic] = batch.stop
                    size += len(batch.records)
            if not rest and self._waiting and self._waiting[0] is arrival:  # all may have been dropped while it was asked to fetch again
                taken.append(self._waiting.popleft())
        return taken, batches

    async def look_again(self, offsets: Mapping[str, int]) -> None:
        """On a tick: fetch again where something was handed over, or asked for again, and nothing came of it for too long."""
        waiting = {batch.topic for each in self._waiting for batch in each.waiting}
        for topic, at in offsets.items():
            if topic in waiting:
                continue
            source = TP(topic, self._plan.number)
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
