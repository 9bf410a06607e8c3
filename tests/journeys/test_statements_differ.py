"""price_mismatch, stock_mismatch, status_mismatch, answer_mismatch: two channels state different values of one thing."""

from dataclasses import replace

import pytest
from journey_story import SETTINGS, at, customer, found, priced, shown, stated, touch

from streams.journeys.touchpoint import Visit

PRICE, STOCK, STATUS, ANSWER = "price_mismatch", "stock_mismatch", "status_mismatch", "answer_mismatch"
SITE = priced(0, 19.9, event_id="site")
ORDER = {"subject": "order:O1"}
TERMS = {"subject": "terms:return"}


def test_two_prices_within_a_day_are_found():
    [finding] = found(PRICE, SITE, priced(2, 24.9, "phone", event_id="call"))
    assert (finding.founding, finding.subject, finding.opened_at) == (("site", "call"), "product:P1", at(2))
    assert (finding.first_said, finding.second_said) == ("stated list price 19.90 EUR", "stated list price 24.90 EUR")
    assert "two hours later the phone stated list price 24.90 EUR" in finding.sentence


@pytest.mark.parametrize(
    "other",
    [
        {"price_kind": "offer"},
        {"currency": "USD"},
        {"variant": "red"},
        {"unit": "box"},
        {"quantity": 10},
        {"subject": "product:P2"},
    ],
)
def test_prices_of_different_things_are_none(other):
    assert found(PRICE, SITE, priced(2, 24.9, "phone", **other)) == []


@pytest.mark.parametrize(("hours", "count"), [(24, 1), (24.1, 0)])
def test_prices_are_compared_within_a_day(hours, count):
    assert len(found(PRICE, SITE, priced(hours, 24.9, "phone"))) == count


def test_a_price_that_no_longer_holds_is_none():
    assert found(PRICE, priced(0, 19.9, valid_until=2), priced(2, 24.9, "phone")) == []
    assert len(found(PRICE, priced(0, 19.9, valid_until=3), priced(2, 24.9, "phone"))) == 1
    assert found(PRICE, SITE, priced(2, 24.9, "phone", stated_for=48)) == []


def test_a_channel_that_changes_its_own_price_is_none_and_its_last_one_counts():
    assert found(PRICE, SITE, priced(1, 24.9)) == []
    assert found(PRICE, SITE, priced(1, 24.9), priced(2, 24.9, "phone")) == []


def test_what_the_customer_says_is_no_channel_s_statement():
    assert found(PRICE, SITE, priced(1, 24.9, "phone", kind="customer_said")) == []


def test_saying_the_same_in_the_end_resolves_it_and_it_is_one_finding_until_then():
    story = (SITE, priced(1, 24.9, "phone"), priced(2, 24.9, "phone"), priced(3, 24.9, "store"))
    [finding] = found(PRICE, *story)
    assert (finding.count, finding.status) == (2, "open")
    [finding] = found(PRICE, *story, priced(4, 24.9))
    assert (finding.status, finding.resolved_at) == ("resolved", at(4))


def test_a_repeated_statement_in_between_does_not_move_the_id():
    [first] = found(PRICE, SITE, priced(4, 24.9, "phone", event_id="call"))
    [second] = found(PRICE, SITE, priced(1, 19.9), priced(4, 24.9, "phone", event_id="call"))
    assert first.inconsistency_id == second.inconsistency_id


def test_an_offer_that_was_not_honoured_is_the_stronger():
    offer = shown(0, products=("P1",), amount=199_000, currency="EUR")
    sold = touch(3, "store", "bought", Visit("bought", product="P1", amount=249_000, currency="EUR"))
    results = customer(offer, SITE, priced(2, 24.9, "store"), sold).results(at(50)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [("offer_not_honoured", (PRICE,))]
    apart = customer(offer, SITE, priced(2, 24.9, "phone"), sold).results(at(50)).inconsistencies
    assert {each.rule for each in apart} == {"offer_not_honoured", PRICE}


def stock(hours, value, channel="website", **more):
    return stated(hours, "stock", value, channel=channel, **more)


@pytest.mark.parametrize(("first", "second"), [("12", "12"), ("", "12"), ("12", ""), ("", "")])
def test_in_against_out_at_the_same_place_is_found(first, second):
    [finding] = found(STOCK, stock(0, "in", location=first), stock(0.5, "out", "store", location=second))
    assert finding.second_said.startswith("stated out of stock")


def test_out_in_another_store_or_size_or_after_an_hour_or_of_a_word_unknown_is_none():
    here = stock(0, "in", location="12")
    assert found(STOCK, here, stock(0.5, "out", "store", location="13")) == []
    assert found(STOCK, here, stock(0.5, "out", "store", location="12", variant="red")) == []
    assert found(STOCK, here, stock(1.1, "out", "store", location="12")) == []
    assert found(STOCK, here, stock(0.5, "few left", "store", location="12")) == []
    assert found(STOCK, here, stock(0.5, "In Stock", "store", location="12")) == []


def state(hours, value, channel="website", **more):
    return stated(hours, "status", value, channel=channel, **{**ORDER, **more})


@pytest.mark.parametrize(("first", "second"), [("delivered", "shipped"), ("cancelled", "shipped"), ("delivered", "collected")])
def test_behind_or_on_no_path_together_is_found(first, second):
    [finding] = found(STATUS, state(0, first, event_id="a"), state(3, second, "phone", event_id="b"))
    assert (finding.founding, finding.subject, finding.audience) == (("a", "b"), "order:O1", "desk")


@pytest.mark.parametrize(
    ("first", "second"),
    [("placed", "shipped"), ("In_Transit", "delivered"), ("shipped", "dispatched"), ("placed", "cancelled"), ("delivered", "abracadabra")],
)
def test_progress_and_other_names_and_words_unknown_are_none(first, second):
    assert found(STATUS, state(0, first), state(3, second, "phone")) == []


def test_behind_for_a_few_minutes_is_none_and_a_channel_s_delay_can_be_set():
    assert found(STATUS, state(0, "delivered"), state(0.2, "shipped", "phone")) == []
    statements = replace(SETTINGS.rules.statements, status_delay_s={"": 0, "store": 86_400})
    slow = replace(SETTINGS, rules=replace(SETTINGS.rules, statements=statements))
    assert found(STATUS, state(0, "delivered"), state(10, "shipped", "store"), settings=slow) == []
    assert len(found(STATUS, state(0, "delivered"), state(0.2, "shipped", "phone"), settings=slow)) == 1


def test_a_status_stated_for_an_earlier_time_is_none():
    assert found(STATUS, state(5, "delivered"), state(8, "shipped", "phone", stated_for=4)) == []


def test_statuses_after_a_day_and_of_things_without_a_process_are_none():
    assert found(STATUS, state(0, "delivered"), state(25, "shipped", "phone")) == []
    assert found(STATUS, state(0, "valid", subject="contract:7"), state(1, "ended", "chat", subject="contract:7")) == []


def test_a_case_that_is_behind_is_found_and_one_that_is_opened_again_is_another_rule_s():
    case = {"subject": "case:7"}
    assert len(found(STATUS, state(0, "in_progress", **case), state(6, "New", "phone", **case))) == 1
    assert found(STATUS, state(0, "Closed", **case), state(6, "New", "phone", **case)) == []
    assert found(STATUS, state(0, "Awaiting user info", **case), state(6, "New", "phone", **case)) == []


def test_it_catches_up_and_is_resolved():
    [finding] = found(STATUS, state(0, "delivered"), state(3, "shipped", "phone"), state(5, "delivered", "phone"))
    assert (finding.status, finding.resolved_at) == ("resolved", at(5))


def answer(hours, value, channel="website", attribute="return_days", **more):
    return stated(hours, attribute, value, channel=channel, **{**TERMS, **more})


def test_two_answers_are_found_days_apart():
    [finding] = found(ANSWER, answer(0, "30", unit="day"), answer(200, "14", "chat", unit="day"))
    assert finding.subject == "terms:return"
    assert "return days 14 day" in finding.second_said


@pytest.mark.parametrize(
    "second",
    [
        {"value": "30.0"},
        {"value": " 30 "},
        {"value": "4", "unit": "week"},
        {"value": "14", "subject": "terms:warranty"},
        {"value": "14", "attribute": "return_costs"},
        {"value": ""},
    ],
)
def test_the_same_or_another_thing_is_none(second):
    assert found(ANSWER, answer(0, "30"), answer(1, channel="chat", **second)) == []


def test_an_answer_holds_as_long_as_it_says_and_points_an_hour():
    assert found(ANSWER, answer(0, "30", valid_until=24), answer(25, "14", "chat")) == []
    assert found(ANSWER, answer(0, "120", attribute="points"), answer(2, "140", "chat", attribute="points")) == []
    assert len(found(ANSWER, answer(0, "120", attribute="points"), answer(0.5, "140", "chat", attribute="points"))) == 1


def test_hours_of_another_day_are_another_answer():
    today = answer(0, "9-18", attribute="opening_hours", subject="location:12")
    sunday = answer(1, "12-17", "phone", attribute="opening_hours", subject="location:12", stated_for=100)
    assert found(ANSWER, today, sunday) == []
    other = answer(2, "12-18", "chat", attribute="opening_hours", subject="location:12", stated_for=100)
    assert len(found(ANSWER, today, sunday, other)) == 1
