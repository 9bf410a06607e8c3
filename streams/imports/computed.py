"""Operators that compute: times, numbers, texts, and what many joined rows amount to."""

from collections.abc import Callable, Mapping
from datetime import timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from streams.imports.conditions import compile_condition, compile_pattern
from streams.imports.context import Context, Operator
from streams.imports.document import Node
from streams.imports.scope import Getter, Row, Scope, Unmappable, Value
from streams.imports.targets import NUMBER, TEXT, Target, time_target
from streams.imports.templates import converted
from streams.imports.times import TimeFormats, checked, zone_named

_UNITS: Final[dict[str, timedelta]] = {
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
}


def formats_of(node: Node, zone: Node | None, otherwise: TimeFormats) -> TimeFormats:
    """The formats listed at `node`, in the zone at `zone`; what either leaves out is as in `otherwise`. Raises MappingError."""
    listed = [each.string() for each in node.listed()]
    try:
        formats = checked(listed)
    except ValueError as error:
        node.fail(str(error))
    return TimeFormats(formats, zone_at(zone) if zone else otherwise.zone, otherwise.fold)


def zone_at(node: Node) -> tzinfo:
    """The zone named at `node`; raises MappingError."""
    name = node.string()
    try:
        return zone_named(name)
    except ValueError as error:
        node.fail(str(error))


def _time(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("time", "format", "zone", "add", "not_before", "not_after"))
    if target.kind != "time":
        node.fail("`time` gives a time, and this field takes none")
    times = context.times
    if "format" in entries:
        times = formats_of(entries["format"], entries.get("zone"), times)
    elif "zone" in entries:
        times = TimeFormats(times.formats, zone_at(entries["zone"]), times.fold)
    return _clamped(_moved(entries, times, context), entries, target, context)


def _moved(entries: Mapping[str, Node], times: TimeFormats, context: Context) -> Value:
    """The time, moved by `add`: days by the calendar, the rest exactly."""
    if "add" not in entries:
        return context.value(entries["time"], time_target(times))
    text = context.value(entries["time"], TEXT)
    steps = [(name, context.value(step, NUMBER)) for name, step in entries["add"].fields(_UNITS).items()]

    def bind(scope: Scope) -> Getter:
        get_text = text.bind(scope)
        bound = [(name, step.bind(scope)) for name, step in steps]

        def get(row: Row) -> int | None:
            found = get_text(row)
            if found is None:
                return None
            days = exact = timedelta()
            for name, step in bound:
                number = step(row)
                if number is None:
                    return None
                if name == "days":
                    days += float(number) * _UNITS[name]
                else:
                    exact += float(number) * _UNITS[name]
            try:
                return times.moved(found, days, exact)
            except (ValueError, OverflowError) as error:
                raise Unmappable(str(error)) from None

        return get

    return Value(bind)


def _clamped(value: Value, entries: Mapping[str, Node], target: Target, context: Context) -> Value:
    """The time, no earlier than `not_before` and no later than `not_after` where these are known."""
    limits: list[tuple[Value, Callable[[int, int], int]]] = [
        (context.value(entries[name], target), choose) for name, choose in (("not_before", max), ("not_after", min)) if name in entries
    ]
    if not limits:
        return value

    def bind(scope: Scope) -> Getter:
        get_value = value.bind(scope)
        bound = [(limit.bind(scope), choose) for limit, choose in limits]

        def get(row: Row) -> int | None:
            found: int | None = get_value(row)
            for get_limit, choose in bound:
                limit = get_limit(row)
                if found is not None and limit is not None:
                    found = choose(found, limit)
            return found

        return get

    return Value(bind)


def _number(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("number", "decimal_mark", "thousands_mark", "factor"))
    text = context.value(entries["number"], TEXT)
    mark = entries["decimal_mark"].string() if "decimal_mark" in entries else "."
    thousands = entries["thousands_mark"].string() if "thousands_mark" in entries else ""
    factor = _factor(entries.get("factor"))

    def bind(scope: Scope) -> Getter:
        get_text = text.bind(scope)

        def get(row: Row) -> str | None:
            found = get_text(row)
            if found is None:
                return None
            plain = found.replace(thousands, "") if thousands else found
            plain = plain.replace(mark, ".") if mark != "." else plain
            try:
                return str(NUMBER.convert(plain.strip()) * factor)
            except ValueError:
                raise Unmappable(f"{found!r} is no number with the decimal mark {mark!r}") from None

        return converted(get, target)

    return Value(bind)


def _factor(node: Node | None) -> Decimal:
    if node is None:
        return Decimal(1)
    try:
        factor: Decimal = NUMBER.convert(node.string())
    except ValueError as error:
        node.fail(str(error))
    return factor


def _text(name: str, change: Callable[[str], str]) -> Operator:
    def compiled(node: Node, target: Target, context: Context) -> Value:
        text = context.value(node.fields((name,))[name], TEXT)
        return _changed(text, lambda found: change(found) or None, target)

    return compiled


def _changed(text: Value, change: Callable[[str], str | None], target: Target) -> Value:
    def bind(scope: Scope) -> Getter:
        get_text = text.bind(scope)

        def get(row: Row) -> str | None:
            found = get_text(row)
            return None if found is None else change(found)

        return converted(get, target)

    return Value(bind)


def _replace(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("replace", "pattern", "by"), required=("pattern",))
    pattern = compile_pattern(entries["pattern"])
    by = entries["by"].text or "" if "by" in entries else ""
    return _changed(context.value(entries["replace"], TEXT), lambda found: pattern.sub(lambda _match: by, found) or None, target)


def _extract(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("extract", "pattern"), required=("pattern",))
    pattern = compile_pattern(entries["pattern"])
    if pattern.groups > 1:
        entries["pattern"].fail("at most one group in parentheses: what it matches is extracted")

    def change(found: str) -> str | None:
        match = pattern.search(found)
        return (match.group(pattern.groups) or None) if match else None

    return _changed(context.value(entries["extract"], TEXT), change, target)


def _sum(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("sum", "over"), required=("over",))
    value = context.value(entries["sum"], NUMBER)
    join = entries["over"].string()

    def bind(scope: Scope) -> Getter:
        position, inner = scope.list_of(join, entries["over"])
        get_value = value.bind(inner)

        def get(row: Row) -> str | None:
            found = [number for number in (get_value(item + row) for item in row[position]) if number is not None]
            return str(sum(found, Decimal(0))) if found else None

        return converted(get, target)

    return Value(bind)


def _count(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("count", "when"))
    join = entries["count"].string()
    test = compile_condition(entries["when"], context) if "when" in entries else None

    def bind(scope: Scope) -> Getter:
        position, inner = scope.list_of(join, entries["count"])
        holds = test(inner) if test else None

        def get(row: Row) -> str:
            items = row[position]
            return str(len(items) if holds is None else sum(holds(item + row) for item in items))

        return converted(get, target)

    return Value(bind)


def _first_of(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("first_of", "value"), required=("value",))
    join = entries["first_of"].string()
    value = context.value(entries["value"], target)

    def bind(scope: Scope) -> Getter:
        position, inner = scope.list_of(join, entries["first_of"])
        get_value = value.bind(inner)

        def get(row: Row) -> Any:
            return next((found for found in (get_value(item + row) for item in row[position]) if found is not None), None)

        return get

    return Value(bind)


OPERATORS: Final[Mapping[str, Operator]] = {
    "time": _time,
    "number": _number,
    "lower": _text("lower", str.lower),
    "upper": _text("upper", str.upper),
    "trim": _text("trim", str.strip),
    "replace": _replace,
    "extract": _extract,
    "sum": _sum,
    "count": _count,
    "first_of": _first_of,
}
