"""One cause, one finding: of each pair of rules that may find the same cause the stronger is told, and names the weaker."""

from pathlib import Path

import pytest
from journey_story import at, customer, priced, shown, status, talk, touch

from streams.journeys.inconsistencies.precedence import ONE_CAUSE
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.touchpoint import Visit

NOON = 14
"""Wednesday, 12:13:20."""
LATER = NOON + 20 * 24
ASKED = talk(NOON, "customer_said", "chat", topic="delivery", order="O1")
BROKE = talk(NOON + 0.1, "broken", "chat", order="O1", event_id="broke")
ASKED_ON_THE_PHONE = talk(NOON + 0.4, "customer_said", "phone", "W", topic="delivery", order="O1", event_id="asked-again")
PASSED = talk(NOON + 0.1, "transferred", "chat", to_channel="phone")
STORIES = {
    ("handover_lost", "question_repeated"): (ASKED, PASSED, ASKED_ON_THE_PHONE),
    ("handover_lost", "contact_unanswered"): (talk(NOON, "started", "chat"), PASSED),
    ("channel_failed", "contact_unanswered"): (
        talk(NOON, "started", "chat"),
        BROKE,
        touch(NOON + 1, "phone", "conversation_started"),
    ),
    ("channel_failed", "question_repeated"): (ASKED, BROKE, ASKED_ON_THE_PHONE),
    ("offer_not_honoured", "price_mismatch"): (
        shown(0, products=("P1",), amount=199_000, currency="EUR"),
        priced(0, 19.9),
        priced(2, 24.9, "store"),
        touch(3, "store", "bought", Visit("bought", product="P1", amount=249_000, currency="EUR")),
    ),
    ("case_reopened", "contact_repeated"): (
        status(0, "Closed", "C1"),
        talk(50, "started", "phone", "W", case="C1"),
        talk(50.1, "ended", "phone", "W", outcome="unresolved", case="C1"),
        status(52, "Active", "C1"),
    ),
}


def told(*story, hours=LATER):
    return [(each.rule, each.also) for each in customer(*story).results(at(hours)).inconsistencies]


def test_every_pair_has_a_story_and_stands_in_the_document():
    assert set(STORIES) == set(ONE_CAUSE)
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (Path(__file__).parents[2] / "docs" / "rules.md").read_text().splitlines()
        if line.startswith("|")
    ]
    named = {(row[0], weaker) for row in rows if len(row) == 3 and row[0] in BY_NAME for weaker in row[1].split(", ") if weaker in BY_NAME}
    assert named == {*ONE_CAUSE, ("offer_unknown", "offer_unannounced")}


@pytest.mark.parametrize(("stronger", "weaker"), STORIES)
def test_the_stronger_is_told_and_names_the_weaker(stronger, weaker):
    assert [(rule, weaker in also) for rule, also in told(*STORIES[stronger, weaker])] == [(stronger, True)]


def test_a_question_taken_up_after_the_conversation_broke_is_the_channels_failure():
    [failed] = customer(ASKED, BROKE, ASKED_ON_THE_PHONE).results(at(LATER)).inconsistencies
    assert (failed.rule, failed.founding, failed.also) == ("channel_failed", ("broke",), ("question_repeated",))
    assert failed.opened_at == at(NOON + 0.4)
    assert told(ASKED, ASKED_ON_THE_PHONE) == [("question_repeated", ())], "without the break it is the question's own finding"


def test_before_the_failure_is_one_nothing_is_told_of_the_question_either():
    """Three hours later is no turning elsewhere, so that the failure is one when the day is over."""
    again = talk(NOON + 3.1, "customer_said", "phone", "W", topic="delivery", order="O1")
    assert told(ASKED, BROKE, again, hours=NOON + 24) == []
    assert told(ASKED, BROKE, again, hours=NOON + 24.1) == [("channel_failed", ("question_repeated",))]


def test_the_question_of_another_conversation_than_the_one_that_broke_is_a_finding_of_its_own():
    other = talk(NOON - 1, "customer_said", "email", "X", topic="delivery", order="O1")
    broke = talk(NOON + 0.1, "broken", "chat", "Y")
    assert set(told(other, broke, ASKED_ON_THE_PHONE)) == {("channel_failed", ()), ("question_repeated", ())}
