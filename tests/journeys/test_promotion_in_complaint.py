"""promotion_in_complaint: a marketing message pushed while a complaint is open."""

import pytest
from journey_story import at, complained, found, mailed, shown, status

RULE = "promotion_in_complaint"
COMPLAINT = complained(0, event_id="complaint")


def test_a_newsletter_while_a_complaint_is_open_is_found():
    [finding] = found(RULE, COMPLAINT, mailed(50, event_id="mail"))
    assert (finding.founding, finding.subject, finding.opened_at) == (("complaint", "mail"), "case:C", at(50))
    assert finding.status == "open"


@pytest.mark.parametrize("purpose", ["service", "transactional", ""])
def test_the_answer_to_the_complaint_is_none(purpose):
    assert found(RULE, COMPLAINT, mailed(50, purpose, case="C")) == []


def test_a_banner_is_none():
    assert found(RULE, COMPLAINT, shown(50, purpose="marketing")) == []


def test_before_it_and_after_it_is_none():
    assert found(RULE, mailed(-1), COMPLAINT, complained(40, "closed"), mailed(50)) == []
    assert found(RULE, COMPLAINT, status(40, "Resolved", "C"), mailed(50)) == []


def test_closing_another_complaint_does_not_close_it():
    assert len(found(RULE, COMPLAINT, complained(0, case="D"), complained(40, "closed", case="D"), mailed(50))) == 1


def test_it_is_one_per_complaint_with_a_count_and_closes_with_it():
    [finding] = found(RULE, COMPLAINT, mailed(50), mailed(60), complained(70, "closed"))
    assert (finding.count, finding.status, finding.resolved_at) == (2, "resolved", at(70))


def test_one_that_nobody_closes_ends_by_itself():
    assert found(RULE, COMPLAINT, mailed(91 * 24)) == []
