"""A merge may show that something was shown, given or begun earlier than was known: what was found keeps its id."""

import pytest
from journey_story import at, customer, knows, refused, shown, talk, touch
from msgspec.structs import replace

from streams.journeys.knowledge import Knowledge
from streams.journeys.touchpoint import Identifier, Offer, Visit

TERMS = {"products": ("kettle",), "amount": 199_000, "currency": "EUR"}
PAID = touch(60, "store", "bought", Visit("bought", product="kettle", amount=249_000, currency="EUR", quantity=1))
CALL = talk(50, "started", conversation="W", order="O1", event_id="call")


def numbered(hours, number):
    return replace(touch(hours, "website", "page_viewed"), identifiers=(Identifier("customer_number", number),))


SOLVED = talk(1, "ended", conversation="V", order="O1", outcome="resolved")
STORIES = {
    "offer_unknown": ([shown(10), refused(12)], shown(0, channel="email")),
    "offer_unannounced": ([shown(10, personal=True), CALL], shown(0, channel="email", personal=True)),
    "offer_not_honoured": ([shown(10, **TERMS), PAID], shown(0, channel="email", **TERMS)),
    "offer_expired_shown": ([shown(72, valid_until=48)], shown(0, channel="email", valid_until=48)),
    "contact_repeated": ([SOLVED, talk(51, "customer_said", conversation="W", order="O1")], CALL),
    "identity_conflict": ([numbered(0, "1"), numbered(2, "2")], numbered(-1, "1")),
}


@pytest.mark.parametrize("rule", STORIES)
def test_what_comes_to_light_moves_no_id(rule):
    story, earlier = STORIES[rule]
    held = customer(*story, knowledge=Knowledge([knows("phone", "other", 0)]))
    [before] = [each for each in held.changed(at(100)).inconsistencies if each.rule == rule]
    held.add(earlier)
    results = held.changed(at(100))
    [after] = [each for each in results.inconsistencies if each.rule == rule]
    assert after.inconsistency_id == before.inconsistency_id
    assert after.evidence != before.evidence
    assert results.gone_inconsistencies == ()


def test_two_offers_of_one_touchpoint_are_two_findings():
    mail = touch(72, "email", "offer_shown", Offer("A", "shown", valid_until=at(48)), Offer("B", "shown", valid_until=at(48)))
    found = [each for each in customer(mail).results(at(100)).inconsistencies if each.rule == "offer_expired_shown"]
    assert {each.subject for each in found} == {"offer:A", "offer:B"}
