"""What a schema must hold to before it may be published: it can grow, it explains itself, and no value of it is a weapon.

A few bytes of an array of nothing stand for gigabytes, a type that holds itself crashes a recursive decoder, a decimal without
a bound takes seconds: such shapes are refused here, whoever decodes them later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streams.avro.compatibility import obstacles
from streams.avro.reading import compile_reader
from streams.avro.resolution import View, default_of
from streams.avro.schema import Schema, SchemaError

ENVELOPE: Final[Mapping[str, str]] = {
    "event_id": "string",
    "occurred_at": "long timestamp-micros",
    "sent_at": "null or long timestamp-micros",
    "sequence": "long",
    "source": "string",
    "kind": "enum",
    "direction": "enum",
    "identifiers": "array",
    "account": "string",
    "session": "string",
    "references": "record",
    "attributes": "map",
}
"""Fields that every channel event has, and their types."""

MOST_DIGITS: Final = 18
SCALE: Final = 4
LARGEST_FIXED_BYTES: Final = 64
MOST_BRANCHES: Final = 2


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a schema: its file, the path in it, and what to do."""

    file: str
    path: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.advice}"


def shape_flaws(schema: Schema, file: str) -> list[Flaw]:
    """Flaws of one version alone."""
    flaws = [Flaw(file, path or schema.full_name, advice) for path, advice in _record(View.top(schema), "", ())]
    if not str(schema.definition.get("doc", "")).strip():
        flaws.append(Flaw(file, schema.full_name, "has no doc; say in a sentence what one record is"))
    allowed = schema.definition.get("pass_attributes", [])
    if not isinstance(allowed, list) or not all(isinstance(name, str) and name for name in allowed):
        flaws.append(Flaw(file, "pass_attributes", "is the list of the names of attributes that pass; give names only"))
    if not flaws:
        try:
            compile_reader(schema, schema)
        except SchemaError as error:
            flaws.append(Flaw(file, schema.full_name, f"cannot be read safely: {error}"))
    return flaws


def envelope_flaws(schema: Schema, file: str) -> list[Flaw]:
    """What a channel's schema lacks of the envelope."""
    top = View.top(schema)
    types = {each["name"]: _type_name(top.within(each["type"])) for each in top.fields}
    flaws = []
    for name, expected in ENVELOPE.items():
        if name not in types:
            flaws.append(
                Flaw(file, name, f"is missing from the envelope; add the field, of type {expected}, as the other channels have it")
            )
        elif types[name] != expected:
            flaws.append(Flaw(file, name, f"is {types[name]}; the envelope has it as {expected}"))
    return flaws


def release_flaws(schema: Schema, released: Mapping[int, Schema], file: str) -> list[Flaw]:
    """What is not compatible, in both directions, with every released version."""
    flaws = []
    for number, old in released.items():
        flaws += [
            Flaw(file, place, f"{why}; values of release {number} could not be read") for place, why in _split(obstacles(old, schema))
        ]
        flaws += [Flaw(file, place, f"{why}; release {number} could not read new values") for place, why in _split(obstacles(schema, old))]
    return flaws


def _split(reasons: list[str]) -> Iterator[tuple[str, str]]:
    for reason in reasons:
        place, _, why = reason.partition(": ")
        yield place, why


def _type_name(view: View) -> str:
    if view.kind == "union":
        return " or ".join(_type_name(branch) for branch in view.branches)
    return f"{view.kind} {view.logical}".strip()


def _record(view: View, path: str, holders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if view.name in holders:
        yield path, f"the type {view.name} holds itself; give it a flat form, a decoder's stack has an end"
        return
    if not view.fields:
        yield path, f"the record {view.name} has no fields; leave it out or give it one"
    for each in view.fields:
        place = f"{path}.{each['name']}" if path else each["name"]
        yield from _field(view.within(each["type"]), each, place)
        yield from _type(view.within(each["type"]), place, (*holders, view.name))


def _field(view: View, field: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if not str(field.get("doc", "")).strip():
        yield path, "has no doc; say in a sentence what it means, and its unit"
    if "default" in field:
        try:
            default_of(view, field["default"])
        except SchemaError as error:
            yield path, f"{error}; give a default of the field's (first) type"
    elif view.kind == "union":
        yield path, "is optional and has no default; add `default: null`"


def _type(view: View, path: str, holders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    match view.kind:
        case "record":
            yield from _record(view, path, holders)
        case "union":
            yield from _union(view, path, holders)
        case "array" | "map":
            yield from _collection(view, path, holders)
        case "enum" if view.definition.get("default") not in view.symbols:
            yield path, f"the enum {view.name} has no default among its symbols; without one no symbol can ever be added"
        case "null":
            yield path, "is always null; remove it"
        case "bytes" | "fixed":
            yield from _bytes(view, path)
        case _:
            return


def _union(view: View, path: str, holders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if len(view.branches) != MOST_BRANCHES or view.branches[0].kind != "null":
        yield path, "a union is null and one type, null first; a choice of types cannot grow"
    for branch in view.branches:
        if branch.kind != "null":
            yield from _type(branch, path, holders)


def _collection(view: View, path: str, holders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    place = f"{path}{'[]' if view.kind == 'array' else '{}'}"
    items = view.items
    if items.kind == "null" or (items.kind == "fixed" and items.definition["size"] == 0):
        yield place, f"{view.kind} of {items.kind}: a few bytes would stand for millions of items; remove it or hold a string"
        return
    yield from _type(items, place, holders)
    if items.kind == "record" and not any(_takes_bytes(items.within(each["type"]), (*holders, items.name)) for each in items.fields):
        yield place, f"the record {items.name} takes no bytes: a few would stand for millions of items; give it a field with content"


def _takes_bytes(view: View, holders: tuple[str, ...]) -> bool:
    if view.kind == "record":
        return view.name not in holders and any(_takes_bytes(view.within(each["type"]), (*holders, view.name)) for each in view.fields)
    return view.kind != "null" and not (view.kind == "fixed" and view.definition["size"] == 0)


def _bytes(view: View, path: str) -> Iterator[tuple[str, str]]:
    if view.kind == "fixed" and not 0 < view.definition["size"] <= LARGEST_FIXED_BYTES:
        yield path, f"fixed of {view.definition['size']} bytes; 1 to {LARGEST_FIXED_BYTES} are allowed"
    if view.logical != "decimal":
        return
    precision = view.definition.get("precision")
    if not isinstance(precision, int) or not 0 < precision <= MOST_DIGITS:
        yield path, f"a decimal of precision {precision}; give one of at most {MOST_DIGITS}: unbounded ones take seconds to read"
    if view.definition.get("scale", 0) != SCALE:
        yield path, f"a decimal of scale {view.definition.get('scale', 0)}; amounts have scale {SCALE} everywhere"
