"""Stories about conversations that are passed on.

The rule: a transfer not picked up within the norm, ended dropped, or after which the same is asked again.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.clock import SECOND
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import WORKING_DAYS, Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "handover_lost"
ASKED_FOR: Final = "contract_number"


def _passed_on(telling: Telling, channel: str, to_channel: str, *, passed: bool = True) -> tuple[Conversation, str, int]:
    """A conversation in which the customer gives a number and is passed on; gives it, the transfer, and when that was."""
    conversation = Conversation(telling.diary, telling.time(0, 10), channel, "repair")
    conversation.begin()
    conversation.talk()
    conversation.moment("agent_asked", data_kind=ASKED_FOR)
    conversation.moment("customer_gave", data_kind=ASKED_FOR)
    at = conversation.at
    queue = f"{to_channel}-repairs"
    transfer = conversation.moment("conversation_transferred", to_channel=to_channel, to_queue=queue, context_passed=passed)
    return conversation, transfer, at


def _picked_up(conversation: Conversation, channel: str) -> None:
    """Somebody takes the conversation up within half a minute."""
    conversation.at += 10 * SECOND
    conversation.channel = channel
    conversation.moment("conversation_picked_up", queue=f"{channel}-repairs")


def _nobody(telling: Telling, channel: str, to_channel: str) -> None:
    conversation, transfer, at = _passed_on(telling, channel, to_channel)
    telling.raises(f"conversation:{conversation.number}", transfer, at=at, status=EITHER)


def _dropped(telling: Telling) -> None:
    call, transfer, _ = _passed_on(telling, "phone", "phone")
    call.pause(30, 60)
    at = call.at
    call.end("dropped")
    telling.raises(f"conversation:{call.number}", transfer, at=at, status=EITHER)


def _asked_again(telling: Telling) -> None:
    call, transfer, _ = _passed_on(telling, "phone", "phone", passed=False)
    _picked_up(call, "phone")
    at = call.at
    call.moment("agent_asked", data_kind=ASKED_FOR)
    call.moment("customer_gave", data_kind=ASKED_FOR)
    call.moment("agent_said", topic="repair")
    call.end(scenes.RESOLVED)
    telling.raises(f"conversation:{call.number}", transfer, at=at, status=EITHER)


def _goes_on(telling: Telling, channel: str, to_channel: str) -> None:
    conversation, _, _ = _passed_on(telling, channel, to_channel)
    _picked_up(conversation, to_channel)
    conversation.moment("agent_said", topic="repair")
    conversation.end(scenes.RESOLVED)


def _passed_on_twice(telling: Telling) -> None:
    call, _, _ = _passed_on(telling, "phone", "phone")
    _picked_up(call, "phone")
    call.moment("agent_said", topic="repair")
    call.moment("conversation_transferred", to_channel="phone", to_queue="phone-workshop", context_passed=True)
    _picked_up(call, "phone")
    call.moment("agent_said", topic="repair")
    call.end(scenes.RESOLVED)


def _something_else_asked(telling: Telling) -> None:
    call, _, _ = _passed_on(telling, "phone", "phone")
    _picked_up(call, "phone")
    call.moment("agent_asked", data_kind="preferred_day")
    call.moment("customer_gave", data_kind="preferred_day")
    call.moment("agent_said", topic="repair")
    call.end(scenes.RESOLVED)


def _unresolved_all_the_same(telling: Telling) -> None:
    chat, _, _ = _passed_on(telling, "chat", "chat")
    _picked_up(chat, "chat")
    chat.moment("agent_said", topic="repair")
    chat.end(scenes.UNRESOLVED)


def _asked_twice_before(telling: Telling) -> None:
    call = Conversation(telling.diary, telling.time(0, 15), "phone", "repair")
    call.begin()
    call.talk()
    for _ in range(2):
        call.moment("agent_asked", data_kind=ASKED_FOR)
        call.moment("customer_gave", data_kind=ASKED_FOR)
    call.moment("conversation_transferred", to_channel="phone", to_queue="phone-repairs", context_passed=True)
    _picked_up(call, "phone")
    call.moment("agent_said", topic="repair")
    call.end(scenes.RESOLVED)


STORIES: Final = (
    Story(
        "nobody_in_the_next_queue",
        RULE,
        1,
        "A call is passed on to another queue, and nobody picks it up.",
        "A transfer not picked up within the norm, whatever the norm: never.",
        partial(_nobody, channel="phone", to_channel="phone"),
        weekdays=WORKING_DAYS,
    ),
    Story(
        "passed_from_chat_to_nobody",
        RULE,
        1,
        "A chat is passed on to the phone's desk, which never takes it up.",
        "A transfer not picked up.",
        partial(_nobody, channel="chat", to_channel="phone"),
        weekdays=WORKING_DAYS,
    ),
    Story(
        "dropped_while_passed_on",
        RULE,
        1,
        "A call is passed on, and ends dropped a minute later.",
        "A transfer that ended dropped.",
        _dropped,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "asked_again_after_being_passed_on",
        RULE,
        1,
        "A call is passed on and picked up; the second agent asks for the number that the first one was given.",
        "A transfer after which the same is asked again.",
        _asked_again,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "passed_on_and_picked_up",
        RULE,
        0,
        "A call is passed on, picked up at once, and resolved.",
        "Picked up within the norm, and nothing is asked again.",
        partial(_goes_on, channel="phone", to_channel="phone"),
        weekdays=WORKING_DAYS,
    ),
    Story(
        "passed_on_to_another_channel",
        RULE,
        0,
        "A chat is passed on to the phone's desk, which takes it up at once under the same number.",
        "Picked up within the norm, in the channel to which it was passed on.",
        partial(_goes_on, channel="chat", to_channel="phone"),
        weekdays=WORKING_DAYS,
    ),
    Story(
        "passed_on_twice",
        RULE,
        0,
        "A call is passed on twice, each time picked up at once.",
        "Each transfer picked up within the norm.",
        _passed_on_twice,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "something_else_asked",
        RULE,
        0,
        "After being passed on the customer is asked for a day.",
        "Not the same is asked.",
        _something_else_asked,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "picked_up_yet_unresolved",
        RULE,
        0,
        "A chat is passed on and picked up, and ends unresolved.",
        "Unresolved is not dropped.",
        _unresolved_all_the_same,
        weekdays=WORKING_DAYS,
    ),
    Story(
        "asked_twice_before_being_passed_on",
        RULE,
        0,
        "The first agent asks for a number twice; then the call is passed on and picked up.",
        "Asked again before the transfer, not after it.",
        _asked_twice_before,
        weekdays=WORKING_DAYS,
    ),
)
