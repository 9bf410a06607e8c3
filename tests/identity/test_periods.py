"""Periods of identifiers: the same for everybody and every time an event is sent, and all of one identifier in one partition."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.avro.codec import Encoder
from streams.avro.json_events import record_of
from streams.avro.registry import FileRegistry
from streams.channels.admission import Admission, Admitted
from streams.channels.identifiers import Pseudonyms
from streams.journeys.identity.graph import Graph
from streams.journeys.identity.periods import DAY_US, in_period, lasting, on_day, period_of
from streams.journeys.identity.records import Message
from streams.journeys.identity.strength import TYPES, IdentifierTable, IdentifierType
from streams.journeys.touchpoint import Touchpoint
from streams.processors.identify_state import load, take_changes
from streams.processors.internal import partition_of, partition_of_identifier

NOW = 1_772_450_000_000_000
"""2026-03-02."""
KEY = bytes(range(32))
TABLE = IdentifierTable({**TYPES, **{each: msgspec.structs.replace(TYPES[each], lifetime_days=400) for each in ("cookie", "conversation")}})
REGISTRY = FileRegistry()


def admitted(table: IdentifierTable, at: int, *, received_at: int = NOW, sent_at: int | None = None) -> Touchpoint:
    schema = REGISTRY.current("chat")
    event = {
        "event_id": "e1",
        "occurred_at": at,
        "sent_at": sent_at,
        "kind": "conversation_started",
        "identifiers": [{"type": "cookie", "value": "ck-1"}, {"type": "email", "value": "ada@example.com"}],
        "references": {"conversation": "000123", "order": "O-1"},
    }
    (datum,) = Encoder(schema).encode_run([record_of(schema, event)])
    assert isinstance(datum, bytes), datum
    admission = Admission("chat", REGISTRY, Pseudonyms(KEY, table=table))
    (answer,) = admission.admit_run([REGISTRY.reference("chat").prefix + datum], [received_at], [""], received_at)
    assert isinstance(answer, Admitted), answer
    return answer.touchpoint


def test_admit_writes_the_period_of_what_lives_for_a_time_and_of_nothing_else() -> None:
    ever, mortal = admitted(IdentifierTable(), NOW), admitted(TABLE, NOW)
    changed = [
        (one.type, one.pseudonym, two.pseudonym) for one, two in zip(ever.identifiers, mortal.identifiers, strict=True) if one != two
    ]
    assert [type_ for type_, _, _ in changed] == ["cookie", "conversation"]
    assert all(after == before[:20] + "da7e20251108" for _, before, after in changed)
    assert ever.anchor == mortal.anchor


def test_the_period_is_that_of_the_events_own_time_whenever_it_comes() -> None:
    day = NOW // DAY_US - NOW // DAY_US % 400
    at = day * DAY_US + 60_000_000
    late = admitted(TABLE, at, received_at=at + 30 * DAY_US)
    ahead = admitted(TABLE, at, received_at=at - DAY_US // 2, sent_at=at)
    assert ahead.corrected_at < day * DAY_US, "its clock is half a day ahead"
    assert late.identifiers == ahead.identifiers


@given(st.binary(min_size=16, max_size=16).map(bytes.hex), st.integers(0, 40_000), st.integers(7, 3650), st.integers(1, 16))
def test_all_periods_of_an_identifier_are_in_one_partition(pseudonym: str, day: int, lifetime: int, partitions: int) -> None:
    identifier = f"cookie:{in_period(pseudonym, day * DAY_US, lifetime)}"
    lives = lasting(f"cookie:{pseudonym}")
    assert partition_of_identifier(identifier, partitions) == partition_of_identifier(lives, partitions) == partition_of(lives, partitions)
    first = period_of(identifier)
    assert first is not None
    assert first <= day < first + lifetime
    assert on_day(lives, first) == identifier
    assert len(identifier) == len(f"cookie:{pseudonym}"), "a customer may be called after it"


def types_with(cookies_live_days: int | None) -> dict[str, IdentifierType]:
    return {**TYPES, "cookie": msgspec.structs.replace(TYPES["cookie"], lifetime_days=cookies_live_days)}


def settled(graph: Graph) -> None:
    """Let the nodes of the only partition hear each other until nothing is left to tell."""
    graph.settle()
    while graph.effects:
        effect = graph.effects.pop(0)
        if isinstance(effect, Message):
            graph.hear(effect)
        graph.settle()


@pytest.mark.parametrize(("days", "is_one_life"), [(29, True), (60, False), (400, False)])
def test_who_logs_in_after_two_lifetimes_is_not_followed_by_what_the_cookie_did_before(days: int, *, is_one_life: bool) -> None:
    graph = Graph(types_with(30))
    cookies = [in_period("cookie:c", day * DAY_US, 30) for day in (20_000, 20_000 + days)]
    for number, cookie in zip("ab", cookies, strict=True):
        graph.seen((f"customer_number:{number}", cookie), 1, f"login {number}")
        settled(graph)
    assert [graph.is_shared(each) for each in cookies] == [is_one_life] * 2, "two customer numbers in one life are too many"
    if not is_one_life:
        assert [graph.place(each)[0] for each in cookies] == ["a", "b"]


def written(pseudonym: str, day: int, lifetime_days: int | None) -> str:
    return f"cookie:{pseudonym if lifetime_days is None else in_period(pseudonym, day * DAY_US, lifetime_days)}"


@pytest.mark.parametrize(("before", "after"), [(None, 190), (400, None), (400, 190), (190, 190), (None, None)])
def test_a_cut_reaches_what_came_while_the_type_had_another_lifetime_or_none(before: int | None, after: int | None) -> None:
    pseudonym, stranger = "2a8e519ca227c70875f24c1e9b3d6a50", "customer_number:a"
    then, now = written(pseudonym, 19_000, before), written(pseudonym, 20_000, after)
    first = Graph(types_with(before))
    first.seen((stranger, then), 1, "e1")
    settled(first)
    assert first.place(then)[0] == "a"
    graph = Graph(types_with(after))
    for key, value in take_changes(first).items():
        load(graph, key, value)
    graph.seen((stranger, now), 2, "e2")
    settled(graph)
    cookie = lasting(f"cookie:{pseudonym}") if after else f"cookie:{pseudonym}"
    for sender, receiver in ((stranger, cookie), (cookie, stranger)):
        graph.hear(Message("split", sender, receiver, event_id="split-1"))
    settled(graph)
    for each in (then, now):
        assert graph.place(each)[0] == each.partition(":")[2], f"{each} is its own again"
        assert graph.nodes[each].edges[stranger].cut == graph.nodes[stranger].edges[each].cut == "split"
