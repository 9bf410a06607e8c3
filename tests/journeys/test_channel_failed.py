"""channel_failed: it broke or blocked, and the customer turned elsewhere within 2 h or reached no goal within 24 h."""

import pytest
from journey_story import at, customer, found, ordered, talk, touch

from streams.journeys.touchpoint import Rating, Visit, Web

RULE = "channel_failed"


def broke(hours=0, **more):
    return talk(hours, "broken", channel="chat", conversation="C", **{"event_id": "broke", **more})


def error(hours=0, *, blocking=True, goal=True, channel="website", event_id="error"):
    return touch(
        hours, channel, "error_shown", Web("error_shown", step="payment", code="E7", blocking=blocking, goal=goal), event_id=event_id
    )


@pytest.mark.parametrize("failed", [broke(), error()], ids=["conversation", "error"])
def test_turning_elsewhere_within_two_hours_is_found_at_once(failed):
    [finding] = found(RULE, failed, talk(0.5, "started", event_id="call"), now=0.5)
    assert (finding.founding, finding.opened_at, finding.second_channel) == ((failed.event_id,), at(0.5), "phone")
    assert finding.evidence == (failed.event_id, "call")
    assert "30 minutes later" in finding.sentence


@pytest.mark.parametrize("failed", [broke(), error()], ids=["conversation", "error"])
def test_no_goal_within_a_day_is_found_when_the_day_is_over(failed):
    held = customer(failed)
    assert held.results(at(24) - 1).inconsistencies == ()
    assert held.results(at(23)).next_deadline == at(24)
    [finding] = held.results(at(24)).inconsistencies
    assert (finding.status, finding.opened_at) == ("open", at(24))


def test_the_goal_in_the_same_channel_within_the_day_is_none():
    assert found(RULE, error(), ordered(23)) == []
    assert found(RULE, broke(), talk(1, "ended", channel="chat", conversation="D", outcome="resolved")) == []


def test_elsewhere_only_after_the_goal_is_none():
    assert found(RULE, error(), ordered(0.5), talk(1, "started")) == []


def test_elsewhere_after_two_hours_and_the_goal_within_the_day_is_none():
    assert found(RULE, error(), talk(2, "started"), ordered(20)) == []


@pytest.mark.parametrize("error_that_is_none", [error(blocking=False), error(goal=False)])
def test_an_error_that_does_not_block_or_not_on_the_way_to_a_goal_is_none(error_that_is_none):
    assert found(RULE, error_that_is_none, talk(0.5, "started")) == []


@pytest.mark.parametrize(
    "passive",
    [
        touch(0.5, "email", "message_opened"),
        touch(0.5, "survey", "rating_given"),
        talk(0.5, "started", direction="outbound"),
        talk(0.5, "started", channel="chat", conversation="C2"),
    ],
    ids=["an old mail", "a rating", "the company calls", "the same channel"],
)
def test_what_is_no_turning_elsewhere(passive):
    assert found(RULE, broke(), passive, ordered(5)) == []


def test_the_goal_reached_elsewhere_resolves_it():
    [finding] = found(RULE, error(), touch(1, "store", "bought", Visit("bought"), event_id="got it"))
    assert (finding.status, finding.resolved_by, finding.second_channel) == ("resolved", "got it", "store")


def test_the_goal_reached_too_late_resolves_it():
    [finding] = found(RULE, error(), ordered(30, event_id="late"))
    assert (finding.status, finding.opened_at, finding.resolved_by) == ("resolved", at(24), "late")


def test_trying_again_in_vain_is_the_same_failure():
    [finding] = found(RULE, error(), error(3, event_id="again"), talk(4.5, "started"))
    assert (finding.founding, finding.count, finding.opened_at) == (("error",), 2, at(4.5))


@pytest.mark.parametrize(
    "good",
    [
        touch(-48, "store", "rating_given", Rating("CSAT", 5)),
        touch(-48, "survey", "rating_given", Rating("NPS", 9, of_channel="store")),
        touch(-48, "store", "bought", Visit("bought")),
    ],
)
def test_it_is_worse_after_a_good_moment_elsewhere(good):
    [finding] = found(RULE, good, broke())
    assert finding.severity == "critical"
    assert good.event_id in finding.evidence
    assert "two days before, the store had gone well" in finding.sentence


@pytest.mark.parametrize(
    "other",
    [
        touch(-8 * 24, "store", "rating_given", Rating("CSAT", 5)),
        touch(-48, "store", "rating_given", Rating("CSAT", 3)),
        touch(-48, "store", "rating_given", Rating("NPS", 8)),
        touch(-48, "chat", "rating_given", Rating("CSAT", 5)),
        touch(-48, "survey", "rating_given", Rating("CSAT", 5, of_channel="chat")),
    ],
)
def test_a_poor_an_old_or_the_same_channel_s_moment_makes_it_no_worse(other):
    [finding] = found(RULE, other, broke())
    assert finding.severity == "warning"
