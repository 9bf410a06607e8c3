"""A whole simulation: customers with their habits, stories for three in ten of them, and the truth of what went wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from operator import attrgetter, itemgetter
from random import Random
from typing import Final, Literal, get_args

from streams.events import ChannelEvent
from streams.simulation import identities as mixed
from streams.simulation import people
from streams.simulation.around import Board, Margin, surround
from streams.simulation.catalogue import Shop, opened
from streams.simulation.clock import DAY, HOUR
from streams.simulation.diary import CarefulDiary, Diary, event_id_of, told
from streams.simulation.identities import Identifier, Wallet
from streams.simulation.life import AFTER_A_STORY, BY_ONESELF, WITH_A_DESK, Habit, Stretch, live
from streams.simulation.people import Person
from streams.simulation.stories import STORIES, Rules
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
Identities = Literal["numbers", "mixed"]
"""numbers: every touchpoint carries the customer number; mixed: each channel shows what it would know."""
AFTERWARDS: Final[dict[Rules, tuple[Habit, ...]]] = {"first": BY_ONESELF, "all": AFTER_A_STORY}
"""What people do after a story."""
HABIT: Final = 4
"""Moments, about, of the habit that is begun last and lived to its end."""
TEN: Final = 10
WITH_STORY: Final = (2, 5, 8)
"""Of ten customers in a row, those to whom a story happens."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A planned scenario.

    start, until    us: its first moment, and the first one after it, by which all deadlines are judged
    truth           what its stories planted
    stories         by customer number, the name of the story that happened to the customer, if one did
    shared          identifiers that are not one person's: a family's device, the desk's own number
    late_logins     customers who were seen anonymously before their first login
    """

    seed: int
    start: int
    until: int
    truth: tuple[Planted, ...]
    stories: Mapping[str, str] = field(repr=False)
    _shop: Shop = field(repr=False)
    _people: tuple[Person, ...] = field(repr=False)
    _wallets: tuple[Wallet, ...] = field(repr=False)
    _pages: tuple[tuple[int, int, bytes, int], ...] = field(repr=False)

    def __len__(self) -> int:
        """How many events it has, knowledge included."""
        return len(self._pages) + sum(1 for _ in self._shop.knowledge())

    def events(self) -> Iterator[ChannelEvent]:
        """The events in the order of event time; knowledge entries before touchpoints of the same moment."""
        return merge(self._knowledge(), self._touchpoints(), key=attrgetter("at"))

    @property
    def shared(self) -> tuple[Identifier, ...]:
        """Identifiers that are not one person's, in a fixed order; none where all carry their customer number."""
        families = {each for wallet in self._wallets for each in wallet.shared}
        return (*mixed.NOBODYS, *sorted(families)) if self._wallets else ()

    @property
    def late_logins(self) -> int:
        """How many customers were seen anonymously before their first login."""
        return sum(wallet.late for wallet in self._wallets)

    def persons(self) -> Iterator[tuple[str, str]]:
        """The event id of every touchpoint and the customer number of whom it is of, in the order of event time."""
        numbers = [person.number for person in self._people]
        return ((event_id_of(page), numbers[index]) for _, index, page, _ in self._pages)

    def _knowledge(self) -> Iterator[ChannelEvent]:
        for at, record in self._shop.knowledge():
            yield ChannelEvent("knowledge", record, at)

    def _touchpoints(self) -> Iterator[ChannelEvent]:
        for at, index, page, bits in self._pages:
            channel, record = told(page, self._known_by(index, bits))
            yield ChannelEvent(channel, record, at)

    def _known_by(self, index: int, bits: int) -> Callable[[str], list[dict[str, str]]]:
        if self._wallets:
            wallet = self._wallets[index]
            return lambda _: wallet.show(bits)
        return partial(people.identifiers, self._people[index])


def simulate(
    customers: int,
    seed: int,
    start: int = DEFAULT_START,
    *,
    rules: Rules = "first",
    identities: Identities = "numbers",
    touchpoints_per_customer: int | None = None,
) -> Simulation:
    """Plan 30 days of this many customers from `start` (us); the same arguments give the same events everywhere.

    With `rules` "all" there are stories of all nineteen rules, else of the first six; the lives differ a little.
    `touchpoints_per_customer` makes short lives of about so many touchpoints each, without stories: for identity at a large scale.
    Raises ValueError where `customers` is not positive, `seed` is negative, `start` is before 2000, or a choice is none.
    """
    _check(customers, seed, start, touchpoints_per_customer)
    for name, given, choices in (("rules", rules, Rules), ("identities", identities, Identities)):
        if given not in get_args(choices):
            raise ValueError(f"{name} cannot be {given!r}; take one of {', '.join(get_args(choices))}")
    until = start + LENGTH
    shop = opened(seed, start)
    truth: list[Planted] = []
    persons: list[Person] = []
    told_of: dict[str, str] = {}
    wallets: list[Wallet] = []
    board = Board()
    diaries: dict[Rules, type[Diary]] = {"first": Diary, "all": CarefulDiary}
    pages: list[tuple[int, int, bytes, int]] = []
    for index in range(customers):
        random = Random(f"{seed}/{index}")  # noqa: S311  -- a story, not a secret
        person = people.born(seed, index, random)
        diary = diaries[rules](seed, index, person, random, until)
        between = (0, 0)
        if touchpoints_per_customer is None:
            story = _story(index, seed, STORIES[rules])
            planted, between = _lived(diary, shop, story, AFTERWARDS[rules])
            truth += planted
            if story is not None:
                told_of[person.number] = story.name
            margin = Margin(seed, diary, board)
            surround(margin, shop, diary.moments(), between)
            diary.pages += margin.pages
        else:
            _lived_shortly(diary, shop, touchpoints_per_customer)
        persons.append(person)
        bits = [0] * len(diary.pages)
        if identities == "mixed":
            wallet, bits = mixed.shown(seed, index, person, diary.moments(), between)
            wallets.append(wallet)
            bits = _alike([page for _, page in diary.pages], bits)
        pages += [(at, index, page, shown) for (at, page), shown in zip(diary.pages, bits, strict=True)]
    pages.sort(key=itemgetter(0))  # stable: what one person does at one moment stays in its order
    return Simulation(seed, start, until, tuple(truth), told_of, shop, tuple(persons), tuple(wallets), tuple(pages))


def _alike(pages: Sequence[bytes], bits: Sequence[int]) -> list[int]:
    """What is sent again shows what it showed before: a moment that is told twice shows all that either would."""
    shown: dict[bytes, int] = {}
    for page, each in zip(pages, bits, strict=True):
        shown[page] = shown.get(page, 0) | each
    return [shown[page] for page in pages]


def _check(customers: int, seed: int, start: int, touchpoints_per_customer: int | None) -> None:
    if touchpoints_per_customer is not None and touchpoints_per_customer < 1:
        raise ValueError(f"{touchpoints_per_customer} touchpoints for each customer; at least 1 is needed")
    if customers < 1:
        raise ValueError(f"a simulation of {customers} customers; at least 1 is needed")
    if seed < 0:
        raise ValueError(f"the seed {seed} is negative; numbers of orders and offers carry it, so take 0 or more")
    if start < EARLIEST:
        raise ValueError(f"the start {start} us is before 2000, which no channel admits; give microseconds since 1970")


def _story(index: int, seed: int, stories: tuple[Story, ...]) -> Story | None:
    """The story of this customer; the stories take turns, and the seed decides where they begin."""
    tens, place = divmod(index, TEN)
    if place not in WITH_STORY:
        return None
    return stories[(tens * len(WITH_STORY) + WITH_STORY.index(place) + seed) % len(stories)]


def _lived(diary: Diary, shop: Shop, story: Story | None, afterwards: tuple[Habit, ...]) -> tuple[list[Planted], tuple[int, int]]:
    """One customer's month: daily life, and the story in the middle of it; gives what the story planted, and between which times
    (us) nothing else may happen, both 0 for no story.

    After a story the customer leaves the desks alone: an offer of which a desk was not told may still be valid.
    """
    days = LENGTH // DAY
    moments = diary.random.randrange(6, 16)
    if story is None:
        live(diary, shop, Stretch(0, days, moments, BY_ONESELF + WITH_A_DESK))
        return [], (0, 0)
    day = diary.random.randrange(story.first_day, story.last_day + 1)
    live(diary, shop, Stretch(0, day, diary.random.randrange(1, 7), BY_ONESELF + WITH_A_DESK))
    begins = story.first(shop.start + day * DAY)
    telling = Telling(story, diary, shop, begins)
    story.tell(telling)
    quiet_until = (diary.last + QUIET - shop.start) // DAY + 1
    live(diary, shop, Stretch(quiet_until, days, moments, afterwards))
    return telling.planted, (begins, shop.start + quiet_until * DAY)


def _lived_shortly(diary: Diary, shop: Shop, touchpoints: int) -> None:
    """A few touchpoints somewhere in the month; the habit that is begun last is lived to its end."""
    days = LENGTH // DAY
    moments = diary.random.randrange(1, max(2, 2 * touchpoints - HABIT))
    live(diary, shop, Stretch(diary.random.randrange(days // 2), days, moments, BY_ONESELF + WITH_A_DESK))
