"""What a story is, and the telling of one: in whose diary, from which day on, and what it must raise."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from streams.simulation.catalogue import Campaign, Product, Shop
from streams.simulation.clock import DAY, HOUR
from streams.simulation.diary import Diary
from streams.simulation.people import Person
from streams.simulation.truth import OPEN, Planted

FIRST_DAY: Final = 3
LAST_DAY: Final = 22
"""A story starts on a day between these, unless it says otherwise: its deadlines then fall before the scenario's end."""
EVERY_DAY: Final = tuple(range(7))
WORKING_DAYS: Final = (0, 1, 2, 3)
"""Monday to Thursday: the desks are open on that day and the next, whatever their hours."""


class Telling:
    """One story as it happens to one person, from the day that starts at `day` (us)."""

    __slots__ = ("day", "diary", "planted", "shop", "story")

    def __init__(self, story: "Story", diary: Diary, shop: Shop, day: int) -> None:
        self.story = story
        self.diary = diary
        self.shop = shop
        self.day = day
        self.planted: list[Planted] = []

    @property
    def person(self) -> Person:
        """To whom it happens."""
        return self.diary.person

    @property
    def random(self) -> Random:
        """The person's own dice."""
        return self.diary.random

    def time(self, day: int, hour: int) -> int:
        """A moment (us) in the half hour after this hour of the story's day, counted from 0."""
        return self.diary.around(self.day + day * DAY + hour * HOUR)

    def campaign(self, name: str) -> Campaign:
        """The offer of this campaign."""
        return self.shop.campaigns[name]

    def product(self) -> Product:
        """Something that is under no offer."""
        return self.diary.pick(self.shop.products)

    def raises(self, subject: str, *founding: str, at: int, status: str = OPEN, also: tuple[str, ...] = ()) -> None:
        """Note in the truth that the story's rule must find this."""
        story = self.story
        self.planted.append(Planted(story.rule, subject, self.person.number, founding, at, story.name, status, also))


@dataclass(frozen=True, slots=True)
class Story:
    """Something that may happen to a customer.

    rule        that it is about: that it must raise, or that it comes near to
    hits        how many findings it must raise: 1, or 0 for a near miss
    happens     what happens, in a sentence
    because     why that is a finding or none, by the design's words
    tell        writes it into a diary, and what it raises into the truth
    first_day, last_day  between which days of the scenario it may start
    weekdays    on which of them (Monday is 0); it waits for one
    """

    name: str
    rule: str
    hits: int
    happens: str
    because: str
    tell: Callable[[Telling], None]
    first_day: int = FIRST_DAY
    last_day: int = LAST_DAY
    weekdays: tuple[int, ...] = EVERY_DAY

    def first(self, day: int) -> int:
        """The first moment (us) of the first day on which it may start, from the one that starts at `day` on."""
        while (day // DAY + 3) % 7 not in self.weekdays:  # 1 January 1970 was a Thursday
            day += DAY
        return day
