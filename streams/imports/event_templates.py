"""What becomes of a row: one event template of a mapping, checked against the schemas of the channels that it may go to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from streams.events import ChannelEvent
from streams.imports.conditions import compile_condition
from streams.imports.context import Context
from streams.imports.document import MappingError, Node, closest
from streams.imports.records import compile_record
from streams.imports.schemas import DESTINATIONS, KNOWLEDGE, channel_schema
from streams.imports.scope import Getter, Row, Scope, Unmappable, Value
from streams.imports.targets import enum_target
from streams.settings import CHANNELS

Maker: TypeAlias = Callable[[Row], ChannelEvent | None]
_OWN: tuple[str, ...] = ("name", "from", "when", "channel")


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """One of a mapping's events.

    name        of the template, "" where it has none
    source      whose rows it takes
    own_id      whether the mapping gives the event_id
    bind        makes it a function of rows: the event, None where `when` does not hold; it raises Unmappable
    """

    name: str
    source: str
    own_id: bool
    bind: Callable[[Scope], Maker]
    node: Node


def compile_event(node: Node, sources: list[str], context: Context) -> EventTemplate:
    """The template at `node`; raises MappingError."""
    if node.shape != "mapping":
        node.fail("a mapping with `from`, `channel`, `kind`, `occurred_at` ... was expected")
    for needed in ("from", "channel"):
        if needed not in node.entries:
            node.fail(f"`{needed}` is missing")
    source = node.entries["from"].one_of(sources)
    name = node.entries["name"].string() if "name" in node.entries else ""
    test = compile_condition(node.entries["when"], context) if "when" in node.entries else None
    channel = context.value(node.entries["channel"], enum_target(DESTINATIONS))
    records, refusals = _records(_with_event_id(node, name), channel, context)

    def bind(scope: Scope) -> Maker:
        getters = {each: record.bind(scope) for each, record in records.items()}
        make = _maker(channel.bind(scope), getters, refusals)
        if test is None:
            return make
        holds = test(scope)
        return lambda row: make(row) if holds(row) else None

    return EventTemplate(name, source, "event_id" in node.entries, bind, node)


def _maker(get_channel: Getter, getters: dict[str, Getter], refusals: dict[str, str]) -> Maker:
    def make(row: Row) -> ChannelEvent:
        try:
            channel = get_channel(row)
        except Unmappable as error:
            raise error.within("channel") from None
        if channel is None:
            raise Unmappable("empty, and needed", ("channel",))
        getter = getters.get(channel)
        if getter is None:
            raise Unmappable(refusals[channel], ("channel",))
        record = getter(row)
        return ChannelEvent(channel, record, record["known_from" if channel == KNOWLEDGE else "occurred_at"])

    return make


def _with_event_id(node: Node, name: str) -> Node:
    """The node without the template's own keys; an event without an id has its file's and row's."""
    entries = {key: each for key, each in node.entries.items() if key not in _OWN}
    if "event_id" not in entries and "known_from" not in entries:
        entries["event_id"] = Node(
            node.file, node.line, f"{node.path}.event_id", "text", text="{@file}:{@row}" + (f":{name}" if name else "")
        )
    return replace(node, entries=entries)


def _records(node: Node, channel: Value, context: Context) -> tuple[dict[str, Value], dict[str, str]]:
    """The record for each channel that the template may go to; for those that it does not fit, why.

    Where the channels are known from the mapping, it must fit all of them.
    """
    possible = [each for each in DESTINATIONS if channel.choices is None or each in channel.choices]
    if not possible:
        node.fail("`channel` is empty, and needed")
    _check_attributes(node, possible)
    records: dict[str, Value] = {}
    refusals: dict[str, str] = {}
    first: MappingError | None = None
    for each in possible:
        schema = channel_schema(each)
        try:
            fitting = _known_by(node) if each == KNOWLEDGE else _passing(node, schema.attributes)
            records[each] = compile_record(fitting, schema.record, context)
        except MappingError as error:
            told = error if possible == [each] else MappingError(f"{error} (in the channel {each})")
            if channel.choices is not None:
                raise told from None
            first = first or told
            refusals[each] = f"this event does not fit {each}: {error}"
    if not records and first is not None:
        raise first
    return records, refusals


def _check_attributes(node: Node, channels: list[str]) -> None:
    allowed = sorted({name for each in channels for name in channel_schema(each).attributes})
    attributes = node.entries.get("attributes")
    for name, each in attributes.entries.items() if attributes else ():
        if name not in allowed:
            told = f"the attribute `{name}` would be dropped on arrival, it is not in `pass_attributes` of {', '.join(channels)}"
            each.fail(f"{told}; {closest(name, allowed)}")


def _known_by(node: Node) -> Node:
    """The node of an entry of knowledge: which channel knows is written `known_by`, as `channel` says where the entry goes."""
    entries = dict(node.entries)
    if "known_by" not in entries:
        node.fail("`known_by` is missing: the channel that knows")
    channel = entries.pop("known_by")
    if channel.text and "{" not in channel.text:
        channel.one_of(CHANNELS)
    return replace(node, entries=entries | {"channel": channel})


def _passing(node: Node, allowed: tuple[str, ...]) -> Node:
    """The node with those attributes only that the channel lets pass."""
    attributes = node.entries.get("attributes")
    if attributes is None or attributes.shape != "mapping":
        return node
    kept = {name: each for name, each in attributes.entries.items() if name in allowed}
    return replace(node, entries={**node.entries, "attributes": replace(attributes, entries=kept)})
