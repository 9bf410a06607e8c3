"""Stories about customers who wait for an answer.

The rule: a chat started, call queued, message received or replied, form submitted or complaint opened, not answered in the
same conversation or case by any channel within the norm, counted in opening hours; a call abandoned within 10 s is none; a
broken conversation is channel_failed. The stories know no norm: what is not answered is not answered at all.
"""

from typing import Final

from streams.simulation import scenes
from streams.simulation.clock import DAY, HOUR, SECOND
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import WORKING_DAYS, Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "contact_unanswered"
LAST_DAY: Final = 14
"""Two weeks are left, longer than any norm."""
FRIDAY: Final = 4


def _mails(telling: Telling, at: int, number: str, kind: str = "message_received") -> str:
    """The customer writes; gives the event id."""
    message = {"id": telling.diary.number("MAIL"), "purpose": "service"}
    return telling.diary.note(at, "email", kind, about={"conversation": number}, message=message)


def _answered(telling: Telling, at: int, number: str) -> None:
    """The company writes in the same thread."""
    message = {"id": telling.diary.number("MAIL"), "purpose": "service"}
    telling.diary.note(at, "email", "message_sent", about={"conversation": number}, message=message)


def _no_reply(telling: Telling, kind: str) -> None:
    number = telling.diary.number("TALK")
    at = telling.time(0, 9)
    if kind == "message_replied":
        _answered(telling, at - HOUR, number)
    event = _mails(telling, at, number, kind)
    telling.raises(f"conversation:{number}", event, at=at + DAY, status=EITHER)


def _mail_unanswered(telling: Telling) -> None:
    _no_reply(telling, "message_received")


def _reply_unanswered(telling: Telling) -> None:
    _no_reply(telling, "message_replied")


def _chat_unanswered(telling: Telling) -> None:
    chat = Conversation(telling.diary, telling.time(0, 10), "chat", "invoice")
    at = chat.at
    start = chat.moment("conversation_started", queue="chat-service")
    chat.moment("customer_said", topic="invoice")
    telling.raises(f"conversation:{chat.number}", start, at=at + DAY, status=EITHER)


def _queued_in_vain(telling: Telling) -> None:
    call = Conversation(telling.diary, telling.time(0, 10), "phone", "invoice")
    at = call.at
    start = call.moment("conversation_started", queue="phone-service")
    queued = call.moment("conversation_queued", queue="phone-service")
    call.pause(45 * 60, 60 * 60)
    call.end("abandoned")
    telling.raises(f"conversation:{call.number}", start, queued, at=at + HOUR, status=EITHER)


def _form_unanswered(telling: Telling) -> None:
    case = telling.diary.number("CASE")
    at = telling.time(0, 10)
    event = telling.diary.note(at, "website", "form_submitted", about={"case": case}, web={"page": "/contact", "form": "contact"})
    telling.raises(f"case:{case}", event, at=at + DAY, status=EITHER)


def _complaint_unanswered(telling: Telling) -> None:
    case = telling.diary.number("CASE")
    at = telling.time(0, 10)
    event = telling.diary.note(at, "website", "complaint_opened", about={"case": case}, complaint={"topic": "damaged"})
    telling.raises(f"case:{case}", event, at=at + DAY, status=EITHER)


def _weekend_mail(telling: Telling) -> None:
    weekday = (telling.day // DAY + 3) % 7  # 1 January 1970 was a Thursday
    friday = (FRIDAY - weekday) % 7
    number = telling.diary.number("TALK")
    _mails(telling, telling.time(friday, 17), number)
    _answered(telling, telling.time(friday + 3, 8), number)


def _answered_within_the_hour(telling: Telling) -> None:
    number = telling.diary.number("TALK")
    at = telling.time(0, 10)
    _mails(telling, at, number)
    _answered(telling, scenes.soon(telling.diary, at), number)


def _answered_by_phone(telling: Telling) -> None:
    case = telling.diary.number("CASE")
    at = telling.time(0, 9)
    telling.diary.note(at, "website", "form_submitted", about={"case": case}, web={"page": "/contact", "form": "contact"})
    call = Conversation(telling.diary, scenes.soon(telling.diary, at), "phone", "repair", case=case)
    call.begin(direction="outbound")
    call.moment("agent_said", topic="repair")
    call.end(scenes.RESOLVED)


def _complaint_at_night(telling: Telling) -> None:
    case = telling.diary.number("CASE")
    telling.diary.note(telling.time(0, 21), "website", "complaint_opened", about={"case": case}, complaint={"topic": "damaged"})
    at = telling.time(1, 8)
    scenes.service_mail(telling.diary, at, case=case)
    telling.diary.note(at + 4 * HOUR, "email", "complaint_closed", about={"case": case}, complaint={"topic": "damaged"})


def _hung_up(telling: Telling) -> None:
    call = Conversation(telling.diary, telling.time(0, 10), "phone", "invoice")
    start = call.at
    call.moment("conversation_started", queue="phone-service")
    call.at = start + 2 * SECOND
    call.moment("conversation_queued", queue="phone-service")
    call.at = start + telling.random.randrange(4, 9) * SECOND
    call.end("abandoned")


def _answered_at_once(telling: Telling) -> None:
    scenes.helped(telling.diary, telling.time(0, 11), "chat", "invoice")


def _bot_answers(telling: Telling) -> None:
    scenes.helped(telling.diary, telling.time(0, 22), "chat", "invoice", staffed=False)


def _mail_from_the_company(telling: Telling) -> None:
    _answered(telling, telling.time(0, 10), telling.diary.number("TALK"))


STORIES: Final = (
    Story(
        "mail_without_an_answer",
        RULE,
        1,
        "The customer writes a mail; nobody ever answers.",
        "A message received, not answered within any norm.",
        _mail_unanswered,
        last_day=LAST_DAY,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "reply_without_an_answer",
        RULE,
        1,
        "The customer replies to a mail from the company; nobody answers that.",
        "A message replied; what the company wrote before is no answer to it.",
        _reply_unanswered,
        last_day=LAST_DAY,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "chat_without_an_answer",
        RULE,
        1,
        "The customer starts a chat and says what it is about; nobody answers.",
        "A chat started, never answered.",
        _chat_unanswered,
        last_day=LAST_DAY,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "queued_in_vain",
        RULE,
        1,
        "The customer hangs up after three quarters of an hour in the queue.",
        "A call queued, not answered; abandoned long after 10 s.",
        _queued_in_vain,
        last_day=LAST_DAY,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "form_without_an_answer",
        RULE,
        1,
        "The customer sends the contact form; nobody answers.",
        "A form submitted, never answered in its case.",
        _form_unanswered,
        last_day=LAST_DAY,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "complaint_without_an_answer",
        RULE,
        1,
        "The customer opens a complaint; nobody answers.",
        "A complaint opened, never answered in its case.",
        _complaint_unanswered,
        last_day=LAST_DAY,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "weekend_mail",
        RULE,
        0,
        "A mail of Friday evening is answered on Monday morning.",
        "The norm is counted in opening hours.",
        _weekend_mail,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "mail_answered_within_the_hour",
        RULE,
        0,
        "A mail is answered within the hour.",
        "Answered in the same conversation.",
        _answered_within_the_hour,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "form_answered_by_phone",
        RULE,
        0,
        "The contact form is answered by a call within the hour.",
        "Answered in the same case, by another channel.",
        _answered_by_phone,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "complaint_at_night",
        RULE,
        0,
        "A complaint of the late evening is answered next morning.",
        "The norm is counted in opening hours.",
        _complaint_at_night,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "hung_up_within_ten_seconds",
        RULE,
        0,
        "The customer hangs up after some seconds in the queue.",
        "A call abandoned within 10 s is none.",
        _hung_up,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "chat_answered_at_once",
        RULE,
        0,
        "A chat is answered within minutes.",
        "Answered in the same conversation.",
        _answered_at_once,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "answered_by_the_bot",
        RULE,
        0,
        "The chat's bot answers at night.",
        "Answered in the same conversation.",
        _bot_answers,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "mail_from_the_company",
        RULE,
        0,
        "The company writes, and the customer does not answer.",
        "The customer did not ask for anything.",
        _mail_from_the_company,
        weekdays=WORKING_DAYS,
    ),
)
