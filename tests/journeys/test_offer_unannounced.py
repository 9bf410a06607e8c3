"""offer_unannounced: the customer turns to a staffed channel, holding a valid offer of which it has not been told."""

import pytest
from journey_story import at, customer, found, knows, refused, shown, talk, touch

from streams.journeys.knowledge import Knowledge
from streams.journeys.touchpoint import Offer

RULE = "offer_unannounced"


def desk(*entries):
    """The phone publishes what it knows; of offer O only what the entries say."""
    return Knowledge([knows("phone", "other", 0), *entries])


CALL = talk(5, "started", event_id="call")


@pytest.mark.parametrize(
    "held",
    [
        [shown(0, personal=True, event_id="seen")],
        [shown(0, event_id="seen"), shown(1, action="clicked")],
        [shown(0, event_id="seen"), shown(1, channel="email")],
    ],
    ids=["personal", "clicked", "shown twice"],
)
def test_a_held_offer_of_which_the_desk_was_not_told_is_found_as_the_contact_starts(held):
    [finding] = found(RULE, *held, CALL, knowledge=desk(), now=5)
    assert (finding.founding, finding.opened_at, finding.second_channel) == (("call",), at(5), "phone")
    assert finding.evidence[:2] == ("seen", "call")


def test_shown_once_and_not_clicked_nobody_can_be_expected_to_know_it():
    assert found(RULE, shown(0), CALL, knowledge=desk()) == []


def test_told_in_time_is_none_and_told_of_another_is_not_enough():
    assert found(RULE, shown(0, personal=True), CALL, knowledge=desk(knows("phone", "O", 5))) == []
    assert len(found(RULE, shown(0, personal=True), CALL, knowledge=desk(knows("store", "O", 0)))) == 1


def test_what_was_withdrawn_was_never_known():
    assert len(found(RULE, shown(0, personal=True), CALL, knowledge=desk(knows("phone", "O", 0, withdrawn=True)))) == 1


def test_told_afterwards_it_is_resolved_from_then_on():
    held = customer(shown(0, personal=True), CALL, knowledge=desk(knows("phone", "O", 7)))
    assert held.results(at(6)).inconsistencies[0].status == "open"
    assert held.results(at(6)).next_deadline == at(7)
    assert held.results(at(7)).inconsistencies[0].resolved_at == at(7)


def test_knowledge_that_comes_late_takes_the_finding_back():
    knowledge = desk()
    held = customer(shown(0, personal=True), CALL, knowledge=knowledge)
    [finding] = held.changed(at(6)).inconsistencies
    knowledge.learn(knows("phone", "O", 4))
    assert held.changed(at(6)).gone_inconsistencies == (finding.inconsistency_id,)


def test_a_channel_that_showed_it_knows_it():
    assert found(RULE, shown(0, personal=True), shown(1, channel="phone"), CALL, knowledge=desk()) == []


def test_a_channel_that_does_not_publish_cannot_be_judged():
    assert found(RULE, shown(0, personal=True), CALL, knowledge=Knowledge([knows("store", "other", 0)])) == []


def test_a_bot_is_not_staffed():
    assert found(RULE, shown(0, personal=True), talk(5, "started", staffed=False), knowledge=desk()) == []


def test_a_channel_without_staff_is_none():
    story = (shown(0, personal=True), talk(5, "started", channel="app"))
    assert found(RULE, *story, knowledge=Knowledge([knows("app", "other", 0)])) == []


def test_when_the_company_calls_it_is_none():
    assert found(RULE, shown(0, personal=True), talk(5, "started", direction="outbound"), knowledge=desk()) == []


@pytest.mark.parametrize("over", [{"valid_until": 5}, {"valid_from": 6}])
def test_an_offer_that_does_not_hold_is_none(over):
    assert found(RULE, shown(0, personal=True, **over), CALL, knowledge=desk()) == []


def test_it_is_one_per_customer_offer_and_channel():
    story = (shown(0, personal=True), CALL, talk(9, "started", conversation="W"))
    [finding] = found(RULE, *story, knowledge=desk())
    assert finding.founding == ("call",)


def test_the_next_contact_founds_it_where_the_first_was_told():
    story = (shown(0, personal=True), CALL, talk(9, "started", conversation="W", event_id="second"))
    [finding] = found(RULE, *story, knowledge=desk(knows("phone", "O", 0, until=6)))
    assert finding.founding == ("second",)


def test_it_ends_with_the_offer():
    held = customer(shown(0, personal=True, valid_until=20), CALL, knowledge=desk())
    assert held.results(at(19)).inconsistencies[0].status == "open"
    assert held.results(at(20)).inconsistencies[0].resolved_at == at(20)


def test_extended_before_its_end_it_stays_open_longer():
    held = customer(shown(0, personal=True, valid_until=20), CALL, shown(10, action="extended", valid_until=40), knowledge=desk())
    assert held.results(at(20)).inconsistencies[0].status == "open"
    assert held.results(at(40)).inconsistencies[0].resolved_at == at(40)


def test_after_a_denial_no_contact_raises_it():
    assert found(RULE, shown(0, personal=True), refused(2), CALL, knowledge=desk()) == []


def test_the_customer_s_own_word_is_no_second_showing():
    own = touch(2, "chat", "customer_said", Offer("O", "shown"))
    assert found(RULE, shown(0), own, CALL, knowledge=desk()) == []
