"""Beside the company's own channels: what is seen, searched, read and written there is part of journeys, and no contact with it."""

import pytest
from journey_story import LATER, at, complained, customer, found, ordered, shown, talk, touch, wrote

from streams.journeys.touchpoint import Indirect, Offer, Rating, Web


def around(hours, kind, channel="", **said):
    where = channel or {"adv": "advertisement", "sea": "search", "res": "search"}.get(kind[:3], "review")
    return touch(hours, where, kind, Indirect(kind, **said), content=said.get("review", ""))


def rows(*touchpoints, now=None):
    return customer(*touchpoints).results(LATER if now is None else at(now)).journeys


def page(hours, **more):
    return touch(hours, "website", "page_viewed", Web("page_viewed"), **more)


def test_a_journey_counts_what_was_no_contact_with_the_company():
    [row] = rows(
        around(0, "advertisement_clicked", campaign="spring"),
        page(1),
        around(2, "review_read", review="R1"),
        around(3, "review_read", "social", review="R2"),
        around(4, "searched"),
        touch(5, "website", "searched", Web("searched")),
        now=6,
    )
    assert (row.touchpoints, row.indirect_touchpoints) == (6, 4)
    assert (row.phases, row.channels) == (("awareness", "consideration"), ("advertisement", "website", "review", "social", "search"))


def test_an_advertisement_that_was_only_seen_starts_nothing_and_belongs_to_who_is_looking_around():
    assert rows(around(0, "advertisement_seen")) == ()
    [row] = rows(page(0), around(1, "advertisement_seen"), now=2)
    assert [moment.step for moment in row.moments] == ["searched", "noticed"]


@pytest.mark.parametrize("kind", ["advertisement_clicked", "searched", "result_clicked", "review_read", "recommendation_heard"])
def test_who_follows_up_what_he_saw_or_heard_begins_to_look_around(kind):
    [row] = rows(around(0, kind), now=1)
    assert (row.process, row.status) == ("orientation", "open")


@pytest.mark.parametrize("kind", ["review_written", "recommended"])
def test_what_a_customer_tells_others_after_a_purchase_is_loyalty(kind):
    told = touch(200, "review", kind, Indirect(kind, review="R1", product="lamp"), order="1")
    [row] = rows(ordered(0), ordered(100, "delivered"), told)
    assert (row.process, row.status, row.phase, row.last_step) == ("purchase", "completed", "loyalty", "reviewed")


def test_a_review_without_an_order_finds_the_purchase_of_its_product():
    told = touch(200, "review", "review_written", Indirect("review_written", review="R1", product="lamp"))
    [row] = rows(ordered(0, lines=(("lamp",),)), ordered(100, "delivered"), told)
    assert row.last_step == "reviewed"


def test_a_review_of_something_that_was_never_bought_here_is_no_journey():
    assert rows(around(0, "review_written", review="R1", product="lamp")) == ()


@pytest.mark.parametrize("kind", ["searched", "review_read", "advertisement_clicked"])
def test_who_searches_or_reads_elsewhere_after_a_failure_has_not_turned_to_another_channel_of_ours(kind):
    error = touch(0, "website", "error_shown", Web("error_shown", step="payment", blocking=True, goal=True))
    assert found("channel_failed", error, around(0.5, kind), ordered(1)) == []
    assert len(found("channel_failed", error, talk(0.5, "started"), ordered(1))) == 1


def test_an_advertisement_renders_its_offer_anew():
    mailed = shown(0, channel="email", valid_until=48)
    late = touch(72, "advertisement", "advertisement_seen", Indirect("advertisement_seen"), Offer("O", "shown"), offer="O")
    [finding] = found("offer_expired_shown", mailed, late)
    assert finding.second_channel == "advertisement"


def test_a_score_given_where_reviews_are_written_is_of_no_channel():
    low = touch(48, "review", "rating_given", Rating("CSAT", 1))
    store = touch(0, "survey", "rating_given", Rating("CSAT", 5, of_channel="store"))
    assert found("satisfaction_dropped", store, low) == []
    assert len(found("satisfaction_dropped", store, touch(48, "social", "rating_given", Rating("CSAT", 1)))) == 1


WEDNESDAY_MORNING = 11
"""The story starts on Tuesday at 22:13:20."""


def test_a_post_that_turns_to_the_company_waits_an_hour_for_its_answer():
    [finding] = found("contact_unanswered", wrote(WEDNESDAY_MORNING, "M1", "social", case="C1"))
    assert finding.opened_at == at(WEDNESDAY_MORNING + 1)
    assert "Social media" in finding.sentence
    [late] = found("contact_unanswered", wrote(-1, "M1", "social", case="C1"))  # 21:13:20; they answer from 8:00 until 22:00
    assert late.opened_at == at(10)


def test_a_complaint_in_social_media_is_a_complaint():
    [finding] = found("contact_unanswered", complained(WEDNESDAY_MORNING, channel="social"))
    assert finding.first_channel == "social"
