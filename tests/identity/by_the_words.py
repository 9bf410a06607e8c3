"""Who is who by the words of the design, over all touchpoints at once: what the protocol must come to in any order.

Links are stars from the strongest identifier that is not shared; shared is who is seen with too many; persons are components of
strong identifiers (union-find); a weak one follows whom it was seen with first.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from streams.journeys.identity.strength import TYPES, name_of, type_of

Seen = tuple[Sequence[str], int, str]
"""Identifiers of a touchpoint from strong to weak, its time, its event id."""


def is_strong(identifier: str) -> bool:
    return TYPES[type_of(identifier)].is_strong


def links_of(touchpoints: Iterable[Seen]) -> tuple[dict[frozenset[str], tuple[int, str]], set[str]]:
    """Each link with the first touchpoint that made it, and the shared identifiers: the least that agree with each other."""
    shared: set[str] = set()
    while True:
        links: dict[frozenset[str], tuple[int, str]] = {}
        met: dict[str, set[str]] = defaultdict(set)
        for identifiers, at, event_id in touchpoints:
            for index, anchor in enumerate(identifiers):
                for other in identifiers[index + 1 :]:
                    pair = frozenset((anchor, other))
                    links[pair] = min(links.get(pair, (at, event_id)), (at, event_id))
                    met[anchor].add(other)
                    met[other].add(anchor)
                if anchor not in shared:
                    break
        more = {each for each, others in met.items() if _too_many(each, others)}
        if more <= shared:
            return links, shared
        shared |= more


def _too_many(identifier: str, others: Iterable[str]) -> bool:
    count: dict[str, int] = defaultdict(int)
    for other in others:
        count[type_of(other)] += 1
    return any(count[type_] > most for type_, most in TYPES[type_of(identifier)].most_seen_with.items())


def _persons(links: Iterable[frozenset[str]]) -> Callable[[str], str]:
    """The identifier that a strong one's person is called after (union-find)."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for pair in links:
        first, second = sorted(map(root, pair), key=name_of)
        parent[second] = first
    return root


def customers(touchpoints: Sequence[Seen], splits: Iterable[frozenset[str]] = ()) -> Mapping[str, str]:
    """By event id: the customer (name of its label); a touchpoint with shared identifiers alone is its own."""
    links, shared = links_of(touchpoints)
    forbidden = set(splits)
    allowed = {pair: first for pair, first in links.items() if pair not in forbidden and not pair & shared}
    root = _persons(pair for pair in allowed if all(map(is_strong, pair)))

    def owner(node: str) -> str:
        if is_strong(node):
            return name_of(root(node))
        found = []
        for pair, first in allowed.items():
            if node in pair:
                (other,) = pair - {node}
                if name_of(other) < name_of(node):
                    found.append((not is_strong(other), *first, other))
        return owner(min(found)[3]) if found else name_of(node)

    placed = {}
    for identifiers, _, event_id in touchpoints:
        anchor = next((each for each in identifiers if each not in shared), None)
        placed[event_id] = owner(anchor) if anchor is not None else f"event {event_id}"
    return placed
