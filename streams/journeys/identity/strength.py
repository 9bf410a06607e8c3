"""The table of identifier types: which merge persons, which only follow one, and how many others each may be seen with.

A strong identifier merges: two that are seen together are one person. A weak one only follows: it points to the person with whom
it was seen first, and never joins two. An identifier that is seen with more strong ones of a type than one person has is shared
(a family's tablet, the desk's own number, test@example.com): it points to nobody.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from streams.journeys.touchpoint import type_order


class IdentifierType(msgspec.Struct, frozen=True):
    """What the identifiers of one type can do.

    is_strong           merges persons; else it only follows one
    is_single_valued    a person has one of it: two in one customer are an identity_conflict
    most_seen_with      by type: with how many different ones of it at most; beyond, this identifier is shared
    """

    is_strong: bool
    is_single_valued: bool = False
    most_seen_with: Mapping[str, int] = {}


_PERSONAL: Final = {"customer_number": 1, "login": 1, "loyalty_card": 3, "email": 3, "phone": 3}
"""One customer number or login: with two, an address or a device is not one person's. Three cards, addresses and numbers are still his."""

_OF_A_PERSON: Final = {"customer_number": 2, "login": 3, "loyalty_card": 5, "email": 5, "phone": 5}
"""A person's own number meets more: renewed cards, old addresses."""

TYPES: Final[Mapping[str, IdentifierType]] = {
    "customer_number": IdentifierType(is_strong=True, is_single_valued=True, most_seen_with=_OF_A_PERSON),
    "login": IdentifierType(is_strong=True, is_single_valued=True, most_seen_with=_OF_A_PERSON),
    "loyalty_card": IdentifierType(is_strong=True, most_seen_with=_PERSONAL),
    "email": IdentifierType(is_strong=True, most_seen_with=_PERSONAL),
    "phone": IdentifierType(is_strong=True, most_seen_with=_PERSONAL),
    "device": IdentifierType(is_strong=False, most_seen_with=_PERSONAL),
    "cookie": IdentifierType(is_strong=False, most_seen_with=_PERSONAL),
    "order": IdentifierType(is_strong=False),
    "case": IdentifierType(is_strong=False),
    "conversation": IdentifierType(is_strong=False),
    "event": IdentifierType(is_strong=False),
}
"""`event` stands for a touchpoint of which nothing but shared identifiers is known: it is a customer by itself."""

_RANKS: Final = {type_: chr(ord("a") + rank) for rank, type_ in enumerate((*type_order, "event"))}


def type_of(identifier: str) -> str:
    """The type of an identifier written as `type:pseudonym`."""
    return identifier.partition(":")[0]


def is_strong(identifier: str) -> bool:
    """Whether it merges persons."""
    return TYPES[type_of(identifier)].is_strong


def name_of(identifier: str) -> str:
    """The identifier's own label: its type's rank, then its pseudonym. The smallest of a person's is the customer's."""
    type_, _, pseudonym = identifier.partition(":")
    return _RANKS[type_] + pseudonym


def customer_of(name: str) -> str:
    """The customer's id, 32 hexadecimal digits, of a label's name."""
    return name[1:]
