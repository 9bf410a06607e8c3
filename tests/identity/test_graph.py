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
    *(f"case:{each}" for each in "ab"),
]
MORTAL: Final = {
    **TYPES,
    **{name: msgspec.structs.replace(TYPES[name], lifetime_days=30) for name in ("device", "cookie", "order")},
    "email": msgspec.structs.replace(TYPES["email"], most_seen_with={**TYPES["email"].most_seen_with, "cookie": 2}),
}
"""Devices, cookies and orders live for a month; an address is seen with two cookies."""
WRITTEN_TO = ["customer_number:a", "customer_number:b", "email:a", "email:b", "email:c", "cookie:a", "order:a", "case:a", "conversation:a"]


def touchpoints_of(names: list[str]) -> st.SearchStrategy[list[Seen]]:
    identifiers = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).map(lambda found: tuple(sorted(found, key=name_of)))
    return st.lists(st.tuples(identifiers, st.integers(0, 9)), min_size=1, max_size=14).map(
        lambda found: [(names, at, f"e{index}") for index, (names, at) in enumerate(found)]
    )


class Network:
    """Graphs of some partitions, and what is on its way between them: in order from one to another, else in any order."""

    def __init__(self, partitions: int, types: Mapping[str, IdentifierType] = TYPES) -> None:
        self.types = types
        self.addressed: frozenset[str] = frozenset()
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
            names, at, event_id = item
            (graph.addressed if event_id in self.addressed else graph.seen)(names, at, event_id)
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
                return graph.nodes[identifier].owner
        return f"event {seen[2]}"


@settings(max_examples=400, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(touchpoints_of(NAMES), st.integers(1, 4), st.data())
def test_same_customers_as_over_all_touchpoints_at_once(seen: list[Seen], partitions: int, data: st.DataObject) -> None:
    come_to_the_same(Network(partitions), seen, data)


@settings(max_examples=400, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(touchpoints_of(NAMES), st.integers(1, 4), st.data())
def test_same_lives_as_over_all_touchpoints_at_once(seen: list[Seen], partitions: int, data: st.DataObject) -> None:
    come_to_the_same(Network(partitions, MORTAL), [in_periods(each) for each in seen], data)


@settings(max_examples=400, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(touchpoints_of(WRITTEN_TO), st.integers(1, 4), st.data())
def test_same_customers_among_few_who_are_written_to_about_few_things(seen: list[Seen], partitions: int, data: st.DataObject) -> None:
    come_to_the_same(Network(partitions), seen, data)


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
    network.addressed = frozenset(data.draw(st.sets(st.sampled_from([each[2] for each in seen]))))
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
    assert network.customers(seen) == customers(seen, [frozenset(pair) for pair in splits], types, network.addressed)
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


def written_to(*event_ids: str) -> Network:
    network = Network(2)
    network.addressed = frozenset(event_ids)
    return network


def test_a_mail_about_a_case_goes_to_whose_case_it_is_until_its_address_is_linked() -> None:
    network = written_to("answer")
    ask = (("customer_number:n", "case:c"), 1, "ask")
    answer, write = (("email:x", "case:c"), 2, "answer"), (("email:x",), 3, "write")
    for each in (answer, ask, write):
        network.see(each)
        network.drain()
    assert network.customers([ask, answer, write]) == dict.fromkeys(("ask", "answer", "write"), name_of("customer_number:n"))
    network.see((("customer_number:m", "email:x"), 4, "login"))
    network.drain()
    assert network.customers([ask, answer]) == {"ask": name_of("customer_number:n"), "answer": name_of("customer_number:m")}
    network.split("customer_number:m", "email:x", "s")
    network.drain()
    assert network.customer(answer) == name_of("customer_number:n")
    network.split("email:x", "case:c", "t")
    network.drain()
    assert network.customer(answer) == name_of("email:x")


def test_an_address_that_is_parted_from_its_customer_hears_whose_case_it_was_written_to_about() -> None:
    network = written_to("answer")
    login, ask = (("customer_number:m", "email:x"), 1, "login"), (("customer_number:n", "case:c"), 2, "ask")
    answer = (("email:x", "case:c"), 3, "answer")
    for each in (login, ask, answer):
        network.see(each)
        network.drain()
    assert network.customer(answer) == name_of("customer_number:m")
    network.split("customer_number:m", "email:x", "s")
    network.drain()
    assert network.customer(answer) == name_of("customer_number:n")


def test_an_address_that_was_written_to_about_two_customers_things_stays_its_own() -> None:
    network = written_to("first", "second")
    asked = [((f"customer_number:{each}", f"case:{each}"), 1, each) for each in "ab"]
    answers = [(("email:desk", "case:a"), 2, "first"), (("email:desk", "case:b"), 2, "second")]
    for each in (*asked, answers[0]):
        network.see(each)
    network.drain()
    assert network.customer(answers[0]) == name_of("customer_number:a")
    network.see(answers[1])
    network.drain()
    assert {network.customer(each) for each in answers} == {name_of("email:desk")}
    assert network.customers(asked) == {each: name_of(f"customer_number:{each}") for each in "ab"}
