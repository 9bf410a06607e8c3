"""The channels' schemas, as a mapping is checked against them."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from streams.imports.targets import AMOUNT, BOOLEAN, DOUBLE, LONG, TEXT, Target, enum_target, time_target
from streams.imports.times import TimeFormats
from streams.settings import CHANNELS
from streams.shipped import folder

KNOWLEDGE: Final = "knowledge"
DESTINATIONS: Final = (*CHANNELS, KNOWLEDGE)
"""What an event's `channel` may be: the channels, and what a channel knows."""
_NEEDED: Final = {"Rating": ("scale", "score"), "Statement": ("attribute",)}
"""Fields without which a record of that name says nothing, though the schema has a default for readers' sake."""


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """A record: its fields' Avro types without their null, and which of them may not be empty."""

    name: str
    types: dict[str, Any]
    needed: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChannelSchema:
    """A channel's event, and the names of the attributes that pass admit."""

    record: RecordSchema
    attributes: tuple[str, ...]


@cache
def channel_schema(channel: str) -> ChannelSchema:
    """The shipped schema of a channel, or of `knowledge`."""
    raw = json.loads((folder("schemas") / f"{channel}.avsc").read_text(encoding="utf-8"))
    named: dict[str, Any] = {}
    _collect(raw, named)
    resolved = _resolved(raw, named)
    record = record_schema(resolved)
    needed = record.needed | ({"kind"} & record.types.keys())
    return ChannelSchema(RecordSchema(record.name, record.types, needed), tuple(raw.get("pass_attributes", ())))


def record_schema(avro: dict[str, Any]) -> RecordSchema:
    """The record of an Avro type that is one."""
    types = {each["name"]: _not_null(each["type"]) for each in avro["fields"]}
    needed = {each["name"] for each in avro["fields"] if "default" not in each} | set(_NEEDED.get(avro["name"], ()))
    return RecordSchema(avro["name"], types, frozenset(needed))


def shape_of(avro: Any) -> str:
    """record, array or map of a type that holds others; "" of a single value."""
    kind = avro["type"] if isinstance(avro, dict) else avro
    return kind if kind in ("record", "array", "map") else ""


def target_of(avro: Any, times: TimeFormats) -> Target:
    """The target of a single value's type."""
    if isinstance(avro, str):
        return {"string": TEXT, "long": LONG, "double": DOUBLE, "boolean": BOOLEAN}[avro]
    if avro["type"] == "enum":
        return enum_target(symbol for symbol in avro["symbols"] if symbol != avro.get("default"))
    return {"timestamp-micros": time_target(times), "decimal": AMOUNT}[avro["logicalType"]]


def _not_null(avro: Any) -> Any:
    if isinstance(avro, list):
        return next(each for each in avro if each != "null")
    return avro


def _collect(avro: Any, named: dict[str, Any]) -> None:
    if isinstance(avro, list):
        for each in avro:
            _collect(each, named)
    elif isinstance(avro, dict):
        if avro.get("type") in ("record", "enum"):
            named[avro["name"]] = avro
        for key in ("type", "items", "values"):
            _collect(avro.get(key), named)
        for each in avro.get("fields", ()):
            _collect(each["type"], named)


def _resolved(avro: Any, named: dict[str, Any]) -> Any:
    """The type with names of types replaced by what they name; the schemas' lint keeps them from naming themselves."""
    if isinstance(avro, str):
        return named.get(avro.rpartition(".")[2], avro)
    if isinstance(avro, list):
        return [_resolved(each, named) for each in avro]
    changed = dict(avro)
    for key in ("items", "values"):
        if key in changed:
            changed[key] = _resolved(changed[key], named)
    if "fields" in changed:
        changed["fields"] = [{**each, "type": _resolved(each["type"], named)} for each in changed["fields"]]
    if isinstance(changed["type"], dict | list):
        return _resolved(changed["type"], named)
    return changed
