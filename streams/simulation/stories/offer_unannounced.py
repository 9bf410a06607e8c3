"""Stories about offers of which a desk was not told.

The rule: the customer starts a conversation with a staffed channel that publishes its knowledge, holding a valid offer
(personal, clicked, or shown twice) of which that channel has not been told; one per customer, offer and channel.
"""

from typing import Final

from streams.simulation import scenes
from streams.simulation.catalogue import ENDS_ON_DAY, PHONE_TOLD_AT, Campaign
from streams.simulation.clock import DAY, HOUR
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "offer_unannounced"
PHONE_TOLD_ON: Final = PHONE_TOLD_AT // DAY


def _clicked(telling: Telling, campaign: Campaign) -> str:
    """A newsletter, and a click on its offer the same evening: the customer holds it. Gives the showing's event id."""
    shown = scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.mail_opened(telling.diary, telling.time(0, 18), campaign)
    scenes.offer_moment(telling.diary, telling.time(0, 19), "website", "clicked", campaign)
    return shown


def _begins(telling: Telling, campaign: Campaign, shown: str, *, at: int, channel: str, topic: str) -> Conversation:
    """The conversation that raises the finding as it starts."""
    conversation = Conversation(telling.diary, at, channel, topic)
    start = conversation.begin()
    telling.raises(f"offer:{campaign.offer}", shown, start, at=at, status=EITHER)
    return conversation


def _calls_about_something_else(telling: Telling) -> None:
    campaign = telling.campaign("phone_forgotten")
    shown = _clicked(telling, campaign)
    call = _begins(telling, campaign, shown, at=telling.time(1, 10), channel="phone", topic="delivery")
    call.talk()
    call.end(scenes.RESOLVED)


def _personal_offer_in_chat(telling: Telling) -> None:
    campaign = telling.campaign("personal_chat_forgotten")
    shown = scenes.offer_moment(telling.diary, telling.time(0, 9), telling.person.screen, "shown", campaign)
    chat = _begins(telling, campaign, shown, at=telling.time(2, 14), channel="chat", topic="return_terms")
    chat.talk()
    chat.end(scenes.RESOLVED)


def _seen_twice(telling: Telling) -> None:
    campaign = telling.campaign("chat_forgotten")
    shown = scenes.newsletter(telling.diary, telling.time(0, 7), campaign)
    scenes.offer_moment(telling.diary, telling.time(1, 19), telling.person.screen, "shown", campaign)
    chat = _begins(telling, campaign, shown, at=telling.time(2, 9), channel="chat", topic="invoice")
    chat.talk()
    chat.ask_for("invoice_number")
    chat.end(scenes.RESOLVED)


def _told_too_late(telling: Telling) -> None:
    campaign = telling.campaign("phone_told_late")
    shown = _clicked(telling, campaign)
    call = _begins(telling, campaign, shown, at=telling.time(1, 11), channel="phone", topic="product_advice")
    call.talk()
    call.end(scenes.RESOLVED)


def _agent_finds_it_all_the_same(telling: Telling) -> None:
    campaign = telling.campaign("phone_unbriefed")
    shown = _clicked(telling, campaign)
    call = _begins(telling, campaign, shown, at=telling.time(1, 13), channel="phone", topic="offer")
    call.refer_to(campaign)
    call.acknowledge(campaign)
    call.end(scenes.RESOLVED)


def _seen_once(telling: Telling) -> None:
    campaign = telling.campaign("phone_forgotten")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.mail_opened(telling.diary, telling.time(0, 20), campaign)
    scenes.helped(telling.diary, telling.time(1, 10), "phone", "delivery")


def _told_just_in_time(telling: Telling) -> None:
    campaign = telling.campaign("phone_told_late")
    _clicked(telling, campaign)
    told = campaign.told["phone"]
    scenes.helped(telling.diary, telling.diary.after(told, 60, 5 * 3600), "phone", "product_advice")


def _store_that_publishes_nothing(telling: Telling) -> None:
    campaign = telling.campaign("phone_forgotten")
    _clicked(telling, campaign)
    at = scenes.visited(telling.diary, telling.time(1, 14))
    scenes.helped(telling.diary, at, "store", "product_advice")


def _asks_the_bot(telling: Telling) -> None:
    campaign = telling.campaign("chat_forgotten")
    _clicked(telling, campaign)
    scenes.helped(telling.diary, telling.time(1, 21), "chat", "delivery", staffed=False)


def _over_before_the_call(telling: Telling) -> None:
    campaign = telling.campaign("short_phone_forgotten")
    _clicked(telling, campaign)
    over = campaign.valid_until + telling.random.randrange(1, 9) * DAY + 9 * HOUR
    scenes.helped(telling.diary, telling.diary.around(over), "phone", "invoice")


def _chat_showed_it_itself(telling: Telling) -> None:
    campaign = telling.campaign("shown_by_chat")
    bot = Conversation(telling.diary, telling.time(0, 10), "chat", "product_advice", staffed=False)
    bot.begin()
    bot.talk()
    scenes.offer_moment(telling.diary, bot.at, "chat", "shown", campaign)
    bot.pause(20, 60)
    bot.end(scenes.RESOLVED)
    scenes.offer_moment(telling.diary, telling.time(0, 15), "website", "clicked", campaign)
    scenes.helped(telling.diary, telling.time(1, 10), "chat", "product_advice")


def _withdrawn_before_the_call(telling: Telling) -> None:
    campaign = telling.campaign("phone_forgotten")
    _clicked(telling, campaign)
    scenes.offer_moment(telling.diary, telling.time(2, 9), "email", "withdrawn", campaign)
    scenes.helped(telling.diary, telling.time(3, 10), "phone", "delivery")


def _the_company_called(telling: Telling) -> None:
    campaign = telling.campaign("phone_forgotten")
    _clicked(telling, campaign)
    call = Conversation(telling.diary, telling.time(1, 15), "phone", "delivery")
    call.begin(direction="outbound")
    call.moment("agent_said", topic="delivery")
    call.end(scenes.RESOLVED)


def _calls_the_desk_that_was_told(telling: Telling) -> None:
    campaign = telling.campaign("chat_forgotten")
    _clicked(telling, campaign)
    scenes.helped(telling.diary, telling.time(1, 11), "phone", "delivery")


STORIES: Final = (
    Story(
        "calls_about_something_else",
        RULE,
        1,
        "The customer clicked an offer of which the phone's desk was not told, and calls about a delivery.",
        "Starts a conversation holding a valid offer (clicked); the desk was not told. Raised before it hurts.",
        _calls_about_something_else,
    ),
    Story(
        "personal_offer_in_chat",
        RULE,
        1,
        "A personal offer on screen, of which the chat was not told; the customer chats about a return.",
        "A personal offer is held once it is shown.",
        _personal_offer_in_chat,
    ),
    Story(
        "seen_twice_then_chats",
        RULE,
        1,
        "An offer in a newsletter and again on screen; the chat was not told.",
        "Shown twice, so held.",
        _seen_twice,
    ),
    Story(
        "told_too_late",
        RULE,
        1,
        "The phone's desk is told of a campaign days after the customer's call.",
        "What counts is what the channel had been told when the conversation started.",
        _told_too_late,
        last_day=PHONE_TOLD_ON - 3,
    ),
    Story(
        "agent_finds_it_all_the_same",
        RULE,
        1,
        "The desk was not told, the customer asks for the offer, the agent finds it on the website and acknowledges it.",
        "The contact started unannounced; acknowledged, it is not unknown.",
        _agent_finds_it_all_the_same,
    ),
    Story(
        "seen_once",
        RULE,
        0,
        "One newsletter, opened but not clicked; then a call to a desk that was not told.",
        "Neither personal nor clicked nor shown twice; to open an old mail shows nothing anew.",
        _seen_once,
    ),
    Story(
        "told_just_in_time",
        RULE,
        0,
        "The phone's desk is told of the campaign between the click and the call.",
        "When the conversation starts the channel has been told.",
        _told_just_in_time,
        last_day=PHONE_TOLD_ON - 2,
    ),
    Story(
        "store_that_publishes_nothing",
        RULE,
        0,
        "The customer clicked an offer and talks to somebody in the store, whose system publishes no knowledge.",
        "Only a channel that publishes its knowledge can be seen not to have been told.",
        _store_that_publishes_nothing,
    ),
    Story(
        "asks_the_bot",
        RULE,
        0,
        "The customer holds an offer of which the chat was not told, and asks its bot.",
        "The conversation is not staffed.",
        _asks_the_bot,
    ),
    Story(
        "over_before_the_call",
        RULE,
        0,
        "A clicked offer of which the desk was not told is over before the customer calls.",
        "It is no longer valid.",
        _over_before_the_call,
        last_day=ENDS_ON_DAY - 2,
    ),
    Story(
        "chat_showed_it_itself",
        RULE,
        0,
        "The chat's bot shows an offer, the customer clicks it, and chats with a person next day.",
        "A channel that showed something knows it.",
        _chat_showed_it_itself,
    ),
    Story(
        "withdrawn_before_the_call",
        RULE,
        0,
        "A clicked offer of which the desk was not told is withdrawn by mail before the call.",
        "Withdrawn, it is no longer valid.",
        _withdrawn_before_the_call,
    ),
    Story(
        "the_company_called",
        RULE,
        0,
        "The desk, which was not told of the clicked offer, calls the customer.",
        "The customer did not start the conversation.",
        _the_company_called,
    ),
    Story(
        "calls_the_desk_that_was_told",
        RULE,
        0,
        "The chat was not told of the clicked offer; the customer calls the phone's desk, which was.",
        "What the other desk does not know does not matter here.",
        _calls_the_desk_that_was_told,
    ),
)
