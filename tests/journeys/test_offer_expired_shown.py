"""offer_expired_shown: sent or rendered anew more than an hour past the last end that any channel gave the offer."""

import pytest
from journey_story import at, customer, found, shown, touch

from streams.journeys.touchpoint import Message, Offer

RULE = "offer_expired_shown"
MAILED = shown(0, channel="email", valid_until=48, event_id="mailed")


def test_past_the_end_that_another_channel_gave_it_is_found():
    [finding] = found(RULE, MAILED, shown(72, event_id="late"))
    assert (finding.founding, finding.subject, finding.opened_at) == (("late",), "offer:O", at(72))
    assert finding.evidence == ("mailed", "late")
    assert (finding.first_channel, finding.second_channel, finding.audience) == ("email", "website", "channel_team")
    assert "one day after its last end" in finding.sentence


def test_past_its_own_end_one_touchpoint_is_enough():
    [finding] = found(RULE, shown(72, valid_until=48, event_id="late"))
    assert finding.evidence == ("late",)


def test_sent_by_mail_it_is_shown_as_well():
    mail = touch(72, "email", "message_sent", Message("sent", purpose="marketing"), Offer("O", "shown"), offer="O")
    assert len(found(RULE, MAILED, mail)) == 1


@pytest.mark.parametrize(("hours", "count"), [(48, 0), (49, 0), (49.01, 1)])
def test_an_hour_is_given_to_take_it_down(hours, count):
    assert len(found(RULE, MAILED, shown(hours))) == count


@pytest.mark.parametrize("kind", ["message_opened", "message_clicked", "customer_said", "order_placed"])
def test_opening_an_old_mail_or_speaking_of_it_is_none(kind):
    assert found(RULE, MAILED, touch(72, "email", kind, Offer("O", "shown"), offer="O")) == []


def test_clicking_it_is_none():
    assert found(RULE, MAILED, shown(72, action="clicked")) == []


def test_the_last_end_of_any_channel_counts():
    assert found(RULE, MAILED, shown(1, channel="app", valid_until=96), shown(72)) == []
    assert found(RULE, MAILED, shown(40, channel="app", action="extended", valid_until=96), shown(72)) == []
    assert found(RULE, MAILED, shown(72, valid_until=96)) == []


def test_without_an_end_it_does_not_expire_unless_it_was_withdrawn():
    assert found(RULE, shown(0), shown(2000)) == []
    [finding] = found(RULE, shown(0), shown(10, action="withdrawn", channel="app", event_id="w"), shown(20, event_id="late"))
    assert finding.evidence == ("w", "late")


def test_it_is_one_per_channel_with_a_count():
    findings = found(RULE, MAILED, shown(72), shown(73), shown(74, channel="app"))
    assert [(each.second_channel, each.count) for each in findings] == [("website", 2), ("app", 1)]


def test_extended_afterwards_it_is_resolved():
    held = customer(MAILED, shown(72), shown(80, channel="email", action="extended", valid_until=200))
    [finding] = held.results(at(300)).inconsistencies
    assert (finding.status, finding.resolved_at) == ("resolved", at(80))
