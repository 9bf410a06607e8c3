"""The links around an identifier, as ClickHouse has them, and the word that cuts one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from streams import topics
from streams.broker.sending import Lanes
from streams.clickhouse.reading import read
from streams.identifiers_file import load_identifiers
from streams.journeys.identity.periods import without_period
from streams.journeys.identity.records import Message
from streams.journeys.identity.strength import IdentifierType, name_of, type_of
from streams.processors.internal import IDENTITY, KIND, partition_of
from streams.settings import Settings

MOST_SHOWN: Final = 500
"""Identifiers that are followed at most: who has more than this is looked into by a query."""
_SHARED_LINKS: Final = (
    "SELECT identifier, other, event_id, toString(seen_at) AS seen_at, cut FROM identity_links"
    " WHERE has({names:Array(String)}, identifier) OR has({names:Array(String)}, other) ORDER BY identity_links.seen_at, identifier, other"
)


@dataclass(frozen=True, slots=True)
class Link:
    """Two identifiers that were seen together: the first touchpoint that shows it, its time, and why it links nobody ("none": it does)."""

    identifier: str
    other: str
    event_id: str
    seen_at: str | None
    cut: str

    def end_beside(self, identifier: str) -> str:
        """The other end."""
        return self.other if identifier == self.identifier else self.identifier


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known around one identifier.

    starts      what was asked for; several where they are periods of one life
    customers   by identifier: the customer, "" of one that is shared
    links       all among the identifiers found, cut ones included
    is_whole    whether all was followed
    """

    starts: Sequence[str]
    customers: Mapping[str, str]
    links: Sequence[Link]
    is_whole: bool


def around(settings: Settings, *starts: str) -> Shown:
    """Follow the links from identifiers (`type:pseudonym`); over cut ones it does not go on. Raises read's errors."""
    found: dict[tuple[str, str], Link] = {}
    known, edge = set(starts), set(starts)
    while edge and len(known) < MOST_SHOWN:
        following: set[str] = set()
        for link in _links(settings, sorted(edge)):
            found[link.identifier, link.other] = link
            if link.cut == "none":
                following |= {link.identifier, link.other} - known
        known |= following
        edge = following
    names = sorted(known | {end for pair in found for end in pair}, key=name_of)
    types = load_identifiers(settings.identifiers).types
    customers = _customers(settings, names, tuple(found.values()), types)
    return Shown(starts, customers, tuple(found.values()), is_whole=not edge)


def shared(settings: Settings) -> list[tuple[str, int]]:
    """Identifiers that are shared, with how many others each was seen with: for review. Raises read's errors."""
    body = read(
        settings,
        "SELECT concat(type, ':', pseudonym) AS name, countIf(l.identifier != '') AS seen_with FROM identities"
        " LEFT JOIN (SELECT arrayJoin([identifier, other]) AS identifier FROM identity_links) AS l ON l.identifier = name"
        " WHERE is_shared GROUP BY name ORDER BY seen_with DESC, name",
        "JSONCompactEachRow",
    ).body
    return [(name, int(count)) for name, count in map(json.loads, body.splitlines())]


def forbidden(settings: Settings) -> list[Link]:
    """Links that a person has cut. Raises read's errors."""
    text = (
        "SELECT identifier, other, event_id, toString(seen_at) AS seen_at, cut FROM identity_links"
        " WHERE cut = 'split' ORDER BY identifier, other"
    )
    return [Link(*json.loads(line)) for line in read(settings, text, "JSONCompactEachRow").body.splitlines()]


async def split(settings: Settings, first: str, second: str, number: str) -> None:
    """Cut the link between two identifiers for good, in all their lives; both ends are told. `number` tells this cut from all others.

    Raises BrokerRefusedError.
    """
    async with Lanes(settings.brokers, idempotent=False) as lanes:
        await send_split(lanes, settings, first, second, number)
        await lanes.acknowledged()


async def send_split(lanes: Lanes, settings: Settings, first: str, second: str, number: str) -> None:
    """The same, among other records."""
    first, second = without_period(first), without_period(second)
    for sender, receiver in ((first, second), (second, first)):
        message = msgspec.msgpack.encode(Message("split", sender, receiver, event_id=number))
        partition = partition_of(receiver, settings.partitions)
        await lanes.append(settings.topic(topics.ADMITTED), partition, None, message, [(KIND, IDENTITY)])


def _links(settings: Settings, names: Sequence[str]) -> list[Link]:
    body = read(settings, _SHARED_LINKS, "JSONCompactEachRow", {"names": _array(names)}).body
    return [Link(*json.loads(line)) for line in body.splitlines()]


def _customers(settings: Settings, names: Sequence[str], links: Sequence[Link], types: Mapping[str, IdentifierType]) -> Mapping[str, str]:
    """By identifier, `names` from strong to weak: the customer of its row, else of whom it follows, else it is its own."""
    text = (
        "SELECT concat(type, ':', pseudonym) AS name, customer FROM identities"
        " WHERE has({names:Array(String)}, concat(type, ':', pseudonym))"
    )
    rows = dict(map(json.loads, read(settings, text, "JSONCompactEachRow", {"names": _array(names)}).body.splitlines()))
    customers: dict[str, str] = {}
    for name in names:
        followed = None if types[type_of(name)].is_strong else _followed(name, links, types)
        customers[name] = rows[name] if name in rows else customers.get(followed or "") or name.partition(":")[2]
    return customers


def _followed(name: str, links: Sequence[Link], types: Mapping[str, IdentifierType]) -> str | None:
    """Whom a weak identifier was first seen with, a strong one before a weak one: numbers of things have no row of their own."""
    found = [
        (not types[type_of(other)].is_strong, link.seen_at or "", link.event_id, other)
        for link in links
        if name in (link.identifier, link.other) and link.cut == "none" and name_of(other := link.end_beside(name)) < name_of(name)
    ]
    return min(found)[3] if found else None


def _array(names: Sequence[str]) -> str:
    """An Array(String) of identifiers: letters, digits, colons and underscores need no escape."""
    return "[" + ",".join(f"'{each}'" for each in names) + "]"
