"""Opening hours: how a norm is counted in the hours at which a channel is staffed, in that channel's zone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

SECOND_US: Final = 1_000_000
DAY_S: Final = 86_400
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOKED_AHEAD: Final = 3660
"""Days that a norm may take at most; hours so scarce that it takes longer count as never."""

Hours = tuple[tuple[int, int], ...]
"""Times of a day at which a channel is open: seconds from midnight, from and until."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a channel is open.

    zone    IANA name of the zone in which the hours are meant
    week    the hours of Monday to Sunday
    days    days with hours of their own (`()`: closed), in ISO form: holidays
    """

    zone: str = "UTC"
    week: tuple[Hours, ...] = (((0, DAY_S),),) * 7
    days: Mapping[str, Hours] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Raises ValueError where there is not a week of hours, or none at all."""
        if len(self.week) != len(DAYS) or not any(self.week):
            raise ValueError("hours of seven days were expected, at least one of them open")

    def due(self, at: int, norm_s: int) -> int:
        """The time (us) at which `norm_s` seconds of open time have passed since `at` (us)."""
        left = norm_s * SECOND_US
        day = datetime.fromtimestamp(at // SECOND_US, _zone(self.zone)).date()
        for ahead in range(-1, LOOKED_AHEAD):  # hours of the day before may last past midnight
            for begins, ends in self._open(day + timedelta(days=ahead)):
                since = max(begins, at)
                if since < ends:
                    if left <= ends - since:
                        return since + left
                    left -= ends - since
        return at + LOOKED_AHEAD * DAY_S * SECOND_US

    def _open(self, day: date) -> Hours:
        hours = self.days.get(day.isoformat(), self.week[day.weekday()]) if self.days else self.week[day.weekday()]
        return _moments(self.zone, day, hours)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=8192)
def _moments(zone: str, day: date, hours: Hours) -> Hours:
    """The hours of one day as times (us)."""
    return tuple((_moment(zone, day, begins), _moment(zone, day, ends)) for begins, ends in hours)


def _moment(zone: str, day: date, second: int) -> int:
    """The wall clock's time on that day: a day on which the clock changes has 23 or 25 hours."""
    following, second = divmod(second, DAY_S)
    local = datetime.combine(day + timedelta(days=following), time(), _zone(zone)) + timedelta(seconds=second)
    return int(local.astimezone(UTC).timestamp()) * SECOND_US
