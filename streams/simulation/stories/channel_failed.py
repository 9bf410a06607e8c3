"""Stories about channels that fail.

The rule: a conversation broke, or a blocking error in a step with a goal, and the customer turned elsewhere within 2 h or
reached no goal within 24 h.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.clock import HOUR, SECOND
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "channel_failed"
LAST_DAY: Final = 26
"""24 hours later the scenario must still be going on."""


def _breaks(telling: Telling, at: int, channel: str) -> tuple[Conversation, int, str]:
    """A conversation that breaks off before anything was solved; gives when, and the event that says so."""
    conversation = Conversation(telling.diary, at, channel, "delivery")
    conversation.begin()
    conversation.talk()
    at = conversation.at
    return conversation, at, conversation.break_off()


def _stuck(telling: Telling, channel: str, step: str = "payment") -> tuple[int, str, str]:
    """The checkout fails for good; gives when, the session, and the event that says so."""
    diary = telling.diary
    session = diary.number("SESSION")
    at = scenes.checkout(diary, telling.time(0, 14), channel, session)
    web = {"page": f"/{step}", "step": step, "code": "E-502", "blocking": True, "goal": True}
    return at, session, diary.note(at, channel, "error_shown", session=session, web=web)


def _turned_elsewhere(telling: Telling, broken: str, then: str) -> None:
    conversation, at, event = _breaks(telling, telling.time(0, 14), broken)
    later = scenes.helped(telling.diary, scenes.soon(telling.diary, at), then, "delivery")
    assert later.at - at < 2 * HOUR
    telling.raises(f"conversation:{conversation.number}", event, at=at, status=EITHER)


def _checkout_fails_then_to_the_store(telling: Telling) -> None:
    at, session, event = _stuck(telling, telling.person.screen)
    inside = scenes.visited(telling.diary, scenes.soon(telling.diary, at))
    product = telling.product()
    scenes.priced_in_store(telling.diary, inside, "bought", product)
    telling.raises(f"session:{session}", event, at=at, status=EITHER)


def _app_fails_then_the_website(telling: Telling) -> None:
    at, session, event = _stuck(telling, "app")
    later = scenes.checkout(telling.diary, scenes.soon(telling.diary, at), "website")
    scenes.bought_and_delivered(telling.diary, later, "website", telling.product())
    telling.raises(f"session:{session}", event, at=at, status=EITHER)


def _gave_up(telling: Telling) -> None:
    at, session, event = _stuck(telling, telling.person.screen)
    telling.raises(f"session:{session}", event, at=at + 24 * HOUR, status=EITHER)


def _registration_gave_up(telling: Telling) -> None:
    at = scenes.looked_around(telling.diary, telling.time(0, 10), telling.product(), 2) + scenes.minutes(1)
    session, event = scenes.failed(telling.diary, at, telling.person.screen, step="registration", blocking=True, goal=True)
    telling.raises(f"session:{session}", event, at=at + 24 * HOUR, status=EITHER)


def _chat_breaks_and_silence(telling: Telling) -> None:
    conversation, at, event = _breaks(telling, telling.time(0, 16), "chat")
    telling.raises(f"conversation:{conversation.number}", event, at=at + 24 * HOUR, status=EITHER)


def _came_back_in_vain(telling: Telling) -> None:
    conversation, at, event = _breaks(telling, telling.time(0, 11), "phone")
    scenes.helped(telling.diary, scenes.soon(telling.diary, at), "phone", "delivery", outcome=scenes.UNRESOLVED)
    telling.raises(f"conversation:{conversation.number}", event, at=at + 24 * HOUR, status=EITHER)


def _came_back(telling: Telling, channel: str) -> None:
    _, at, _ = _breaks(telling, telling.time(0, 13), channel)
    scenes.helped(telling.diary, scenes.soon(telling.diary, at), channel, "delivery")


def _connected_again(telling: Telling) -> None:
    chat, _, _ = _breaks(telling, telling.time(0, 15), "chat")
    chat.pause(30, 120)
    chat.talk()
    chat.end(scenes.RESOLVED)


def _called_next_morning(telling: Telling) -> None:
    _breaks(telling, telling.time(0, 18), "chat")
    scenes.helped(telling.diary, telling.time(1, 9), "phone", "delivery")


def _tried_again(telling: Telling) -> None:
    at, _, _ = _stuck(telling, telling.person.screen)
    scenes.bought_and_delivered(telling.diary, scenes.soon(telling.diary, at), telling.person.screen, telling.product())


def _ordered_next_morning(telling: Telling) -> None:
    _stuck(telling, telling.person.screen)
    at = scenes.checkout(telling.diary, telling.time(1, 9), telling.person.screen)
    scenes.bought_and_delivered(telling.diary, at, telling.person.screen, telling.product())


def _a_newsletter_in_between(telling: Telling) -> None:
    at, _, _ = _stuck(telling, telling.person.screen)
    scenes.newsletter(telling.diary, scenes.soon(telling.diary, at), telling.shop.everyday[1])
    scenes.bought_and_delivered(telling.diary, telling.diary.around(at + 3 * HOUR), telling.person.screen, telling.product())


def _an_error_that_does_not_matter(telling: Telling, step: str, blocking: bool, goal: bool) -> None:  # noqa: FBT001  -- as the schema has them
    at = scenes.looked_around(telling.diary, telling.time(0, 11), telling.product(), 2) + scenes.minutes(1)
    scenes.failed(telling.diary, at, telling.person.screen, step=step, blocking=blocking, goal=goal)
    scenes.helped(telling.diary, scenes.soon(telling.diary, at), telling.person.desk, "product_advice")


def _hung_up_at_once(telling: Telling) -> None:
    diary = telling.diary
    call = Conversation(diary, telling.time(0, 10), "phone", "invoice")
    start = call.at
    call.moment("conversation_started", queue="phone-service")
    call.at = start + 2 * SECOND
    call.moment("conversation_queued", queue="phone-service")
    call.at = start + diary.random.randrange(5, 9) * SECOND
    call.end("abandoned")
    scenes.helped(diary, scenes.soon(diary, call.at), "chat", "invoice")


STORIES: Final = (
    Story(
        "chat_breaks_then_a_call",
        RULE,
        1,
        "A chat breaks off; within the hour the customer calls, and the call solves it.",
        "A conversation broke and the customer turned elsewhere within 2 h; that the call helped does not undo it.",
        partial(_turned_elsewhere, broken="chat", then="phone"),
        last_day=LAST_DAY,
    ),
    Story(
        "call_breaks_then_a_chat",
        RULE,
        1,
        "A call breaks off; within the hour the customer chats.",
        "A conversation broke and the customer turned elsewhere within 2 h.",
        partial(_turned_elsewhere, broken="phone", then="chat"),
        last_day=LAST_DAY,
    ),
    Story(
        "checkout_fails_then_to_the_store",
        RULE,
        1,
        "The payment fails for good; within the hour the customer buys in the store.",
        "A blocking error in a step with a goal, and turned elsewhere within 2 h.",
        _checkout_fails_then_to_the_store,
        last_day=LAST_DAY,
    ),
    Story(
        "app_fails_then_the_website",
        RULE,
        1,
        "The payment fails in the app; the customer orders on the website.",
        "The website is another channel, and the order was within 2 h.",
        _app_fails_then_the_website,
    ),
    Story(
        "checkout_fails_and_silence",
        RULE,
        1,
        "The payment fails, and nothing is heard of the customer for more than a day.",
        "No goal reached within 24 h.",
        _gave_up,
        last_day=LAST_DAY,
    ),
    Story(
        "registration_fails_and_silence",
        RULE,
        1,
        "The registration fails after a look around, and nothing is heard of the customer for more than a day.",
        "A step with a goal, no goal reached within 24 h.",
        _registration_gave_up,
        last_day=LAST_DAY,
    ),
    Story(
        "chat_breaks_and_silence",
        RULE,
        1,
        "A chat breaks off, and the customer does not come back for more than a day.",
        "No goal reached within 24 h.",
        _chat_breaks_and_silence,
        last_day=LAST_DAY,
    ),
    Story(
        "called_again_in_vain",
        RULE,
        1,
        "A call breaks off; the customer calls again within the hour, and is not helped.",
        "Came back to the same channel, but reached no goal within 24 h.",
        _came_back_in_vain,
        last_day=LAST_DAY,
    ),
    Story(
        "chat_breaks_and_is_taken_up",
        RULE,
        0,
        "A chat breaks off; within the hour a new chat solves it.",
        "Same channel, and the goal was reached.",
        partial(_came_back, channel="chat"),
    ),
    Story(
        "call_breaks_and_is_taken_up",
        RULE,
        0,
        "A call breaks off; the customer calls again and is helped.",
        "Same channel, and the goal was reached.",
        partial(_came_back, channel="phone"),
    ),
    Story(
        "chat_connects_again",
        RULE,
        0,
        "A chat breaks off, connects again after a minute and ends resolved.",
        "The goal was reached in the same conversation.",
        _connected_again,
    ),
    Story(
        "called_next_morning",
        RULE,
        0,
        "A chat breaks off in the evening; the customer calls next morning, and the call solves it.",
        "Not elsewhere within 2 h, and the goal was reached within 24 h.",
        _called_next_morning,
    ),
    Story(
        "checkout_tried_again",
        RULE,
        0,
        "The payment fails; within the hour the customer orders in the same channel.",
        "Same channel, and the goal was reached.",
        _tried_again,
    ),
    Story(
        "ordered_next_morning",
        RULE,
        0,
        "The payment fails in the afternoon; the customer orders next morning in the same channel.",
        "The goal was reached within 24 h.",
        _ordered_next_morning,
    ),
    Story(
        "a_newsletter_in_between",
        RULE,
        0,
        "The payment fails, a newsletter arrives, and hours later the customer orders in the same channel.",
        "A mail from the company is not the customer turning elsewhere.",
        _a_newsletter_in_between,
    ),
    Story(
        "an_error_that_does_not_block",
        RULE,
        0,
        "An error in the checkout that lets one go on; then a call or chat about a product.",
        "The error is not blocking.",
        partial(_an_error_that_does_not_matter, step="delivery_options", blocking=False, goal=True),
    ),
    Story(
        "an_error_without_a_goal",
        RULE,
        0,
        "A page of reviews fails altogether; then a call or chat about a product.",
        "The step has no goal.",
        partial(_an_error_that_does_not_matter, step="reviews", blocking=True, goal=False),
    ),
    Story(
        "hung_up_at_once",
        RULE,
        0,
        "The customer hangs up after some seconds in the queue, and chats instead.",
        "The call was abandoned; it did not break.",
        _hung_up_at_once,
    ),
)
