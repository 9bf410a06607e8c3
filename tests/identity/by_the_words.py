"""Who is who by the words of the design, over all touchpoints at once: what the protocol must come to in any order.

Links are stars from the strongest identifier that is not shared; shared is who is seen with too many; persons are components of
strong identifiers (union-find); a weak one follows whom it was seen with first. Where it has a lifetime, each of its lives does: periods
that follow each other, all of them seen. An address that no strong one is linked with leans on the one owner of all orders, cases and
conversations that it was addressed about.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from streams.journeys.identity.periods import on_day, period_of, without_period
from streams.journeys.identity.strength import THINGS, TYPES, IdentifierType, name_of, type_of

Seen = tuple[Sequence[str], int, str]
"""Identifiers of a touchpoint from strong to weak, its time, its event id."""


Types = Mapping[str, IdentifierType]


def is_strong(identifier: str, types: Types = TYPES) -> bool:
    return types[type_of(identifier)].is_strong


def lives_of(touchpoints: Iterable[Seen], types: Types) -> Mapping[str, tuple[str, ...]]:
    """By identifier: the periods of its life, the first one first; itself where it has none."""
    lives: dict[str, tuple[str, ...]] = {}
    for each in sorted({name for names, _, _ in touchpoints for name in names}):
        day, lifetime = period_of(each), types[type_of(each)].lifetime_days
        before = lives.get(on_day(without_period(each), day - lifetime), ()) if day is not None and lifetime else ()
        lives |= dict.fromkeys((*before, each), (*before, each))
    return lives


def links_of(touchpoints: Sequence[Seen], types: Types = TYPES) -> tuple[dict[frozenset[str], tuple[int, str]], set[str]]:
    """Each link with the first touchpoint that made it, and the shared identifiers: the least that agree with each other."""
    shared: set[str] = set()
    lives = lives_of(touchpoints, types)
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
        more = {each for each, life in lives.items() if _too_many(each, set[str]().union(*(met[period] for period in life)), types)}
        if more <= shared:
            return links, shared
        shared |= more


def _too_many(identifier: str, others: Iterable[str], types: Types) -> bool:
    count: dict[str, int] = defaultdict(int)
    for other in {without_period(each) for each in others}:
        count[type_of(other)] += 1
    return any(count[type_] > most for type_, most in types[type_of(identifier)].most_seen_with.items())


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


def _addressed_about(touchpoints: Iterable[Seen], addressed: Collection[str], shared: set[str], types: Types) -> dict[str, set[str]]:
    """By address (strong, and not what a person has one of): numbers of things about which the company turned to it."""
    about: dict[str, set[str]] = defaultdict(set)
    for identifiers, _, event_id in touchpoints:
        anchor = next((each for each in identifiers if each not in shared), None)
        if event_id in addressed and anchor is not None and is_strong(anchor, types) and not types[type_of(anchor)].is_single_valued:
            about[anchor] |= {each for each in identifiers if type_of(each) in THINGS}
    return about


def customers(
    touchpoints: Sequence[Seen],
    splits: Iterable[frozenset[str]] = (),
    types: Types = TYPES,
    addressed: Collection[str] = frozenset(),
) -> Mapping[str, str]:
    """By event id: the customer (name of its label); a touchpoint with shared identifiers alone is its own. Splits are without periods.

    `addressed`: ids of the events in which the company turned to the customer.
    """
    links, shared = links_of(touchpoints, types)
    forbidden, lives = set(splits), lives_of(touchpoints, types)
    allowed = {pair: at for pair, at in links.items() if frozenset(map(without_period, pair)) not in forbidden and not pair & shared}
    joining = [pair for pair in allowed if all(is_strong(each, types) for each in pair)]
    root, linked = _persons(joining), {each for pair in joining for each in pair}
    about = _addressed_about(touchpoints, addressed, shared, types)

    def of_person(node: str) -> str:
        return name_of(root(node))

    def leaning(node: str) -> str:
        things = [each for each in about.get(node, ()) if frozenset((node, each)) in allowed]
        owners = {owner(each, of_person) for each in things} - {name_of(node)}
        return owners.pop() if node not in linked and len(owners) == 1 else of_person(node)

    def owner(node: str, of_strong: Callable[[str], str]) -> str:
        if is_strong(node, types):
            return of_strong(node)
        found = []
        for pair, first in allowed.items():
            for period in pair.intersection(lives[node]):
                (other,) = pair - {period}
                if name_of(other) < name_of(period):
                    found.append((not is_strong(other, types), *first, other))
        return owner(min(found)[3], of_strong) if found else name_of(lives[node][0])

    placed = {}
    for identifiers, _, event_id in touchpoints:
        anchor = next((each for each in identifiers if each not in shared), None)
        placed[event_id] = owner(anchor, leaning) if anchor is not None else f"event {event_id}"
    return placed
