"""CSV files, plain or compressed, row by row with the lines at which they start."""

import csv
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, BinaryIO, Final, TypeAlias, cast

from streams.imports.document import closest
from streams.imports.sources import Source

_ENDINGS: Final = ("", ".gz", ".xz")
_GZIP: Final = b"\x1f\x8b"
_XZ: Final = b"\xfd7zXZ\x00"
_BROKEN: Final = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, OSError)


class UnreadableFileError(ValueError):
    """A file that cannot be read to its end: which one, where, why."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no row of its file."""

    reason: str


NumberedRow: TypeAlias = tuple[int, int, list[str] | BadRow]
"""Number of the row (from 1, the header aside), line at which it starts, its values."""


def find(directory: Path, source: Source) -> Path:
    """The source's file: as named, else with or without .gz or .xz. Raises UnreadableFileError."""
    base = plain_name(source.file)
    for name in (source.file, *(base + ending for ending in _ENDINGS)):
        path = directory / name
        if path.is_file():
            return path
    there = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    if not directory.is_dir():
        raise UnreadableFileError(f"{directory} is no folder; name the one that has {source.file}")
    raise UnreadableFileError(
        f"{directory} has no {source.file} (source `{source.name}`), with or without .gz or .xz; {closest(source.file, there)}"
    )


def plain_name(file: str) -> str:
    """The file's name without the ending of its compression."""
    for ending in _ENDINGS[1:]:
        if file.endswith(ending):
            return file.removesuffix(ending)
    return file


class CsvFile:
    """One open file: its columns, then its rows once."""

    def __init__(self, path: Path, raw: BinaryIO, text: IO[str], source: Source) -> None:
        self.path = path
        self.size_bytes = path.stat().st_size
        self._raw = raw
        self._source = source
        self._reader = csv.reader(text, delimiter=source.delimiter, quotechar=source.quote)
        self.columns = source.columns or self._header()

    def position_bytes(self) -> int:
        """How far the file was read, compressed as it is."""
        return min(self._raw.tell(), self.size_bytes)

    def _header(self) -> tuple[str, ...]:
        for line, row in self._lines():
            if isinstance(row, BadRow):
                raise UnreadableFileError(f"{self.path}:{line}: the header cannot be read: {row.reason}")
            names = tuple(name.strip() for name in row)
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                told = f"{self.path}:{line}: the column {twice[0]!r} is there twice"
                raise UnreadableFileError(f"{told}; take the header out and name all with the source's `columns`")
            return names
        raise UnreadableFileError(f"{self.path}: is empty; a header was expected, or `columns` in the mapping")

    def _lines(self) -> Iterator[tuple[int, list[str] | BadRow]]:
        """Each row that is not blank, and the line at which it starts."""
        reader = self._reader
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, BadRow(f"no CSV: {error}")
                continue
            except (*_BROKEN, UnicodeDecodeError) as error:
                raise UnreadableFileError(
                    f"{self.path}: cannot be read after line {reader.line_num}: {error}; fetch the file again"
                ) from error
            if row:
                yield line, row

    def rows(self) -> Iterator[NumberedRow]:
        """Every row that is not blank, with what stands for no value as "". Raises UnreadableFileError."""
        width, none = len(self.columns), dict.fromkeys(self._source.none, "")
        for number, (line, row) in enumerate(self._lines(), start=1):
            if isinstance(row, BadRow):
                yield number, line, row
            elif len(row) != width:
                yield number, line, BadRow(f"{len(row)} values, and the file has {width} columns")
            elif _undecoded(row):
                yield number, line, BadRow(f"bytes that are not {self._source.encoding}; set the source's `encoding`")
            else:
                yield number, line, list(map(none.get, row, row)) if none else row


def _undecoded(row: list[str]) -> bool:
    whole = "".join(row)
    return not whole.isascii() and any("\udc80" <= sign <= "\udcff" for sign in whole)


@contextmanager
def open_csv(path: Path, source: Source) -> Iterator[CsvFile]:
    """The file at `path`, opened by what its first bytes say it is. Raises UnreadableFileError."""
    encoding = "utf-8-sig" if source.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else source.encoding
    with ExitStack() as opened:
        try:
            raw = opened.enter_context(path.open("rb"))
            start = raw.read(len(_XZ))
            raw.seek(0)
        except OSError as error:
            raise UnreadableFileError(f"{path}: cannot be read: {error.strerror or error}") from error
        plain: BinaryIO = raw
        if start.startswith(_GZIP):
            plain = cast("BinaryIO", opened.enter_context(gzip.GzipFile(fileobj=raw)))
        elif start == _XZ:
            plain = cast("BinaryIO", opened.enter_context(lzma.LZMAFile(raw)))
        text = opened.enter_context(TextIOWrapper(plain, encoding=encoding, errors="surrogateescape", newline=""))
        yield CsvFile(path, raw, text, source)
