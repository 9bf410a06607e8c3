"""Stories about offers that are shown after their end.

The rule: newly sent or rendered more than 1 h past the last end that any channel gave it; opening an old mail is none.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.catalogue import ENDS_ON_DAY, Campaign
from streams.simulation.clock import DAY, HOUR, MINUTE
from streams.simulation.stories.telling import Story, Telling

RULE: Final = "offer_expired_shown"
BEFORE_THE_END: Final = ENDS_ON_DAY - 2
LATER: Final = 12 * DAY
"""How much longer an extended offer holds."""


def _over(telling: Telling, campaign: Campaign, *, later: int = 0) -> int:
    """A moment days after the offer's end, or after the one that came `later`."""
    end = campaign.valid_until + later
    return telling.diary.around(end + telling.random.randrange(1, 5) * DAY + 10 * HOUR)


def _shown_again(telling: Telling, channel: str) -> None:
    campaign = telling.campaign("short")
    first = scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = _over(telling, campaign)
    again = scenes.offer_moment(telling.diary, at, channel, "shown", campaign)
    telling.raises(f"offer:{campaign.offer}", first, again, at=at)


def _mailed_again(telling: Telling) -> None:
    campaign = telling.campaign("short")
    first = scenes.offer_moment(telling.diary, telling.time(0, 18), telling.person.screen, "shown", campaign)
    at = _over(telling, campaign)
    again = scenes.newsletter(telling.diary, at, campaign)
    telling.raises(f"offer:{campaign.offer}", first, again, at=at)


def _extended(telling: Telling) -> tuple[Campaign, str]:
    campaign = telling.campaign("extended")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    until = campaign.valid_until + LATER
    extension = scenes.offer_moment(telling.diary, telling.time(1, 9), "email", "extended", campaign, valid_until=until)
    return campaign, extension


def _shown_after_the_extension(telling: Telling) -> None:
    campaign, extension = _extended(telling)
    at = _over(telling, campaign, later=LATER)
    again = scenes.offer_moment(telling.diary, at, telling.person.screen, "shown", campaign, valid_until=campaign.valid_until + LATER)
    telling.raises(f"offer:{campaign.offer}", extension, again, at=at)


def _first_seen_after_its_end(telling: Telling) -> None:
    campaign = telling.campaign("short")
    at = telling.time(0, 12)
    shown = scenes.offer_moment(telling.diary, at, telling.person.screen, "shown", campaign)
    telling.raises(f"offer:{campaign.offer}", shown, at=at)


def _just_over(telling: Telling) -> None:
    campaign = telling.campaign("short")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    late = campaign.valid_until + telling.random.randrange(5, 50) * MINUTE
    scenes.offer_moment(telling.diary, late, telling.person.screen, "shown", campaign)


def _old_mail(telling: Telling) -> None:
    campaign = telling.campaign("short")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.mail_opened(telling.diary, _over(telling, campaign), campaign)


def _old_link(telling: Telling) -> None:
    campaign = telling.campaign("short")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = _over(telling, campaign)
    scenes.mail_opened(telling.diary, at, campaign)
    scenes.offer_moment(telling.diary, at + MINUTE, "website", "clicked", campaign)


def _within_the_extension(telling: Telling) -> None:
    campaign, _ = _extended(telling)
    at = _over(telling, campaign)
    scenes.offer_moment(telling.diary, at, telling.person.screen, "shown", campaign, valid_until=campaign.valid_until + LATER)


def _another_channel_gave_it_longer(telling: Telling) -> None:
    campaign = telling.campaign("short")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.offer_moment(telling.diary, telling.time(1, 19), "app", "shown", campaign, valid_until=campaign.valid_until + LATER)
    scenes.offer_moment(telling.diary, _over(telling, campaign), "website", "shown", campaign)


def _refused_after_its_end(telling: Telling) -> None:
    campaign = telling.campaign("short")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = scenes.visited(telling.diary, _over(telling, campaign))
    scenes.refused(telling.diary, at, "store", campaign, reason="expired")


def _shown_on_its_last_day(telling: Telling) -> None:
    campaign = telling.campaign("short")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    last = campaign.valid_until - telling.random.randrange(2, 10) * HOUR
    scenes.offer_moment(telling.diary, last, telling.person.screen, "shown", campaign)


STORIES: Final = (
    Story(
        "banner_after_the_end",
        RULE,
        1,
        "A newsletter gives an offer's end; days after it the website still shows it.",
        "Newly rendered more than 1 h past the last end that any channel gave it.",
        partial(_shown_again, channel="website"),
        last_day=BEFORE_THE_END,
    ),
    Story(
        "app_shows_it_after_the_end",
        RULE,
        1,
        "A newsletter gives an offer's end; days after it the app still shows it.",
        "Newly rendered more than 1 h past the last end that any channel gave it.",
        partial(_shown_again, channel="app"),
        last_day=BEFORE_THE_END,
    ),
    Story(
        "mailed_after_the_end",
        RULE,
        1,
        "An offer seen on screen is over; days later a newsletter is sent with it.",
        "Newly sent after its end.",
        _mailed_again,
        last_day=BEFORE_THE_END,
    ),
    Story(
        "shown_after_the_extension",
        RULE,
        1,
        "An offer is extended by mail, and still on screen days after its second end.",
        "Past the last end that any channel gave it.",
        _shown_after_the_extension,
        last_day=BEFORE_THE_END - 2,
    ),
    Story(
        "first_seen_after_its_end",
        RULE,
        1,
        "The customer meets an offer for the first time, and it is over by its own terms.",
        "The end that the showing itself gives is past.",
        _first_seen_after_its_end,
        first_day=ENDS_ON_DAY + 1,
    ),
    Story(
        "shown_just_after_its_end",
        RULE,
        0,
        "The website shows an offer some minutes after its end.",
        "Not more than 1 h past it.",
        _just_over,
        last_day=BEFORE_THE_END,
    ),
    Story(
        "old_mail_opened",
        RULE,
        0,
        "The customer opens a newsletter days after its offer's end.",
        "Opening an old mail is none.",
        _old_mail,
        last_day=BEFORE_THE_END,
    ),
    Story(
        "old_link_clicked",
        RULE,
        0,
        "The customer opens an old newsletter and clicks its offer after the end.",
        "Clicked, not newly sent or rendered.",
        _old_link,
        last_day=BEFORE_THE_END,
    ),
    Story(
        "shown_within_the_extension",
        RULE,
        0,
        "An offer is extended by mail, and shown between its first and its second end.",
        "Not past the last end that any channel gave it.",
        _within_the_extension,
        last_day=BEFORE_THE_END,
    ),
    Story(
        "another_channel_gave_it_longer",
        RULE,
        0,
        "The app gives an offer a later end than the newsletter; the website shows it in between.",
        "Not past the last end that any channel gave it.",
        _another_channel_gave_it_longer,
        last_day=BEFORE_THE_END,
    ),
    Story(
        "refused_after_its_end",
        RULE,
        0,
        "After an offer's end the till says that it has expired.",
        "A refusal shows nothing, and it is right.",
        _refused_after_its_end,
        last_day=BEFORE_THE_END,
    ),
    Story(
        "shown_on_its_last_day",
        RULE,
        0,
        "The website shows an offer some hours before its end.",
        "It still holds.",
        _shown_on_its_last_day,
        last_day=BEFORE_THE_END,
    ),
)
