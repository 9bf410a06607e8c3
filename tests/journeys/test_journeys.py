"""Journeys: by reference first, else by gap, else a new one; and what ends them."""

import pytest
from journey_story import DAY, LATER, at, customer, ordered, promised, shown, status, talk, touch

from streams.journeys.journey import id_of
from streams.journeys.touchpoint import Complaint, Rating, Visit, Web


def rows(*touchpoints, now=None):
    return customer(*touchpoints).results(LATER if now is None else at(now)).journeys


def test_an_order_holds_its_purchase_together_until_it_is_delivered():
    [row] = rows(ordered(0), ordered(1, "paid"), ordered(48, "shipped"), ordered(90, "delivered"))
    assert (row.process, row.reference, row.status, row.ended_at) == ("purchase", "order:1", "completed", at(90))
    assert row.journey_id == id_of("purchase", "order:1")
    assert [(each.step, each.phase) for each in row.moments] == [
        ("placed", "decision"), ("paid", "decision"), ("shipped", "service"), ("received", "service"),
    ]  # fmt: skip
    assert row.phase == "service"


def test_two_orders_are_two_purchases():
    assert {row.reference for row in rows(ordered(0, order="1"), ordered(1, order="2"))} == {"order:1", "order:2"}


def test_a_cancelled_order_ends_its_purchase_without_the_goal():
    [row] = rows(ordered(0), ordered(5, "cancelled"), now=6)
    assert (row.status, row.ended_at, row.last_step) == ("dropped", at(5), "cancelled")


def test_a_rating_of_an_order_belongs_to_its_purchase_and_leaves_it_completed():
    [row] = rows(ordered(0), ordered(5, "delivered"), touch(50, "survey", "rating_given", Rating("CSAT", 5, of_reference="order:1")))
    assert (row.status, row.ended_at, row.phase, row.last_channel) == ("completed", at(5), "loyalty", "survey")


def test_looking_around_is_one_orientation_as_long_as_the_gap_is_not_passed():
    [row] = rows(touch(0, "website", "page_viewed", event_id="first"), touch(24, "website", "searched"), shown(190), now=200)
    assert (row.process, row.status, row.touchpoints, row.journey_id) == ("orientation", "open", 3, id_of("orientation", "first"))


def test_after_the_gap_a_new_one_begins_and_the_old_one_is_dropped_where_it_stopped():
    old, new = rows(touch(0, "website", "checkout_step"), touch(7 * 24 + 0.1, "website", "page_viewed"), now=170)
    assert (old.status, old.ended_at, old.last_step) == ("dropped", at(7 * 24), "checkout")
    assert new.status == "open"


def test_it_is_dropped_by_time_alone_at_the_deadline_that_was_announced():
    held = customer(touch(0, "website", "page_viewed"))
    deadline = held.results(at(1)).next_deadline
    assert deadline == at(0) + 7 * DAY
    assert [held.results(now).journeys[0].status for now in (deadline - 1, deadline)] == ["open", "dropped"]


@pytest.mark.parametrize("goal", [ordered(24), touch(24, "store", "bought", Visit("bought"))], ids=["order", "store"])
def test_orientation_reaches_its_goal_by_an_order_or_a_purchase_in_the_store(goal):
    orientation, purchase = rows(touch(0, "website", "page_viewed"), goal)
    assert (orientation.process, orientation.status, orientation.ended_at, orientation.touchpoints) == (
        "orientation",
        "completed",
        at(24),
        1,
    )
    assert purchase.process == "purchase"


def test_an_order_long_after_completes_no_orientation():
    orientation, _ = rows(touch(0, "website", "page_viewed"), ordered(24 * 8))
    assert orientation.status == "dropped"


def test_a_case_is_a_service_journey_and_one_opened_by_a_complaint_is_a_complaint():
    [service] = rows(status(0, "New"), status(1, "Closed"))
    assert (service.process, service.status, service.reference) == ("service", "completed", "case:7")
    [complaint] = rows(touch(0, "phone", "complaint_opened", Complaint("opened"), case="7"), status(1, "Closed"))
    assert (complaint.process, complaint.status) == ("complaint", "completed")


def test_a_case_opened_again_opens_its_journey_again():
    [row] = rows(status(0, "New"), status(1, "Closed"), status(2, "Active"), now=3)
    assert (row.status, row.ended_at) == ("open", None)


def test_a_conversation_is_a_service_journey_where_it_has_neither_case_nor_order():
    [row] = rows(talk(0, "started"), talk(0.1, "answered"), talk(0.2, "ended", outcome="resolved"))
    assert (row.process, row.reference, row.status) == ("service", "conversation:V", "completed")


def test_the_most_specific_reference_decides_and_the_conversation_follows_it():
    [row] = rows(ordered(0), talk(1, "started", order="1"), talk(1.1, "customer_said"))
    assert (row.process, row.touchpoints, row.channels, row.channel_switches) == ("purchase", 3, ("website", "phone"), 1)
    journeys = rows(ordered(0), talk(1, "started", order="1", case="7"))
    assert {each.reference: each.touchpoints for each in journeys} == {"order:1": 1, "case:7": 1}


def test_a_return_is_a_journey_of_its_own_whose_goal_is_the_refund():
    story = (
        ordered(0), ordered(5, "delivered"), ordered(50, "returned"),
        promised(51, due=200, what="refund", promise="R", order="1"), promised(90, "kept", what="refund", promise="R", order="1"),
    )  # fmt: skip
    purchase, back = rows(*story)
    assert (purchase.status, purchase.touchpoints) == ("completed", 2)
    assert (back.process, back.reference, back.status, back.touchpoints) == ("return", "order:1", "completed", 3)


def test_what_has_no_home_has_no_row():
    assert rows(touch(0, "email", "message_sent"), touch(1, "app", "consent_given")) == ()


def test_an_earlier_first_touchpoint_that_comes_late_names_a_successor():
    held = customer(touch(24, "website", "page_viewed", event_id="second"))
    [old] = held.changed(at(30)).journeys
    held.add(touch(0, "website", "searched", event_id="first"))
    changed = held.changed(at(30))
    [new] = changed.journeys
    assert changed.gone_journeys == {old.journey_id: new.journey_id}
    assert new.journey_id == id_of("orientation", "first")


def test_a_touchpoint_that_turns_out_not_to_be_leaves_no_successor():
    held = customer(touch(0, "website", "page_viewed", event_id="only"))
    [old] = held.changed(at(1)).journeys
    held.remove("only")
    assert held.changed(at(1)).gone_journeys == {old.journey_id: ""}


def test_a_row_lists_the_first_five_hundred_touchpoints_and_counts_all():
    [row] = rows(*(status(n, "Active") for n in range(510)))
    assert (len(row.moments), row.touchpoints) == (500, 510)
    assert row.moments[0].at == at(0)


def test_an_error_on_the_way_is_part_of_the_orientation():
    [row] = rows(touch(0, "website", "checkout_step"), touch(0.1, "website", "error_shown", Web("error_shown", blocking=True, goal=True)))
    assert row.last_step == "checkout"


def test_rows_have_the_fields_of_the_published_schema():
    import json
    from pathlib import Path

    from streams.journeys.inconsistencies.findings import Finding
    from streams.journeys.journey import JourneyRow

    schemas = Path(__file__).parents[2] / "schemas"
    for name, row, set_later, kept in (
        ("journey", JourneyRow, {"version", "detected_at"}, set()),
        ("inconsistency", Finding, {"version", "detected_at", "published_at", "reason"}, {"founding"}),
    ):
        fields = {field["name"] for field in json.loads((schemas / f"{name}.avsc").read_text())["fields"]}
        assert set(row.__struct_fields__) - kept == fields - set_later
