"""Stories about advertising to somebody who complains.

The rule: a marketing message pushed while a complaint is open; a banner is none.
"""

from typing import Final

from streams.simulation import facts, scenes
from streams.simulation.clock import DAY, HOUR
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "promotion_in_complaint"


def _raised(telling: Telling, case: str, opened: str, pushed: str, at: int) -> None:
    telling.raises(f"case:{case}", opened, pushed, at=at, status=EITHER)


def _newsletter(telling: Telling) -> None:
    case, opened = facts.complained(telling.diary, telling.time(0, 9))
    at = telling.time(1, 8)
    _raised(telling, case, opened, scenes.newsletter(telling.diary, at, telling.shop.everyday[0]), at)


def _pushed_to_the_app(telling: Telling) -> None:
    case, opened = facts.complained(telling.diary, telling.time(0, 9))
    at = telling.time(2, 12)
    _raised(telling, case, opened, facts.written(telling.diary, at, "app", "marketing", campaign="spring"), at)


def _written_in_the_chat(telling: Telling) -> None:
    case, opened = facts.complained(telling.diary, telling.time(0, 14))
    at = telling.time(0, 18)
    _raised(telling, case, opened, facts.written(telling.diary, at, "chat", "marketing", campaign="spring"), at)
    facts.complaint_closed(telling.diary, telling.time(2, 10), case)


def _by_phone_then_mailed(telling: Telling) -> None:
    case, opened = facts.complained(telling.diary, telling.time(0, 11), "phone")
    at = telling.time(4, 8)
    _raised(telling, case, opened, facts.written(telling.diary, at, "email", "marketing", campaign="spring"), at)


def _banner(telling: Telling) -> None:
    case, _ = facts.complained(telling.diary, telling.time(0, 9))
    scenes.offer_moment(telling.diary, telling.time(1, 12), telling.person.screen, "shown", telling.shop.everyday[0])
    facts.complaint_closed(telling.diary, telling.time(3, 10), case)


def _after_it_was_closed(telling: Telling) -> None:
    case, _ = facts.complained(telling.diary, telling.time(0, 9))
    facts.complaint_closed(telling.diary, telling.time(1, 10), case)
    scenes.newsletter(telling.diary, telling.time(2, 8), telling.shop.everyday[0])


def _before_it_was_opened(telling: Telling) -> None:
    at = telling.time(0, 8)
    scenes.newsletter(telling.diary, at, telling.shop.everyday[0])
    facts.complained(telling.diary, at + HOUR)


def _about_the_complaint(telling: Telling) -> None:
    case, _ = facts.complained(telling.diary, telling.time(0, 9))
    scenes.service_mail(telling.diary, telling.time(1, 9), case=case)
    facts.written(telling.diary, telling.time(2, 9), "app", "service")


def _about_an_order(telling: Telling) -> None:
    facts.complained(telling.diary, telling.time(0, 9))
    scenes.bought_and_delivered(telling.diary, telling.time(0, 15), telling.person.screen, telling.product())


def _old_newsletter_opened(telling: Telling) -> None:
    campaign = telling.shop.everyday[0]
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    facts.complained(telling.diary, telling.time(1, 9))
    scenes.mail_opened(telling.diary, telling.time(1, 20), campaign)


def _question_is_no_complaint(telling: Telling) -> None:
    call = scenes.helped(telling.diary, telling.time(0, 10), telling.person.desk, "repair", outcome=scenes.UNRESOLVED)
    scenes.newsletter(telling.diary, call.at + DAY, telling.shop.everyday[0])


STORIES: Final = (
    Story(
        "newsletter_during_the_complaint",
        RULE,
        1,
        "A complaint is open; next morning the customer gets a newsletter.",
        "A marketing message pushed while a complaint is open.",
        _newsletter,
    ),
    Story(
        "app_advertises_during_the_complaint",
        RULE,
        1,
        "A complaint is open; the app pushes an advertisement.",
        "Any channel that pushes.",
        _pushed_to_the_app,
    ),
    Story(
        "chat_advertises_during_the_complaint",
        RULE,
        1,
        "An advertisement in the chat on the day of the complaint, which is closed later.",
        "The complaint was open at that time.",
        _written_in_the_chat,
    ),
    Story(
        "complained_by_phone_then_advertised_to",
        RULE,
        1,
        "A complaint by phone; four days later an advertising mail.",
        "Still open, whichever channel took it.",
        _by_phone_then_mailed,
    ),
    Story(
        "banner_during_the_complaint",
        RULE,
        0,
        "A complaint is open; the website shows a banner with an offer.",
        "A banner is none.",
        _banner,
    ),
    Story(
        "newsletter_after_the_complaint",
        RULE,
        0,
        "A complaint is closed; next day comes a newsletter.",
        "The complaint is no longer open.",
        _after_it_was_closed,
    ),
    Story(
        "newsletter_before_the_complaint",
        RULE,
        0,
        "A newsletter, and an hour later a complaint.",
        "The complaint was not open yet.",
        _before_it_was_opened,
    ),
    Story(
        "mails_about_the_complaint",
        RULE,
        0,
        "The company writes about an open complaint.",
        "Service, not marketing.",
        _about_the_complaint,
    ),
    Story(
        "mails_about_an_order",
        RULE,
        0,
        "The customer orders while a complaint is open, and is told that the parcel is under way.",
        "Transactional, not marketing.",
        _about_an_order,
    ),
    Story(
        "old_newsletter_opened_during_the_complaint",
        RULE,
        0,
        "During a complaint the customer opens the newsletter of the day before.",
        "Nothing is pushed.",
        _old_newsletter_opened,
    ),
    Story(
        "newsletter_after_an_unresolved_call",
        RULE,
        0,
        "A call about a repair ends unresolved; next day comes a newsletter.",
        "A question is no complaint.",
        _question_is_no_complaint,
    ),
)
