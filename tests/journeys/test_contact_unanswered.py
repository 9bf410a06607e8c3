"""contact_unanswered: no answer in the same conversation or case within the norm, counted in opening hours."""

import pytest
from journey_story import at, complained, customer, found, mailed, promised, status, talk, touch, wrote

from streams.journeys.touchpoint import Message, Web

RULE = "contact_unanswered"
MORNING = 11
"""The story starts on Tuesday at 22:13:20; eleven hours later it is Wednesday, 9:13:20."""
MAIL = wrote(MORNING, "M1", case="C1", event_id="mail")


def test_a_mail_without_an_answer_is_found_after_eight_open_hours():
    held = customer(MAIL)
    assert held.results(at(MORNING)).next_deadline == at(MORNING + 24)
    assert held.results(at(MORNING + 24) - 1).inconsistencies == ()
    [finding] = held.results(at(MORNING + 24)).inconsistencies
    assert (finding.founding, finding.subject, finding.status, finding.audience) == (("mail",), "case:C1", "open", "desk")
    assert finding.first_said == "got a message"


def test_a_mail_in_the_weekend_waits_for_monday():
    saturday = MORNING + 3 * 24
    monday_at_five = MORNING + 5 * 24 + 7 + 46 / 60 + 40 / 3600
    assert found(RULE, wrote(saturday, case="C1"), mailed(monday_at_five - 0.1, "service", case="C1")) == []
    [finding] = found(RULE, wrote(saturday, case="C1"))
    assert finding.opened_at == at(monday_at_five)


@pytest.mark.parametrize(
    "answer",
    [
        mailed(MORNING + 5, "service", case="C1"),
        talk(MORNING + 5, "agent_said", case="C1"),
        promised(MORNING + 5, due=100, what="callback", case="C1"),
        status(MORNING + 5, "In progress", "C1"),
        mailed(MORNING + 5, "service", to="M1"),
    ],
)
def test_an_answer_in_the_case_by_any_channel_in_time_is_none(answer):
    assert found(RULE, MAIL, answer) == []


@pytest.mark.parametrize(
    "other",
    [
        mailed(MORNING + 5, "service", case="C2"),
        mailed(MORNING + 5, "marketing", case="C1"),
        talk(MORNING + 5, "customer_said", case="C1"),
        touch(MORNING + 5, "website", "page_viewed", Web("page_viewed"), case="C1"),
    ],
)
def test_what_does_not_answer_it(other):
    assert len(found(RULE, MAIL, other)) == 1


def test_a_late_answer_resolves_it():
    [finding] = found(RULE, MAIL, mailed(MORNING + 26, "service", case="C1"))
    assert (finding.status, finding.resolved_at) == ("resolved", at(MORNING + 26))
    assert "the answer came two hours late" in finding.sentence


def test_a_mail_without_a_case_is_answered_by_its_reply_or_any_mail_of_no_conversation():
    mail = wrote(MORNING, "M1")
    assert len(found(RULE, mail)) == 1
    assert found(RULE, mail, mailed(MORNING + 1, "service", to="M1")) == []
    assert found(RULE, mail, mailed(MORNING + 1, "service")) == []
    assert len(found(RULE, mail, mailed(MORNING + 1, "service", to="M2"))) == 1
    assert len(found(RULE, mail, mailed(MORNING + 1))) == 1


def test_marketing_that_replies_is_an_answer():
    assert found(RULE, MAIL, mailed(MORNING + 1, case="C1", to="M1")) == []


def test_several_mails_about_one_case_are_one_contact():
    [finding] = found(RULE, MAIL, wrote(MORNING + 1, case="C1", event_id="again"))
    assert finding.evidence == ("mail", "again")


def test_after_an_answer_the_next_contact_is_a_new_one():
    story = (MAIL, mailed(MORNING + 1, "service", case="C1"), wrote(MORNING + 2, case="C1", event_id="next"))
    [finding] = found(RULE, *story)
    assert finding.founding == ("next",)


def test_forms_and_complaints_are_contacts_and_a_form_without_a_case_cannot_be_followed():
    form = touch(MORNING, "website", "form_submitted", Web("form_submitted"), case="C1")
    assert len(found(RULE, form)) == 1
    assert found(RULE, touch(MORNING, "website", "form_submitted", Web("form_submitted"))) == []
    [finding] = found(RULE, complained(MORNING))
    assert finding.opened_at == at(MORNING + 48)  # sixteen open hours
    assert found(RULE, complained(MORNING), complained(MORNING + 20, "closed", "email")) == []


def test_a_chat_that_nobody_answers():
    [finding] = found(RULE, talk(MORNING, "started", "chat", queue="chat-service"))
    assert (finding.opened_at, finding.subject) == (at(MORNING + 1 / 6), "queue:chat-service")
    assert found(RULE, talk(MORNING, "started", "chat"), talk(MORNING + 0.1, "answered", "chat")) == []
    assert found(RULE, talk(MORNING, "started", "chat"), talk(MORNING + 0.1, "ended", "chat", outcome="resolved")) == []
    assert len(found(RULE, talk(MORNING, "started", "chat"), talk(MORNING + 0.1, "ended", "chat", outcome="abandoned"))) == 1


def test_a_bot_answers_a_bot_s_chat_only():
    bot = talk(MORNING, "started", "chat", staffed=False)
    said = talk(MORNING + 0.01, "agent_said", "chat", staffed=False)
    assert found(RULE, bot, said) == []
    assert len(found(RULE, talk(MORNING, "queued", "chat"), said)) == 1


@pytest.mark.parametrize(("seconds", "count"), [(10, 0), (11, 1)])
def test_a_call_abandoned_within_ten_seconds_is_none(seconds, count):
    story = (talk(MORNING, "queued"), talk(MORNING + seconds / 3600, "ended", outcome="abandoned"))
    assert len(found(RULE, *story)) == count


def test_a_call_at_night_waits_for_the_morning():
    [finding] = found(RULE, talk(0, "queued"))
    assert finding.opened_at == at(10) - (13 * 60 + 20 - 600) * 1_000_000  # ten past eight


def test_when_the_company_calls_or_writes_it_is_none():
    assert found(RULE, talk(MORNING, "queued", direction="outbound"), mailed(MORNING, "service", case="C1")) == []


def test_a_conversation_that_breaks_is_the_channel_s_failure():
    story = (talk(MORNING, "started", "chat"), talk(MORNING + 0.1, "broken", "chat"))
    called = touch(MORNING + 1, "phone", "conversation_started")
    results = customer(*story, called).results(at(400)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [("channel_failed", (RULE,))]
    assert found(RULE, *story) == []


def test_a_conversation_that_is_passed_on_is_the_handover_s_matter():
    story = (talk(MORNING, "started", "chat"), talk(MORNING + 0.1, "transferred", "chat", to_channel="phone"))
    results = customer(*story).results(at(400)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [("handover_lost", (RULE,))]
    picked = customer(*story, talk(MORNING + 0.2, "picked_up"), talk(MORNING + 0.3, "ended", outcome="resolved"))
    assert picked.results(at(400)).inconsistencies == ()


def test_a_reply_of_the_customer_is_a_contact():
    reply = touch(MORNING, "email", "message_replied", Message("replied", id="M2"), conversation="V")
    assert len(found(RULE, reply)) == 1
    assert found(RULE, reply, mailed(MORNING + 1, "service", conversation="V")) == []
