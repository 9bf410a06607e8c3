"""satisfaction_dropped: same scale, other channel, within thirty days: down by 2 of CSAT, 4 of NPS, 3 of CES."""

import pytest
from journey_story import at, found, talk, touch

from streams.journeys.touchpoint import Rating

RULE = "satisfaction_dropped"


def rated(hours, score, of_channel="", scale="CSAT", *, channel="survey", reference="", **more):
    return touch(hours, channel, "rating_given", Rating(scale, score, of_channel=of_channel, of_reference=reference), **more)


GOOD = rated(0, 5, "store", event_id="good")


@pytest.mark.parametrize(("scale", "high", "low", "less"), [("CSAT", 5, 3, 4), ("NPS", 9, 5, 6), ("CES", 7, 4, 5)])
def test_the_drops_of_each_scale(scale, high, low, less):
    first = rated(0, high, "store", scale, event_id="good")
    [finding] = found(RULE, first, rated(300, low, "chat", scale, event_id="bad"))
    assert (finding.founding, finding.subject, finding.opened_at) == (("good", "bad"), "channel:chat", at(300))
    assert (finding.first_channel, finding.second_channel) == ("store", "chat")
    assert found(RULE, first, rated(300, less, "chat", scale)) == []


@pytest.mark.parametrize(
    "second",
    [rated(300, 2, "store"), rated(300, 2, "chat", "CES"), rated(721, 2, "chat"), rated(300, 2)],
    ids=["same channel", "other scale", "too late", "nobody can say of which channel"],
)
def test_none(second):
    assert found(RULE, GOOD, second) == []


def test_a_rise_is_none():
    assert found(RULE, rated(0, 2, "chat"), rated(300, 5, "store")) == []


def test_the_last_score_of_a_channel_counts():
    assert found(RULE, GOOD, rated(100, 3, "store"), rated(300, 2, "chat")) == []


def test_the_channel_may_be_that_of_the_conversation_or_that_in_which_it_was_given():
    chat = talk(1, "started", "chat")
    assert len(found(RULE, GOOD, chat, rated(300, 2, reference="conversation:V"))) == 1
    assert len(found(RULE, GOOD, rated(300, 2, channel="chat"))) == 1


def test_low_scores_count_up_until_it_is_rated_well():
    [finding] = found(RULE, GOOD, rated(300, 2, "chat"), rated(310, 1, "chat"))
    assert (finding.count, finding.status) == (2, "open")
    [finding] = found(RULE, GOOD, rated(300, 2, "chat"), rated(310, 4, "chat"))
    assert (finding.status, finding.resolved_at) == ("resolved", at(310))
