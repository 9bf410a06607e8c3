"""When a finding that two facts decide is told: at once where time is near, with the watermark in a backlog."""

import pytest
from journey_story import MINUTE, at, customer, found, refused, shown, status, talk

RULE = "offer_unknown"
DENIED = (shown(0, event_id="seen"), refused(2, event_id="no"))
NEAR = 2 - 59 / 3600
FAR = 2 - 61 / 3600


def test_while_time_is_near_it_is_told_before_the_watermark_reaches_it():
    [finding] = found(RULE, *DENIED, now=NEAR)
    assert finding.opened_at == at(2)


def test_in_a_backlog_it_waits():
    assert found(RULE, *DENIED, now=FAR) == []


def test_it_is_due_as_soon_as_time_is_near():
    results = customer(*DENIED).changed(at(FAR))
    assert results.next_deadline == at(2) - MINUTE
    [finding] = customer(*DENIED).changed(results.next_deadline).inconsistencies
    assert finding.evidence == ("seen", "no")


def test_what_comes_late_in_a_backlog_leaves_no_retraction():
    held = customer(*DENIED)
    assert held.changed(at(FAR)).inconsistencies == ()
    held.add(shown(1, action="withdrawn", channel="email"))
    results = held.changed(at(3))
    assert (results.inconsistencies, results.gone_inconsistencies) == ((), ())


def test_an_earlier_showing_that_comes_late_leaves_no_retraction():
    held = customer(*DENIED)
    assert held.changed(at(FAR)).inconsistencies == ()
    held.add(shown(-5, channel="email", event_id="first"))
    results = held.changed(at(3))
    assert [each.evidence for each in results.inconsistencies] == [("first", "no")]
    assert results.gone_inconsistencies == ()


@pytest.mark.parametrize(
    ("rule", "story"),
    [
        ("case_reopened", (status(0, "closed"), status(2, "open"))),
        ("channel_failed", (talk(1.5, "started"), talk(1.6, "broken"), talk(2, "started", "chat", "W"))),
    ],
)
def test_it_is_so_for_every_rule_that_two_facts_decide(rule, story):
    assert len(found(rule, *story, now=NEAR)) == 1
    assert found(rule, *story, now=FAR) == []
