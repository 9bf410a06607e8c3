"""A customer whose oldest touchpoints were dropped: the fold goes on from its base as if they were there."""

from dataclasses import replace as changed
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_story import (
    HOUR,
    LATER,
    SETTINGS,
    START,
    complained,
    consented,
    customer,
    mailed,
    ordered,
    priced,
    promised,
    refused,
    shown,
    stated,
    status,
    talk,
    touch,
)
from msgspec.structs import replace
from test_order_of_arrival import EVERY_FEW, LIVES, NOWS, desk, summary

from streams.journeys.base import Base, Dropped, piece_of, resumed
from streams.journeys.customer import Customer
from streams.journeys.knowledge import Knowledge
from streams.journeys.results import Added
from streams.journeys.touchpoint import Rating, Visit, Web, fold_order


def heir(cut, held, rest=()):
    """The same customer as another worker restores him: from the base, what was dropped, and what is kept."""
    base = msgspec.msgpack.decode(msgspec.msgpack.encode(cut.base), type=Base)
    restored = Customer("someone", held.settings, desk(), base, Dropped([cut.piece]))
    for touchpoint in (*held.touchpoints(), *rest):
        restored.add(touchpoint)
    return restored


@settings(max_examples=200, deadline=None)
@given(LIVES, st.randoms(use_true_random=False), NOWS, st.lists(st.integers(0, 29), min_size=1, max_size=4))
def test_the_fold_over_base_and_rest_is_the_fold_over_all_for_any_cuts(life, chance, now, keeps):
    """Whatever is folded by then, and in whatever order the rest comes, with and without a restore after the last cut."""
    told = customer(*life, knowledge=desk()).results(now)
    life.sort(key=fold_order)
    held, cut, taken = Customer("someone", EVERY_FEW, desk()), None, 0
    for keep in keeps:
        more = life[taken : taken + chance.randrange(len(life) + 1)]
        taken += len(more)
        for touchpoint in chance.sample(more, len(more)):
            held.add(touchpoint)
            if chance.random() < 0.3:
                held.results(now - chance.randrange(0, 100) * HOUR)
        made = held.cut(keep, LATER)
        pieces = [] if cut is None else [cut.piece]
        cut = cut if made is None else made._replace(piece=b"".join([*pieces, made.piece]))
    rest = life[taken:]
    chance.shuffle(rest)
    for touchpoint in rest:
        assert held.add(touchpoint) is Added.NEW
    assert summary(held.results(now)) == summary(told)
    if cut is not None:
        assert summary(heir(cut, held).changed(now)) == summary(told), "who restores him is told all of it at first"


@settings(max_examples=60, deadline=None)
@given(LIVES, NOWS, st.integers(0, 29))
def test_what_changes_after_a_cut_is_what_changes_without(life, now, keep):
    life.sort(key=fold_order)
    first, second = life[: len(life) // 2], life[len(life) // 2 :]
    whole, held = Customer("someone", EVERY_FEW, desk()), Customer("someone", EVERY_FEW, desk())
    for each in (whole, held):
        for touchpoint in first:
            each.add(touchpoint)
        each.changed(now)
    held.cut(keep, LATER)
    for each in (whole, held):
        for touchpoint in second:
            each.add(touchpoint)
    assert held.changed(now) == whole.changed(now)


def grown(count):
    held = Customer("someone", SETTINGS, Knowledge())
    life = [status(hours, "Active" if hours % 7 else "Closed", str(hours % 5)) for hours in range(count)]
    for touchpoint in life:
        held.add(touchpoint)
    return held, life


def test_a_cut_keeps_what_is_young_and_as_many_as_it_is_told():
    held, life = grown(100)
    assert held.cut(100, LATER) is held.cut(10, START) is None
    cut = held.cut(10, START + 40 * HOUR)
    assert [list(cut.dropped), list(held.touchpoints())] == [life[:40], life[40:]]
    assert (cut.base.until, len(held)) == (fold_order(life[39]), 60)


def test_what_comes_from_before_the_cut_changes_nothing_and_is_known():
    held, life = grown(100)
    cut = held.cut(20, LATER)
    before = held.changed(LATER)
    late = replace(life[3], event_id="late", content_hash=5)
    assert held.add(late) is Added.BEHIND
    assert [held.add(late), held.add(life[0])] == [Added.DUPLICATE] * 2, "kept or dropped, an event that comes again is known"
    assert held.add(replace(life[0], content_hash=life[0].content_hash + 1)) is Added.CONFLICT_KEPT
    assert held.number_behind == 1
    assert held.of_event("late") is late
    assert held.changed(LATER)[:2] == ((), ())
    assert summary(heir(cut, held, [late]).results(LATER))[:2] == before[:2]
    assert held.remove("late") is late
    assert (held.number_behind, held.remove("late")) == (0, None)


def test_all_can_come_again_to_be_folded_anew():
    held, life = grown(100)
    told = customer(*life).results(LATER)
    cut = held.cut(20, LATER)
    assert {held.add_again(each) for each in cut.dropped} == {Added.BEHIND}
    assert {held.add_again(each) for each in life} == {Added.DUPLICATE}
    anew = Customer("someone", SETTINGS, Knowledge())
    for each in (*held.touchpoints(), *cut.dropped):
        anew.add(each)
    assert summary(anew.results(LATER)) == summary(told)


def test_a_finding_of_two_contents_outlives_the_cut_of_its_touchpoint():
    held, life = grown(50)
    refused = replace(life[1], content_hash=life[1].content_hash + 1)
    assert held.add(refused) is Added.CONFLICT_KEPT
    held.note_conflict(refused)
    told = held.results(LATER)
    assert "identity_conflict" in {each.rule for each in told.inconsistencies}
    cut = held.cut(10, LATER)
    assert life[1] not in cut.dropped
    assert summary(held.results(LATER)) == summary(told)


def test_what_is_late_is_dropped_by_the_next_cut_and_still_known():
    held, life = grown(100)
    late = replace(life[3], event_id="late")
    held.cut(60, LATER)
    held.add(late)
    cut = held.cut(20, LATER)
    assert (held.number_behind, late in cut.dropped, held.add(late)) == (0, True, Added.DUPLICATE)
    assert held.add_again(late) is Added.BEHIND


def test_a_rule_that_is_off_now_is_told_no_more_from_a_base_either():
    held = customer(promised(0, due=10), talk(11, "started"), *(touch(20 + n, "email", "message_sent") for n in range(10)))
    assert {each.rule for each in held.results(LATER).inconsistencies} == {"promise_broken"}
    base = held.cut(5, LATER).base
    off = changed(SETTINGS, rules=changed(SETTINGS.rules, off=frozenset({"promise_broken"})))
    assert Customer("someone", off, Knowledge(), base).results(LATER).inconsistencies == ()


def test_journeys_of_a_process_that_is_no_more_stay_and_are_joined_by_nothing():
    held = customer(status(0, "Active"), status(1, "Active"))
    base = held.cut(0, LATER).base
    fewer = changed(SETTINGS, processes=tuple(each for each in SETTINGS.processes if each.name != "service"))
    after = Customer("someone", fewer, Knowledge(), base)
    after.add(status(2, "Closed"))
    assert [(each.process, each.touchpoints) for each in after.results(LATER).journeys if each.process == "service"] == [("service", 2)]


def story():
    """Something of every part of the ledger, and of the journeys."""
    return [
        shown(0, valid_until=900, personal=True),
        refused(1, conversation="V1"),
        promised(2, due=10, order="1"),
        ordered(3, order="1"),
        talk(4, "started", conversation="V2"),
        talk(5, "customer_said", conversation="V2", topic="delivery"),
        talk(6, "transferred", conversation="V2", to_channel="chat"),
        talk(7, "ended", conversation="V3", outcome="resolved"),
        status(8, "Closed"),
        status(9, "Active"),
        complained(10),
        mailed(11),
        consented(12),
        stated(13, "stock", "in"),
        stated(13.5, "stock", "out", channel="phone"),
        priced(14, 19.9),
        touch(15, "survey", "rating_given", Rating("CSAT", 2, of_reference="order:1")),
        touch(16, "website", "error_shown", Web("error_shown", step="pay", blocking=True, goal=True)),
        touch(17, "store", "bought", Visit("bought", product="kettle", amount=249_000, currency="EUR")),
    ]


def test_a_base_of_an_earlier_version_is_read():
    """Installations hold it: fields of the fold's records may be added at the end, with a default. `base-1.msgpack` is never made anew."""
    base = msgspec.msgpack.decode(Path(__file__).with_name("base-1.msgpack").read_bytes(), type=Base)
    state = resumed(base, SETTINGS)
    assert (state.folded, len(state.journeys.held), len(state.suspicions)) == (19, 8, 8)
    held = Customer("someone", SETTINGS, Knowledge(), base)
    held.add(promised(20, "kept", order="1"))
    found = {each.rule: each.status for each in held.results(START + 500 * HOUR).inconsistencies}
    assert found["promise_broken"] == "resolved"


def test_dropped_events_are_found_among_those_of_several_cuts():
    lives = [[shown(n, offer=f"{cut}-{n}") for n in range(50)] for cut in range(3)]
    dropped = Dropped(map(piece_of, lives))
    assert len(dropped) == 150
    assert all(dropped.holds(each) for life in lives for each in life)
    assert dropped.content_hash("never") is None
