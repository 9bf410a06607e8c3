"""Identifiers that live for a time: the same cookie or number, years later, is somebody else's.

Of a type with a lifetime, the last digits of the pseudonym that admit writes are the period: 20 digits of the HMAC, `da7e`, and the
first day of it, as 20260121. Periods are as long as the lifetime, and the same for everybody (the days since 1970, divided by it).
Those that follow each other, both seen, are one **life**; a whole period without the identifier ends it. So a life is a function of
which touchpoints there are.

Two sightings less than a lifetime apart are of one life, two with twice that between them and nothing else are not. That a pseudonym
without a period ends like one has a chance of 2 in 10^10: 47,482 days until 2100, among 16^12 endings.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

DAY_US: Final = 86_400_000_000
LASTING_DIGITS: Final = 20
"""What is left of the HMAC: 80 bits. Among a thousand million identifiers, two are the same with a chance of 4 in 10^7."""
_MARK: Final = "da7e"
_PERIODS: Final = 4096
"""To be remembered as they are written: more than there are of 14 days until 2100, or looking through all would find none of them again."""
_DIGITS: Final = 8
_MARKED: Final = len(_MARK) + _DIGITS
_BEGIN: Final = date(1970, 1, 1)
LAST_DAY: Final = (date(2100, 1, 1) - _BEGIN).days
"""2100: periods begin before it."""


def in_period(pseudonym: str, at: int, lifetime_days: int) -> str:
    """The pseudonym with the period of a time (us since 1970) in place of its last digits."""
    day = at // DAY_US
    return pseudonym[:LASTING_DIGITS] + _written(day - day % lifetime_days)


def on_day(lasting_identifier: str, day: int) -> str:
    """What is lasting of an identifier, in the period that begins on a day (since 1970)."""
    return lasting_identifier + _written(day)


def without_period(identifier: str) -> str:
    """What is lasting of an identifier with a period; one that has none as it is."""
    return identifier if period_of(identifier) is None else identifier[:-_MARKED]


def lasting(identifier: str) -> str:
    """What is lasting of an identifier of a type with a lifetime, whether its period is written or not."""
    type_, _, pseudonym = without_period(identifier).partition(":")
    return f"{type_}:{pseudonym[:LASTING_DIGITS]}"


def period_of(identifier: str) -> int | None:
    """The first day (since 1970) of an identifier's period; None where it has none."""
    return _day(identifier[-_DIGITS:]) if identifier[-_MARKED:-_DIGITS] == _MARK else None


@lru_cache(maxsize=_PERIODS)
def _written(day: int) -> str:
    return f"{_MARK}{_BEGIN + timedelta(days=day):%Y%m%d}"


@lru_cache(maxsize=_PERIODS)
def _day(digits: str) -> int | None:
    if not (digits.isascii() and digits.isdigit()):
        return None
    try:
        day = (date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) - _BEGIN).days
    except ValueError:
        return None
    return day if 0 <= day < LAST_DAY else None
