"""What a field takes: texts of a file become its values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from streams.imports.document import closest
from streams.imports.times import TimeFormats
from streams.journeys.touchpoint import AMOUNT_SCALE

_TRUE: Final = frozenset({"true", "yes", "y", "t", "1", "on"})
_FALSE: Final = frozenset({"false", "no", "n", "f", "0", "off"})
_AMOUNT_STEP: Final = Decimal(1).scaleb(-AMOUNT_SCALE)
_AMOUNT_LIMIT: Final = Decimal(10) ** (18 - AMOUNT_SCALE)
_LONG_LIMIT: Final = 1 << 63
_DIGITS: Final = 40


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of value.

    kind        text, time, amount, long, double, boolean or enum
    convert     makes it of a text that is not empty; raises ValueError with what was expected
    times       of a time: the formats that apply
    """

    kind: str
    convert: Callable[[str], Any]
    times: TimeFormats | None = None


def _amount(text: str) -> Decimal:
    number = _number(text)
    exact = number.quantize(_AMOUNT_STEP) if abs(number) < _AMOUNT_LIMIT else None
    if exact is None or exact != number:
        raise ValueError(f"{text!r} is no amount of at most 14 digits before and {AMOUNT_SCALE} after the point")
    return exact


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number (digits, and a point before decimals; `number` reads others)") from None
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        raise ValueError(f"{text!r} is no number of at most {_DIGITS} digits")
    return number


def _long(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        number = _number(text)
        if abs(number) >= _LONG_LIMIT or number != int(number):
            raise ValueError(f"{text!r} is no whole number of 64 bits") from None
        value = int(number)
    if not -_LONG_LIMIT <= value < _LONG_LIMIT:
        raise ValueError(f"{text!r} is no whole number of 64 bits")
    return value


def _boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError(f"{text!r} is neither true nor false")


TEXT: Final = Target("text", str)
NUMBER: Final = Target("number", _number)
AMOUNT: Final = Target("amount", _amount)
LONG: Final = Target("long", _long)
DOUBLE: Final = Target("double", lambda text: float(_number(text)))
BOOLEAN: Final = Target("boolean", _boolean)


def time_target(times: TimeFormats) -> Target:
    """A time in those formats, as us since 1970."""
    return Target("time", times.us, times)


def enum_target(symbols: Iterable[str]) -> Target:
    """One of the symbols."""
    known = tuple(symbols)
    allowed = frozenset(known)

    def convert(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"{text!r} is none of these; {closest(text, known)}")
        return text

    return Target("enum", convert)
