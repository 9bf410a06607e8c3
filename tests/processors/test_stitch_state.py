"""What stitch keeps: the same whether a customer is open, packed, or read back from the changelog."""

import hashlib
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.journeys.touchpoint import Touchpoint, encode
from streams.processors.kept import BLOCK, frames_of
from streams.processors.stitch_records import Entry, Head, Holding, decode_head, encode_head
from streams.processors.stitch_state import SPARE, StitchState

ALL = 10**9
PACK_ALL = -SPARE


def number(text):
    return hashlib.md5(text.encode()).hexdigest()


CUSTOMERS = [number(each) for each in "ab"]
IDENTIFIERS = [f"login:{number('a')}", f"cookie:{number('c')}"]
EVENTS = [f"e{each}" for each in range(70)] + ["x" * 300, "ünïcode"]


def content(event_id, version=0):
    return encode(Touchpoint(event_id=event_id, occurred_at=version, corrected_at=7, received_at=9, channel="chat", kind="said"))


names = st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(IDENTIFIERS), st.integers(0, 1))
times = st.integers(-(2**60), 2**60)
steps = st.one_of(
    st.tuples(st.just("keep"), names, st.sampled_from(EVENTS), st.integers(0, 3)),
    st.tuples(st.just("keep_all"), names, st.integers(1, 70), st.integers(0, 3)),
    st.tuples(st.just("refuse"), names, st.sampled_from(EVENTS), st.integers(0, 3)),
    st.tuples(st.just("let_go"), names),
    st.tuples(st.just("gone"), names, st.sampled_from([None, "", CUSTOMERS[0]])),
    st.tuples(st.just("published"), st.sampled_from(CUSTOMERS), st.sampled_from("xyz"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("head"), st.sampled_from(CUSTOMERS), st.none() | times, st.sampled_from(["", "*", "*\nold"]), times),
    st.tuples(st.just("forget"), st.sampled_from(CUSTOMERS)),
    st.tuples(st.just("pack")),
)


class Kept:
    """A state, what it wrote in order, and a plain account of what it should hold."""

    def __init__(self):
        self.state = StitchState()
        self.written = []
        self.expected = {customer: {"head": Head(), "published": {}, "holdings": {}, "kept": {}, "refused": {}} for customer in CUSTOMERS}

    def holding(self, name):
        customer, identifier, epoch = name
        holding = self.state.holding(customer, identifier, epoch)
        if holding is None:
            holding = Holding(identifier, epoch, customer)
            self.state.set_holding(holding)
            self.expected[customer]["holdings"][identifier, epoch] = (None, False)
        return holding

    def take(self, step):
        getattr(self, f"do_{step[0]}")(*step[1:])
        self.written += self.state.take_changes().items()

    def do_keep(self, name, event_id, version):
        self.state.keep(self.holding(name), event_id, content(event_id, version))
        self.expected[name[0]]["kept"][name[1:], event_id] = content(event_id, version)

    def do_keep_all(self, name, count, version):
        for event_id in EVENTS[:count]:
            self.do_keep(name, event_id, version)

    def do_refuse(self, name, event_id, version):
        self.state.refuse(self.holding(name), event_id, content(event_id, version))
        self.expected[name[0]]["refused"][name[1:], event_id] = content(event_id, version)

    def do_let_go(self, name):
        there = self.state.let_go(self.holding(name))
        kept, refused = self.expected[name[0]]["kept"], self.expected[name[0]]["refused"]
        assert there == {event_id: kept.pop((held, event_id)) for held, event_id in list(kept) if held == name[1:]}
        for held, event_id in list(refused):
            if held == name[1:]:
                del refused[held, event_id]

    def do_gone(self, name, moved_to):
        holding = self.holding(name)
        holding.moved_to, holding.is_gone = moved_to, moved_to is not None
        self.state.set_holding(holding)
        self.expected[name[0]]["holdings"][name[1:]] = (moved_to, moved_to is not None)

    def do_published(self, customer, row, digest):
        entry = Entry(5, digest, "case_reopened", "info")
        self.state.set_published(customer, number(row), entry)
        self.expected[customer]["published"][number(row)] = entry

    def do_head(self, customer, deadline, domain, now):
        self.state.set_head(customer, Head(deadline, domain, now))
        self.expected[customer]["head"] = Head(deadline, domain, now)

    def do_forget(self, customer):
        self.state.forget(customer)
        self.expected[customer] |= {"head": Head(), "published": {}}

    def do_pack(self):
        self.state.rest(PACK_ALL)


def held(state):
    """All that a state says of the customers."""
    found = {}
    for customer in CUSTOMERS:
        holdings = {(each.identifier, each.epoch): each for each in state.holdings(customer)}
        found[customer] = {
            "head": state.head(customer),
            "published": state.published(customer),
            "holdings": {name: (each.moved_to, each.is_gone) for name, each in holdings.items()},
            "kept": {(name, event): value for name, each in holdings.items() for event, value in state.held_under(each).items()},
            "refused": {(name, event): value for name, each in holdings.items() for event, value in state.refused_under(each).items()},
        }
        counting = [value for (name, _), value in found[customer]["kept"].items() if not holdings[name].is_gone]
        assert Counter(state.touchpoints(customer)) == Counter(counting)
    return found


def restored(records, *, pack):
    state = StitchState()
    for key, value in records:
        state.load(key, value)
    while state.settle():
        pass
    state.loaded()
    if pack:
        held(state)
        state.rest(PACK_ALL)
    return state


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=25), st.booleans())
@example([("keep_all", (CUSTOMERS[0], IDENTIFIERS[0], 0), 65, 0), ("let_go", (CUSTOMERS[0], IDENTIFIERS[0], 0))], True)
@example(
    [
        ("refuse", (CUSTOMERS[1], IDENTIFIERS[0], 0), EVENTS[0], 0),
        ("pack",),
        ("let_go", (CUSTOMERS[1], IDENTIFIERS[0], 0)),
        ("pack",),
    ],
    False,
)
def test_live_packed_and_restored_hold_the_same(taken, pack):
    kept = Kept()
    for step in taken:
        kept.take(step)
    assert held(kept.state) == kept.expected
    compacted = [(key, value) for key, value in dict(kept.written).items() if value is not None]
    assert held(restored(kept.written, pack=pack)) == kept.expected, "from all that was ever written"
    assert held(restored(compacted, pack=pack)) == kept.expected, "from what compaction leaves"
    last = {}
    for key, value in reversed(kept.written):
        last.setdefault(key, value)
    assert held(restored(reversed(last.items()), pack=pack)) == kept.expected, "in the order in which compaction leaves it"


@given(st.none() | times, st.sampled_from(["", "*", "*\nünder"]), times)
def test_a_head_is_read_as_it_was_written(deadline, domain, now):
    assert decode_head(encode_head(Head(deadline, domain, now))) == Head(deadline, domain, now)


# -- deadlines --------------------------------------------------------------


@pytest.fixture
def many():
    """Ten thousand customers, each with a deadline of his own, restored; and how often one is looked at."""
    state = StitchState()
    for each in range(10_000):
        state.load(b"h" + each.to_bytes(16, "big"), encode_head(Head(deadline=each * 10, domain="*", now=-1)))
    while state.settle():
        pass
    state.loaded()
    looked = Counter()
    look = state._lined_up
    state._lined_up = lambda raw: looked.update([raw]) or look(raw)
    return state, looked


def test_a_clock_that_fires_none_looks_at_none(many):
    state, looked = many
    assert state.due({"*": -1, "": 10**9}.get, ALL) == []
    assert looked.total() == 0


def test_a_clock_that_fires_some_looks_at_those(many):
    state, looked = many
    assert [int(each, 16) for each in state.due({"*": 65}.get, ALL)] == list(range(7))
    assert looked.total() == 7
    assert state.due({"*": 65}.get, ALL) == [], "each once"
    assert looked.total() == 7


def test_of_many_who_are_due_some_are_given_at_a_time_each_once_the_earliest_first(many):
    state, looked = many
    given = [state.due({"*": 65}.get, 3) for _ in range(4)]
    assert [[int(each, 16) for each in some] for some in given] == [[0, 1, 2], [3, 4, 5], [6], []]
    assert looked.total() == 7


def test_a_deadline_that_moves_to_later_again_and_again_stands_in_line_once(many):
    state, looked = many
    customer = (0).to_bytes(16, "big").hex()
    for later in range(1000):
        state.set_head(customer, Head(deadline=500 + later, domain="*", now=1))
    assert customer not in state.due({"*": 499}.get, ALL)
    assert looked[bytes(16)] == 1
    assert customer not in state.due({"*": 1498}.get, ALL)
    assert customer in state.due({"*": 1499}.get, ALL)
    assert looked[bytes(16)] <= 3
    assert sum(map(len, state._due.values())) < 10_000


def test_a_deadline_that_moves_to_earlier_fires_then():
    state = StitchState()
    (customer, _) = CUSTOMERS
    for deadline in (100, 50, 80, 20):
        state.set_head(customer, Head(deadline, "*", 1))
    assert state.due({"*": 19}.get, ALL) == []
    assert state.due({"*": 20}.get, ALL) == [customer]
    state.set_head(customer, Head(90, "*", 20))
    assert state.due({"*": 89}.get, ALL) == []
    state.rest(PACK_ALL)
    assert state.due({"*": 90}.get, ALL) == [customer]
    assert state.due({"*": 1000}.get, ALL) == []


def test_a_customer_who_changes_domain_is_due_by_the_new_one():
    state = StitchState()
    (customer, _) = CUSTOMERS
    state.set_head(customer, Head(100, "old", 1))
    state.set_head(customer, Head(100, "*\nold", 1))
    assert state.due({"old": 200, "*\nold": 99}.get, ALL) == []
    state.set_head(customer, Head(None, "*", 100))
    state.set_head(customer, Head(150, "*", 100))
    assert state.due({"old": 200, "*\nold": 200, "*": 149}.get, ALL) == []
    assert state.due({"*": 150}.get, ALL) == [customer]


# -- cost ------------------------------------------------------------------


def test_packing_a_customer_again_takes_in_hand_the_last_touchpoints_only():
    kept = Kept()
    name = (CUSTOMERS[0], IDENTIFIERS[0], 0)
    for each in range(500):
        kept.state.keep(kept.holding(name), f"e{each}", content(f"e{each}"))
    kept.do_pack()
    kept.state.keep(kept.holding(name), "new", content("new"))
    (frame,) = frames_of(kept.state._kept(CUSTOMERS[0]))
    assert frame.count(b"chat") <= 2 * BLOCK
    assert len(kept.state.held_under(kept.holding(name))) == 501
