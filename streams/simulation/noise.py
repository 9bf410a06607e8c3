"""What happens to events on their way: sent twice, late, by a wrong clock, or held back while a channel is out.

The truth stays what it is. `at` of a noisy event is the moment at which it is published, `occurred_at` what its source says.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Any, Final

from streams.events import ChannelEvent
from streams.simulation.clock import HOUR, MINUTE

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Outage:
    """A channel publishes nothing from a moment on (us), and then everything that it held back, in its order."""

    channel: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Noise:
    """How much of what. Each switch is off by default.

    duplicates      share of events that are published once more, up to `twice_within` (us) later
    late            share of events that are published up to `latest` (us) after they occurred
    skewed          share of events whose source's clock runs ahead, by 2 minutes up to `most_ahead` (us): both occurred_at and
                    sent_at are ahead, so that their distance to the arrival tells by how much
    outages         channels that are away for a while
    """

    duplicates: float = 0.0
    late: float = 0.0
    skewed: float = 0.0
    outages: tuple[Outage, ...] = ()
    twice_within: int = HOUR
    latest: int = 6 * HOUR
    most_ahead: int = 3 * HOUR

    def __post_init__(self) -> None:
        """Raise ValueError where a share is none."""
        for name in ("duplicates", "late", "skewed"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"{name} cannot be {share}; a share from 0 to 1 was expected")


USUAL: Final = Noise(duplicates=0.02, late=0.10, skewed=0.01)
"""2 % duplicates, 10 % up to six hours late, 1 % by a clock that runs ahead."""


def noisy(events: Iterable[ChannelEvent], noise: Noise, seed: int) -> Iterator[ChannelEvent]:
    """The events in the order in which they are published under this noise; the same seed gives the same.

    `events` come in the order of event time, as a simulation tells them. Knowledge is published in time.
    """
    random = Random(f"{seed}/noise")  # noqa: S311  -- a story, not a secret
    written: dict[str, Written] = {}
    waiting: list[tuple[int, int, ChannelEvent]] = []
    for number, event in enumerate(events):
        while waiting and waiting[0][0] <= event.at:
            yield heappop(waiting)[2]
        if event.channel == "knowledge":
            yield event
            continue
        for again, sent in enumerate(_sendings(event, noise, random, written)):
            heappush(waiting, (sent.at, 2 * number + again, sent))
    while waiting:
        yield heappop(waiting)[2]


Written = tuple[Mapping[str, Any], Mapping[str, Any]]
"""An event as it was, and as its source wrote it."""


def _sendings(event: ChannelEvent, noise: Noise, random: Random, written: dict[str, Written]) -> Iterator[ChannelEvent]:
    """The event as it is published: once, or twice with the same content. What a story sends again is what was written first."""
    delay = random.randrange(noise.latest) if _happens(random, noise.late) else 0
    published = _after_outages(event.channel, event.at + delay, noise.outages)
    ahead = random.randrange(2 * MINUTE, noise.most_ahead) if _happens(random, noise.skewed) else 0
    record = _ahead(event.record, published, ahead) if ahead else event.record
    before, as_written = written.setdefault(event.record["event_id"], (event.record, record))
    if before == event.record:
        record = as_written
    yield ChannelEvent(event.channel, record, published)
    if _happens(random, noise.duplicates):
        again = published + random.randrange(1, noise.twice_within)
        yield ChannelEvent(event.channel, record, _after_outages(event.channel, again, noise.outages))


def _happens(random: Random, share: float) -> bool:
    return random.randrange(_MILLION) < share * _MILLION


def _ahead(record: Mapping[str, Any], published: int, ahead: int) -> dict[str, Any]:
    """The record as a source writes it whose clock runs ahead."""
    return {**record, "occurred_at": record["occurred_at"] + ahead, "sent_at": published + ahead}


def _after_outages(channel: str, at: int, outages: tuple[Outage, ...]) -> int:
    """When something can be published that was to be at `at`."""
    for outage in sorted(outages, key=lambda each: each.since):
        if outage.channel == channel and outage.since <= at < outage.until:
            at = outage.until
    return at
