"""Who shows what: in life nobody gives a customer number everywhere.

Each customer has three to five identifiers, and each channel sees the ones that it would: the website a cookie, after the
login also the customer number; a mail its address; the phone its number, and sometimes the customer number; the store a
card; a chat a cookie or a login; a parcel's scan the order alone. Some log in late, some share a device with the family, and
a few values belong to nobody. However it goes, all of a customer's identifiers meet somewhere in the month, apart from what
is done anonymously on a family's device: that is nobody's, and nobody can know better. Such is daily life alone; whoever has a story
to tell is logged in on the family's device, or what happens there could be held against nobody.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from random import Random
from typing import Final

from streams.simulation.diary import Moment
from streams.simulation.people import Person, likely

Identifier = tuple[str, str]
"""Type and value, as a channel would write them."""

MOST: Final = 5
"""Identifiers that a customer has at most."""
LEAST: Final = 3
DESKS_OWN_NUMBER: Final[Identifier] = ("phone", "+31201234567")
TEST_ADDRESS: Final[Identifier] = ("email", "test@example.com")
NOBODYS: Final = (DESKS_OWN_NUMBER, TEST_ADDRESS)
"""Belong to no customer, and are seen with many."""
LATE_LOGINS_PERCENT: Final = 17
"""Of those who come to a screen more than once before they have to say who they are; a tenth of all customers."""
HOUSEHOLDS: Final = 50
"""One pair of customers in so many, 2 in 100 people, has a device in common."""
SCREENS: Final = ("website", "app")
SAYS_WHO: Final = frozenset({"order_placed", "checkout_step", "complaint_opened"})
"""What nobody does without saying who he is."""
FOLLOWING: Final = frozenset(
    {
        "order_paid",
        "order_shipped",
        "order_delivered",
        "conversation_queued",
        "conversation_answered",
        "agent_said",
        "conversation_picked_up",
    }
)
"""What some systems publish under the number of the order or conversation alone."""
FOLLOWED: Final = ("order", "conversation")
_ORDER_OF_WORTH: Final = ("customer_number", "email", "phone", "cookie", "device", "loyalty_card", "login")
_OF_CHANNEL: Final = {"website": "cookie", "app": "device", "email": "email", "phone": "phone", "store": "loyalty_card", "survey": "email"}

AROUND: Final[Mapping[str, tuple[str, ...]]] = {
    "advertisement": ("cookie", "device"),
    "search": ("cookie", "device"),
    "review": ("email",),
    "social": ("login", "email"),
    "occasion": ("loyalty_card", "email"),
}
"""By channel around the company, what it may know a customer by: the first of these that the customer has."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """A customer's identifiers; an event shows those whose bits are set, and nobody's after them.

    late    whether the customer was seen on a screen anonymously before the first login
    shared  type and value of what the family has in common, and this customer used
    """

    values: tuple[Identifier, ...]
    late: bool = False
    shared: tuple[Identifier, ...] = ()

    def show(self, bits: int) -> list[dict[str, str]]:
        """The identifiers of one event, as a channel's record has them."""
        every = self.values + NOBODYS
        return [{"type": every[place][0], "value": every[place][1]} for place in range(len(every)) if bits >> place & 1]


def household(seed: int, index: int) -> int | None:
    """The number of the family whose device the customer `index` shares; None for most."""
    pair = index // 2
    return pair if (pair + seed) % HOUSEHOLDS == 0 else None


def family_device(seed: int, index: int) -> Mapping[str, str]:
    """The values that a family's tablet has, by type, whoever uses it; none for most."""
    pair = household(seed, index)
    return {} if pair is None else {"cookie": f"ck-{seed}-family-{pair}", "device": f"dev-{seed}-family-{pair}"}


def shown(seed: int, index: int, person: Person, moments: Sequence[Moment], story: tuple[int, int] = (0, 0)) -> tuple[Wallet, list[int]]:
    """What each of a customer's moments shows, as bits of the wallet, in the order of `moments`.

    `story` are the times (us) between which a story happens to the customer, both 0 for none.
    """
    random = Random(f"{seed}/{index}/identities")  # noqa: S311  -- a story, not a secret
    wallet = _filled(seed, index, person, moments, random)
    month = _Month(wallet, random, Random(f"{seed}/{index}/identities around"), story)  # noqa: S311  -- a story, not a secret
    order = sorted(range(len(moments)), key=lambda place: moments[place].at)
    screens = [place for place in order if moments[place].channel in SCREENS]
    known_from = None if wallet.shared else _first_login(screens, moments, random)
    known = known_from is None
    bits = [0] * len(moments)
    for place in order:
        known = known or place == known_from
        bits[place] = month.sees(moments[place], known=known)
    month.connect(order, bits)
    _same_again(moments, bits)
    anonymous = known_from is not None and any(not bits[place] & month.number for place in screens[: screens.index(known_from)])
    return Wallet(wallet.values, late=anonymous, shared=wallet.shared), bits


def _same_again(moments: Sequence[Moment], bits: list[int]) -> None:
    """What is sent again under its event id shows what it showed before: all of its sendings show the same."""
    places: dict[str, list[int]] = {}
    for place, moment in enumerate(moments):
        places.setdefault(moment.event_id, []).append(place)
    for again in places.values():
        shows = reduce(or_, (bits[place] for place in again))
        for place in again:
            bits[place] = shows


def _filled(seed: int, index: int, person: Person, moments: Sequence[Moment], random: Random) -> Wallet:
    """What the channels that the customer uses would know; three to five values."""
    family = family_device(seed, index)
    value = {
        "customer_number": person.number,
        "email": person.email,
        "phone": person.phone,
        "cookie": f"ck-{seed}-{index}",
        "device": f"dev-{seed}-{index}",
        "loyalty_card": person.loyalty_card or f"2601{seed % 1000:03d}{index:07d}",
        "login": f"user-{person.number}",
    }
    channels = {moment.channel for moment in moments}
    types = {"customer_number", "email", "cookie" if person.screen == "website" else "device"}
    types |= {_OF_CHANNEL[channel] for channel in channels if channel in _OF_CHANNEL and (channel != "store" or person.loyalty_card)}
    if "chat" in channels and likely(random, 40):
        types.add("login")
    ranked = [type_ for type_ in _ORDER_OF_WORTH if type_ in types][:MOST]
    values: list[Identifier] = [(type_, family.get(type_, value[type_])) for type_ in ranked]
    if family:
        return Wallet(tuple(values), shared=tuple(each for each in values if each[0] in family))
    if len(values) < MOST and "cookie" in types and likely(random, 15):
        values.append(("cookie", f"ck-{seed}-{index}-b"))  # another browser
    return Wallet(tuple(values))


def _first_login(screens: Sequence[int], moments: Sequence[Moment], random: Random) -> int | None:
    """The place of a late customer's login among the moments; None where the customer is known from the start."""
    before = next((turn for turn, place in enumerate(screens) if moments[place].kind in SAYS_WHO), len(screens))
    if before < 2 or not likely(random, LATE_LOGINS_PERCENT):  # noqa: PLR2004  once before the login, and the login
        return None
    return screens[
        random.randrange((before + 1) // 2, before + 1) if before < len(screens) else random.randrange((before + 1) // 2, before)
    ]


class _Month:
    """One customer's month, seen by the channels one moment after the other."""

    __slots__ = ("_around", "_followed", "_random", "_story", "_types", "_wallet", "number", "own")

    def __init__(self, wallet: Wallet, random: Random, around: Random, story: tuple[int, int]) -> None:
        self._wallet = wallet
        self._story = story
        self._random = random
        self._around = around
        self._types: dict[str, list[int]] = {}
        for place, (type_, _) in enumerate(wallet.values):
            self._types.setdefault(type_, []).append(1 << place)
        self._followed: set[str] = set()
        self.number = self._types["customer_number"][0]
        self.own = sum(1 << place for place, value in enumerate(wallet.values) if value not in wallet.shared)

    def sees(self, moment: Moment, *, known: bool) -> int:
        """What the moment's channel sees; `known` is off before a late login."""
        numbers = [f"{type_}:{moment.references[type_]}" for type_ in FOLLOWED if moment.references.get(type_)]
        if moment.kind in FOLLOWING and not self._followed.isdisjoint(numbers) and likely(self._random, 30):
            return 0
        if moment.channel in AROUND:
            bits = self._beside(moment.channel)
        elif moment.channel in SCREENS:
            bits = self._on_screen(moment, known=known)
        else:
            bits = self._elsewhere(moment.channel)
        if bits & self.own:
            self._followed.update(numbers)
        return bits

    def connect(self, order: Sequence[int], bits: list[int]) -> None:
        """See to it that every identifier meets the customer number: the last time that it is seen, if never before."""
        groups: list[int] = []
        for each in bits:
            mine = each & self.own
            if mine:
                for group in [group for group in groups if group & mine]:
                    groups.remove(group)
                    mine |= group
                groups.append(mine)
        for group in groups:
            if not group & self.number:
                last = next(place for place in reversed(order) if bits[place] & group)
                bits[last] |= self.number
        seen = Counter(place for each in bits for place in range(len(self._wallet.values)) if each >> place & 1)
        spare = [1 << place for place in range(len(self._wallet.values)) if not seen[place] and 1 << place & self.own]
        told = [place for place in order if bits[place] & self.number]
        for bit in spare[: max(0, LEAST - len(seen))]:
            if told:
                bits[self._random.choice(told)] |= bit  # the profile that comes with the login

    def _on_screen(self, moment: Moment, *, known: bool) -> int:
        bits = self._screen(moment.channel)
        anonymous_percent = 10 if self._wallet.shared else 45
        if moment.kind in SAYS_WHO:
            bits |= self.number if known else self._one("email")
            if likely(self._random, 30):
                bits |= self._one("email")
        elif known and not likely(self._random, anonymous_percent):
            bits |= self.number
        begins, ends = self._story
        if not bits or (not bits & self.own and begins <= moment.at < ends):
            bits |= self.number
        if bits & self.number and likely(self._random, 1):
            bits |= 1 << len(self._wallet.values) + NOBODYS.index(TEST_ADDRESS)
        return bits

    def _screen(self, channel: str) -> int:
        """The cookie or device; now and then the other browser's."""
        bits = self._types.get(_OF_CHANNEL[channel])
        if bits is None:
            return 0
        return bits[-1] if likely(self._random, 25) else bits[0]

    def _elsewhere(self, channel: str) -> int:
        beside = {"email": 15, "phone": 50, "store": 10, "chat": 35, "survey": 10}[channel]
        bits = self._chat() if channel == "chat" else self._one(_OF_CHANNEL[channel])
        if not bits & self.own or likely(self._random, beside):
            bits |= self.number
        if channel == "phone" and bits & self.number and likely(self._random, 4):
            bits |= 1 << len(self._wallet.values) + NOBODYS.index(DESKS_OWN_NUMBER)
        return bits

    def _beside(self, channel: str) -> int:
        """What is known outside the company's own systems: the browser or device, a profile, an address."""
        bits = next((bits for type_ in AROUND[channel] if (bits := self._one(type_)) & self.own), 0)
        if not bits or likely(self._around, 15):
            bits |= self.number
        return bits

    def _chat(self) -> int:
        return self._one("login") or self._one("cookie") or self._one("device")

    def _one(self, type_: str) -> int:
        bits = self._types.get(type_)
        return bits[0] if bits else 0
