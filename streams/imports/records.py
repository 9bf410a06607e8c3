"""Records, lists and maps of a schema, filled by expressions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from streams.imports.conditions import compile_condition
from streams.imports.context import Context
from streams.imports.document import Node
from streams.imports.schemas import RecordSchema, record_schema, shape_of, target_of
from streams.imports.scope import Getter, Row, Scope, Unmappable, Value
from streams.imports.targets import TEXT

_SHARED: Final = 16_384
"""Equal small records (one caller's identifiers, one set of attributes) are one object, up to this many."""


def compile_field(node: Node, avro: Any, context: Context) -> Value:
    """The value of a field of that Avro type; raises MappingError."""
    shape = shape_of(avro)
    if shape == "record":
        return compile_record(node, record_schema(avro), context)
    if shape == "map":
        return _map(node, context)
    if shape == "array":
        if shape_of(avro["items"]) == "record":
            return _records(node, record_schema(avro["items"]), context)
        return _texts(node, context)
    return context.value(node, target_of(avro, context.times))


def compile_record(node: Node, schema: RecordSchema, context: Context) -> Value:
    """The record at `node`: its `when`, and expressions for its fields; None where `when` does not hold. Raises MappingError."""
    needed = [name for name in schema.types if name in schema.needed]
    entries = node.fields((*schema.types, "when"), required=needed)
    test = compile_condition(entries["when"], context) if "when" in entries else None
    values = [(name, compile_field(each, schema.types[name], context)) for name, each in entries.items() if name != "when"]
    for name, value in values:
        if name in schema.needed and value.choices == frozenset({None}):
            entries[name].fail("may not be empty")
    fixed = {name: next(iter(value.choices)) for name, value in values if value.choices is not None and len(value.choices) == 1}
    fixed = {name: value for name, value in fixed.items() if value is not None}
    values = [(name, value) for name, value in values if name not in fixed]
    shared = not any(shape_of(schema.types[name]) in ("record", "array") for name, _ in values)

    def bind(scope: Scope) -> Getter:
        bound = [(name, value.bind(scope), name in schema.needed) for name, value in values]
        get = (_memorised if shared else _plain)(_filled(bound, fixed), bound)
        return get if test is None else _only_when(test(scope), get)

    return Value(bind)


Bound = list[tuple[str, Getter, bool]]


def _only_when(holds: Callable[[Row], bool], get: Getter) -> Getter:
    return lambda row: get(row) if holds(row) else None


def _filled(bound: Bound, fixed: dict[str, Any]) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    """Makes the record of its fields' values; what is empty is left to the schema's default."""
    names = [name for name, _, _ in bound]
    needed = [(position, name) for position, (name, _, is_needed) in enumerate(bound) if is_needed]

    def fill(values: tuple[Any, ...]) -> dict[str, Any]:
        if None not in values:
            whole: dict[str, Any] = fixed.copy()
            whole.update(zip(names, values, strict=True))
            return whole
        for position, name in needed:
            if values[position] is None:
                raise Unmappable("empty, and needed", (name,))
        return fixed | {name: value for name, value in zip(names, values, strict=True) if value is not None}

    return fill


def _plain(fill: Callable[[tuple[Any, ...]], dict[str, Any]], bound: Bound) -> Getter:
    getters = [getter for _, getter, _ in bound]

    def get(row: Row) -> dict[str, Any]:
        try:
            values = tuple([getter(row) for getter in getters])
        except Unmappable:
            _explain(bound, row)
            raise
        return fill(values)

    return get


def _memorised(fill: Callable[[tuple[Any, ...]], Any], bound: Bound) -> Getter:
    known: dict[tuple[Any, ...], Any] = {}
    getters = [getter for _, getter, _ in bound]

    def get(row: Row) -> Any:
        try:
            values = tuple([getter(row) for getter in getters])
        except Unmappable:
            _explain(bound, row)
            raise
        found = known.get(values)
        if found is None:
            found = fill(values)
            if len(known) < _SHARED:
                known[values] = found
        return found

    return get


def _explain(bound: Bound, row: Row) -> None:
    """Raises what the first field that cannot be read says, under its name."""
    for name, getter, _ in bound:
        try:
            getter(row)
        except Unmappable as error:
            raise error.within(name) from None


def _map(node: Node, context: Context) -> Value:
    values = [(name, context.value(each, TEXT)) for name, each in node.fields(node.entries).items()]

    def bind(scope: Scope) -> Getter:
        bound = [(name, value.bind(scope), False) for name, value in values]
        return _memorised(_filled(bound, {}), bound)

    return Value(bind)


def _texts(node: Node, context: Context) -> Value:
    if node.shape == "mapping" and "each" in node.entries:
        return _each(node, context.value(node.fields(("each", "value"), required=("value",))["value"], TEXT))
    if node.shape == "mapping" and "split" in node.entries:
        entries = node.fields(("split", "by"), required=("by",))
        return _split(context.value(entries["split"], TEXT), entries["by"].string())
    values = [context.value(each, TEXT) for each in node.listed()]

    def bind(scope: Scope) -> Getter:
        getters = [value.bind(scope) for value in values]
        return lambda row: [found for found in (getter(row) for getter in getters) if found is not None]

    return Value(bind)


def _split(text: Value, separator: str) -> Value:
    def bind(scope: Scope) -> Getter:
        get = text.bind(scope)
        return lambda row: [part.strip() for part in (get(row) or "").split(separator) if part.strip()]

    return Value(bind)


def _each(node: Node, value: Value) -> Value:
    """The value of every row of a join that is not None."""
    join = node.entries["each"]

    def bind(scope: Scope) -> Getter:
        position, inner = scope.list_of(join.string(), join)
        get = value.bind(inner)
        return lambda row: [found for found in (get(item + row) for item in row[position]) if found is not None]

    return Value(bind)


def _records(node: Node, schema: RecordSchema, context: Context) -> Value:
    if schema.name == "Identifier" and node.shape == "mapping" and "each" not in node.entries:
        return _identifiers(node, schema, context)
    if node.shape == "mapping" and "each" in node.entries:
        one = replace(node, entries={name: each for name, each in node.entries.items() if name != "each"})
        return _each(node, compile_record(one, schema, context))
    values = [compile_record(each, schema, context) for each in node.listed()]

    def bind(scope: Scope) -> Getter:
        getters = [value.bind(scope) for value in values]
        return lambda row: [found for found in (getter(row) for getter in getters) if found is not None]

    return Value(bind)


def _identifiers(node: Node, schema: RecordSchema, context: Context) -> Value:
    """Identifiers written as `type: value`; one whose value is empty is left out."""
    types = [symbol for symbol in schema.types["type"]["symbols"] if symbol != schema.types["type"].get("default")]
    values = [(name, context.value(one, TEXT)) for name, each in node.fields(types).items() for one in each.listed()]

    def fill(found: tuple[str | None, ...]) -> list[dict[str, str]]:
        return [{"type": name, "value": value} for (name, _), value in zip(values, found, strict=True) if value is not None]

    def bind(scope: Scope) -> Getter:
        return _memorised(fill, [(name, value.bind(scope), False) for name, value in values])

    return Value(bind)
