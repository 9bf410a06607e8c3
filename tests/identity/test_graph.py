"""Identity: whatever order and partitions touchpoints come by, the same customers as over all of them at once."""

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Final

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from streams.journeys.identity.graph import Graph
from streams.journeys.identity.periods import DAY_US, in_period, without_period
from streams.journeys.identity.records import Message, Move
from streams.journeys.identity.strength import TYPES, IdentifierType, customer_of, lifetimes_of, name_of, type_of
from streams.processors import identify_state
from tests.identity.by_the_words import Seen, customers, links_of

NAMES = [
    *(f"customer_number:{each}" for each in "abcd"),
    *(f"email:{each}" for each in "abcdef"),
    *(f"phone:{each}" for each in "abcd"),
    *(f"device:{each}" for each in "ab"),
    *(f"cookie:{each}" for each in "abcd"),
    *(f"order:{each}" for each in "abc"),
]
MORTAL: Final = {
    **TYPES,
    **{name: msgspec.structs.replace(TYPES[name], lifetime_days=30) for name in ("device", "cookie", "order")},
    "email": msgspec.structs.replace(TYPES["email"], most_seen_with={**TYPES["email"].most_seen_with, "cookie": 2}),
}
"""Devices, cookies and orders live for a month; an address is seen with two cookies."""
identifiers = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(lambda found: tuple(sorted(found, key=name_of)))
touchpoints = st.lists(st.tuples(identifiers, st.integers(0, 9)), min_size=1, max_size=14).map(
    lambda found: [(names, at, f"e{index}") for index, (names, at) in enumerate(found)]
)


class Network:
    """Graphs of some partitions, and what is on its way between them: in order from one to another, else in any order."""

    def __init__(self, partitions: int, types: Mapping[str, IdentifierType] = TYPES) -> None:
        self.types = types
        self.graphs = [Graph(types) for _ in range(partitions)]
        self.changelogs: list[dict[bytes, bytes | None]] = [{} for _ in range(partitions)]
        self.ways: dict[tuple[int, int], deque[Message | Seen]] = defaultdict(deque)
        self.given: dict[str, str] = {}

    def where(self, identifier: str) -> int:
        return sum(without_period(identifier).encode()) % len(self.graphs)

    def send(self, sender: int, identifier: str, item: Message | Seen) -> None:
        self.ways[sender, self.where(identifier)].append(item)

    def see(self, seen: Seen) -> None:
        self.send(-1, seen[0][0], seen)

    def split(self, left: str, right: str, number: str) -> None:
        self.send(-1, left, Message("split", right, left, event_id=number))
        self.send(-1, right, Message("split", left, right, event_id=number))

    def step(self, way: tuple[int, int]) -> None:
        item = self.ways[way].popleft()
        if not self.ways[way]:
            del self.ways[way]
        graph = self.graphs[way[1]]
        if isinstance(item, Message):
            graph.hear(item)
        else:
            graph.seen(*item)
            names, at, event_id = item
            if graph.is_shared(names[0]) and len(names) > 1:
                self.send(way[1], names[1], (names[1:], at, event_id))
        graph.settle()
        for effect in graph.effects:
            if not isinstance(effect, Move):
                self.send(way[1], effect.receiver, effect)
        graph.effects.clear()
        self.changelogs[way[1]] |= identify_state.take_changes(graph)
        graph.nodes.rest(0)

    def run(self, data: st.DataObject, steps: int) -> None:
        """Some steps, each of a way that is drawn."""
        for _ in range(steps):
            if self.ways:
                self.step(data.draw(st.sampled_from(sorted(self.ways))))

    def drain(self) -> None:
        """Until nothing is on its way."""
        steps = 0
        while self.ways:
            self.step(min(self.ways))
            steps += 1
            assert steps < 20_000, "it settles"

    def send_on(self, seen: list[Seen]) -> None:
        """What was held under an identifier before that became shared goes to the next one: stitch's part of it."""
        for names, at, event_id in seen:
            for index, name in enumerate(names[:-1]):
                if self.graphs[self.where(name)].is_shared(name):
                    self.send(-1, names[index + 1], (names[index + 1 :], at, event_id))
        self.drain()

    def customers(self, seen: list[Seen]) -> dict[str, str]:
        """By event id, from the nodes as they are."""
        return {each[2]: self.customer(each) for each in seen}

    def customer(self, seen: Seen) -> str:
        """By the nodes as they are: the first identifier that is not shared."""
        for identifier in seen[0]:
            graph = self.graphs[self.where(identifier)]
            if not graph.is_shared(identifier):
                return graph.nodes[identifier].label.name
        return f"event {seen[2]}"


@settings(max_examples=400, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(touchpoints, st.integers(1, 4), st.data())
def test_same_customers_as_over_all_touchpoints_at_once(seen: list[Seen], partitions: int, data: st.DataObject) -> None:
    come_to_the_same(Network(partitions), seen, data)


@settings(max_examples=400, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(touchpoints, st.integers(1, 4), st.data())
def test_same_lives_as_over_all_touchpoints_at_once(seen: list[Seen], partitions: int, data: st.DataObject) -> None:
    come_to_the_same(Network(partitions, MORTAL), [in_periods(each) for each in seen], data)


def in_periods(seen: Seen) -> Seen:
    """The touchpoint as admit names it, where its time is in half months."""
    names, at, event_id = seen
    day = at * 15
    lifetimes = lifetimes_of(MORTAL)
    dated = [in_period(each, day * DAY_US, lifetimes[type_of(each)]) if type_of(each) in lifetimes else each for each in names]
    return tuple(dated), day, event_id


def come_to_the_same(network: Network, seen: list[Seen], data: st.DataObject) -> None:
    """In a drawn order, with repeats and splits in between, the network comes to what the words say; so does its heir."""
    types = network.types
    pairs = sorted({tuple(sorted(map(without_period, pair))) for pair in links_of(seen, types)[0]})
    splits = data.draw(st.lists(st.sampled_from(pairs), max_size=3, unique=True)) if pairs else []
    waiting = [*seen, *data.draw(st.lists(st.sampled_from(seen), max_size=3)), *splits]
    for number, each in enumerate(data.draw(st.permutations(waiting))):
        if len(each) == 2:
            network.split(*each, f"s{number}")
        else:
            network.see(each)
        network.run(data, data.draw(st.integers(0, 4)))
    network.run(data, 60)
    network.drain()
    before = None
    while before != (before := network.customers(seen)):
        network.send_on(seen)
    assert network.customers(seen) == customers(seen, [frozenset(pair) for pair in splits], types)
    for graph, changelog in zip(network.graphs, network.changelogs, strict=True):
        heir = Graph(types)
        for key, value in changelog.items():
            identify_state.load(heir, key, value)
        assert {each: heir.nodes[each] for each in list(heir.nodes)} == {each: graph.nodes[each] for each in list(graph.nodes)}
        assert heir.shared == graph.shared


def test_late_login_takes_the_cookie_along() -> None:
    graph = Graph()
    graph.seen(("cookie:c",), 1, "e1")
    assert graph.place("cookie:c") == ("c", 0)
    graph.seen(("customer_number:n", "cookie:c"), 2, "e2")
    for effect in list(graph.effects):
        assert isinstance(effect, Message)
        graph.hear(effect)
    graph.effects.clear()
    graph.settle()
    assert graph.effects == [Move("cookie:c", 0, "c", "n")]
    assert graph.place("cookie:c") == ("n", 1)
    assert customer_of(name_of("customer_number:n")) == "n"
