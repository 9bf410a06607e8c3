"""offer_unknown, and its precedence before offer_unannounced."""

import pytest
from journey_story import at, customer, found, knows, refused, shown, talk, touch

from streams.journeys.knowledge import Knowledge
from streams.journeys.touchpoint import Offer

RULE = "offer_unknown"


@pytest.mark.parametrize("reason", ["unknown", "expired"])
def test_a_valid_offer_called_unknown_or_expired_is_found(reason):
    [finding] = found(RULE, shown(0, valid_until=48, event_id="seen"), refused(2, reason, event_id="no"))
    assert (finding.founding, finding.evidence) == (("no",), ("seen", "no"))
    assert (finding.first_channel, finding.second_channel, finding.second_at) == ("website", "phone", at(2))
    assert "two hours before" in finding.sentence
    assert reason in finding.sentence


@pytest.mark.parametrize("reason", ["not_applicable", "already_used", ""])
def test_an_honest_refusal_is_none(reason):
    assert found(RULE, shown(0, valid_until=48), refused(2, reason)) == []


def test_after_its_end_it_is_none():
    assert found(RULE, shown(0, valid_until=2), refused(2, "expired")) == []


def test_before_it_begins_it_is_none():
    assert found(RULE, shown(0, valid_from=5), refused(2)) == []


def test_a_channel_that_may_not_redeem_it_may_not_know_it():
    assert found(RULE, shown(0, redeem_channels=("store",)), refused(2)) == []


def test_what_was_never_shown_is_none():
    assert found(RULE, refused(2)) == []
    assert found(RULE, refused(1), shown(2)) == []


@pytest.mark.parametrize("ended", ["withdrawn", "redeemed"])
def test_withdrawn_or_redeemed_before_it_is_none(ended):
    assert found(RULE, shown(0), shown(1, action=ended), refused(2)) == []


def test_extended_it_is_valid_longer():
    story = (shown(0, valid_until=2), shown(1, action="extended", valid_until=10), refused(5, "expired"))
    assert len(found(RULE, *story)) == 1


def about(hours, outcome="unresolved", **more):
    return [talk(hours, "started"), talk(hours + 0.1, "customer_said", offer="O"), talk(hours + 0.3, "ended", outcome=outcome, **more)]


def test_a_conversation_about_it_that_ends_without_a_word_on_it_is_found():
    [finding] = found(RULE, shown(0, event_id="seen"), *about(2, event_id="end"))
    assert (finding.founding, finding.evidence) == (("conversation:phone:V",), ("seen", "end"))


@pytest.mark.parametrize("outcome", ["abandoned", "dropped"])
def test_a_conversation_that_the_channel_did_not_end_is_none(outcome):
    assert found(RULE, shown(0), *about(2, outcome)) == []


@pytest.mark.parametrize("action", ["acknowledged", "shown", "redeemed"])
def test_an_offer_that_was_acknowledged_in_the_conversation_is_none(action):
    answer = touch(2.2, "phone", f"offer_{action}", Offer("O", action), conversation="V", offer="O")
    assert found(RULE, shown(0), *about(2), answer) == []


def test_the_customer_s_own_word_on_it_is_no_acknowledgement():
    said = touch(2.2, "phone", "customer_said", Offer("O", "shown"), conversation="V")
    assert len(found(RULE, shown(0), *about(2), said)) == 1


def test_refused_as_not_applicable_in_the_conversation_is_none():
    assert found(RULE, shown(0), *about(2), refused(2.2, "not_applicable", conversation="V")) == []


def test_a_conversation_about_another_offer_is_none():
    assert found(RULE, shown(0, offer="X"), *about(2)) == []


def test_a_denial_and_the_end_of_its_conversation_are_one_cause():
    [finding] = found(RULE, shown(0), *about(2), refused(2.2, conversation="V", event_id="no"))
    assert (finding.count, finding.evidence[-1]) == (1, "no")
    assert finding.founding == ("conversation:phone:V",)


def test_a_refusal_that_comes_after_the_end_of_its_conversation_says_it_otherwise_under_the_same_id():
    held = customer(shown(0), *about(2))
    [passed_over] = [each for each in held.results(at(5)).inconsistencies if each.rule == RULE]
    held.add(refused(2.2, conversation="V", event_id="no"))
    changed = held.changed(at(5))
    [denied] = [each for each in changed.inconsistencies if each.rule == RULE]
    assert changed.gone_inconsistencies == ()
    assert denied.inconsistency_id == passed_over.inconsistency_id
    assert denied.second_said != passed_over.second_said


def test_two_channels_in_one_conversation_are_two_findings():
    assert len(found(RULE, shown(0), refused(2, conversation="V"), refused(3, conversation="V", channel="chat"))) == 2


def test_an_offer_denied_again_in_its_conversation_after_it_was_forgotten_is_the_same_finding():
    far = 24 * 60
    again = (shown(far, valid_until=far + 9), refused(far + 1, conversation="V"))
    [finding] = found(RULE, shown(0, valid_until=9), refused(2, conversation="V"), *again)
    assert finding.count == 2


def test_it_is_one_finding_per_channel_with_a_count():
    [finding] = found(RULE, shown(0), refused(2), refused(30))
    assert finding.count == 2
    assert "twice" in finding.sentence
    assert len(found(RULE, shown(0), refused(2), refused(3, channel="store"))) == 2


def test_acknowledged_after_all_it_is_resolved():
    [finding] = found(RULE, shown(0), refused(2), shown(3, channel="phone", action="acknowledged", event_id="ok"))
    assert (finding.status, finding.resolved_by) == ("resolved", "ok")


def test_it_takes_the_place_of_offer_unannounced_and_resolves_it():
    knowledge = Knowledge([knows("phone", "other", 0)])
    story = (shown(0, personal=True), talk(2, "started"), refused(2.1, conversation="V", event_id="no"))
    findings = {each.rule: each for each in customer(*story, knowledge=knowledge).results(at(3)).inconsistencies}
    assert findings["offer_unknown"].also == ("offer_unannounced",)
    assert (findings["offer_unannounced"].status, findings["offer_unannounced"].resolved_by) == ("resolved", "no")
    assert len(found("offer_unannounced", *story, talk(5, "started", conversation="W"), knowledge=knowledge)) == 1


def test_without_offer_unannounced_it_lists_nothing():
    [finding] = found(RULE, shown(0, personal=True), talk(2, "started"), refused(2.1, conversation="V"))
    assert finding.also == ()
