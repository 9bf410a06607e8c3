"""case_reopened: a case goes from resolved or closed back to open; one per case, with a count."""

from journey_story import at, found, status, touch

from streams.journeys.touchpoint import Complaint

RULE = "case_reopened"


def test_a_closed_case_that_is_open_again_is_found():
    [finding] = found(RULE, status(0, "New"), status(1, "Closed", event_id="done"), status(3, "Active", event_id="back"))
    assert (finding.founding, finding.evidence, finding.count) == (("done",), ("done", "back"), 1)
    assert (finding.status, finding.subject, finding.opened_at) == ("open", "case:7", at(3))
    assert "two hours later" in finding.sentence


def test_it_is_resolved_when_done_again_and_counts_up_when_opened_again():
    story = [status(0, "Resolved"), status(1, "Active"), status(2, "closed", event_id="again")]
    [first] = found(RULE, *story)
    assert (first.status, first.resolved_by, first.count) == ("resolved", "again", 1)
    [second] = found(RULE, *story, status(3, "Active"))
    assert (second.inconsistency_id, second.status, second.count) == (first.inconsistency_id, "open", 2)


def test_staying_open_counts_no_further():
    [finding] = found(RULE, status(0, "Closed"), status(1, "Active"), status(2, "Awaiting"), status(3, "Active"))
    assert (finding.count, finding.opened_at) == (1, at(1))


def test_resolved_then_closed_is_none():
    assert found(RULE, status(0, "Active"), status(1, "Resolved"), status(2, "Closed")) == []


def test_open_statuses_after_each_other_are_none():
    assert found(RULE, status(0, "New"), status(1, "Active"), status(2, "Awaiting User Info")) == []


def test_two_cases_are_two_cases():
    assert found(RULE, status(0, "Closed", case="7"), status(1, "New", case="8")) == []


def test_the_status_of_an_order_is_none_of_a_case():
    from streams.journeys.touchpoint import Statement

    states = [touch(n, "phone", "statement_made", Statement("order:7", "status", v), order="7") for n, v in enumerate(("closed", "open"))]
    assert found(RULE, *states) == []


def test_the_source_s_sequence_decides_within_one_minute():
    assert found(RULE, status(1, "Closed", sequence=2), status(1, "Active", sequence=1)) == []
    assert len(found(RULE, status(1, "Closed", sequence=1), status(1, "Active", sequence=2))) == 1


def test_a_complaint_opened_again_is_one():
    story = [
        touch(n, "phone", f"complaint_{action}", Complaint(action), case="9", event_id=f"c{n}")
        for n, action in enumerate(("opened", "closed", "opened"))
    ]
    [finding] = found(RULE, *story)
    assert finding.founding == ("c1",)
    assert found(RULE, *story[:2]) == []
