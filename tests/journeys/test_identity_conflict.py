"""identity_conflict: one event id with two contents, or two values of a single-valued identifier in one customer."""

from dataclasses import replace

from journey_story import SETTINGS, at, customer, found, touch
from msgspec.structs import replace as changed

from streams.journeys.inconsistencies.identities import event_conflict
from streams.journeys.touchpoint import Identifier

RULE = "identity_conflict"


def seen(hours, *identifiers, **more):
    named = tuple(Identifier(*each.split(":")) for each in identifiers)
    return changed(touch(hours, "website", "page_viewed", **more), identifiers=named)


FIRST = seen(0, "customer_number:1", "email:a", event_id="first")


def test_two_customer_numbers_are_found():
    [finding] = found(RULE, FIRST, seen(2, "customer_number:2", "email:a", event_id="second"), seen(3, "customer_number:2"))
    assert (finding.founding, finding.subject, finding.opened_at) == (("second",), "identifier:customer_number", at(2))
    assert finding.evidence == ("first", "second")
    assert finding.audience == "channel_team"


def test_each_further_value_is_one():
    assert len(found(RULE, FIRST, seen(2, "customer_number:2"), seen(3, "customer_number:3"), seen(4, "customer_number:1"))) == 2


def test_the_same_again_or_two_addresses_are_none():
    assert found(RULE, FIRST, seen(2, "customer_number:1", "email:b", "phone:1"), seen(3, "phone:2", "login:x")) == []


def test_which_types_are_single_valued_is_a_setting():
    strict = replace(SETTINGS, rules=replace(SETTINGS.rules, single_valued=frozenset({"email"})))
    assert len(found(RULE, FIRST, seen(2, "customer_number:2", "email:b"), settings=strict)) == 1


def test_two_values_in_one_touchpoint():
    [finding] = found(RULE, seen(0, "login:x", "login:y", event_id="both"))
    assert finding.founding == ("both",)


def test_two_contents_under_one_event_id_are_one_finding_whichever_was_refused():
    one, other, third = (changed(seen(hours, event_id="e"), content_hash=hours + 1) for hours in (0, 2, 3))
    rules = SETTINGS.rules
    finding = event_conflict("someone", one, other, rules, SETTINGS.wording)
    assert finding.inconsistency_id == event_conflict("someone", one, third, rules, SETTINGS.wording).inconsistency_id
    assert (finding.subject, finding.audience, finding.opened_at, finding.founding) == ("event:e", "channel_team", at(2), ("e",))
    assert event_conflict("someone", one, other, replace(rules, off=frozenset({RULE})), SETTINGS.wording) is None


def test_a_conflict_that_is_noted_is_told_once_and_goes_with_the_event():
    one, other, third = (changed(seen(hours, event_id="e"), content_hash=hours + 1) for hours in (0, 2, 3))
    held = customer(one)
    held.changed(at(5))
    held.note_conflict(third)
    held.note_conflict(other)
    [finding] = held.changed(at(5)).inconsistencies
    assert finding == event_conflict("someone", one, other, SETTINGS.rules, SETTINGS.wording)
    assert held.changed(at(5)).inconsistencies == ()
    assert held.changed(at(4)).gone_inconsistencies == ()  # time that goes back changes nothing of it
    assert held.results(at(5)).inconsistencies == (finding,)
    held.remove("e")
    assert held.results(at(5)).inconsistencies == ()
    assert held.changed(at(5)).gone_inconsistencies == (finding.inconsistency_id,)
