"""Times, amounts and channels as people say them."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from streams.journeys.settings import SECOND_US
from streams.journeys.touchpoint import AMOUNT_SCALE

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_SMALL: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NAMED: Final = {
    "website": "the website",
    "app": "the app",
    "chat": "the chat",
    "email": "the e-mail",
    "phone": "the phone",
    "store": "the store",
    "survey": "the survey",
    "occasion": "the occasion",
    "social": "social media",
    "advertisement": "the advertisement",
    "search": "the search engine",
    "review": "the review site",
}
_TWO_UNITS_BELOW: Final = 2


def channel_name(channel: str) -> str:
    """A channel at the start of a sentence: `The store`."""
    name = channel_inside(channel)
    return name[:1].upper() + name[1:]


def channel_inside(channel: str) -> str:
    """A channel inside a sentence: `the store`."""
    return _NAMED.get(channel, channel or "a channel")


def number(count: int) -> str:
    """A count in words up to twelve, then in digits."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def times(count: int) -> str:
    """How often: `twice`, `three times`."""
    return {1: "once", 2: "twice"}.get(count, f"{number(count)} times")


def apart(first: int, second: int) -> str:
    """The time between two times (us), as people say it: `two hours`, `one day`, `less than a minute`."""
    seconds = abs(second - first) // SECOND_US
    for unit, size in _UNITS:
        count = seconds // size
        if count >= 1:
            if unit == "day" and count < _TWO_UNITS_BELOW and seconds % size >= _UNITS[1][1]:
                continue  # 1 day and 7 hours is better said in hours
            return f"{number(count)} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


@lru_cache(maxsize=4096)
def moment(at: int) -> str:
    """A time (us) as a date and, unless it is midnight, a time: `19 September 2018, 23:24 UTC`."""
    time = datetime.fromtimestamp(at // SECOND_US, UTC)
    day = f"{time.day} {time:%B %Y}"
    return day if time.hour == time.minute == time.second == 0 else f"{day}, {time:%H:%M} UTC"


def money(amount: int, currency: str) -> str:
    """An amount in ten-thousandths with its currency: `12.50 EUR`."""
    units, rest = divmod(abs(amount), 10**AMOUNT_SCALE)
    digits = f"{rest:0{AMOUNT_SCALE}d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}{units}.{digits} {currency}".rstrip()
