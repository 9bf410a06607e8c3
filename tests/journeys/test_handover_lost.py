"""handover_lost: not picked up within the norm, ended dropped, or after which the same is asked again."""

import pytest
from journey_story import at, customer, found, talk

RULE = "handover_lost"
NOON = 14
"""Wednesday, 12:13:20."""
SAID = talk(NOON - 0.1, "customer_said", "chat", topic="delivery", event_id="said")
GAVE = talk(NOON - 0.05, "customer_gave", "chat", data_kind="order_number")
PASSED = talk(NOON, "transferred", "chat", to_channel="phone", to_queue="delivery", event_id="passed")


def picked(hours=NOON + 0.1, **more):
    return talk(hours, "picked_up", **more)


def test_not_picked_up_within_the_norm_is_found_by_the_watermark():
    held = customer(PASSED)
    assert held.results(at(NOON)).next_deadline == at(NOON + 1 / 6)
    [finding] = held.results(at(NOON + 1 / 6)).inconsistencies
    assert (finding.founding, finding.subject, finding.status) == (("passed",), "queue:delivery", "open")
    assert "passed the customer on to the phone (queue delivery); nobody had taken it up" in finding.sentence


def test_picked_up_in_time_is_none_and_late_is_resolved():
    assert found(RULE, PASSED, picked(), talk(NOON + 0.3, "ended", outcome="resolved")) == []
    [finding] = found(RULE, PASSED, picked(NOON + 0.5))
    assert (finding.status, finding.resolved_at) == ("resolved", at(NOON + 0.5))


@pytest.mark.parametrize(
    "event",
    [
        talk(NOON + 0.1, "answered"),
        talk(NOON + 0.1, "answered", conversation="W"),
        talk(NOON + 0.1, "agent_said"),
        talk(NOON + 0.1, "transferred", "phone", to_channel="store"),
        talk(NOON + 0.1, "ended", outcome="resolved"),
        talk(NOON + 0.1, "ended", outcome="unresolved"),
        talk(NOON + 0.1, "broken"),
    ],
)
def test_what_ends_the_wait_in_time(event):
    assert PASSED.event_id not in {founding for each in found(RULE, PASSED, event) for founding in each.founding}


@pytest.mark.parametrize(
    "event",
    [
        talk(NOON + 0.1, "agent_said", "chat"),
        talk(NOON + 0.1, "customer_said"),
        talk(NOON + 0.1, "answered", "store", "W"),
        talk(NOON + 0.1, "ended", outcome="abandoned"),
    ],
)
def test_what_does_not(event):
    assert len(found(RULE, PASSED, event)) == 1


def test_it_ended_dropped():
    [finding] = found(RULE, PASSED, talk(NOON + 0.05, "ended", outcome="dropped", event_id="end"))
    assert (finding.opened_at, finding.evidence) == (at(NOON + 0.05), ("passed", "end"))
    assert found(RULE, PASSED, picked(), talk(NOON + 0.3, "ended", outcome="dropped")) == []


@pytest.mark.parametrize(
    "again",
    [
        talk(NOON + 0.2, "agent_asked", data_kind="order_number", event_id="again"),
        talk(NOON + 0.2, "customer_gave", data_kind="order_number", event_id="again"),
        talk(NOON + 0.2, "customer_said", topic="delivery", event_id="again"),
    ],
)
def test_the_same_asked_again_is_found_though_it_was_picked_up(again):
    [finding] = found(RULE, SAID, GAVE, PASSED, picked(), again)
    assert (finding.opened_at, finding.evidence, finding.second_channel) == (at(NOON + 0.2), ("passed", "again"), "phone")


def test_new_questions_and_what_went_along_are_none():
    passed = talk(NOON, "transferred", "chat", to_channel="phone", context_passed=True)
    assert found(RULE, SAID, PASSED, picked(), talk(NOON + 0.2, "agent_asked", data_kind="address")) == []
    assert found(RULE, SAID, passed, picked(), talk(NOON + 0.2, "customer_said", topic="delivery")) == []
    assert len(found(RULE, GAVE, passed, picked(), talk(NOON + 0.2, "agent_asked", data_kind="order_number"))) == 1


def test_passed_on_at_night_it_is_picked_up_in_the_morning():
    night = talk(0, "transferred", "chat", to_channel="phone")
    assert found(RULE, night, picked(10 - 0.1)) == []
    assert len(found(RULE, night)) == 1


def test_it_is_the_stronger_of_a_question_repeated():
    again = talk(NOON + 0.2, "customer_said", topic="delivery")
    results = customer(SAID, PASSED, picked(), again).results(at(400)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [(RULE, ("question_repeated",))]
    other = talk(NOON + 3, "customer_said", "phone", "W", topic="delivery")
    results = customer(SAID, PASSED, other).results(at(400)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [(RULE, ("question_repeated",))]
    results = customer(SAID, PASSED, picked(), talk(NOON + 0.3, "ended", outcome="unresolved"), other).results(at(400)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [("question_repeated", ())]
