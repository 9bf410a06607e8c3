"""Stories in which two rules hold for one cause: the stronger one has the finding, and lists the weaker.

By the design: handover_lost before question_repeated and contact_unanswered; channel_failed before contact_unanswered;
offer_not_honoured before price_mismatch; case_reopened before contact_repeated. (offer_unknown before offer_unannounced is
among the stories about unknown offers.)
"""

from typing import Final

from streams.simulation import scenes
from streams.simulation.catalogue import CURRENCY
from streams.simulation.clock import DAY
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import WORKING_DAYS, Story, Telling
from streams.simulation.truth import EITHER


def _lost_then_asked_by_phone(telling: Telling) -> None:
    order = telling.diary.number("ORDER")
    chat = Conversation(telling.diary, telling.time(0, 10), "chat", "delivery", order=order)
    chat.begin()
    chat.talk()
    at = chat.at
    transfer = chat.moment("conversation_transferred", to_channel="phone", to_queue="phone-service", context_passed=False)
    call = Conversation(telling.diary, telling.time(0, 14), "phone", "delivery", order=order)
    call.begin()
    call.talk()
    call.end(scenes.RESOLVED)
    telling.raises(f"conversation:{chat.number}", transfer, at=at, status=EITHER, also=("question_repeated",))


def _passed_on_before_any_answer(telling: Telling) -> None:
    chat = Conversation(telling.diary, telling.time(0, 10), "chat", "delivery")
    chat.moment("conversation_started", queue="chat-service")
    chat.moment("conversation_queued", queue="chat-service")
    at = chat.at
    transfer = chat.moment("conversation_transferred", to_channel="phone", to_queue="phone-service", context_passed=True)
    telling.raises(f"conversation:{chat.number}", transfer, at=at, status=EITHER, also=("contact_unanswered",))


def _broken_before_any_answer(telling: Telling) -> None:
    chat = Conversation(telling.diary, telling.time(0, 10), "chat", "delivery")
    chat.moment("conversation_started", queue="chat-service")
    chat.moment("customer_said", topic="delivery")
    at = chat.at
    broken = chat.break_off()
    telling.raises(f"conversation:{chat.number}", broken, at=at + DAY, status=EITHER, also=("contact_unanswered",))


def _offer_price_stated_twice(telling: Telling) -> None:
    campaign = telling.campaign("well_briefed")
    assert campaign.price is not None
    product = campaign.product
    said = {"subject": f"product:{product.number}", "attribute": "price", "currency": CURRENCY, "quantity": 1, "price_kind": "offer"}
    about = {"offer": campaign.offer, "product": product.number}
    offered = said | {"amount": campaign.price, "value": "offer"}
    shown = telling.diary.note(telling.time(0, 9), "website", "offer_shown", about=about, offer=campaign.terms(), statement=offered)
    at = scenes.visited(telling.diary, telling.time(0, 14))
    visit = {"location": telling.person.store, "product": product.number, "amount": product.price, "currency": CURRENCY}
    quoted = said | {"amount": product.price, "value": "list"}
    priced = telling.diary.note(at, "store", "quoted", about={"product": product.number}, visit=visit, statement=quoted)
    telling.raises(f"offer:{campaign.offer}", shown, priced, at=at, status=EITHER, also=("price_mismatch",))


def _called_and_opened_again(telling: Telling) -> None:
    case = telling.diary.number("CASE")
    call = Conversation(telling.diary, telling.time(0, 10), "phone", "repair", case=case)
    call.begin()
    call.talk()
    ended = scenes.status(telling.diary, call.at, "phone", case, "resolved")
    call.pause(10, 30)
    call.end(scenes.RESOLVED)
    again = Conversation(telling.diary, telling.time(2, 10), "phone", "repair", case=case)
    again.begin()
    again.talk()
    at = again.at
    reopened = scenes.status(telling.diary, at, "phone", case, "in_progress")
    again.pause(10, 30)
    again.end(scenes.UNRESOLVED)
    telling.raises(f"case:{case}", ended, reopened, at=at, status=EITHER, also=("contact_repeated",))


def _complaint_opened_again(telling: Telling) -> None:
    case = telling.diary.number("CASE")
    about, complaint = {"case": case}, {"topic": "damaged"}
    at = telling.time(0, 10)
    telling.diary.note(at, "website", "complaint_opened", about=about, complaint=complaint)
    scenes.service_mail(telling.diary, scenes.soon(telling.diary, at), case=case)
    ended = telling.diary.note(telling.time(1, 15), "email", "complaint_closed", about=about, complaint=complaint)
    at = telling.time(3, 10)
    reopened = telling.diary.note(at, "website", "complaint_opened", about=about, complaint=complaint)
    scenes.service_mail(telling.diary, scenes.soon(telling.diary, at), case=case)
    telling.raises(f"case:{case}", ended, reopened, at=at, status=EITHER, also=("contact_repeated",))


STORIES: Final = (
    Story(
        "lost_then_asked_by_phone",
        "handover_lost",
        1,
        "A chat about an order is passed on to the phone's desk; nobody takes it up, and hours later the customer calls and asks the same.",
        "The question is repeated because the handover was lost: one finding, of the stronger rule.",
        _lost_then_asked_by_phone,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "passed_on_before_any_answer",
        "handover_lost",
        1,
        "A chat is passed on to the phone's desk before anybody answered, and nobody takes it up.",
        "The contact is unanswered because the handover was lost.",
        _passed_on_before_any_answer,
        last_day=14,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "broken_before_any_answer",
        "channel_failed",
        1,
        "A chat breaks off before anybody answered, and the customer does not come back for more than a day.",
        "A broken conversation is channel_failed, not unanswered.",
        _broken_before_any_answer,
        last_day=14,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "offer_price_stated_twice",
        "offer_not_honoured",
        1,
        "The website states an offer's price; hours later the store quotes the list price as the offer's.",
        "Quoted above a valid offer shown; that the two prices differ is the same cause.",
        _offer_price_stated_twice,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "called_and_opened_again",
        "case_reopened",
        1,
        "A call resolves a case; two days later the customer calls about it, and it is in progress again.",
        "The contact is repeated because the case was not over: one finding, of the stronger rule.",
        _called_and_opened_again,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "complaint_opened_again_and_answered",
        "case_reopened",
        1,
        "A complaint is closed; the customer opens the same one again, and is answered within the hour.",
        "From closed back to open; to open it again is a repeated contact of the same cause.",
        _complaint_opened_again,
        weekdays=WORKING_DAYS,
    ),
)
