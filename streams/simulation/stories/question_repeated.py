"""Stories about customers who have to ask or tell again.

The rule: within 7 days the same topic and subject asked, or the same data given, again in another channel or conversation,
the first not resolved.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.clock import DAY
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "question_repeated"


def _asks(telling: Telling, at: int, channel: str, topic: str, outcome: str, **about: str) -> tuple[Conversation, str, int]:
    """A whole conversation with one question; gives it, the event of the question, and when that was."""
    conversation = Conversation(telling.diary, at, channel, topic, staffed=True, **about)
    conversation.begin()
    asked_at = conversation.at
    asked = conversation.moment("customer_said", topic=topic)
    conversation.moment("agent_said", topic=topic)
    conversation.end(outcome)
    return conversation, asked, asked_at


def _gives(telling: Telling, at: int, channel: str, topic: str, data_kind: str, order: str) -> tuple[str, int]:  # noqa: PLR0917
    """A conversation in which the customer gives data; gives the event, and when that was."""
    conversation = Conversation(telling.diary, at, channel, topic, order=order)
    conversation.begin()
    conversation.moment("customer_said", topic=topic)
    conversation.moment("agent_asked", data_kind=data_kind)
    given_at = conversation.at
    given = conversation.moment("customer_gave", data_kind=data_kind)
    conversation.end(scenes.UNRESOLVED)
    return given, given_at


def _asks_again(telling: Telling, first: str, second: str, days: int, about: str) -> None:
    number = telling.product().number if about == "product" else telling.diary.number(about.upper())
    _, one, _ = _asks(telling, telling.time(0, 10), first, "delivery", scenes.UNRESOLVED, **{about: number})
    _, other, at = _asks(telling, telling.time(days, 13), second, "delivery", scenes.RESOLVED, **{about: number})
    telling.raises(f"{about}:{number}", one, other, at=at, status=EITHER)


def _tells_again(telling: Telling) -> None:
    order = telling.diary.number("ORDER")
    one, _ = _gives(telling, telling.time(0, 10), "chat", "invoice", "contract_number", order)
    other, at = _gives(telling, telling.time(1, 13), "phone", "delivery", "contract_number", order)
    telling.raises(f"order:{order}", one, other, at=at, status=EITHER)


def _never_ended(telling: Telling) -> None:
    order = telling.diary.number("ORDER")
    chat = Conversation(telling.diary, telling.time(0, 16), "chat", "invoice", order=order)
    chat.begin()
    one = chat.moment("customer_said", topic="invoice")
    chat.moment("agent_said", topic="invoice")
    _, other, at = _asks(telling, telling.time(1, 9), "phone", "invoice", scenes.RESOLVED, order=order)
    telling.raises(f"order:{order}", one, other, at=at, status=EITHER)


def _two_questions(telling: Telling, topics: tuple[str, str], days: int, *, same: bool) -> None:
    """Two conversations whose first is not resolved, about the same order or about two."""
    one = telling.diary.number("ORDER")
    other = one if same else telling.diary.number("ORDER")
    _asks(telling, telling.time(0, 10), "chat", topics[0], scenes.UNRESOLVED, order=one)
    _asks(telling, telling.time(days, 13), "phone", topics[1], scenes.RESOLVED, order=other)


def _twice_in_one_conversation(telling: Telling) -> None:
    call = Conversation(telling.diary, telling.time(0, 11), telling.person.desk, "delivery", order=telling.diary.number("ORDER"))
    call.begin()
    call.talk()
    call.talk()
    call.end(scenes.UNRESOLVED)


def _other_data(telling: Telling) -> None:
    order = telling.diary.number("ORDER")
    _gives(telling, telling.time(0, 10), "chat", "invoice", "contract_number", order)
    _gives(telling, telling.time(1, 13), "phone", "delivery", "postcode", order)


def _resolved_then_another_topic(telling: Telling) -> None:
    product = telling.product().number
    _asks(telling, telling.time(0, 10), "chat", "delivery", scenes.RESOLVED, product=product)
    _asks(telling, telling.time(2, 13), "phone", "return_terms", scenes.RESOLVED, product=product)


def _data_long_ago(telling: Telling) -> None:
    order = telling.diary.number("ORDER")
    _gives(telling, telling.time(0, 10), "chat", "invoice", "contract_number", order)
    later = telling.time(0, 13) + 8 * DAY
    _gives(telling, later, "phone", "delivery", "contract_number", order)


STORIES: Final = (
    Story(
        "asks_the_desk_after_the_chat",
        RULE,
        1,
        "A chat about an order's delivery ends unresolved; next day the customer asks the same by phone.",
        "Same topic and subject in another channel within 7 days, the first not resolved.",
        partial(_asks_again, first="chat", second="phone", days=1, about="order"),
    ),
    Story(
        "calls_a_second_time",
        RULE,
        1,
        "A call about a product's delivery ends unresolved; five days later the customer calls and asks the same.",
        "Another conversation in the same channel counts as well.",
        partial(_asks_again, first="phone", second="phone", days=5, about="product"),
    ),
    Story(
        "asks_about_the_case_again",
        RULE,
        1,
        "A call about a case ends unresolved; two days later the customer asks the same in a chat.",
        "Same topic and subject, the first not resolved.",
        partial(_asks_again, first="phone", second="chat", days=2, about="case"),
    ),
    Story(
        "gives_the_number_again",
        RULE,
        1,
        "The customer gives a contract number in a chat about an order that solves nothing, and has to give it again by phone.",
        "The same data given again in another channel, the first not resolved.",
        _tells_again,
    ),
    Story(
        "chat_without_an_end",
        RULE,
        1,
        "A chat about an invoice simply stops; next morning the customer asks the same by phone.",
        "What did not end was not resolved.",
        _never_ended,
    ),
    Story(
        "asks_about_another_order",
        RULE,
        0,
        "An unresolved chat about one order's delivery, a call about another's.",
        "Not the same subject.",
        partial(_two_questions, topics=("delivery", "delivery"), days=1, same=False),
    ),
    Story(
        "asks_something_else_about_the_order",
        RULE,
        0,
        "An unresolved chat about an order's delivery, a call about its invoice.",
        "Not the same topic.",
        partial(_two_questions, topics=("delivery", "invoice"), days=1, same=True),
    ),
    Story(
        "asks_again_after_nine_days",
        RULE,
        0,
        "An unresolved chat about an order; nine days later the customer asks the same.",
        "Not within 7 days.",
        partial(_two_questions, topics=("delivery", "delivery"), days=9, same=True),
        last_day=18,
    ),
    Story(
        "asks_twice_in_one_conversation",
        RULE,
        0,
        "The customer asks the same twice in one conversation.",
        "Neither another channel nor another conversation.",
        _twice_in_one_conversation,
    ),
    Story(
        "gives_other_data",
        RULE,
        0,
        "The customer gives a contract number in a chat, and a postcode by phone.",
        "Not the same data.",
        _other_data,
    ),
    Story(
        "another_question_after_an_answer",
        RULE,
        0,
        "A chat about a product's delivery is resolved; two days later a call about returning it.",
        "The first was resolved, and the topic is another.",
        _resolved_then_another_topic,
    ),
    Story(
        "gives_the_number_after_a_week",
        RULE,
        0,
        "The customer gives a contract number, and again eight days later.",
        "Not within 7 days.",
        _data_long_ago,
        last_day=18,
    ),
)
