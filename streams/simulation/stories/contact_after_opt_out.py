"""Stories about advertising to somebody who does not want it.

The rule: a marketing contact started by the company, in a purpose and channel withdrawn at least 24 h before; service,
transactional and replies are none.
"""

from functools import partial
from typing import Final

from streams.simulation import facts, scenes
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "contact_after_opt_out"


def _advertised(telling: Telling, withdrawn: tuple[str, ...], channel: str, days: int) -> None:
    """Consent withdrawn for these channels (none named: all), and an advertisement in a channel days later."""
    withdrawal = facts.opted_out(telling.diary, telling.time(0, 10), "marketing", *withdrawn)
    at = telling.time(days, 12)
    message = facts.written(telling.diary, at, channel, "marketing", campaign="spring")
    telling.raises(f"consent:marketing:{channel}", withdrawal, message, at=at, status=EITHER)


def _given_and_withdrawn(telling: Telling) -> None:
    facts.opted_in(telling.diary, telling.time(0, 10), "marketing", "email")
    withdrawal = facts.opted_out(telling.diary, telling.time(2, 10), "marketing", "email")
    at = telling.time(5, 8)
    message = facts.written(telling.diary, at, "email", "marketing", campaign="spring")
    telling.raises("consent:marketing:email", withdrawal, message, at=at, status=EITHER)


def _written(telling: Telling, purpose: str, channel: str = "email") -> None:
    facts.opted_out(telling.diary, telling.time(0, 10), "marketing")
    facts.written(telling.diary, telling.time(3, 12), channel, purpose)


def _other_channel(telling: Telling) -> None:
    facts.opted_out(telling.diary, telling.time(0, 10), "marketing", "email")
    facts.written(telling.diary, telling.time(3, 12), "app", "marketing", campaign="spring")


def _other_purpose(telling: Telling) -> None:
    facts.opted_out(telling.diary, telling.time(0, 10), "profiling")
    facts.written(telling.diary, telling.time(3, 12), "email", "marketing", campaign="spring")


def _already_under_way(telling: Telling) -> None:
    facts.opted_out(telling.diary, telling.time(0, 10), "marketing", "email")
    facts.written(telling.diary, telling.time(0, 19), "email", "marketing", campaign="spring")


def _a_reply(telling: Telling) -> None:
    facts.opted_out(telling.diary, telling.time(0, 10), "marketing")
    about = telling.diary.thread()
    at = telling.time(2, 10)
    question = telling.diary.number("MAIL")
    telling.diary.note(at, "email", "message_received", about=about, message={"id": question, "purpose": "marketing"})
    taken = {"id": telling.diary.number("MAIL"), "purpose": "service", "in_reply_to": question}
    telling.diary.note(telling.diary.after(at, 60, 300), "email", "message_sent", about=about, message=taken)
    answer = {"id": telling.diary.number("MAIL"), "purpose": "marketing", "in_reply_to": question}
    telling.diary.note(scenes.soon(telling.diary, at), "email", "message_sent", about=about, message=answer)


def _given_again(telling: Telling) -> None:
    facts.opted_out(telling.diary, telling.time(0, 10), "marketing", "email")
    facts.opted_in(telling.diary, telling.time(2, 10), "marketing", "email")
    facts.written(telling.diary, telling.time(4, 8), "email", "marketing", campaign="spring")


def _advertised_before(telling: Telling) -> None:
    facts.written(telling.diary, telling.time(0, 8), "email", "marketing", campaign="spring")
    facts.opted_out(telling.diary, telling.time(1, 10), "marketing")


def _looks_at_an_offer(telling: Telling) -> None:
    facts.opted_out(telling.diary, telling.time(0, 10), "marketing")
    scenes.offer_moment(telling.diary, telling.time(3, 15), telling.person.screen, "shown", telling.shop.everyday[0])


STORIES: Final = (
    Story(
        "newsletter_after_opt_out",
        RULE,
        1,
        "The customer wants no advertising by mail; three days later a mail advertises.",
        "A marketing contact in a purpose and channel withdrawn at least 24 h before.",
        partial(_advertised, withdrawn=("email",), channel="email", days=3),
    ),
    Story(
        "app_after_opt_out_of_all",
        RULE,
        1,
        "The customer wants no advertising at all; two days later the app advertises.",
        "No channels named covers all.",
        partial(_advertised, withdrawn=(), channel="app", days=2),
    ),
    Story(
        "chat_after_opt_out_of_two",
        RULE,
        1,
        "The customer wants no advertising by chat and mail; a week later the chat advertises.",
        "One of the channels named.",
        partial(_advertised, withdrawn=("email", "chat"), channel="chat", days=7),
    ),
    Story(
        "given_withdrawn_and_mailed",
        RULE,
        1,
        "Consent is given, withdrawn two days later, and three days after that a mail advertises.",
        "The last word is the withdrawal.",
        _given_and_withdrawn,
    ),
    Story(
        "service_mail_after_opt_out",
        RULE,
        0,
        "After opting out of advertising the customer gets a service mail.",
        "Service is none.",
        partial(_written, purpose="service"),
    ),
    Story(
        "transaction_after_opt_out",
        RULE,
        0,
        "After opting out of advertising the app says that a parcel is under way.",
        "Transactional is none.",
        partial(_written, purpose="transactional", channel="app"),
    ),
    Story(
        "another_channel_after_opt_out",
        RULE,
        0,
        "The customer wants no advertising by mail; the app advertises.",
        "Not the channel withdrawn.",
        _other_channel,
    ),
    Story(
        "another_purpose_withdrawn",
        RULE,
        0,
        "The customer wants no profiling; a mail advertises.",
        "Not the purpose withdrawn.",
        _other_purpose,
    ),
    Story(
        "mail_already_under_way",
        RULE,
        0,
        "Nine hours after opting out a mail still advertises.",
        "Not withdrawn at least 24 h before.",
        _already_under_way,
    ),
    Story(
        "a_reply_after_opt_out",
        RULE,
        0,
        "After opting out the customer asks for advertising by mail, and is answered.",
        "A reply; the company did not start it.",
        _a_reply,
    ),
    Story(
        "given_again",
        RULE,
        0,
        "Consent is withdrawn and given again; then a mail advertises.",
        "The last word is the consent.",
        _given_again,
    ),
    Story(
        "advertised_before_opt_out",
        RULE,
        0,
        "A mail advertises; next day the customer opts out.",
        "Nothing had been withdrawn.",
        _advertised_before,
    ),
    Story(
        "looks_at_an_offer_after_opt_out",
        RULE,
        0,
        "After opting out the customer sees an offer on screen.",
        "The customer came; the company did not start it.",
        _looks_at_an_offer,
    ),
)
