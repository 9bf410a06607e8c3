"""Stories about contacts that were thought to be over.

The rule: inbound, within 7 days of resolved: same case, else same order, else same topic and product.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "contact_repeated"
LATER: Final = 9
"""Days, more than the seven of the rule."""


def _contact(telling: Telling, at: int, channel: str, topic: str, outcome: str, **about: str) -> tuple[str, str, int]:
    """A conversation; gives the events of its start and end, and when it started."""
    conversation = Conversation(telling.diary, at, channel, topic, staffed=True, **about)
    start = conversation.begin()
    conversation.talk()
    return start, conversation.end(outcome), at


def _comes_back(telling: Telling, about: str, first: str, second: str, days: int) -> None:
    """A resolved contact, and another one about the same; about a product with the same topic, else with another."""
    number = telling.product().number if about == "product" else telling.diary.number(about.upper())
    topics = ("delivery", "delivery") if about == "product" else ("delivery", "invoice")
    _, end, _ = _contact(telling, telling.time(0, 10), first, topics[0], scenes.RESOLVED, **{about: number})
    start, _, at = _contact(telling, telling.time(days, 13), second, topics[1], scenes.RESOLVED, **{about: number})
    telling.raises(f"{about}:{number}", end, start, at=at, status=EITHER)


def _writes(telling: Telling) -> None:
    order = telling.diary.number("ORDER")
    _, end, _ = _contact(telling, telling.time(0, 10), "phone", "delivery", scenes.RESOLVED, order=order)
    at = telling.time(2, 13)
    about = {"order": order, "conversation": telling.diary.number("TALK")}
    written = telling.diary.note(
        at, "email", "message_received", about=about, message={"id": telling.diary.number("MAIL"), "purpose": "service"}
    )
    answer = {"id": telling.diary.number("MAIL"), "purpose": "service"}
    telling.diary.note(scenes.soon(telling.diary, at), "email", "message_sent", about=about, message=answer)
    telling.raises(f"order:{order}", end, written, at=at, status=EITHER)


def _twice(telling: Telling, first: tuple[str, str], days: int, *, same_order: bool) -> None:
    """Two contacts about one order or two, the first with this topic and outcome, the second about an invoice."""
    one = telling.diary.number("ORDER")
    other = one if same_order else telling.diary.number("ORDER")
    _contact(telling, telling.time(0, 10), "chat", *first, order=one)
    _contact(telling, telling.time(days, 13), "phone", "invoice", scenes.RESOLVED, order=other)


def _another_topic(telling: Telling) -> None:
    product = telling.product().number
    _contact(telling, telling.time(0, 10), "chat", "delivery", scenes.RESOLVED, product=product)
    _contact(telling, telling.time(2, 13), "phone", "return_terms", scenes.RESOLVED, product=product)


def _another_product(telling: Telling) -> None:
    for day in (0, 2):
        _contact(telling, telling.time(day, 10), "phone", "product_advice", scenes.RESOLVED, product=telling.product().number)


def _the_company_asks_back(telling: Telling) -> None:
    order = telling.diary.number("ORDER")
    _contact(telling, telling.time(0, 10), "phone", "delivery", scenes.RESOLVED, order=order)
    call = Conversation(telling.diary, telling.time(2, 14), "phone", "delivery", order=order)
    call.begin(direction="outbound")
    call.moment("agent_said", topic="delivery")
    call.end(scenes.RESOLVED)


def _mailed_afterwards(telling: Telling) -> None:
    order = telling.diary.number("ORDER")
    _contact(telling, telling.time(0, 10), "phone", "delivery", scenes.RESOLVED, order=order)
    scenes.service_mail(telling.diary, telling.time(1, 9), order=order)


STORIES: Final = (
    Story(
        "calls_again_about_the_order",
        RULE,
        1,
        "A chat about an order is resolved; two days later the customer calls about the same order.",
        "Inbound within 7 days of resolved, same order, whatever the topic.",
        partial(_comes_back, about="order", first="chat", second="phone", days=2),
    ),
    Story(
        "comes_back_about_the_case",
        RULE,
        1,
        "A call about a case is resolved; four days later the customer chats about it.",
        "Inbound within 7 days of resolved, same case.",
        partial(_comes_back, about="case", first="phone", second="chat", days=4),
    ),
    Story(
        "same_question_after_an_answer",
        RULE,
        1,
        "A call about a product's delivery is resolved; next day the customer calls and asks the same.",
        "Inbound within 7 days of resolved, same topic and product. It was resolved, so the question is not repeated.",
        partial(_comes_back, about="product", first="phone", second="phone", days=1),
    ),
    Story(
        "writes_after_the_call",
        RULE,
        1,
        "A call about an order is resolved; two days later the customer writes about the same order.",
        "A letter is inbound as well.",
        _writes,
    ),
    Story(
        "again_after_nine_days",
        RULE,
        0,
        "A chat about an order is resolved; nine days later the customer calls about it.",
        "Not within 7 days.",
        partial(_twice, first=("delivery", scenes.RESOLVED), days=LATER, same_order=True),
        last_day=18,
    ),
    Story(
        "about_another_order",
        RULE,
        0,
        "A chat about one order is resolved; two days later the customer calls about another.",
        "Not the same order.",
        partial(_twice, first=("invoice", scenes.RESOLVED), days=2, same_order=False),
    ),
    Story(
        "the_first_was_not_resolved",
        RULE,
        0,
        "A chat about an order's delivery ends unresolved; next day the customer calls about its invoice.",
        "The first was not resolved; nor is it the same question.",
        partial(_twice, first=("delivery", scenes.UNRESOLVED), days=1, same_order=True),
    ),
    Story(
        "about_another_topic",
        RULE,
        0,
        "A chat about a product's delivery is resolved; two days later a call about returning it.",
        "Same product, not the same topic; no order, no case.",
        _another_topic,
    ),
    Story(
        "about_another_product",
        RULE,
        0,
        "Advice on one product, and two days later on another.",
        "Same topic, not the same product.",
        _another_product,
    ),
    Story(
        "the_company_asks_back",
        RULE,
        0,
        "A call about an order is resolved; two days later the desk calls whether all is well.",
        "Not inbound.",
        _the_company_asks_back,
    ),
    Story(
        "mailed_afterwards",
        RULE,
        0,
        "A call about an order is resolved; next day a mail confirms it.",
        "Not inbound.",
        _mailed_afterwards,
    ),
)
