"""Measures of a journey, each as docs/measures.md defines it."""

from pathlib import Path

import pytest
from journey_story import LATER, at, customer, ordered, promised, shown, status, talk, touch

from streams.journeys.journey import JourneyRow
from streams.journeys.measures import median
from streams.journeys.touchpoint import Rating, Visit, Web


def rows(*touchpoints, now=None):
    return customer(*touchpoints).results(LATER if now is None else at(now)).journeys


def page(hours, device="", kind="page_viewed", **more):
    return touch(hours, "website", kind, Web(kind, device=device), **more)


def test_every_measure_is_defined():
    text = (Path(__file__).parents[2] / "docs" / "measures.md").read_text()
    measures = JourneyRow.__struct_fields__[JourneyRow.__struct_fields__.index("duration_s") :]
    assert [name for name in measures if f"`{name}`" not in text] == []


def test_times_between_moments_and_until_the_goal():
    [row] = rows(
        ordered(0),
        ordered(1, "paid"),
        ordered(4, "shipped"),
        ordered(10, "delivered"),
        touch(30, "survey", "rating_given", Rating("CSAT", 4, of_reference="order:1")),
    )
    assert (row.duration_s, row.longest_gap_s, row.median_gap_s) == (10 * 3600, 20 * 3600, 4.5 * 3600)


def test_what_never_reached_its_goal_lasts_until_its_last_touchpoint():
    [row] = rows(page(0), page(2))
    assert (row.status, row.duration_s, row.drop_off_step, row.drop_off_at) == ("dropped", 2 * 3600, "searched", at(2))
    [still_open] = rows(page(0), page(2), now=3)
    assert (still_open.drop_off_step, still_open.drop_off_at) == ("", None)


@pytest.mark.parametrize(("ordered_numbers", "middle"), [((), 0), ((7,), 7), ((1, 9), 5), ((1, 2, 9), 2)])
def test_median(ordered_numbers, middle):
    assert median(ordered_numbers) == middle


def test_coming_back_to_a_step_is_a_repeat_and_staying_is_none():
    [row] = rows(page(0), page(1), shown(2), page(3), shown(4), now=5)
    assert row.repeats == 2


def test_device_changes_pass_over_touchpoints_that_name_none():
    [row] = rows(page(0, "phone"), page(1), page(2, "phone"), page(3, "laptop"), page(4, "phone"), now=5)
    assert row.device_changes == 2


def test_phases_in_order_with_transitions_returns_and_skips():
    [row] = rows(ordered(0), ordered(1, "shipped"), ordered(2, "changed"), ordered(3, "delivered"))
    assert (row.phases, row.phase_transitions, row.phase_returns, row.phases_skipped) == (("decision", "service"), 3, 1, ())
    assert (row.buyer_touchpoints, row.delight_touchpoints) == (2, 2)
    [late] = rows(ordered(0, "delivered"))
    assert late.phases_skipped == ("decision",)


def test_a_required_step_that_was_passed_by_is_missed_and_one_that_lies_ahead_is_not():
    [row] = rows(ordered(0), ordered(5, "delivered"))
    assert (row.steps_missed, row.furthest_step) == (("paid",), "received")
    [early] = rows(ordered(0), now=1)
    assert (early.steps_missed, early.furthest_step) == ((), "placed")


def test_a_purchase_in_the_store_shows_placed_paid_and_received_at_once():
    [row] = rows(touch(0, "store", "bought", Visit("bought", product="kettle")))
    assert (row.steps_missed, row.last_step, row.steps_late) == ((), "received", ())


def test_a_step_is_late_by_the_step_before_it():
    [row] = rows(ordered(0), ordered(25, "paid"), ordered(25 + 71, "shipped"), ordered(25 + 71 + 170, "delivered"))
    assert row.steps_late == ("paid", "received")


def test_what_the_plan_does_not_have_or_not_in_that_channel_is_unplanned():
    [row] = rows(
        page(0),
        touch(1, "store", "checkout_step"),
        touch(2, "store", "checkout_step"),
        touch(3, "website", "checkout_step"),
        touch(4, "phone", "offer_acknowledged"),
        now=5,
    )
    assert row.touchpoints_unplanned == 3
    assert [(each.step, each.channel) for each in row.unplanned] == [("checkout", "store"), ("offer_acknowledged", "phone")]


def test_scores_of_touchpoints_stand_beside_that_of_the_journey_and_scales_apart():
    def rated(hours, scale, score, **of):
        return touch(hours, "survey", "rating_given", Rating(scale, score, of_reference="order:1", **of))

    [row] = rows(
        ordered(0),
        rated(1, "CSAT", 2, of_channel="phone"),
        rated(2, "CSAT", 4, of_channel="website"),
        rated(3, "CSAT", 5),
        rated(4, "NPS", 9, of_event="x"),
        rated(5, "CSAT", 1, of_channel="phone", of_journey="purchase"),
    )
    assert [tuple(each) for each in (r.__rich_repr__() for r in row.ratings)] == [
        (("scale", "CSAT"), ("touchpoints", 2), ("lowest", 2), ("last", 4), ("journey", 1)),
        (("scale", "NPS"), ("touchpoints", 1), ("lowest", 9), ("last", 9), ("journey", None)),
    ]


def test_a_promise_is_open_in_the_journey_that_made_it_until_it_is_kept_anywhere():
    made, other = ordered(0), talk(1, "started")
    promise = promised(2, due=5, promise="P", what="call_back", conversation="V")
    before = {row.process: row.open_promises for row in rows(made, other, promise)}
    assert before == {"purchase": 0, "service": 1}
    held = customer(made, other, promise)
    held.changed(at(3))
    held.add(promised(4, "kept", promise="P", what="call_back", order="1"))
    changed = {row.process: row.open_promises for row in held.changed(at(4)).journeys}
    assert changed == {"purchase": 0, "service": 0}


def test_the_delivery_keeps_what_its_order_promised():
    story = ordered(0), promised(1, due=90, order="1"), promised(1, due=90, promise="Q", what="call_back", order="1")
    assert [row.open_promises for row in rows(*story)] == [2]
    assert [row.open_promises for row in rows(*story, ordered(5, "delivered"))] == [1]


def test_moments_of_truth_are_those_of_the_process():
    [row] = rows(status(0, "New"), status(1, "Closed"))
    assert row.moments_of_truth == 1


def test_a_touchpoint_joins_the_open_journey_that_spoke_of_the_same_thing():
    story = (
        talk(0, "started", conversation="A", product="kettle"),
        talk(1, "started", conversation="B", product="lamp"),
        touch(2, "email", "message_received", product="kettle"),
    )  # fmt: skip
    assert {row.reference: row.touchpoints for row in rows(*story, now=3)} == {"conversation:A": 2, "conversation:B": 1}
    without = story[:2]
    bare = touch(2, "email", "message_received")
    assert {row.reference: row.touchpoints for row in rows(*without, bare, now=3)} == {"conversation:A": 1, "conversation:B": 2}


def test_a_statement_about_an_order_belongs_to_its_purchase():
    from streams.journeys.touchpoint import Statement

    [row] = rows(ordered(0), touch(1, "phone", "statement_made", Statement("order:1", "status", "packed")))
    assert row.touchpoints == 2


def test_the_company_s_own_word_decides_before_the_kind():
    registered = touch(1, "website", "form_submitted", Web("form_submitted", form="register"))
    orientation, onboarding = rows(page(0), registered, now=2)
    assert (orientation.process, onboarding.process) == ("orientation", "onboarding")
    active = touch(2, "app", "form_submitted", Web("form_submitted", form="profile"))
    assert [row.status for row in rows(registered, active)] == ["completed"]
