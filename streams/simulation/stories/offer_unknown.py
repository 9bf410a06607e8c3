"""Stories about offers that a channel does not know.

The rule: a channel in which the offer may be redeemed says unknown or expired, or ends a conversation that refers to the
offer without acknowledging it, while it is valid; not_applicable and already_used are none.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.catalogue import ENDS_ON_DAY, HOLDS_FROM_DAY, Campaign
from streams.simulation.clock import DAY, HOUR
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import Story, Telling

RULE: Final = "offer_unknown"
WEAKER: Final = ("offer_unannounced",)


def _asked_for(telling: Telling, campaign: Campaign, at: int, channel: str) -> Conversation:
    """A conversation begins and comes to the offer."""
    conversation = Conversation(telling.diary, at, channel, "offer")
    conversation.begin()
    conversation.refer_to(campaign)
    return conversation


def _desk_never_heard_of_it(telling: Telling) -> None:
    campaign = telling.campaign("phone_forgotten")
    shown = scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.offer_moment(telling.diary, telling.time(0, 19), "website", "clicked", campaign)
    call = _asked_for(telling, campaign, telling.time(1, 10), "phone")
    at = call.at
    refusal = call.refuse(campaign, "unknown")
    call.end(scenes.UNRESOLVED)
    telling.raises(f"offer:{campaign.offer}", shown, refusal, at=at, also=WEAKER)


def _chat_passes_over_a_personal_offer(telling: Telling) -> None:
    campaign = telling.campaign("personal_chat_forgotten")
    shown = scenes.offer_moment(telling.diary, telling.time(0, 9), telling.person.screen, "shown", campaign)
    chat = _asked_for(telling, campaign, telling.time(0, 12), "chat")
    chat.moment("agent_said", topic="list_price")
    at = chat.at
    end = chat.end(scenes.UNRESOLVED)
    telling.raises(f"offer:{campaign.offer}", shown, end, at=at, also=WEAKER)


def _chat_says_expired(telling: Telling) -> None:
    campaign = telling.campaign("briefed")
    shown = scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    chat = _asked_for(telling, campaign, telling.time(2, 13), "chat")
    at = chat.at
    refusal = chat.refuse(campaign, "expired")
    chat.end(scenes.UNRESOLVED)
    telling.raises(f"offer:{campaign.offer}", shown, refusal, at=at)


def _call_passes_over_the_offer(telling: Telling) -> None:
    campaign = telling.campaign("well_briefed")
    shown = scenes.offer_moment(telling.diary, telling.time(0, 18), telling.person.screen, "shown", campaign)
    call = _asked_for(telling, campaign, telling.time(1, 9), "phone")
    call.moment("agent_said", topic="product_advice")
    at = call.at
    end = call.end(scenes.UNRESOLVED)
    telling.raises(f"offer:{campaign.offer}", shown, end, at=at)


def _till_does_not_know_it(telling: Telling) -> None:
    campaign = telling.campaign("well_briefed")
    shown = scenes.newsletter(telling.diary, telling.time(0, 7), campaign)
    at = scenes.visited(telling.diary, telling.time(1, 15))
    refusal = scenes.refused(telling.diary, at, "store", campaign, reason="unknown")
    telling.raises(f"offer:{campaign.offer}", shown, refusal, at=at)


def _extended_but_the_till_says_expired(telling: Telling) -> None:
    campaign = telling.campaign("extended")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    extended_until = telling.shop.start + 60 * DAY
    extension = scenes.offer_moment(telling.diary, telling.time(1, 9), "email", "extended", campaign, valid_until=extended_until)
    over = campaign.valid_until + telling.random.randrange(2, 9) * DAY + 11 * HOUR
    at = scenes.visited(telling.diary, telling.diary.around(over))
    refusal = scenes.refused(telling.diary, at, "store", campaign, reason="expired")
    telling.raises(f"offer:{campaign.offer}", extension, refusal, at=at)


def _refused_for_a_good_reason(telling: Telling, reason: str) -> None:
    campaign = telling.campaign("briefed")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    chat = _asked_for(telling, campaign, telling.time(1, 14), "chat")
    chat.refuse(campaign, reason)
    chat.end(scenes.UNRESOLVED)


def _already_used(telling: Telling) -> None:
    campaign = telling.campaign("briefed")
    screen = telling.person.screen
    scenes.offer_moment(telling.diary, telling.time(0, 9), screen, "shown", campaign)
    at = scenes.checkout(telling.diary, telling.time(0, 10), screen)
    scenes.offer_moment(telling.diary, at, screen, "redeemed", campaign)
    scenes.bought_and_delivered(telling.diary, at + scenes.minutes(1), screen, campaign.product, campaign.price)
    at = scenes.visited(telling.diary, telling.time(6, 15))
    scenes.refused(telling.diary, at, "store", campaign, reason="already_used")


def _online_only(telling: Telling) -> None:
    campaign = telling.campaign("online_only")
    scenes.offer_moment(telling.diary, telling.time(0, 17), telling.person.screen, "shown", campaign)
    call = _asked_for(telling, campaign, telling.time(1, 11), "phone")
    call.refuse(campaign, "unknown")
    call.end(scenes.UNRESOLVED)


def _asked_after_its_end(telling: Telling) -> None:
    campaign = telling.campaign("short")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.offer_moment(telling.diary, telling.time(0, 20), "website", "clicked", campaign)
    over = campaign.valid_until + telling.random.randrange(1, 9) * DAY + 10 * HOUR
    call = _asked_for(telling, campaign, telling.diary.around(over), "phone")
    call.refuse(campaign, "expired")
    call.end(scenes.UNRESOLVED)


def _asked_before_it_holds(telling: Telling) -> None:
    campaign = telling.campaign("next_weeks")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = scenes.visited(telling.diary, telling.time(1, 16))
    scenes.refused(telling.diary, at, "store", campaign, reason="unknown")


def _withdrawn_before(telling: Telling) -> None:
    campaign = telling.campaign("briefed")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.offer_moment(telling.diary, telling.time(1, 12), "email", "withdrawn", campaign)
    chat = _asked_for(telling, campaign, telling.time(2, 10), "chat")
    chat.refuse(campaign, "unknown")
    chat.end(scenes.UNRESOLVED)


def _agent_knows_it(telling: Telling) -> None:
    campaign = telling.campaign("briefed")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.offer_moment(telling.diary, telling.time(0, 20), "website", "clicked", campaign)
    call = _asked_for(telling, campaign, telling.time(1, 10), telling.person.desk)
    call.acknowledge(campaign)
    call.end(scenes.RESOLVED)


def _a_friends_offer(telling: Telling) -> None:
    campaign = telling.campaign("friends")
    call = _asked_for(telling, campaign, telling.time(0, 10), "phone")
    call.refuse(campaign, "unknown")
    call.end(scenes.UNRESOLVED)


STORIES: Final = (
    Story(
        "desk_never_heard_of_it",
        RULE,
        1,
        "A newsletter offers a price; the customer clicks it, and calls next day. The desk, which was not told, says it does not know it.",
        "The phone may redeem it and says unknown while it is valid. The call also began unannounced: the stronger rule wins and lists it.",
        _desk_never_heard_of_it,
    ),
    Story(
        "chat_passes_over_a_personal_offer",
        RULE,
        1,
        "A personal offer on screen; the chat, never told of it, is asked for it, speaks of the list price and ends.",
        "Ends a conversation that refers to the offer without acknowledging it. Unannounced at the start of the chat, so listed.",
        _chat_passes_over_a_personal_offer,
    ),
    Story(
        "chat_says_expired",
        RULE,
        1,
        "A newsletter with an offer; the chat, though told of it, says two days later that it has expired.",
        "Says expired while it is valid.",
        _chat_says_expired,
    ),
    Story(
        "call_passes_over_the_offer",
        RULE,
        1,
        "The customer asks the desk for an offer seen on screen; the agent advises on the product and hangs up.",
        "Ends a conversation that refers to the offer without acknowledging it. The phone had been told, so nothing else.",
        _call_passes_over_the_offer,
    ),
    Story(
        "till_does_not_know_it",
        RULE,
        1,
        "The offer of a newsletter, redeemable in the store, is unknown at the till.",
        "A channel in which it may be redeemed says unknown while it is valid.",
        _till_does_not_know_it,
    ),
    Story(
        "extended_but_the_till_says_expired",
        RULE,
        1,
        "A mail extends an offer; days after its first end the till says that it has expired.",
        "Valid until its new end, so expired is wrong.",
        _extended_but_the_till_says_expired,
        last_day=ENDS_ON_DAY - 3,
    ),
    Story(
        "not_applicable",
        RULE,
        0,
        "The chat refuses an offer as not applicable to what the customer wants.",
        "not_applicable is none, also where the conversation then ends.",
        partial(_refused_for_a_good_reason, reason="not_applicable"),
    ),
    Story(
        "chat_says_already_used",
        RULE,
        0,
        "The chat refuses an offer as already used.",
        "already_used is none, also where the conversation then ends.",
        partial(_refused_for_a_good_reason, reason="already_used"),
    ),
    Story(
        "used_twice",
        RULE,
        0,
        "The customer redeems an offer on screen, and asks for it again at the till, which says already used.",
        "already_used is none.",
        _already_used,
    ),
    Story(
        "online_only",
        RULE,
        0,
        "An offer for website and app alone; the desk says that it does not have it.",
        "The phone is no channel in which the offer may be redeemed.",
        _online_only,
    ),
    Story(
        "asked_after_its_end",
        RULE,
        0,
        "An offer ends; days later the customer asks for it and hears that it has expired.",
        "It is no longer valid.",
        _asked_after_its_end,
        last_day=ENDS_ON_DAY - 2,
    ),
    Story(
        "asked_before_it_holds",
        RULE,
        0,
        "An offer is announced for a later week; the till does not know it yet.",
        "It is not valid yet.",
        _asked_before_it_holds,
        last_day=HOLDS_FROM_DAY - 4,
    ),
    Story(
        "withdrawn_before_it_was_asked_for",
        RULE,
        0,
        "The company withdraws an offer by mail; the chat then says that there is none.",
        "Withdrawn, it is no longer valid.",
        _withdrawn_before,
    ),
    Story(
        "agent_knows_it",
        RULE,
        0,
        "The customer asks the desk for an offer, and the agent knows it.",
        "The conversation acknowledges it; the channel was told.",
        _agent_knows_it,
    ),
    Story(
        "a_friends_offer",
        RULE,
        0,
        "The customer asks for an offer that only a friend was shown; the desk does not know it.",
        "One fact alone: no channel ever showed this customer the offer.",
        _a_friends_offer,
    ),
)
