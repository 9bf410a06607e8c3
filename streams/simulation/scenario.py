"""A whole simulation: customers with their habits, stories for three in ten of them, and the truth of what went wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from operator import attrgetter, itemgetter
from random import Random
from typing import Final

from streams.events import ChannelEvent
from streams.simulation import people
from streams.simulation.catalogue import Shop, opened
from streams.simulation.clock import DAY, HOUR
from streams.simulation.diary import Diary, told
from streams.simulation.life import BY_ONESELF, WITH_A_DESK, Stretch, live
from streams.simulation.people import Person
from streams.simulation.stories import STORIES
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import Planted

LENGTH: Final = 30 * DAY
"""From the start to the end of a scenario, us."""
DEFAULT_START: Final = 1_740_960_000_000_000
"""us: Monday 3 March 2025, midnight UTC. Fixed, so that the same customers and seed give the same bytes on any day."""
EARLIEST: Final = 946_684_800_000_000
"""us: the first moment of 2000."""
QUIET: Final = 27 * HOUR
"""After a story nothing else happens for so long: whether a goal was reached within 24 hours is the story's own matter."""
TEN: Final = 10
WITH_STORY: Final = (2, 5, 8)
"""Of ten customers in a row, those to whom a story happens."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A planned scenario.

    start, until    us: its first moment, and the first one after it, by which all deadlines are judged
    truth           what its stories planted
    """

    seed: int
    start: int
    until: int
    truth: tuple[Planted, ...]
    _shop: Shop = field(repr=False)
    _people: tuple[Person, ...] = field(repr=False)
    _pages: tuple[tuple[int, int, bytes], ...] = field(repr=False)

    def __len__(self) -> int:
        """How many events it has, knowledge included."""
        return len(self._pages) + sum(1 for _ in self._shop.knowledge())

    def events(self) -> Iterator[ChannelEvent]:
        """The events in the order of event time; knowledge entries before touchpoints of the same moment."""
        return merge(self._knowledge(), self._touchpoints(), key=attrgetter("at"))

    def _knowledge(self) -> Iterator[ChannelEvent]:
        for at, record in self._shop.knowledge():
            yield ChannelEvent("knowledge", record, at)

    def _touchpoints(self) -> Iterator[ChannelEvent]:
        for at, index, page in self._pages:
            channel, record = told(page, self._people[index])
            yield ChannelEvent(channel, record, at)


def simulate(customers: int, seed: int, start: int = DEFAULT_START) -> Simulation:
    """Plan 30 days of this many customers from `start` (us); the same arguments give the same events everywhere.

    Raises ValueError where `customers` is not positive, `seed` is negative, or `start` is before 2000.
    """
    if customers < 1:
        raise ValueError(f"a simulation of {customers} customers; at least 1 is needed")
    if seed < 0:
        raise ValueError(f"the seed {seed} is negative; numbers of orders and offers carry it, so take 0 or more")
    if start < EARLIEST:
        raise ValueError(f"the start {start} us is before 2000, which no channel admits; give microseconds since 1970")
    until = start + LENGTH
    shop = opened(seed, start)
    truth: list[Planted] = []
    persons: list[Person] = []
    pages: list[tuple[int, int, bytes]] = []
    for index in range(customers):
        random = Random(f"{seed}/{index}")  # noqa: S311  -- a story, not a secret
        person = people.born(seed, index, random)
        diary = Diary(seed, index, person, random, until)
        truth += _lived(diary, shop, _story(index, seed))
        persons.append(person)
        pages += [(at, index, page) for at, page in diary.pages]
    pages.sort(key=itemgetter(0))  # stable: what one person does at one moment stays in its order
    return Simulation(seed, start, until, tuple(truth), shop, tuple(persons), tuple(pages))


def _story(index: int, seed: int) -> Story | None:
    """The story of this customer; the stories take turns, and the seed decides where they begin."""
    tens, place = divmod(index, TEN)
    if place not in WITH_STORY:
        return None
    return STORIES[(tens * len(WITH_STORY) + WITH_STORY.index(place) + seed) % len(STORIES)]


def _lived(diary: Diary, shop: Shop, story: Story | None) -> list[Planted]:
    """One customer's month: daily life, and the story in the middle of it; gives what the story planted.

    After a story the customer leaves the desks alone: an offer of which a desk was not told may still be valid.
    """
    days = LENGTH // DAY
    moments = diary.random.randrange(6, 16)
    if story is None:
        live(diary, shop, Stretch(0, days, moments, BY_ONESELF + WITH_A_DESK))
        return []
    day = diary.random.randrange(story.first_day, story.last_day + 1)
    live(diary, shop, Stretch(0, day, diary.random.randrange(1, 7), BY_ONESELF + WITH_A_DESK))
    telling = Telling(story, diary, shop, shop.start + day * DAY)
    story.tell(telling)
    quiet_until = (diary.last + QUIET - shop.start) // DAY + 1
    live(diary, shop, Stretch(quiet_until, days, moments, BY_ONESELF))
    return telling.planted
