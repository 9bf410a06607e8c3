"""The bound on a customer's touchpoints in stitch: what is dropped, what a late one does, and what a rebuild does."""

import random
from dataclasses import replace as changed

import msgspec
import pytest
from fetched import NOW
from stitching import HOUR, KIM, LEE, START, Stitched, of, promised, talked, touch

from streams.journeys.base import Base, Cut
from streams.journeys.knowledge import Knowledge
from streams.journeys.touchpoint import encode
from streams.processors.bound import MOST_AT_ONCE
from streams.processors.internal import REBUILT, TOUCHPOINT, assignment_header, rebuild_header
from streams.processors.rejudging import Round
from streams.processors.truncated import REBUILD_LASTS_US, Mark, Run, Truncated

BOUND = 50


@pytest.fixture
def bounded(plan, read_output):
    return Stitched(changed(plan, customer_touchpoints=BOUND), read_output)


@pytest.fixture
def unbounded(plan, read_output):
    return Stitched(plan, read_output)


def life(count=200):
    """Conversations and promises of some weeks, some of them left open for long: one touchpoint in 6 hours."""
    told = []
    for number in range(count):
        hours = 6 * number
        match number % 5:
            case 0:
                told.append(talked(hours, "started", conversation=f"V{number // 20}", staffed=True))
            case 1:
                told.append(promised(hours, hours + 30, promise=f"P{number}"))
            case 2 if number % 10 == 2:
                told.append(promised(hours, None, action="kept", promise=f"P{number - 1}"))
            case 3:
                told.append(talked(hours, "customer_said", conversation=f"V{number // 15}"))
            case _:
                told.append(touch(START + hours * HOUR, "page_viewed", f"w{number}", 1, ""))
    return told


async def lived(stitched, touchpoints, customer=KIM):
    """The touchpoints as they come, each followed by its time."""
    for each in touchpoints:
        await stitched.take_at((each.corrected_at - START) / HOUR, each, customer=customer)
    return stitched


def kept(stitched, customer=KIM):
    return sum(1 for key, value in stitched.changelog.items() if key[:1] == b"t" and key[1:17].hex() == customer and value is not None)


def mark(stitched, customer=KIM):
    return stitched.partition.truncated.mark(customer)


def again(stitched, touchpoints, name="run-1", customer=KIM, of=None):
    """The records of a rebuild."""
    return [
        stitched._fetched(
            customer.encode(),
            encode(each),
            TOUCHPOINT,
            assignment_header(f"login:{customer}", 0),
            (REBUILT, b"1"),
            rebuild_header(customer, name, number, of or len(touchpoints)),
        )
        for number, each in enumerate(touchpoints)
    ]


async def test_rows_are_those_of_an_unbounded_run_and_what_is_kept_stays_within_the_bound(bounded, unbounded):
    await lived(bounded, life())
    await lived(unbounded, life())
    assert {"promise_broken"} <= {row.get("rule") for row in unbounded.current.values()}
    assert bounded.current == unbounded.current
    assert kept(bounded) <= BOUND < kept(unbounded) == 200
    assert mark(bounded).dropped == 200 - kept(bounded)
    assert mark(unbounded) is None


async def test_what_is_younger_than_the_horizon_is_never_dropped(bounded):
    busy = [touch(START + number * HOUR // 10, "page_viewed", f"b{number}", 1, "") for number in range(120)]
    await lived(bounded, busy)
    assert (kept(bounded), mark(bounded)) == (120, None)


async def test_a_restore_over_a_truncated_customer_goes_on_to_the_same_rows(bounded, unbounded, read_output):
    whole = life()
    await lived(bounded, whole[:150])
    heir = bounded.restored()
    heir.published = list(bounded.published)
    told = len(heir.published)
    await heir.take(heir.clock(START + 150 * 6 * HOUR))
    assert len(heir.published) == told, "a restore alone publishes nothing"
    assert mark(heir) == mark(bounded)
    await lived(heir, whole[150:])
    await lived(unbounded, whole)
    assert heir.current == unbounded.current


async def test_a_late_touchpoint_from_before_the_cut_is_counted_and_changes_nothing_until_a_rebuild(bounded, unbounded):
    whole = life()
    late = promised(62, None, action="kept", promise="P6", event_id="late")
    await lived(bounded, whole)
    await lived(unbounded, whole)
    await unbounded.take(unbounded.record(late))
    before, new = bounded.current, bounded.counts[0]
    rows = await bounded.take(bounded.record(late))
    assert [name for name, _ in rows] == ["truncation"]
    assert (rows[0][1]["status"], rows[0][1]["late"], rows[0][1]["needs_rebuild"]) == ("truncated", 1, True)
    assert (bounded.current, bounded.counts[0]) == (before, new + 1)
    assert before != unbounded.current
    await bounded.take(bounded.record(late), bounded.record(whole[0]))
    assert bounded.counts[1] == 2, "what was dropped is known when it comes again"
    records = again(bounded, [*whole, late])
    assert [name for name, _ in await bounded.take(*records[:-1]) if name != "truncation"] == []
    assert bounded.current == before
    rows = await bounded.take(records[-1])
    assert bounded.current == unbounded.current
    (told,) = of("truncation", rows)
    assert (told["rebuild"], told["status"], told["late"], told["needs_rebuild"]) == ("run-1", "truncated", 0, False)
    assert kept(bounded) <= BOUND
    assert bounded.counts[0] == new + 1, "what is recorded already is not counted again"
    heir = bounded.restored()
    heir.published = list(bounded.published)
    await heir.take_at(1201, talked(1201, "started", conversation="after"))
    await unbounded.take_at(1201, talked(1201, "started", conversation="after"))
    assert heir.current == unbounded.current


async def test_versions_go_on_over_a_rebuild(bounded):
    await lived(bounded, life(100))
    before = {row[f"{name}_id"]: row["version"] for name, row in bounded.published}
    bounded.published.clear()
    await bounded.take(*again(bounded, life(100)))
    after = {row[f"{name}_id"]: row["version"] for name, row in bounded.published}
    assert set(after) == set(before)
    assert all(after[each] > before[each] for each in before)


async def test_a_rebuild_that_lacks_one_changes_nothing_and_a_repeated_record_is_none_of_the_others(bounded):
    await lived(bounded, life(100))
    records = again(bounded, life(100))
    await bounded.take(*records[:99])
    assert await bounded.take(*records[:50]) == []
    assert KIM in bounded.partition.truncated.rebuilds
    heir = bounded.restored()
    assert of("truncation", await heir.take(records[99]))[0]["rebuild"] == "run-1", "what has come is known after a restart"
    assert heir.partition.truncated.rebuilds == {}


async def test_a_rebuild_without_an_end_is_given_up_and_the_bound_holds_again(bounded):
    await lived(bounded, life(100))
    await bounded.take(*again(bounded, life(100), of=101))
    assert kept(bounded) == 100
    bounded.now_us += REBUILD_LASTS_US
    await lived(bounded, life(130)[100:])
    assert (kept(bounded) <= BOUND, bounded.partition.truncated.rebuilds) == (True, {})


async def test_the_bound_waits_for_a_rebuild_that_is_under_way(bounded, unbounded):
    whole = life()
    await lived(bounded, whole[:100])
    records = again(bounded, whole[:100])
    await bounded.take(*records[:60])
    await lived(bounded, whole[100:])
    await bounded.take(*records[60:])
    await lived(unbounded, whole)
    assert bounded.current == unbounded.current
    assert kept(bounded) <= BOUND


async def test_a_rebuild_of_one_who_is_not_truncated_publishes_what_holds_again(unbounded):
    await lived(unbounded, life(20))
    before = unbounded.current
    unbounded.published.clear()
    (told,) = of("truncation", await unbounded.take(*again(unbounded, life(20))))
    assert (told["status"], told["before"], told["rebuild"]) == ("whole", None, "run-1")
    assert unbounded.current == before


async def test_others_have_no_record_of_it(bounded):
    await lived(bounded, life(100))
    await lived(bounded, life(20), customer=LEE)
    letters = {key[:1] for key in bounded.changelog if key[1:17].hex() == LEE}
    assert letters == {b"h", b"a", b"t", b"p"}


async def test_a_base_that_cannot_be_read_takes_nothing_back(bounded, caplog):
    await lived(bounded, life(150))
    before = bounded.current
    torn = Stitched(bounded.plan, bounded.read_output, bounded.changelog, bounded.memo)
    torn.published, torn._imports, torn.now_us = list(bounded.published), bounded._imports, bounded.now_us
    held = torn.partition.truncated
    held.base = lambda customer: changed_state(Truncated.base(held, customer))
    await torn.take_at(901, touch(START + 901 * HOUR, "page_viewed", "after", 1, ""))
    assert f"touchpoints rebuild {KIM}" in caplog.text
    assert mark(torn).needs_rebuild
    assert all(row["status"] not in {"superseded", "retracted"} for row in torn.current.values())
    assert torn.current.keys() >= before.keys()


def changed_state(held):
    base, dropped = held
    return msgspec.structs.replace(base, state=msgspec.msgpack.encode({"folded": "many"})), dropped


async def test_new_knowledge_may_concern_what_was_dropped(bounded):
    await lived(bounded, life(20))
    state, entry = bounded.partition.state, {"channel": "phone", "offer": "O", "known_from": START, "known_until": None, "withdrawn": False}
    known = Knowledge([entry | {"period": ""}])
    assert Round(known).go_on(0, state, {KIM})[0] == [KIM]
    assert Round(known).go_on(0, state, set())[0] == []


def test_a_smaller_state_leaves_no_piece_of_a_larger_one(monkeypatch):
    monkeypatch.setattr("streams.processors.truncated.PIECE_BYTES", 64)
    held, changelog = Truncated(), {}
    for state in (random.Random(1).randbytes(500), b"small"):
        held.cut(KIM, Cut(Base((START, "", 0, "e"), state), (), b"x" * 16), 0)
        changelog |= held.take_changes()
    heir = Truncated()
    for key, value in changelog.items():
        heir.load(key, value)
    base, dropped = heir.base(KIM)
    assert (base.state, len(dropped)) == (b"small", 2)
    assert [key[17:] for key, value in changelog.items() if key[:1] == b"y" and value is not None] == [b"\0\0"]
    heir.forget(KIM)
    gone = heir.take_changes()
    assert {key for key, value in changelog.items() if value is not None} <= gone.keys()
    assert set(gone.values()) == {None}


def test_one_cut_fits_a_commit():
    assert MOST_AT_ONCE * 64 < 1_000_000


def test_a_mark_that_says_the_same_is_not_told_again():
    held = Truncated()
    held.note(KIM, before=5)
    held.told(KIM, held.mark(KIM), NOW)
    held.take_changes()
    held.note(KIM, before=5)
    assert held.take_changes() == {}
    assert held.mark(KIM) == Mark(5, version=NOW, is_told=True)
    assert held.came(Run(KIM, "a", 0, 2), NOW) is held.came(Run(KIM, "b", 1, 2), NOW) is False, "a later rebuild begins anew"
