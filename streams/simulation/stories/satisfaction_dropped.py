"""Stories about ratings.

The rule: same scale, other channel, within 30 days: down by 2 of CSAT, 4 of NPS, 3 of CES.
"""

from functools import partial
from typing import Final

from streams.simulation import facts
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "satisfaction_dropped"
Rating = tuple[str, str, int]
"""Channel, scale and score."""


def _drops(telling: Telling, first: Rating, second: Rating, days: int) -> None:
    """Two ratings, the second some days later."""
    one = facts.scored(telling.diary, telling.time(0, 15), *first)
    at = telling.time(days, 17)
    other = facts.scored(telling.diary, at, *second)
    telling.raises(f"rating:{second[1]}:{second[0]}", one, other, at=at, status=EITHER)


def _stays(telling: Telling, first: Rating, second: Rating, days: int = 2) -> None:
    facts.scored(telling.diary, telling.time(0, 15), *first)
    facts.scored(telling.diary, telling.time(days, 17), *second)


def _two_below_the_usual(telling: Telling) -> None:
    mood = telling.person.mood
    _drops(telling, ("store", "CSAT", mood), ("email", "CSAT", mood - 2), 3)


def _one_below_the_usual(telling: Telling) -> None:
    mood = telling.person.mood
    _stays(telling, ("store", "CSAT", mood), ("email", "CSAT", mood - 1))


STORIES: Final = (
    Story(
        "store_fine_mail_poor",
        RULE,
        1,
        "The store is rated as the customer usually rates, the mail three days later 2 lower.",
        "Same scale (CSAT), other channel, down by 2.",
        _two_below_the_usual,
    ),
    Story(
        "promoter_turns_away",
        RULE,
        1,
        "NPS 9 for the website, and five days later 4 for the phone.",
        "Same scale (NPS), other channel, down by 4 or more.",
        partial(_drops, first=("website", "NPS", 9), second=("phone", "NPS", 4), days=5),
    ),
    Story(
        "easy_then_hard",
        RULE,
        1,
        "CES 6 for the app, and next day 3 for the chat.",
        "Same scale (CES), other channel, down by 3.",
        partial(_drops, first=("app", "CES", 6), second=("chat", "CES", 3), days=1),
    ),
    Story(
        "just_four_points",
        RULE,
        1,
        "NPS 8 for the store, and a week later 4 for the website.",
        "Down by exactly 4.",
        partial(_drops, first=("store", "NPS", 8), second=("website", "NPS", 4), days=7),
    ),
    Story(
        "one_point_lower",
        RULE,
        0,
        "CSAT one lower than usual.",
        "Not down by 2.",
        _one_below_the_usual,
    ),
    Story(
        "three_points_of_ten",
        RULE,
        0,
        "NPS 9 for the website, then 6 for the phone.",
        "Not down by 4.",
        partial(_stays, first=("website", "NPS", 9), second=("phone", "NPS", 6)),
    ),
    Story(
        "two_points_of_effort",
        RULE,
        0,
        "CES 6 for the app, then 4 for the chat.",
        "Not down by 3.",
        partial(_stays, first=("app", "CES", 6), second=("chat", "CES", 4)),
    ),
    Story(
        "same_channel_lower",
        RULE,
        0,
        "NPS 9 for the phone, then 3 for the phone.",
        "Not another channel.",
        partial(_stays, first=("phone", "NPS", 9), second=("phone", "NPS", 3)),
    ),
    Story(
        "another_scale",
        RULE,
        0,
        "NPS 9 for the website, then CES 2 for the phone.",
        "Not the same scale.",
        partial(_stays, first=("website", "NPS", 9), second=("phone", "CES", 2)),
    ),
    Story(
        "satisfaction_rises",
        RULE,
        0,
        "NPS 3 for the phone, then 9 for the store.",
        "Up, not down.",
        partial(_stays, first=("phone", "NPS", 3), second=("store", "NPS", 9)),
    ),
)
