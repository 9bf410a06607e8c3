"""Rows of other files, ready to be joined and looked up."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from streams.imports.files import BadRow, CsvFile, find, open_csv, plain_name
from streams.imports.scope import Row, Scope
from streams.imports.sources import ALL, FileLookup, Join, Source
from streams.imports.templates import ROW

OUTER: Final = "outer."
"""Before a column: within the rows of a join, the row that they are joined to."""
Report = Callable[[str, int, str], None]
"""Told of a row that cannot be used: file, line, reason."""
Watch = Callable[[CsvFile, int], None]
"""Told now and then how far a file was read: the file, its rows so far."""


class Tables:
    """The joined files of one import, each read once per key."""

    def __init__(self, directory: Path, sources: Mapping[str, Source], report: Report, watch: Watch) -> None:
        self._directory = directory
        self._sources = sources
        self._report = report
        self._watch = watch
        self._read: dict[tuple[Any, ...], tuple[Scope, dict[Any, Any]]] = {}

    def layout(
        self, source: Source, columns: tuple[str, ...], lookups: Mapping[str, Mapping[str, str]]
    ) -> tuple[Scope, Callable[[Row], Row]]:
        """The scope of a source's rows, and what widens one by the rows joined to it.

        Raises MappingError where a join names a column that its file does not have.
        """
        own = Scope(source.name, plain_name(source.file), len(columns) + 1, {name: place for place, name in enumerate((*columns, ROW))})
        places = dict(own.columns)
        lists: dict[str, tuple[int, Scope]] = {}
        steps: list[Callable[[Row], None]] = []
        width = len(places)
        for join in source.joins:
            key = _key([own.position(column, join.node) for column, _ in join.pairs])
            scope, table = self._table(join, lookups)
            if join.takes == ALL:
                lists[join.name] = (width, scope)
                steps.append(_adding_all(key, table))
                width += 1
            else:
                places |= {f"{join.name}.{name}": width + place for name, place in scope.columns.items()}
                steps.append(_adding_one(key, table, [""] * scope.width))
                width += scope.width
        inner = {name: (place, _within(scope, places)) for name, (place, scope) in lists.items()}

        def widened(row: Row) -> Row:
            for step in steps:
                step(row)
            return row

        return Scope(own.source, own.file, width, places, inner, lookups), widened

    def _table(self, join: Join, lookups: Mapping[str, Mapping[str, str]]) -> tuple[Scope, dict[Any, Any]]:
        source = self._sources[join.source]
        theirs = tuple(column for _, column in join.pairs)
        if (source.name, theirs, join.takes) not in self._read:
            self._read[source.name, theirs, join.takes] = self._load(source, theirs, join, lookups)
        return self._read[source.name, theirs, join.takes]

    def _load(
        self, source: Source, columns: tuple[str, ...], join: Join, lookups: Mapping[str, Mapping[str, str]]
    ) -> tuple[Scope, dict[Any, Any]]:
        path = find(self._directory, source)
        with open_csv(path, source) as file:
            scope, widened = self.layout(source, file.columns, lookups)
            key = _key([scope.position(column, join.node) for column in columns])
            table: dict[Any, Any] = {}
            for line, row in self._good(file):
                whole = widened(row)
                if not _complete(key(whole)):
                    continue  # a row without a key belongs to none
                if join.takes == ALL:
                    table.setdefault(key(whole), []).append(whole)
                elif key(whole) in table:
                    self._report(path.name, line, f"repeats the key {key(whole)!r} of {', '.join(columns)}; the first row with it counts")
                else:
                    table[key(whole)] = whole
        return scope, table

    def _good(self, file: CsvFile) -> Iterator[tuple[int, Row]]:
        for number, line, row in file.rows():
            if isinstance(row, BadRow):
                self._report(file.path.name, line, row.reason)
            else:
                row.append(str(number))
                yield line, row
            if number % 5_000 == 0:
                self._watch(file, number)

    def lookup(self, wanted: FileLookup) -> dict[str, str]:
        """A look-up's answers from its file; of a key that is there twice the first counts."""
        source = self._sources[wanted.source]
        path = find(self._directory, source)
        answers: dict[str, str] = {}
        with open_csv(path, source) as file:
            scope = Scope(source.name, path.name, len(file.columns), {name: number for number, name in enumerate(file.columns)})
            key, value = scope.position(wanted.key, wanted.node), scope.position(wanted.value, wanted.node)
            for line, row in self._good(file):
                if answers.setdefault(row[key], row[value]) != row[value]:
                    self._report(path.name, line, f"repeats the key {row[key]!r} of {wanted.key} with another value; the first counts")
        answers.pop("", None)
        return answers


def _adding_one(key: Callable[[Row], Any], table: dict[Any, Row], absent: Row) -> Callable[[Row], None]:
    def add(row: Row) -> None:
        row.extend(table.get(key(row), absent))

    return add


def _adding_all(key: Callable[[Row], Any], table: dict[Any, list[Row]]) -> Callable[[Row], None]:
    def add(row: Row) -> None:
        row.append(table.get(key(row), ()))

    return add


def _key(positions: list[int]) -> Callable[[Row], Any]:
    if len(positions) == 1:
        position = positions[0]
        return lambda row: row[position]
    return lambda row: tuple([row[position] for position in positions])


def _complete(key: Any) -> bool:
    return all(key) if isinstance(key, tuple) else bool(key)


def _within(scope: Scope, outer: Mapping[str, int]) -> Scope:
    """The scope of a joined row with the row that it is joined to behind it."""
    columns = dict(scope.columns) | {OUTER + name: scope.width + place for name, place in outer.items()}
    return Scope(scope.source, scope.file, scope.width, columns, scope.lists, scope.lookups)
