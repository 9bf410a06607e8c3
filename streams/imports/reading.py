"""An export's rows as channel events, in event-time order."""

from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from streams.events import ChannelEvent
from streams.imports.event_templates import Maker
from streams.imports.files import BadRow, CsvFile, find, open_csv
from streams.imports.mapping import Mapping
from streams.imports.scope import Unmappable
from streams.imports.sources import FileLookup, Source
from streams.imports.tables import Tables

KEPT_REASONS: Final = 10_000
"""Rows that do not map are told one by one up to this many; counted are all."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A row that gave no event, or not all of its events.

    line    of the file, at which the row starts
    event   name or number of the template that it does not fit; "" where it is no row at all
    """

    file: str
    line: int
    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading is: bytes are the file's own, compressed as it is."""

    file: str
    rows: int
    read_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class MappedImport:
    """What an export's rows became.

    events              in event-time order: occurred_at, source, sequence, event_id
    rows                read from the files that events are made from
    rows_without_event  of these: excluded by every `when`
    rows_unmapped       of all files: rows that are reported in `unmapped`
    unmapped            file, line and reason of these rows, up to KEPT_REASONS
    kinds               number of events by channel and kind
    """

    events: Sequence[ChannelEvent]
    rows: int = 0
    rows_without_event: int = 0
    rows_unmapped: int = 0
    unmapped: Sequence[Unmapped] = ()
    kinds: dict[tuple[str, str], int] = field(default_factory=dict)


def read_events(mapping: Mapping, directory: Path, progress: Callable[[Progress], None] | None = None) -> MappedImport:
    """The events of the files in `directory`, by the mapping.

    Raises MappingError where the mapping names a column that its file does not have, and UnreadableFileError where a file is
    missing or cannot be read to its end: then nothing is known to be complete.
    """
    return _Reading(mapping, directory, progress).events()


class _Reading:
    """One pass over an export."""

    def __init__(self, mapping: Mapping, directory: Path, progress: Callable[[Progress], None] | None) -> None:
        self._mapping = mapping
        self._directory = directory
        self._progress = progress
        self._tables = Tables(directory, mapping.sources, self._report, self._watch)
        self._events: list[ChannelEvent] = []
        self._unmapped: list[Unmapped] = []
        self._rows = self._without = self._failed = 0

    def events(self) -> MappedImport:
        lookups = {
            name: self._tables.lookup(each) if isinstance(each, FileLookup) else each.values or {}
            for name, each in self._mapping.lookups.items()
        }
        for name, source in self._mapping.sources.items():
            if any(event.source == name for event in self._mapping.events):
                self._read(source, lookups)
        self._events.sort(key=_fold_order)
        kinds = Counter((event.channel, event.record.get("kind", "")) for event in self._events)
        return MappedImport(self._events, self._rows, self._without, self._failed, tuple(self._unmapped), dict(sorted(kinds.items())))

    def _read(self, source: Source, lookups: Dictionary[str, Dictionary[str, str]]) -> None:
        path = find(self._directory, source)
        with open_csv(path, source) as file:
            scope, widened = self._tables.layout(source, file.columns, lookups)
            makers = [
                (event.name or str(number), event.bind(scope))
                for number, event in enumerate(self._mapping.events, start=1)
                if event.source == source.name
            ]
            for number, line, row in file.rows():
                self._rows += 1
                if isinstance(row, BadRow):
                    self._report(path.name, line, row.reason)
                else:
                    row.append(str(number))
                    self._make(makers, path.name, line, widened(row))
                if number % 5_000 == 0:
                    self._watch(file, number)
            self._watch(file, self._rows)

    def _make(self, makers: list[tuple[str, Maker]], file: str, line: int, row: list[str]) -> None:
        made = failed = 0
        for name, make in makers:
            try:
                event = make(row)
            except Unmappable as error:
                self._told(Unmapped(file, line, name, str(error)))
                failed += 1
                continue
            if event is not None:
                self._events.append(event)
                made += 1
        self._failed += failed > 0
        self._without += not made and not failed

    def _report(self, file: str, line: int, reason: str) -> None:
        self._failed += 1
        self._told(Unmapped(file, line, "", reason))

    def _told(self, unmapped: Unmapped) -> None:
        if len(self._unmapped) < KEPT_REASONS:
            self._unmapped.append(unmapped)

    def _watch(self, file: CsvFile, rows: int) -> None:
        if self._progress is not None:
            self._progress(Progress(file.path.name, rows, file.position_bytes(), file.size_bytes))


def _fold_order(event: ChannelEvent) -> tuple[int, str, int, str]:
    record = event.record
    return event.at, record.get("source") or event.channel, record.get("sequence", 0), record.get("event_id", "")
