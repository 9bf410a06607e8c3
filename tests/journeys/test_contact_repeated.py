"""contact_repeated: inbound, within seven days of resolved: same case, else same order, else same topic and product."""

import pytest
from journey_story import at, complained, customer, found, mailed, status, talk, touch, wrote

RULE = "contact_repeated"


def solved(hours=1, conversation="V", **about):
    return [
        talk(hours - 0.1, "started", conversation=conversation, **about),
        talk(hours, "ended", conversation=conversation, outcome="resolved", event_id=f"solved{conversation}{hours}", **about),
    ]


def test_the_same_order_is_found():
    [finding] = found(RULE, *solved(order="O1"), talk(50, "started", "chat", "W", order="O1", event_id="back"))
    assert (finding.founding, finding.subject, finding.opened_at) == (("solvedV1",), "order:O1", at(50))
    assert finding.evidence == ("solvedV1", "back")
    assert "two days later the customer came back about it through the chat" in finding.sentence


def test_the_same_case_is_found_by_mail_too():
    assert len(found(RULE, status(0, "Resolved", "C1"), wrote(50, case="C1"))) == 1
    assert len(found(RULE, complained(0), complained(1, "closed"), wrote(50, case="C"))) == 1


def test_else_the_same_topic_and_product():
    first = [talk(0, "customer_said", topic="repair", product="P1"), *solved(product="P1")]
    assert len(found(RULE, *first, talk(50, "customer_said", "chat", "W", topic="repair", product="P1"))) == 1
    assert found(RULE, *first, talk(50, "customer_said", "chat", "W", topic="repair", product="P2")) == []
    assert found(RULE, *first, talk(50, "customer_said", "chat", "W", topic="invoice", product="P1")) == []
    assert found(RULE, *first, talk(50, "customer_said", "chat", "W", topic="repair")) == []


def test_another_order_decides_against_topic_and_product():
    first = [talk(0, "customer_said", topic="repair", product="P1", order="O1"), *solved(product="P1", order="O1")]
    assert found(RULE, *first, talk(50, "customer_said", "chat", "W", topic="repair", product="P1", order="O2")) == []


def test_what_comes_up_later_in_the_conversation_counts():
    story = [*solved(order="O1"), talk(50, "started", "chat", "W"), talk(50.1, "customer_said", "chat", "W", order="O1")]
    assert len(found(RULE, *story)) == 1


@pytest.mark.parametrize(("hours", "count"), [(169, 1), (169.1, 0)])
def test_within_seven_days(hours, count):
    assert len(found(RULE, *solved(order="O1"), talk(hours, "started", "chat", "W", order="O1"))) == count


def test_a_contact_that_had_begun_before_and_the_end_of_the_same_are_none():
    running = talk(0.5, "started", "chat", "W", order="O1")
    assert found(RULE, running, *solved(order="O1"), talk(2, "customer_said", "chat", "W", order="O1")) == []
    assert found(RULE, *solved(order="O1"), talk(1.1, "customer_said", order="O1")) == []


def test_what_is_no_contact_or_not_the_customer_s_is_none():
    story = solved(order="O1", case="C1")
    assert found(RULE, *story, talk(50, "started", "phone", "W", direction="outbound", order="O1")) == []
    assert found(RULE, *story, mailed(50, "service", case="C1"), touch(51, "survey", "rating_given", case="C1")) == []


def test_unresolved_is_none():
    assert found(RULE, talk(0, "ended", outcome="unresolved", order="O1"), talk(50, "started", "chat", "W", order="O1")) == []


def test_it_is_one_per_resolution_with_a_count_and_resolved_in_the_end():
    story = [*solved(order="O1"), talk(50, "started", "chat", "W", order="O1"), talk(60, "started", "phone", "X", order="O1")]
    [finding] = found(RULE, *story)
    assert (finding.count, finding.status) == (2, "open")
    [finding] = found(RULE, *story, talk(61, "ended", "phone", "X", outcome="resolved"))
    assert (finding.status, finding.resolved_at) == ("resolved", at(61))


def test_a_case_that_is_opened_again_is_the_stronger():
    story = (status(0, "Resolved", "C1"), status(10, "Closed", "C1"), talk(50, "started", "phone", "W", case="C1"))
    assert [each.rule for each in customer(*story).results(at(51)).inconsistencies] == [RULE]
    results = customer(*story, status(52, "Active", "C1")).results(at(60)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [("case_reopened", (RULE,))]
    reopened = (status(0, "Resolved", "C1"), status(1, "Active", "C1"), talk(50, "started", "phone", "W", case="C1"))
    assert [each.rule for each in customer(*reopened).results(at(60)).inconsistencies] == ["case_reopened"]
    results = customer(complained(0), complained(1, "closed"), complained(50)).results(at(50)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [("case_reopened", (RULE,))]
