"""Who the customers are: their numbers, and the habits that make their touchpoints more than random rows."""

from dataclasses import dataclass
from random import Random
from typing import Final

STORES: Final = ("S01-Utrecht", "S02-Rotterdam", "S03-Gent", "S04-Zwolle", "S05-Eindhoven", "S06-Leuven")
SCREENS: Final = ("website", "app")
DESKS: Final = ("phone", "chat")


@dataclass(frozen=True, slots=True)
class Person:
    """One customer.

    number          customer number: every touchpoint carries it
    email, phone, cookie, loyalty_card  further identifiers, one of each for a customer; "" where there is none
    store           the store that the customer goes to
    screen          website or app: where the customer orients and orders
    desk            phone or chat: how the customer asks for help
    hour            hour of the day (UTC) around which the customer has time
    mood            usual score on CSAT, 3 to 5
    """

    number: str
    email: str
    phone: str
    cookie: str
    loyalty_card: str
    store: str
    screen: str
    desk: str
    hour: int
    mood: int


def likely(random: Random, percent: int) -> bool:
    """True so many times in a hundred."""
    return random.randrange(100) < percent


def born(seed: int, index: int, random: Random) -> Person:
    """The customer `index` of a simulation; `random` is the customer's own."""
    return Person(
        number=f"{seed}-{index:07d}",
        email=f"customer.{seed}.{index}@example.org",
        phone=f"+3197{seed % 1000:03d}{index:07d}",
        cookie=f"ck-{seed}-{index}" if likely(random, 70) else "",
        loyalty_card=f"2600{seed % 1000:03d}{index:07d}" if likely(random, 40) else "",
        store=STORES[random.randrange(len(STORES))],
        screen=SCREENS[likely(random, 35)],
        desk=DESKS[likely(random, 45)],
        hour=random.randrange(8, 18),
        mood=random.choice((3, 4, 4, 5)),
    )


def identifiers(person: Person, channel: str) -> list[dict[str, str]]:
    """What the channel knows the customer by: always the customer number, and what such a channel sees besides."""
    known = [{"type": "customer_number", "value": person.number}]
    beside = _BESIDE.get(channel)
    if beside is not None:
        value: str = getattr(person, beside)
        if value:
            known.append({"type": beside, "value": value})
    return known


_BESIDE: Final = {"website": "cookie", "email": "email", "phone": "phone", "store": "loyalty_card"}
