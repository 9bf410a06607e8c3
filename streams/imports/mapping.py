"""A mapping: how rows of a company's own files become channel events."""

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from streams.imports import computed, expressions
from streams.imports.context import Context, Lookup
from streams.imports.document import MappingError, Node, load_document
from streams.imports.event_templates import EventTemplate, compile_event
from streams.imports.sources import FileLookup, Source, compile_file_lookup, compile_sources
from streams.imports.times import TimeFormats

_KEYS: Final = ("name", "about", "zone", "ambiguous", "times", "none", "as_of", "sources", "lookups", "events")
_AS_OF: Final = "{@as_of}"


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping, checked.

    name        of imports by it, unless another is given
    zone        of its local times, by its IANA name
    times       formats and zone of its times
    sources     files, by name
    lookups     look-ups, by name; those from files as FileLookup
    events      templates, in the mapping's order
    """

    name: str
    zone: str
    times: TimeFormats
    sources: Dictionary[str, Source]
    lookups: Dictionary[str, Lookup | FileLookup]
    events: tuple[EventTemplate, ...]

    @classmethod
    def load(cls, path: Path) -> "Mapping":
        """The mapping in the YAML file at `path`; raises MappingError, which names file, line and place."""
        root = load_document(path)
        entries = root.fields(_KEYS, required=("name", "zone", "sources", "events"))
        times = _times(entries)
        entries = _with_as_of(entries, times)
        none = frozenset(each.text or "" for each in entries["none"].listed()) if "none" in entries else frozenset()
        sources = compile_sources(entries["sources"], none)
        lookups, from_files = _lookups(entries.get("lookups"), sources)
        context = Context(times, {**expressions.OPERATORS, **computed.OPERATORS}, lookups)
        events = tuple(compile_event(each, list(sources), context) for each in entries["events"].listed())
        if not events:
            entries["events"].fail("at least one event was expected")
        _refuse_equal_ids(events)
        return cls(entries["name"].string(), entries["zone"].string(), times, sources, {**lookups, **from_files}, events)

    def until(self, text: str) -> int:
        """The moment, in us, that `text` names: ISO 8601 or one of the mapping's formats, in the mapping's zone.

        Raises ValueError with what was expected.
        """
        try:
            return _with_iso(self.times).us(text)
        except OverflowError as error:
            raise ValueError(f"{text!r} is out of the range of times") from error


def _times(entries: Dictionary[str, Node]) -> TimeFormats:
    zone = computed.zone_at(entries["zone"])
    fold = ("earlier", "later").index(entries["ambiguous"].one_of(("earlier", "later"))) if "ambiguous" in entries else 0
    default = TimeFormats(("iso",), zone, fold)
    return computed.formats_of(entries["times"], None, default) if "times" in entries else default


def _with_iso(times: TimeFormats) -> TimeFormats:
    return TimeFormats((*times.formats, "iso"), times.zone, times.fold)


def _with_as_of(entries: dict[str, Node], times: TimeFormats) -> dict[str, Node]:
    """The entries with `{@as_of}` replaced by the time that it stands for."""
    as_of = entries.get("as_of")
    if as_of is not None:
        try:
            _with_iso(times).us(as_of.string())
        except MappingError:
            raise
        except (ValueError, OverflowError) as error:
            as_of.fail(str(error))
    text = as_of.text if as_of else None

    def replaced(node: Node) -> Node:
        if node.text and _AS_OF in node.text:
            if text is None:
                node.fail("the mapping has no `as_of`: the time that its files were taken")
            return replace(node, text=node.text.replace(_AS_OF, text))
        return replace(
            node, entries={key: replaced(each) for key, each in node.entries.items()}, items=tuple(replaced(each) for each in node.items)
        )

    return {key: replaced(each) if key == "events" else each for key, each in entries.items()}


def _lookups(node: Node | None, sources: dict[str, Source]) -> tuple[dict[str, Lookup], dict[str, FileLookup]]:
    lookups: dict[str, Lookup] = {}
    from_files: dict[str, FileLookup] = {}
    for name, each in node.fields(node.entries).items() if node else ():
        entries = each.fields(("values", "default", "from", "key", "value"))
        default = entries["default"].text if "default" in entries else None
        if ("values" in entries) == ("from" in entries):
            each.fail("either `values`, or `from` with `key` and `value`, was expected")
        if "from" in entries:
            from_files[name] = compile_file_lookup(each, sources)
            lookups[name] = Lookup(None, default)
        else:
            values = entries["values"]
            lookups[name] = Lookup({key: value.text or "" for key, value in values.fields(values.entries).items()}, default)
    return lookups, from_files


def _refuse_equal_ids(events: tuple[EventTemplate, ...]) -> None:
    """Two templates over one source that take file and row for their id need names to be told apart."""
    seen: set[tuple[str, str]] = set()
    for event in events:
        if event.own_id or "known_from" in event.node.entries:
            continue
        if (event.source, event.name) in seen:
            event.node.fail(
                f"another event from `{event.source}` without `event_id` has the same name; give it a `name` or an `event_id` of its own"
            )
        seen.add((event.source, event.name))
