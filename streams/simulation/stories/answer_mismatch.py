"""Stories about questions that two channels answer differently.

The rule: two channels state different values of one attribute of one subject within its validity (terms of return, opening
hours, points).
"""

from functools import partial
from typing import Final

from streams.simulation import facts
from streams.simulation.clock import DAY, HOUR
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "answer_mismatch"


def _subject(telling: Telling, type_: str) -> str:
    """One of the customer's own, so that only this customer's channels speak of it."""
    return f"location:{telling.person.store}" if type_ == "location" else f"{type_}:{telling.diary.number(type_.upper())}"


def _differ(telling: Telling, *, first: str, second: str, type_: str, attribute: str, values: tuple[str, str]) -> None:
    """Two channels give two values a day apart."""
    subject = _subject(telling, type_)
    one = facts.stated(telling.diary, telling.time(0, 10), first, subject, attribute=attribute, value=values[0])
    at = telling.time(1, 14)
    other = facts.stated(telling.diary, at, second, subject, attribute=attribute, value=values[1])
    telling.raises(subject, one, other, at=at, status=EITHER)


def _agree(telling: Telling) -> None:
    subject = _subject(telling, "terms")
    for day, channel in enumerate(("website", "phone", "email")):
        facts.stated(telling.diary, telling.time(day, 10), channel, subject, attribute="return_days", value="30", unit="day")


def _validity_over(telling: Telling) -> None:
    subject = _subject(telling, "terms")
    at = telling.time(0, 10)
    facts.stated(telling.diary, at, "website", subject, attribute="return_days", value="60", unit="day", valid_until=at + DAY)
    facts.stated(telling.diary, telling.time(2, 10), "phone", subject, attribute="return_days", value="30", unit="day")


def _another_subject(telling: Telling) -> None:
    for hour, channel, type_, value in ((10, "website", "terms", "30"), (13, "phone", "terms", "14")):
        facts.stated(telling.diary, telling.time(0, hour), channel, _subject(telling, type_), attribute="return_days", value=value)


def _another_attribute(telling: Telling) -> None:
    subject = _subject(telling, "terms")
    facts.stated(telling.diary, telling.time(0, 10), "website", subject, attribute="return_days", value="30", unit="day")
    facts.stated(telling.diary, telling.time(0, 13), "phone", subject, attribute="warranty_days", value="730", unit="day")


def _changed_in_one_channel(telling: Telling) -> None:
    subject = _subject(telling, "points")
    facts.stated(telling.diary, telling.time(0, 10), "app", subject, attribute="balance", value="120")
    facts.stated(telling.diary, telling.time(2, 10), "app", subject, attribute="balance", value="180")


def _changed_then_agreed(telling: Telling) -> None:
    subject = _subject(telling, "points")
    at = telling.time(0, 10)
    facts.stated(telling.diary, at, "app", subject, attribute="balance", value="120", valid_until=at + 6 * HOUR)
    facts.stated(telling.diary, telling.time(2, 10), "app", subject, attribute="balance", value="180")
    facts.stated(telling.diary, telling.time(2, 15), "phone", subject, attribute="balance", value="180")


STORIES: Final = (
    Story(
        "two_terms_of_return",
        RULE,
        1,
        "The website says that one may return within 30 days; next day the desk says 14.",
        "Two channels, different values of one attribute of one subject.",
        partial(_differ, first="website", second="phone", type_="terms", attribute="return_days", values=("30", "14")),
    ),
    Story(
        "two_opening_hours",
        RULE,
        1,
        "The website gives a store's opening hours; the chat gives others.",
        "Two channels, different values of one attribute of one subject.",
        partial(
            _differ, first="website", second="chat", type_="location", attribute="opening_hours", values=("09:00-18:00", "10:00-17:00")
        ),
    ),
    Story(
        "two_balances_of_points",
        RULE,
        1,
        "The app shows a balance of points; a mail gives another one.",
        "Two channels, different values of one attribute of one subject.",
        partial(_differ, first="app", second="email", type_="points", attribute="balance", values=("1250", "950")),
    ),
    Story(
        "two_warranties_in_person",
        RULE,
        1,
        "The store says two years of warranty; the desk says one.",
        "Two channels, whichever they are.",
        partial(_differ, first="store", second="phone", type_="terms", attribute="warranty_years", values=("2", "1")),
    ),
    Story(
        "answers_agreed",
        RULE,
        0,
        "Website, desk and mail give the same terms of return.",
        "They agree.",
        _agree,
    ),
    Story(
        "longer_terms_until_a_day",
        RULE,
        0,
        "The website gives longer terms of return that hold for a day; two days later the desk gives the usual ones.",
        "Not within the first one's validity.",
        _validity_over,
    ),
    Story(
        "terms_of_two_things",
        RULE,
        0,
        "The website and the desk give the terms of two kinds of goods.",
        "Not the same subject.",
        _another_subject,
    ),
    Story(
        "return_and_warranty",
        RULE,
        0,
        "The website gives the terms of return, the desk those of warranty.",
        "Not the same attribute.",
        _another_attribute,
    ),
    Story(
        "points_grow",
        RULE,
        0,
        "The app shows more points two days later.",
        "One channel; no two channels differ.",
        _changed_in_one_channel,
    ),
    Story(
        "points_grow_everywhere",
        RULE,
        0,
        "The app shows more points, and then the desk says as many.",
        "A channel's new statement takes the place of its old one, and the two channels agree.",
        _changed_then_agreed,
    ),
)
