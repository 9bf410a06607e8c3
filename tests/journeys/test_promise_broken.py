"""promise_broken: due time passed by the watermark without its being kept, moved or withdrawn."""

from dataclasses import replace

from journey_story import SETTINGS, at, customer, found, ordered, promised

from streams.journeys.customer import Customer
from streams.journeys.knowledge import Knowledge

RULE = "promise_broken"


def test_a_promise_whose_time_has_passed_is_broken():
    [finding] = found(RULE, promised(0, due=10, event_id="made"), now=10)
    assert (finding.status, finding.opened_at, finding.founding, finding.evidence) == ("open", at(10), ("made",), ("made",))
    assert "promised delivery" in finding.sentence
    assert finding.remedy


def test_before_its_time_it_is_not_broken_and_the_deadline_is_known():
    held = customer(promised(0, due=10))
    results = held.results(at(10) - 1)
    assert results.inconsistencies == ()
    assert results.next_deadline == at(10)


def test_kept_late_it_is_the_same_finding_resolved():
    made = promised(0, due=10, event_id="made")
    [broken] = found(RULE, made, now=11)
    [kept] = found(RULE, made, promised(13, "kept", event_id="kept"))
    assert kept.inconsistency_id == broken.inconsistency_id
    assert (kept.status, kept.resolved_at, kept.resolved_by, kept.evidence) == ("resolved", at(13), "kept", ("made", "kept"))
    assert "three hours late" in kept.sentence


def test_kept_at_the_last_moment_it_is_none():
    assert found(RULE, promised(0, due=10), promised(10 - 1e-6, "kept")) == []


def test_kept_at_the_due_moment_it_is_late():
    [finding] = found(RULE, promised(0, due=10), promised(10, "kept"))
    assert finding.status == "resolved"


def test_moved_in_time_the_new_time_counts():
    story = (promised(0, due=10), promised(9, "moved", due=20))
    assert found(RULE, *story, now=19) == []
    [finding] = found(RULE, *story, now=20)
    assert finding.opened_at == at(20)


def test_moved_too_late_it_stays_broken_until_it_is_kept():
    story = (promised(0, due=10), promised(11, "moved", due=20))
    [finding] = found(RULE, *story, now=12)
    assert (finding.status, finding.opened_at) == ("open", at(10))
    [finding] = found(RULE, *story, promised(15, "kept"))
    assert finding.status == "resolved"


def test_withdrawn_in_time_it_is_none():
    assert found(RULE, promised(0, due=10), promised(9, "withdrawn")) == []


def test_withdrawn_too_late_it_is_resolved_by_that():
    [finding] = found(RULE, promised(0, due=10), promised(12, "withdrawn"))
    assert finding.status == "resolved"
    assert "withdrawn" in finding.sentence


def test_a_cancelled_order_withdraws_its_delivery_but_not_its_refund():
    story = (promised(0, due=10, order="1"), promised(1, due=12, promise="R", what="refund", order="1"), ordered(2, "cancelled"))
    [finding] = found(RULE, *story)
    assert finding.subject == "promise:R"


def test_the_cancellation_of_another_order_withdraws_nothing():
    [finding] = found(RULE, promised(0, due=10, order="1"), ordered(2, "cancelled", order="2"))
    assert finding.status == "open"


def test_a_delivery_keeps_the_promise_of_its_order():
    assert found(RULE, promised(0, due=10, order="1"), ordered(9, "delivered")) == []


def test_without_a_due_time_nothing_is_broken_until_one_is_given():
    assert found(RULE, promised(0)) == []
    assert customer(promised(0)).results(at(1)).next_deadline is None
    [finding] = found(RULE, promised(0), promised(1, "moved", due=5))
    assert finding.opened_at == at(5)


def test_news_of_keeping_that_comes_late_takes_the_finding_back():
    held = customer(promised(0, due=10))
    [finding] = held.changed(at(11)).inconsistencies
    held.add(promised(9, "kept"))
    assert held.changed(at(12)).gone_inconsistencies == (finding.inconsistency_id,)


def test_what_was_kept_may_be_promised_anew():
    story = (promised(0, due=10), promised(5, "kept"), promised(20, due=30, event_id="again"))
    [finding] = found(RULE, *story)
    assert finding.founding == ("again",)


def test_when_the_news_of_keeping_is_taken_back_it_is_broken_after_all():
    held = Customer("someone", replace(SETTINGS, snapshot_every=1), Knowledge())
    for touchpoint in (promised(0, due=10), promised(9, "kept", event_id="kept")):
        held.add(touchpoint)
    assert held.changed(at(11)).inconsistencies == ()
    held.remove("kept")
    assert [each.rule for each in held.changed(at(11)).inconsistencies] == [RULE]


def test_time_alone_reports_it_at_its_very_deadline():
    held = customer(promised(0, due=10))
    assert held.changed(at(10) - 1).inconsistencies == ()
    assert [each.rule for each in held.changed(at(10)).inconsistencies] == [RULE]
