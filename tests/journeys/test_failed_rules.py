"""A rule that raises on one touchpoint is done with for that customer: it is marked, what it said is taken back, the others go on."""

import pytest
from journey_story import LATER, SETTINGS, at, consented, customer, mailed, promised

from streams.journeys.inconsistencies.pushes import ContactAfterOptOut

OUT = consented(0, channels=("email",))
STORY = (OUT, promised(1, due=10), mailed(100, event_id="first"), mailed(200, campaign="BAD", event_id="bad"), mailed(300))


@pytest.fixture
def _breaks(monkeypatch):
    """contact_after_opt_out cannot cope with the campaign BAD."""
    observe = ContactAfterOptOut.observe

    def breaking(self, scene):
        if any(each.campaign == "BAD" for each in scene.touchpoint.messages):
            raise KeyError("something personal")
        observe(self, scene)

    monkeypatch.setattr(ContactAfterOptOut, "observe", breaking)


@pytest.mark.usefixtures("_breaks")
def test_it_is_marked_and_what_it_said_is_taken_back_and_the_others_go_on():
    held = customer(*STORY[:3])
    changed = held.changed(LATER)
    assert {each.rule for each in changed.inconsistencies} == {"contact_after_opt_out", "promise_broken"}
    assert held.failed_rules == {}
    held.add(STORY[3])
    held.add(STORY[4])
    gone = held.changed(LATER).gone_inconsistencies
    assert len(gone) == 1
    assert [each.rule for each in held.results(LATER).inconsistencies] == ["promise_broken"]
    assert {rule: (each.event_id, each.error) for rule, each in held.failed_rules.items()} == {"contact_after_opt_out": ("bad", "KeyError")}


@pytest.mark.usefixtures("_breaks")
def test_it_is_the_same_in_any_order_and_another_customer_is_not_touched():
    told = customer(*STORY).results(LATER)
    assert customer(*reversed(STORY)).results(LATER) == told
    other = customer(*STORY[:3]).results(LATER)
    assert "contact_after_opt_out" in {each.rule for each in other.inconsistencies}


def test_without_a_mistake_there_is_none():
    assert customer(*STORY, settings=SETTINGS).results(at(400)).inconsistencies
    held = customer(*STORY)
    held.results(at(400))
    assert held.failed_rules == {}


def test_a_sentence_that_cannot_be_made_leaves_the_two_sides(monkeypatch):
    monkeypatch.setattr(ContactAfterOptOut, "tell", lambda _self, suspicion: suspicion.told["nothing"])
    [finding] = customer(*STORY[:1], STORY[2]).results(at(400)).inconsistencies
    assert finding.sentence == "The website was told that the customer wants no marketing; The e-mail sent marketing."
