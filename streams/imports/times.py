"""Times as exports write them: formats, and local times of a zone as microseconds since 1970 (UTC).

A local time that the zone skipped (clocks put forward) is the first moment after the gap; one that it had twice (clocks put
back) is the earlier of the two, or the later where the mapping says so. Both keep the order of what was written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH_UNITS: Final = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_NUMERIC: Final = {
    "Y": r"(?P<year>\d{4})",
    "m": r"(?P<month>\d{1,2})",
    "d": r"(?P<day>\d{1,2})",
    "H": r"(?P<hour>\d{1,2})",
    "M": r"(?P<minute>\d{1,2})",
    "S": r"(?P<second>\d{1,2})",
}
_CACHE: Final = 200_000
NAMED_FORMATS: Final = ("iso", *_EPOCH_UNITS)
"""Formats that are not strptime's: ISO 8601, and seconds, milliseconds or microseconds since 1970."""


def zone_named(name: str) -> tzinfo:
    """The zone of that IANA name (or UTC); raises ValueError."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone; name one of the IANA list, such as Europe/Berlin or UTC") from error


def local_us(local: datetime, zone: tzinfo, fold: int = 0) -> int:
    """The moment at which clocks in `zone` show `local` (naive), in us; `fold` 0 or 1 picks one of two."""
    aware = local.replace(tzinfo=zone, fold=0)
    before, after = aware.utcoffset(), aware.replace(fold=1).utcoffset()
    if before is None or after is None or before == after:
        return (aware - _EPOCH) // _MICROSECOND
    if before > after:  # shown twice
        return (aware.replace(fold=fold).astimezone(UTC) - _EPOCH) // _MICROSECOND
    return _end_of_gap(local - after, local - before, zone, after)


def _end_of_gap(low: datetime, high: datetime, zone: tzinfo, after: timedelta) -> int:
    """First second (in us) from which `zone` is ahead of UTC by `after`; between two UTC times, naive, whose clocks differ."""
    start = int((low.replace(tzinfo=UTC) - _EPOCH).total_seconds())
    end = int((high.replace(tzinfo=UTC) - _EPOCH).total_seconds())
    while start < end:
        middle = (start + end) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == after:
            end = middle
        else:
            start = middle + 1
    return end * 1_000_000


@dataclass(frozen=True, slots=True)
class TimeFormats:
    """How a mapping's texts become times.

    formats     tried in turn: strptime formats, `iso`, `epoch_s`, `epoch_ms`, `epoch_us`
    zone        of texts that carry no offset of their own
    fold        0: of two moments with the same local time the earlier counts; 1: the later
    """

    formats: tuple[str, ...]
    zone: tzinfo
    fold: int = 0
    _known: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def us(self, text: str) -> int:
        """The moment that `text` names, in us; raises ValueError."""
        known = self._known
        found = known.get(text)
        if found is None:
            found = self.moved(text, timedelta(), timedelta())
            if len(known) < _CACHE:
                known[text] = found
        return found

    def moved(self, text: str, days: timedelta, exact: timedelta) -> int:
        """The same, moved by `days` of the calendar (midnight stays midnight) and then by an exact time."""
        parsed = self._parsed(text)
        if isinstance(parsed, int):
            return parsed + (days + exact) // _MICROSECOND
        shifted = parsed + days
        if shifted.tzinfo is not None:
            return (shifted - _EPOCH + exact) // _MICROSECOND
        return local_us(shifted, self.zone, self.fold) + exact // _MICROSECOND

    def _parsed(self, text: str) -> datetime | int:
        for each in self.formats:
            try:
                if each == "iso":
                    return datetime.fromisoformat(text)
                if each in _EPOCH_UNITS:
                    return int(Decimal(text) * _EPOCH_UNITS[each])
                return _read(text, each)
            except (ValueError, InvalidOperation, OverflowError):
                continue
        raise ValueError(f"{text!r} is no time of the format {' or '.join(self.formats)}")


def _read(text: str, written: str) -> datetime:
    """strptime; where a format has numbers only, by one pattern, which is several times as fast."""
    pattern = _pattern(written)
    if pattern is None:
        return datetime.strptime(text, written)  # noqa: DTZ007 - a local time: its zone is the mapping's
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return datetime(**{name: int(digits) for name, digits in match.groupdict().items()})  # type: ignore[arg-type]  # noqa: DTZ001


@cache
def _pattern(written: str) -> re.Pattern[str] | None:
    pieces = re.split("%(.)", written)
    literals, directives = pieces[::2], pieces[1::2]
    if not {"Y", "m", "d"} <= set(directives) <= _NUMERIC.keys() or len(set(directives)) < len(directives):
        return None
    numbers = [*(_NUMERIC[each] for each in directives), ""]
    return re.compile("".join(re.escape(literal) + number for literal, number in zip(literals, numbers, strict=True)), re.ASCII)


def format_error(text: str) -> str | None:
    """Why `text` cannot be a time format, if so: without a day of the calendar it names no moment."""
    if text in NAMED_FORMATS:
        return None
    if "%" not in text:
        return f"{text!r} is no time format; write it for strptime (%d/%m/%Y %H:%M) or as {', '.join(NAMED_FORMATS)}"
    sample = datetime(2024, 3, 31, 12, 30, 45, 678901, tzinfo=UTC)
    try:
        parsed = datetime.strptime(sample.strftime(text), text)  # noqa: DTZ007 - only its date is looked at
    except ValueError as error:
        return f"{text!r} is no time format: {error}"
    if parsed.date() != sample.date():
        return f"{text!r} names no day: year, month and day are needed"
    return None


def checked(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats as they are; raises ValueError for the first that cannot be one."""
    for each in formats:
        if problem := format_error(each):
            raise ValueError(problem)
    return tuple(formats)
