"""The table of identifier types: which merge persons, which only follow one, how many others each may be seen with, how each is written.

A strong identifier merges: two that are seen together are one person. A weak one only follows: it points to the person with whom
it was seen first, and never joins two. An identifier that is seen with more strong ones of a type than one person has is shared
(a family's tablet, the desk's own number, test@example.com): it points to nobody. An installation sets the table by a file
(`streams.identifiers_file`).
"""

import itertools
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from streams.journeys.touchpoint import type_order

Form = Literal["text", "email", "phone", "card"]
"""How a value is written: as it is, as an address, as a phone number, as a card's number."""


class IdentifierType(msgspec.Struct, frozen=True):
    """What the identifiers of one type can do.

    is_strong           merges persons; else it only follows one
    form                how its values are brought to one written form before anything compares them
    is_single_valued    a person has one of it: two in one customer are an identity_conflict
    most_seen_with      by type: with how many different ones of it at most; beyond, this identifier is shared
    lifetime_days       of a weak one: how long a period is, and a life goes on without it at least; 0: it is one person's for ever
    """

    is_strong: bool
    form: Form = "text"
    is_single_valued: bool = False
    most_seen_with: Mapping[str, int] = {}
    lifetime_days: int = 0


NOBODY: Final = frozenset(
    {
        *("0", "-", "n/a", "nan", "nil", "none", "null", "undefined", "[object object]", "true", "false"),
        *("anonymous", "guest", "unknown", "not_authenticated", "00000000-0000-0000-0000-000000000000"),
    }
)
"""What broken or careless tracking code sends in place of an identifier; taken for one, it joins strangers."""

_PERSONAL: Final = {"customer_number": 1, "login": 1, "loyalty_card": 3, "email": 3, "phone": 3}
"""One customer number or login: with two, an address or a device is not one person's. Three cards, addresses and numbers are still his."""

_OF_A_PERSON: Final = {"customer_number": 2, "login": 3, "loyalty_card": 5, "email": 5, "phone": 5}
"""A person's own number meets more: renewed cards, old addresses."""

TYPES: Final[Mapping[str, IdentifierType]] = {
    "customer_number": IdentifierType(is_strong=True, is_single_valued=True, most_seen_with=_OF_A_PERSON),
    "login": IdentifierType(is_strong=True, is_single_valued=True, most_seen_with=_OF_A_PERSON),
    "loyalty_card": IdentifierType(is_strong=True, form="card", most_seen_with=_PERSONAL),
    "email": IdentifierType(is_strong=True, form="email", most_seen_with=_PERSONAL),
    "phone": IdentifierType(is_strong=True, form="phone", most_seen_with=_PERSONAL),
    "device": IdentifierType(is_strong=False, most_seen_with=_PERSONAL),
    "cookie": IdentifierType(is_strong=False, most_seen_with=_PERSONAL),
    "order": IdentifierType(is_strong=False),
    "case": IdentifierType(is_strong=False),
    "conversation": IdentifierType(is_strong=False),
    "event": IdentifierType(is_strong=False),
}
"""`event` stands for a touchpoint of which nothing but shared identifiers is known: it is a customer by itself."""

THINGS: Final = ("order", "case", "conversation")
"""Types whose values are numbers of things: a reference that a touchpoint carries."""


class IdentifierTable(msgspec.Struct, frozen=True):
    """The table of an installation.

    types       by name, what each does
    nobody      values, in lower case, that a program wrote because it knew nobody: they are no identifiers
    """

    types: Mapping[str, IdentifierType] = msgspec.field(default_factory=lambda: TYPES)
    nobody: frozenset[str] = NOBODY

    def __post_init__(self) -> None:
        """Raises ValueError where a weak type stands before a strong one: it could be the anchor of what it may not join."""
        order = [each for each in type_order if each in self.types]
        for before, after in itertools.pairwise(order):
            if self.types[after].is_strong and not self.types[before].is_strong:
                raise ValueError(
                    f"{after} is strong, but {before}, which comes before it, is weak; strong types come first: {', '.join(order)}"
                )

    @property
    def single_valued(self) -> frozenset[str]:
        """Types of which a person has one."""
        return frozenset(name for name, type_ in self.types.items() if type_.is_single_valued)

    @property
    def lifetimes(self) -> Mapping[str, int]:
        """By type, of those that live for a time: how many days."""
        return lifetimes_of(self.types)


def lifetimes_of(types: Mapping[str, IdentifierType]) -> Mapping[str, int]:
    """By type, of those that live for a time: how many days."""
    return {name: type_.lifetime_days for name, type_ in types.items() if type_.lifetime_days}


_RANKS: Final = {type_: chr(ord("a") + rank) for rank, type_ in enumerate((*type_order, "event"))}


def type_of(identifier: str) -> str:
    """The type of an identifier written as `type:pseudonym`."""
    return identifier.partition(":")[0]


def name_of(identifier: str) -> str:
    """The identifier's own label: its type's rank, then its pseudonym. The smallest of a person's is the customer's."""
    type_, _, pseudonym = identifier.partition(":")
    return _RANKS[type_] + pseudonym


def customer_of(name: str) -> str:
    """The customer's id, 32 hexadecimal digits, of a label's name."""
    return name[1:]
