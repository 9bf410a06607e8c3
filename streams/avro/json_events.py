"""Events as people write them, JSON by the schema, to records and back.

Times are ISO 8601 with an offset, or microseconds since 1970; decimals are strings or numbers; enums their symbols. Everything
that is wrong with an event is told at once, each field by its path and with what was expected.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final

from streams.avro.resolution import View
from streams.avro.schema import Schema

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONG: Final = 1 << 63
_INT: Final = 1 << 31
_MOST_SYMBOLS_TOLD: Final = 60
_MUST_BE_SAID: Final = frozenset({"kind"})
"""Has a default for the sake of later readers only: an event without it says nothing."""


@dataclass(frozen=True, slots=True)
class WrongField:
    """One field that is wrong: its path (`offer.amount`, `identifiers[0].type`) and what was expected."""

    path: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.expected}"


class WrongEventError(ValueError):
    """An event that does not fit its schema: every wrong field of it."""

    def __init__(self, fields: tuple[WrongField, ...]) -> None:
        super().__init__("; ".join(map(str, fields)))
        self.fields = fields


def record_of(schema: Schema, given: Any) -> dict[str, Any]:
    """The record of a JSON event, as an Encoder takes it. Raises WrongEventError, which names all wrong fields."""
    conversion = _Conversion()
    record = conversion.value(View.top(schema), given, "")
    if conversion.wrong:
        raise WrongEventError(tuple(conversion.wrong))
    return record  # type: ignore[no-any-return]


class _Conversion:
    """One event's conversion, and what was found wrong on the way."""

    def __init__(self) -> None:
        self.wrong: list[WrongField] = []

    def refuse(self, path: str, expected: str) -> None:
        self.wrong.append(WrongField(path or "event", expected))

    def value(self, view: View, given: Any, path: str) -> Any:
        if view.kind == "union":
            others = [branch for branch in view.branches if branch.kind != "null"]
            return None if given is None else self.value(others[0], given, path)
        converters: dict[str, Callable[[View, Any, str], Any]] = {
            "record": self.record,
            "array": self.array,
            "map": self.map,
            "enum": self.enum,
            "string": self.text,
            "boolean": self.boolean,
            "int": self.whole,
            "long": self.whole,
            "float": self.number,
            "double": self.number,
            "bytes": self.bytes,
            "fixed": self.bytes,
        }
        return converters[view.kind](view, given, path)

    def record(self, view: View, given: Any, path: str) -> Any:
        if not isinstance(given, Mapping):
            self.refuse(path, f"an object was expected, {_named(given)} was given")
            return None
        known = {each["name"]: each for each in view.fields}
        prefix = f"{path}." if path else ""
        for name in given:
            if name not in known:
                near = get_close_matches(str(name), known, 1)
                advice = f"did you mean {near[0]!r}?" if near else f"the fields are {', '.join(known)}"
                self.refuse(f"{prefix}{name}", f"there is no such field; {advice}")
        record: dict[str, Any] = {}
        for name, each in known.items():
            if name in given:
                record[name] = self.value(view.within(each["type"]), given[name], f"{prefix}{name}")
            elif "default" not in each or (not path and name in _MUST_BE_SAID):
                self.refuse(f"{prefix}{name}", f"is missing; {_expected(view.within(each['type']))} was expected")
        return record

    def array(self, view: View, given: Any, path: str) -> Any:
        if not isinstance(given, list | tuple):
            self.refuse(path, f"a list was expected, {_named(given)} was given")
            return None
        return [self.value(view.items, each, f"{path}[{index}]") for index, each in enumerate(given)]

    def map(self, view: View, given: Any, path: str) -> Any:
        if not isinstance(given, Mapping):
            self.refuse(path, f"an object was expected, {_named(given)} was given")
            return None
        return {str(name): self.value(view.items, each, f"{path}.{name}") for name, each in given.items()}

    def enum(self, view: View, given: Any, path: str) -> Any:
        if isinstance(given, str) and given in view.symbols and not (path in _MUST_BE_SAID and given == view.definition.get("default")):
            return given
        near = get_close_matches(given, view.symbols, 1) if isinstance(given, str) else []
        advice = f"; did you mean {near[0]!r}?" if near and near[0] != given else ""
        self.refuse(path, f"{_expected(view)} was expected{advice}")
        return None

    def text(self, view: View, given: Any, path: str) -> Any:
        if not isinstance(given, str):
            self.refuse(path, f"{_expected(view)} was expected, {_named(given)} was given")
            return None
        try:
            given.encode()
        except UnicodeEncodeError:
            self.refuse(path, "a text that UTF-8 can hold was expected")
        return given

    def boolean(self, view: View, given: Any, path: str) -> Any:
        if not isinstance(given, bool):
            self.refuse(path, f"{_expected(view)} was expected, {_named(given)} was given")
        return given

    def whole(self, view: View, given: Any, path: str) -> Any:
        if view.logical == "timestamp-micros" and isinstance(given, str):
            moment = moment_of(given)
            if moment is None:
                self.refuse(path, f"{_expected(view)} was expected")
            return moment
        limit = _INT if view.kind == "int" else _LONG
        if isinstance(given, bool) or not isinstance(given, int) or not -limit <= given < limit:
            self.refuse(path, f"{_expected(view)} was expected, {_named(given)} was given")
            return None
        return given

    def number(self, view: View, given: Any, path: str) -> Any:
        if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
            self.refuse(path, f"{_expected(view)} was expected, {_named(given)} was given")
            return None
        return float(given)

    def bytes(self, view: View, given: Any, path: str) -> Any:
        if view.decimal is None:
            if isinstance(given, str):
                return given.encode()
            self.refuse(path, f"{_expected(view)} was expected, {_named(given)} was given")
            return None
        precision, scale = view.decimal
        amount = _decimal(given)
        if amount is None:
            self.refuse(path, f"{_expected(view)} was expected, {_named(given)} was given")
            return None
        if amount != round(amount, scale) or abs(amount) >= Decimal(10) ** (precision - scale):
            self.refuse(
                path, f"a decimal number with at most {precision - scale} digits before the point and {scale} after it was expected"
            )
            return None
        return round(amount, scale)


def moment_of(text: str) -> int | None:
    """The time (us) of an ISO 8601 text with an offset; None where it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1)


def iso_of(us: int) -> str:
    """A time (us) as ISO 8601 in UTC; the number itself, as text, where no calendar reaches it."""
    try:
        return (_EPOCH + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return str(us)


def json_of(schema: Schema, record: Mapping[str, Any]) -> dict[str, Any]:
    """A decoded record as JSON that `record_of` takes: times in ISO 8601, decimals as strings."""
    shown: dict[str, Any] = _shown(View.top(schema), record)
    return shown


def _shown(view: View, value: Any) -> Any:
    match view.kind:
        case "union" if value is not None:
            return _shown(next(each for each in view.branches if each.kind != "null"), value)
        case "record":
            return {each["name"]: _shown(view.within(each["type"]), value[each["name"]]) for each in view.fields if each["name"] in value}
        case "array":
            return [_shown(view.items, each) for each in value]
        case "map":
            return {name: _shown(view.items, each) for name, each in value.items()}
        case _:
            return _shown_plain(view, value)


def _shown_plain(view: View, value: Any) -> Any:
    if view.logical == "timestamp-micros":
        return iso_of(value) if isinstance(value, int) else value.isoformat()
    if view.kind in ("bytes", "fixed"):
        return _shown_bytes(view, value)
    return value


def _shown_bytes(view: View, value: Any) -> str:
    if view.decimal is None:
        return str(value.decode(errors="replace"))
    return f"{value if isinstance(value, Decimal) else Decimal(value).scaleb(-view.decimal[1]):f}"


def _decimal(given: Any) -> Decimal | None:
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        return None
    try:
        amount = Decimal(str(given).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount.adjusted() < 40 else None  # noqa: PLR2004  far above every precision


def _expected(view: View) -> str:
    match view.kind:
        case "union":
            return " or ".join(_expected(branch) for branch in view.branches if branch.kind != "null") + " or null"
        case "long" | "int" if view.logical == "timestamp-micros":
            return "a time as ISO 8601 with an offset (2026-03-02T10:15:00+01:00) or in microseconds since 1970"
        case "long" | "int":
            return "a whole number"
        case "bytes" | "fixed" if view.decimal:
            return 'a decimal number ("12.50")'
        case "enum":
            said = [symbol for symbol in view.symbols if symbol != view.definition.get("default") or symbol in ("none", "as_kind")]
            return f"one of {', '.join(said[:_MOST_SYMBOLS_TOLD])}"
        case kind:
            return {"string": "a text", "boolean": "true or false", "array": "a list", "float": "a number", "double": "a number"}.get(
                kind, "an object"
            )


def _named(given: Any) -> str:
    """What kind of JSON value it is; never the value, which may be personal."""
    kinds = ((bool, "a boolean"), (int, "a number"), (float, "a number"), (str, "a text"), (list, "a list"), (Mapping, "an object"))
    return next((name for type_, name in kinds if isinstance(given, type_)), "null")
