"""stitch: what it counts, what it publishes and when, and that a restart publishes the same."""

import hashlib
from dataclasses import replace
from itertools import permutations

import msgspec
import pytest
from fetched import NOW, Fetched
from hypothesis import given, settings
from hypothesis import strategies as st
from stitching import HOUR, KIM, LEE, OLD, START, Stitched, of, promised, statuses, talked, touch, without_processing

from streams.avro.sealing import Sealed
from streams.conservation import is_behind
from streams.journeys.inconsistencies.promises import PromiseBroken
from streams.journeys.knowledge import Knowledge
from streams.journeys.touchpoint import Identifier, Offer, References, encode
from streams.processors.folds import FoldRoom
from streams.processors.internal import CLOCK, KIND, Clock, ImportClock
from streams.processors.stitch_plan import StitchMemo
from streams.processors.stitch_state import SPARE

# -- counts ----------------------------------------------------------------


async def test_a_duplicate_is_counted_once_and_publishes_nothing(stitched):
    assert len(of("journey", await stitched.take_at(1, talked(0)))) == 1
    assert await stitched.take(stitched.record(talked(0))) == []
    assert await stitched.take(stitched.record(talked(0)), stitched.record(talked(0))) == []
    assert stitched.counts == (1, 3, 0)


async def test_a_duplicate_is_known_after_a_restore(stitched):
    await stitched.take_at(1, talked(0))
    heir = stitched.restored()
    assert await heir.take(heir.record(talked(0))) == []
    assert heir.counts == (1, 1, 0)


@pytest.mark.parametrize("hashes", [(1, 2), (2, 1)])
@pytest.mark.parametrize("together", [True, False])
async def test_of_two_contents_under_one_event_id_the_smaller_hash_counts_whichever_came_first(stitched, sealing, hashes, together):
    contents = {1: talked(0, "started", event_id="e", content_hash=1), 2: talked(0, "ended", event_id="e", content_hash=2)}
    records = [stitched.record(contents[each]) for each in hashes]
    clock = stitched.clock(START + HOUR)
    rows = await stitched.take(*records, clock) if together else [*await stitched.take(records[0], clock), *await stitched.take(records[1])]
    (letter,) = of("dead_letter", rows)
    assert (letter["reason"], letter["event_id"], letter["field"]) == ("event_id_conflict", "e", "event_id")
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("identified", 0, records[1].offset)
    assert sealing.open(Sealed(letter["key_id"], letter["sealed"])).value == encode(contents[2]), "the one that gives way is kept in it"
    assert stitched.counts == (1, 0, 1)
    journey, conflict = sorted(stitched.current.values(), key=lambda row: row.get("rule", ""))
    assert (conflict["rule"], conflict["evidence"], conflict["status"]) == ("identity_conflict", ["e"], "open")
    (moment,) = journey["moments"]
    assert moment["event_id"] == "e"
    (kept,) = stitched.partition.state.touchpoints(KIM)
    assert kept == encode(contents[1])


async def test_a_conflict_that_changed_nothing_is_one_after_a_restore_too(stitched):
    await stitched.take_at(1, talked(0, event_id="e", content_hash=5))
    heir = stitched.restored()
    rows = await heir.take(heir.record(talked(0, event_id="e", content_hash=9)))
    assert [name for name, _ in rows] == ["dead_letter", "inconsistency"]
    assert await heir.restored().tick() == [], "what was refused is kept, and told once"
    assert heir.counts == (1, 0, 1)


@pytest.mark.parametrize("hashes", [*permutations((1, 2, 3))])
async def test_of_three_contents_a_restore_tells_the_same_two_in_whatever_order_they_came(stitched, hashes):
    channels = {1: "website", 2: "chat", 3: "email"}
    for each in hashes:
        content = msgspec.structs.replace(talked(0, event_id="e", content_hash=each), channel=channels[each])
        await stitched.take_at(1, content)
    (told,) = [row for row in stitched.current.values() if row.get("rule")]
    assert (told["first_channel"], told["second_channel"]) == ("website", "chat")
    assert of("inconsistency", await stitched.restored().take_at(3, talked(2))) == [], "what was kept says the same"


# -- publication -----------------------------------------------------------


async def test_only_what_changed_is_published_and_its_version_grows(stitched):
    rows = await stitched.take_at(1, talked(0), talked(0, conversation="W"))
    first = {row["journey_id"]: row["version"] for row in of("journey", rows)}
    rows = await stitched.take_at(1, talked(0.5, "ended"))
    (changed,) = of("journey", rows)
    assert changed["version"] > first[changed["journey_id"]]


async def test_versions_grow_though_the_wall_clock_goes_back(stitched):
    (before,) = of("journey", await stitched.take_at(1, talked(0)))
    for heir in (stitched, stitched.restored()):
        heir.now_us = NOW - 1000 * HOUR
        (after,) = of("journey", await heir.take(heir.record(talked(0.5, "ended"))))
        assert after["version"] == before["version"] + 1


async def test_a_broken_promise_is_one_finding_under_one_id_until_it_is_kept(stitched):
    rows = await stitched.take_at(1, promised(0, due=10, event_id="made"))
    assert of("inconsistency", rows) == []
    (opened,) = of("inconsistency", await stitched.take_at(10))
    assert (opened["rule"], opened["status"], opened["customer"], opened["evidence"]) == ("promise_broken", "open", KIM, ["made"])
    (kept,) = of("inconsistency", await stitched.take_at(12, promised(11, None, action="kept")))
    assert (kept["inconsistency_id"], kept["status"]) == (opened["inconsistency_id"], "resolved")
    assert kept["version"] > opened["version"]


@pytest.mark.parametrize("restores", [True, False])
async def test_a_finding_that_no_longer_holds_is_retracted(stitched, restores):
    await stitched.take_at(1, promised(0, due=10))
    (opened,) = of("inconsistency", await stitched.take_at(11))
    held = stitched.restored() if restores else stitched
    (retracted,) = of("inconsistency", await held.take(held.record(promised(9, None, action="kept"))))
    assert (retracted["inconsistency_id"], retracted["status"], retracted["rule"]) == (
        opened["inconsistency_id"],
        "retracted",
        "promise_broken",
    )
    assert retracted["version"] > opened["version"]
    assert (retracted["reason"], retracted["superseded_by"]) == ("late_event", "")
    assert of("inconsistency", await held.take_at(12)) == [], "once is enough"
    again = held.restored()
    assert of("inconsistency", await again.take_at(13, talked(12))) == []


@pytest.mark.parametrize("restores", [True, False])
async def test_a_finding_whose_event_has_another_content_now_is_retracted_by_correction(stitched, restores):
    await stitched.take_at(11, promised(0, due=10, event_id="made", content_hash=5))
    held = stitched.restored() if restores else stitched
    rows = of("inconsistency", await held.take(held.record(talked(0, event_id="made", content_hash=2))))
    assert {(row["rule"], row["status"], row["reason"]) for row in rows} == {
        ("promise_broken", "retracted", "correction"),
        ("identity_conflict", "open", ""),
    }


@pytest.mark.parametrize("restores", [True, False])
async def test_a_finding_that_a_stronger_rule_takes_over_is_superseded_by_it(stitched, restores):
    def chatted(*given, **named):
        return msgspec.structs.replace(talked(*given, **named), channel="chat", direction="inbound")

    answered_never = chatted(0, conversation="V", event_id="asked", staffed=True)
    (waited,) = of("inconsistency", await stitched.take_at(20, answered_never))
    assert waited["rule"] == "contact_unanswered"
    held = stitched.restored() if restores else stitched
    turned = msgspec.structs.replace(chatted(1.5, conversation="W", event_id="elsewhere"), channel="phone")
    rows = of("inconsistency", await held.take_at(21, chatted(1, "broken", conversation="V", event_id="broke"), turned))
    by_status = {row["status"]: row for row in rows}
    stronger, gone = by_status["open"], by_status["superseded"]
    assert (stronger["rule"], stronger["also"]) == ("channel_failed", ["contact_unanswered"])
    assert (gone["inconsistency_id"], gone["reason"]) == (waited["inconsistency_id"], "stronger_rule")
    assert gone["superseded_by"] == stronger["inconsistency_id"]


@pytest.mark.parametrize("restores", [True, False])
async def test_a_journey_that_is_gone_is_superseded(stitched, restores):
    rows = await stitched.take_at(1, talked(0, conversation="V", event_id="e", content_hash=5))
    (before,) = of("journey", rows)
    held = stitched.restored() if restores else stitched
    rows = of("journey", await held.take(held.record(talked(0, conversation="W", event_id="e", content_hash=2))))
    by_id = {row["journey_id"]: row for row in rows}
    gone = by_id.pop(before["journey_id"])
    (after,) = by_id.values()
    assert gone["status"] == "superseded"
    assert gone["version"] > before["version"]
    assert after["status"] != "superseded"
    assert gone["superseded_by"] in {"", after["journey_id"]}


# -- time ------------------------------------------------------------------


async def test_an_open_promise_fires_once_when_time_passes_it(stitched):
    await stitched.take_at(1, promised(0, due=10))
    assert await stitched.take_at(9.999) == []
    assert statuses(await stitched.take_at(10)) == ["open"]
    assert await stitched.take_at(11) == []
    assert await stitched.tick() == []


async def test_an_open_promise_fires_once_after_a_restore(stitched):
    await stitched.take_at(1, promised(0, due=10))
    heir = stitched.restored()
    assert await heir.tick() == []
    assert statuses(await heir.take_at(10)) == ["open"]
    assert await heir.take_at(11) == []


def chatting(hours, action):
    return msgspec.structs.replace(talked(hours, action, staffed=True), channel="chat", direction="inbound")


SILENCE = {
    "promise_broken": (promised(0, due=10),),
    "contact_unanswered": (chatting(0, "started"),),
    "handover_lost": (chatting(0, "started"), chatting(0.01, "answered"), chatting(0.02, "transferred")),
    "channel_failed": (chatting(0, "started"), chatting(0.01, "answered"), chatting(0.02, "broken")),
}


@pytest.mark.parametrize("restores", [True, False])
@pytest.mark.parametrize("rule", SILENCE)
async def test_what_never_came_is_found_by_time_alone_once_also_after_a_restart(stitched, rule, restores):
    assert of("inconsistency", await stitched.take_at(0.03, *SILENCE[rule])) == [], "it may still come"
    held = stitched.restored() if restores else stitched
    assert of("inconsistency", await held.tick()) == []
    rows = of("inconsistency", await held.take_at(200))
    assert [(row["rule"], row["status"]) for row in rows] == [(rule, "open")]
    held = held.restored() if restores else held
    assert of("inconsistency", await held.tick()) == []
    assert of("inconsistency", await held.take_at(201)) == []
    assert of("inconsistency", await held.take_at(202, talked(201, conversation="other"))) == []


async def test_what_has_fired_does_not_fire_again_after_a_restore(stitched):
    await stitched.take_at(1, promised(0, due=10))
    await stitched.take_at(10)
    heir = stitched.restored()
    assert await heir.tick() == []
    assert await heir.take_at(12) == []
    assert statuses(await heir.take_at(13, talked(12))) == []


async def test_a_promise_that_time_has_passed_before_it_came_fires_as_it_comes(stitched):
    await stitched.take_at(20)
    assert statuses(await stitched.take(stitched.record(promised(0, due=10)))) == ["open"]


def linking(touchpoint, *types):
    """A touchpoint that shows these identifiers of one customer."""
    return msgspec.structs.replace(touchpoint, identifiers=tuple(Identifier(type_, type_) for type_ in types))


async def test_what_comes_late_and_links_identifiers_is_judged_a_second_later(stitched):
    assert await stitched.take_at(50) == []
    late = msgspec.structs.replace(linking(promised(1, 48), "login", "cookie"), received_at=stitched.now_us + 1_000_000)
    assert of("inconsistency", await stitched.take(stitched.record(late))) == []
    [found] = of("inconsistency", await stitched.tick())
    assert found["rule"] == "promise_broken"
    assert await stitched.tick() == []


@pytest.mark.parametrize(("on_its_way_s", "ticks"), [(5, 6), (10_000, 61)])
async def test_in_a_backlog_it_is_judged_later_by_as_long_as_it_was_on_its_way_and_by_a_minute_at_most(stitched, on_its_way_s, ticks):
    await stitched.take_at(50)
    late = msgspec.structs.replace(
        linking(promised(1, 48), "login", "cookie"), received_at=stitched.now_us + (1 - on_its_way_s) * 1_000_000
    )
    assert of("inconsistency", await stitched.take(stitched.record(late))) == []
    told = [of("inconsistency", await stitched.tick()) for _ in range(ticks + 3)]
    assert [number for number, rows in enumerate(told, 1) if rows] == [ticks]


async def test_what_was_put_off_and_is_settled_meanwhile_is_never_told(stitched):
    await stitched.take_at(50)
    await stitched.take(stitched.record(linking(promised(1, 48), "login", "cookie")))
    await stitched.take(stitched.record(promised(47, None, action="kept")))
    assert of("inconsistency", stitched.published + await stitched.tick()) == []


async def test_as_long_as_anyone_is_put_off_the_last_commit_says_that_stitch_is_behind(stitched):
    """Else `touchpoints verify` would call the topics drained while rows are still to come."""
    await stitched.take_at(50)
    late = msgspec.structs.replace(linking(promised(1, 48), "login", "cookie"), received_at=stitched.now_us + 1_000_000)
    await stitched.take(stitched.record(late))
    assert is_behind([("stitch", stitched.memo)])
    assert not stitched.is_unfinished, "nothing can be done before the time is over"
    await stitched.tick()
    assert not is_behind([("stitch", stitched.memo)])


async def test_what_was_put_off_is_told_by_the_next_clock_after_a_restart(stitched):
    await stitched.take_at(50)
    await stitched.take(stitched.record(linking(promised(1, 48), "login", "cookie")))
    heir = stitched.restored()
    assert statuses(await heir.take_at(51)) == ["open"]


@pytest.mark.parametrize(
    "story", [linking(talked(49), "login", "cookie"), linking(talked(1), "login", "order")], ids=["in time", "links nobody"]
)
async def test_what_comes_in_time_or_links_nobody_is_judged_at_once(stitched, story):
    await stitched.take_at(48.5)
    assert len(of("journey", await stitched.take(stitched.record(story)))) == 1


async def test_without_any_clock_nothing_fires(stitched):
    rows = await stitched.take(stitched.record(promised(0, due=10)))
    assert statuses(rows) == []
    assert statuses(await stitched.tick()) == []


async def test_time_of_all_partitions_upstream_is_needed(plan, read_output):
    two = Stitched(replace(plan, partitions=2), read_output)
    await two.take_at(20, promised(0, due=10))
    assert two.current == {} or all("rule" not in row for row in two.current.values())
    other = msgspec.msgpack.encode(Clock(1, START + 20 * HOUR))
    rows = await two.take(Fetched(other, None, ((KIND, CLOCK),), topic="identified", offset=99))
    assert statuses(rows) == ["open"]


# -- imports beside live traffic -------------------------------------------


async def test_an_import_of_old_events_is_judged_by_its_own_time_not_by_live_time(stitched):
    made = promised(0, due=10, since=OLD, replay="old")
    rows = await stitched.take(stitched.record(made), stitched.clock(START, old=ImportClock(at=OLD)))
    assert statuses(rows) == []
    assert statuses(await stitched.take(stitched.clock(START + HOUR, old=ImportClock(at=OLD + 9 * HOUR)))) == []
    assert statuses(await stitched.take(stitched.clock(START + HOUR, old=ImportClock(at=OLD + 10 * HOUR)))) == ["open"]


async def test_an_import_kept_in_time_never_shows_a_broken_promise(stitched):
    rows = await stitched.take(
        stitched.record(promised(0, due=10, since=OLD, replay="old")), stitched.clock(START, old=ImportClock(at=OLD))
    )
    kept = promised(5, None, action="kept", since=OLD, replay="old")
    rows += await stitched.take(stitched.record(kept), stitched.clock(START, old=ImportClock(at=OLD + 5 * HOUR)))
    rows += await stitched.take(stitched.clock(START + HOUR, old=ImportClock(at=OLD + 5 * HOUR, ended=True)))
    rows += await stitched.tick()
    assert statuses(rows) == []


async def test_an_import_of_old_events_does_not_move_live_customers_time(stitched):
    await stitched.take(stitched.record(promised(0, due=10), LEE), stitched.clock(START))
    old = stitched.record(promised(0, due=10, since=OLD, replay="old"), KIM)
    assert statuses(await stitched.take(old, stitched.clock(START + HOUR, old=ImportClock(at=OLD)))) == []
    (broken,) = of("inconsistency", await stitched.take(stitched.clock(START + 10 * HOUR, old=ImportClock(at=OLD))))
    assert broken["customer"] == LEE


async def test_an_import_that_reaches_the_future_of_live_time_breaks_no_live_promise(stitched):
    await stitched.take(stitched.record(promised(0, due=10), LEE), stitched.clock(START))
    far = ImportClock(at=START + 100 * HOUR, ended=True, until=START + 100 * HOUR)
    assert statuses(await stitched.take(stitched.clock(START + HOUR, new=far))) == []


async def test_an_import_that_ends_at_a_clock_is_judged_there_and_no_further(stitched):
    rows = [stitched.record(promised(0, due=due, promise=f"P{due}", since=OLD, replay="old")) for due in (10, 30)]
    await stitched.take(*rows, stitched.clock(START, old=ImportClock(at=OLD)))
    ended = ImportClock(at=OLD, ended=True, until=OLD + 20 * HOUR)
    assert statuses(await stitched.take(stitched.clock(START, old=ended))) == ["open"]
    assert statuses(await stitched.take(stitched.clock(START + HOUR, old=ended))) == []


async def test_a_live_customer_for_whom_old_events_are_imported_is_judged_when_they_are_complete(stitched):
    await stitched.take_at(0, promised(-1, due=5))
    old = stitched.record(promised(-100, due=-90, promise="Q", replay="old"))
    running = ImportClock(at=START - 100 * HOUR)
    assert statuses(await stitched.take(old, stitched.clock(START + HOUR, old=running))) == []
    assert stitched.partition.deadlines_waiting == 1
    kept = promised(-95, None, action="kept", promise="Q", replay="old")
    more = [stitched.record(each) for each in (kept, talked(-94, replay="old"))]
    rows = await stitched.take(*more, stitched.clock(START + 2 * HOUR, old=ImportClock(at=START - 94 * HOUR, ended=True)))
    assert statuses(rows) == []
    assert stitched.partition.deadlines_waiting == 0
    assert of("journey", rows), "what came is shown once it is complete"
    assert statuses(await stitched.take_at(5)) == ["open"]


async def test_a_customer_held_back_by_an_import_is_judged_after_a_restore(stitched):
    await stitched.take_at(0, talked(-1))
    old = stitched.record(promised(-100, due=-90, promise="Q", replay="old"))
    await stitched.take(old, stitched.clock(START + HOUR, old=ImportClock(at=START - 100 * HOUR)))
    heir = stitched.restored()
    assert heir.partition.deadlines_waiting == 1
    assert await heir.tick() == []
    rows = await heir.take(heir.clock(START + 2 * HOUR, old=ImportClock(at=START - 100 * HOUR, ended=True)))
    assert statuses(rows) == ["open"]


# -- restarts at any place -------------------------------------------------


STORY = (
    talked(0),
    promised(1, due=10, promise="P"),
    talked(2, "ended"),
    promised(3, due=6, promise="Q"),
    promised(8, None, action="kept", promise="Q"),
    talked(9, conversation="W"),
    promised(9.5, None, action="kept", promise="P"),
    talked(9, "ended", conversation="W"),
    talked(0, "ended", event_id="V-started-0", content_hash=7),
    talked(2, "ended", event_id="V-ended-2"),
)


@settings(max_examples=25, deadline=None)
@given(
    order=st.permutations(range(len(STORY))), restarts=st.sets(st.integers(0, len(STORY) - 1)), hours=st.lists(st.floats(0, 12), max_size=4)
)
async def test_a_partition_that_is_restored_publishes_what_one_that_is_not_publishes(plan, read_output, order, restarts, hours):
    steady = Stitched(plan, read_output)
    restored = Stitched(plan, read_output)
    clocks = dict(zip(range(0, 10, 2), sorted(hours), strict=False))
    for step, index in enumerate(order):
        if step in restarts:
            restored = restored.restored()
        clock = [clocks[step]] if step in clocks else []
        told = []
        for each in (steady, restored):
            ticks = [each.clock(START + int(hour * HOUR)) for hour in clock]
            told.append(without_processing(await each.take(each.record(STORY[index]), *ticks)))
        assert sorted(map(repr, told[0])) == sorted(map(repr, told[1]))
    assert steady.counts == restored.counts


async def test_what_is_published_in_the_end_does_not_depend_on_the_order_of_arrival(plan, read_output):
    forward, backward = Stitched(plan, read_output), Stitched(plan, read_output)
    for each in STORY:
        await forward.take_at(1, each)
    for each in reversed(STORY):
        await backward.take_at(1, each)
    for each in (forward, backward):
        await each.take_at(20)
    gone = ("retracted", "superseded")
    held = [{row_id: row for row_id, row in each.current.items() if row["status"] not in gone} for each in (forward, backward)]
    assert held[0] == held[1]
    assert held[0]


async def test_what_a_touchpoint_adds_to_the_changelog_does_not_grow_with_the_customer(stitched):
    written = []
    for number in range(300):
        stitched.partition.state.take_changes()
        before, stitched.changelog = stitched.changelog, {}
        await stitched.take_at(number + 1, talked(number, "customer_said", event_id=f"e{number:03}"))
        written.append(sum(len(key) + len(value) for key, value in stitched.changelog.items()))
        stitched.changelog = before | stitched.changelog
    assert max(written[1:]) <= written[1] + 16
    assert len(stitched.restored().partition._judging.fold(KIM)) == 300


@pytest.mark.parametrize("at_rest_bytes", [0, 2**20])
async def test_a_customer_who_was_let_go_of_goes_on_where_he_was(plan, read_output, at_rest_bytes):
    crowded = Stitched(replace(plan, room=FoldRoom(touchpoints=0, at_rest_bytes=at_rest_bytes)), read_output)
    roomy = Stitched(plan, read_output)
    for held in (crowded, roomy):
        await held.take_at(1, promised(0, due=10), talked(0.5))
        held.partition.state.rest(-SPARE)
        await held.take_at(11, talked(5), customer=LEE)
        held.partition.state.rest(-SPARE)
        await held.take_at(12, talked(6, "ended"))
    assert crowded.current == roomy.current
    assert len(crowded.partition._judging.folds) == 0
    assert len(crowded.partition._judging.folds.resting) == (2 if at_rest_bytes else 0)
    assert len(roomy.partition._judging.folds) == 2


# -- disruptions -----------------------------------------------------------


def customers(number):
    return [hashlib.md5(str(each).encode()).hexdigest() for each in range(number)]


def breaks(customer):
    """A promise about one and the same order breaks for the customer."""
    made = promised(0, due=10, event_id=f"made-{customer}")
    return msgspec.structs.replace(made, references=References(order="O"))


async def all_break(stitched, those):
    await stitched.take(*[stitched.record(breaks(each), each) for each in those], stitched.clock(START + 20 * HOUR))
    return told_of(await stitched.hear())


def told_of(rows):
    return [(row["status"], row["customers"], row["inconsistencies"], row["times"]) for row in of("disruption", rows)]


async def keep(stitched, those):
    kept = promised(30, None, action="kept")
    for each in those:
        await stitched.take(stitched.record(replace_id(kept, f"kept-{each}"), each))
    return told_of(await stitched.hear())


def replace_id(touchpoint, event_id):
    return msgspec.structs.replace(touchpoint, event_id=event_id)


async def test_a_disruption_opens_with_enough_customers_and_grows_as_they_double_and_closes_with_the_last(stitched):
    those = customers(5)
    assert await all_break(stitched, those[:1]) == [], "one customer is no disruption"
    assert await all_break(stitched, those[1:2]) == [("opened", 2, 2, 1)]
    assert await all_break(stitched, those[2:3]) == []
    assert await all_break(stitched, those[3:]) == [("grown", 5, 5, 1)]
    assert [each.cause.rule for each in stitched.partition.disruptions.open()] == ["promise_broken"]
    assert await keep(stitched, those[:4]) == []
    assert await keep(stitched, those[4:]) == [("closed", 0, 0, 1)]
    assert list(stitched.partition.disruptions.open()) == []


async def test_a_disruption_is_counted_on_after_a_restart_and_told_once(stitched):
    those = customers(4)
    await all_break(stitched, those[:2])
    heir = stitched.restored()
    assert await heir.tick() == []
    assert await all_break(heir, those[:2]) == [], "duplicates change nothing"
    assert await all_break(heir.restored(), those[2:]) == [("grown", 4, 4, 1)]


async def test_a_disruption_that_opens_again_says_so(stitched):
    those = customers(4)
    await all_break(stitched, those[:2])
    await keep(stitched, those[:2])
    assert await all_break(stitched.restored(), those[2:]) == [("opened", 2, 2, 2)]


async def test_a_retraction_takes_a_customer_out_of_a_disruption(stitched):
    those = customers(2)
    await all_break(stitched, those)
    in_time = promised(5, None, action="kept")
    for each in those:
        await stitched.take(stitched.record(replace_id(in_time, f"kept-{each}"), each))
    assert told_of(await stitched.hear()) == [("closed", 0, 0, 1)]


# -- knowledge that comes late ---------------------------------------------


def tells(offer="SPRING", **fields):
    return {"channel": "phone", "offer": offer, "known_from": START, **fields}


def holding_an_offer(customer):
    """The customer clicked an offer, then called a desk that publishes what it knows."""
    clicked = touch(START + HOUR, "offer_clicked", f"clicked-{customer}", 1, "", offers=(Offer("SPRING", "clicked", personal=True),))
    called = talked(2, conversation=customer, event_id=f"called-{customer}", staffed=True)
    return clicked, msgspec.structs.replace(called, channel="phone", direction="inbound")


@pytest.mark.parametrize("let_go", [True, False], ids=["restarted", "in memory"])
async def test_knowledge_that_comes_late_retracts_for_every_customer_whether_folded_or_not(plan, read_output, let_go):
    knowledge = Knowledge([tells("ANOTHER")])
    stitched = Stitched(replace(plan, knowledge=knowledge, room=FoldRoom()), read_output)
    those = customers(3)
    records = [stitched.record(each, customer) for customer in those for each in holding_an_offer(customer)]
    opened = of("inconsistency", await stitched.take(*records, stitched.clock(START + 3 * HOUR)))
    assert [(row["rule"], row["status"]) for row in opened] == [("offer_unannounced", "open")] * 3
    held = stitched.restored() if let_go else stitched
    assert of("inconsistency", await held.tick()) == []
    if let_go:
        held = held.restored()
    knowledge.learn(tells())
    rows = of("inconsistency", await held.tick())
    assert {(row["status"], row["reason"]) for row in rows} == {("retracted", "knowledge")}
    assert {row["customer"] for row in rows} == set(those)
    assert await held.tick() == []
    knowledge.learn(tells(withdrawn=True))
    again = of("inconsistency", await held.restored().tick())
    assert [row["status"] for row in again] == ["open"] * 3, "also what was corrected while no worker ran"


# -- rules that fail -------------------------------------------------------


async def test_a_rule_that_fails_is_told_once_also_after_a_restart_and_told_when_it_is_over(stitched, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(PromiseBroken, "observe", lambda _self, _scene: {}["something personal"])
        rows = await stitched.take_at(1, promised(0, due=10, event_id="made"), talked(0))
        (failure,) = of("rule_failure", rows)
        assert (failure["rule"], failure["customer"], failure["status"]) == ("promise_broken", KIM, "failed")
        assert (failure["event_id"], failure["error"]) == ("made", "KeyError")
        assert of("journey", rows), "everything else goes on"
        stitched = stitched.restored()
        assert of("rule_failure", await stitched.take_at(2, talked(1, "ended"))) == []
        assert msgspec.msgpack.decode(stitched.memo, type=StitchMemo).failed == {"promise_broken": 1}
    mended = stitched.restored()
    rows = await mended.take_at(20, talked(3, conversation="W"))
    (over,) = of("rule_failure", rows)
    assert (over["failure_id"], over["status"]) == (failure["failure_id"], "over")
    assert over["version"] > failure["version"]
    assert statuses(rows) == ["open"]
