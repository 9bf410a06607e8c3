"""contact_after_opt_out: marketing by the company, in a purpose and channel withdrawn at least a day before."""

import pytest
from journey_story import at, consented, found, mailed, shown, talk

RULE = "contact_after_opt_out"
OUT = consented(0, event_id="out", channels=("email",))


def test_a_newsletter_after_the_withdrawal_is_found():
    [finding] = found(RULE, OUT, mailed(200, campaign="SPRING", event_id="mail"))
    assert (finding.founding, finding.subject, finding.severity, finding.opened_at) == (
        ("out", "mail"),
        "channel:email",
        "critical",
        at(200),
    )
    assert "campaign SPRING" in finding.sentence
    assert "eight days after the customer had withdrawn" in finding.sentence


@pytest.mark.parametrize(("hours", "count"), [(23.9, 0), (24, 1)])
def test_a_day_is_given_to_carry_it_out(hours, count):
    assert len(found(RULE, OUT, mailed(hours))) == count


@pytest.mark.parametrize("purpose", ["service", "transactional", ""])
def test_other_purposes_are_none(purpose):
    assert found(RULE, OUT, mailed(200, purpose)) == []


def test_replies_are_none():
    assert found(RULE, OUT, mailed(200, to="M1")) == []
    assert found(RULE, OUT, talk(199, "customer_said", "email"), mailed(200, conversation="V")) == []


def test_another_channel_is_none_and_no_channel_means_all():
    assert found(RULE, OUT, mailed(200, channel="app")) == []
    assert len(found(RULE, consented(0), mailed(200, channel="app"))) == 1
    assert len(found(RULE, consented(0, purpose=""), mailed(200))) == 1
    assert found(RULE, consented(0, purpose="profiling"), mailed(200)) == []


def test_given_again_it_is_none():
    assert found(RULE, OUT, consented(100, "given", channels=("email",)), mailed(200)) == []
    assert found(RULE, OUT, consented(100, "given"), mailed(200)) == []
    assert found(RULE, consented(0), consented(100, "given", channels=("email",)), mailed(200)) == []


def test_given_again_afterwards_it_is_resolved():
    [finding] = found(RULE, OUT, mailed(200), consented(300, "given", channels=("email",)))
    assert (finding.status, finding.resolved_at) == ("resolved", at(300))


def test_a_withdrawal_that_is_repeated_counts_from_the_first():
    assert len(found(RULE, OUT, consented(190, channels=("email",)), mailed(200))) == 1
    assert len(found(RULE, OUT, consented(190), mailed(200))) == 1


def test_it_is_one_per_channel_with_a_count():
    findings = found(RULE, consented(0), mailed(100), mailed(200), mailed(300, channel="app"))
    assert [(each.second_channel, each.count) for each in findings] == [("email", 2), ("app", 1)]


def test_a_banner_is_none_and_an_offer_by_mail_is_not():
    assert found(RULE, consented(0), shown(200, purpose="marketing")) == []
    assert len(found(RULE, consented(0), shown(200, channel="email", purpose="marketing"))) == 1
    assert found(RULE, consented(0), shown(200, channel="email", purpose="service")) == []
