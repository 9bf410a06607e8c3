"""What the embedded server must know of a statement before the engine parses it: its kind, its format, where inline data begins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from streams.clickhouse.errors import ClickHouseError

_TOKEN: Final = re.compile(
    rb"""(?P<space>\s+|--[^\n]*|\#[!\ ][^\n]*|/\*.*?\*/)
       |(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
       |(?P<word>[A-Za-z_]\w*)
       |(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_BEFORE_DATA: Final = re.compile(rb"[ \t\f\r]*;?[ \t\f\r]*\n?")
_READS: Final = frozenset({b"SELECT", b"WITH", b"SHOW", b"DESCRIBE", b"DESC", b"EXPLAIN", b"EXISTS", b"FROM"})
_OUTSIDE: Final = frozenset(
    {
        *(b"file", b"filecluster", b"url", b"urlcluster", b"remote", b"remotesecure", b"cluster", b"clusterallreplicas", b"executable"),
        *(b"s3", b"s3cluster", b"gcs", b"hdfs", b"hdfscluster", b"azureblobstorage", b"azureblobstoragecluster", b"iceberg", b"deltalake"),
        *(b"hudi", b"mysql", b"postgresql", b"sqlite", b"mongodb", b"redis", b"odbc", b"jdbc", b"python", b"arrowflight", b"ytsaurus"),
    }
)
_ACCESS_DENIED: Final = 497
_OUTFILE_NOT_ALLOWED: Final = 358
_SYNTAX_ERROR: Final = 62
_UNKNOWN_TYPE_OF_QUERY: Final = 78


class Kind(StrEnum):
    """What a statement does: read rows, insert rows that come with it, or anything else (DDL, INSERT SELECT, SET, USE)."""

    READ = "read"
    INSERT = "insert"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    text            for the engine, without its FORMAT clause
    format          that its FORMAT clause names; "" without one
    payload         of an insert: rows in that format
    """

    kind: Kind
    text: str
    format: str = ""
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class _Token:
    word: bytes
    text: bytes
    start: int
    end: int
    depth: int


def parse(text: bytes) -> Statement:
    """The one statement of `text`, with the inline data of an insert apart.

    Raises ClickHouseError for a second statement, INTO OUTFILE, FROM INFILE, or text that is not UTF-8.
    """
    tokens = _tokens(text)
    first = next((token for token in tokens if token.text != b"("), None)
    if first is None:
        raise ClickHouseError(_SYNTAX_ERROR, "Syntax error: Empty query. (SYNTAX_ERROR)")
    if first.word == b"INSERT":
        return _insert(text, tokens)
    return _other(text, first, tokens)


def split(text: str) -> list[str]:
    """The statements of a script, without their semicolons; comments alone are none."""
    raw = text.encode()
    found: list[str] = []
    start, empty = 0, True
    for token in _tokens(raw):
        if token.text == b";":
            if not empty:
                found.append(raw[start : token.start].decode().strip())
            start, empty = token.end, True
        else:
            empty = False
    if not empty:
        found.append(raw[start:].decode().strip())
    return found


def _tokens(text: bytes) -> Iterator[_Token]:
    depth = 0
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "space":
            continue
        found = match.group()
        if found in b")]}":
            depth -= 1
        yield _Token(found.upper() if match.lastgroup == "word" else b"", found, match.start(), match.end(), depth)
        if found in b"([{":
            depth += 1


def _insert(text: bytes, tokens: Iterator[_Token]) -> Statement:
    previous = _Token(b"INSERT", b"", 0, 0, 0)
    for token in tokens:
        _refuse_outside(previous, token)
        if previous.word == b"FORMAT" and token.word and previous.depth == 0:
            if token.word == b"VALUES":
                break
            before_data = _BEFORE_DATA.match(text, token.end)
            begin = before_data.end() if before_data else token.end
            return Statement(Kind.INSERT, _decoded(text[: previous.start]), token.text.decode(), text[begin:])
        if token.depth == 0 and token.word == b"INFILE":
            raise ClickHouseError(_UNKNOWN_TYPE_OF_QUERY, "Query has infile and was sent directly to the server. (UNKNOWN_TYPE_OF_QUERY)")
        if token.depth == 0 and token.word == b"VALUES":
            break
        if token.depth == 0 and token.word in {b"SELECT", b"WITH"}:
            return _other(text, previous, tokens)
        previous = token
    else:
        return Statement(Kind.INSERT, _decoded(text))
    return Statement(Kind.OTHER, _decoded(text))


def _other(text: bytes, first: _Token, tokens: Iterator[_Token]) -> Statement:
    end = len(text)
    last = first
    clause = last
    tail: list[_Token] = []
    for token in tokens:
        _refuse_outside(last, token)
        if last.text == b";" and last.depth == 0:
            raise ClickHouseError(
                _SYNTAX_ERROR, f"Syntax error (Multi-statements are not allowed): failed at position {token.start + 1}. (SYNTAX_ERROR)"
            )
        if token.depth == 0:
            if last.word == b"INTO" and token.word == b"OUTFILE":
                raise ClickHouseError(_OUTFILE_NOT_ALLOWED, "INTO OUTFILE is not allowed. (INTO_OUTFILE_NOT_ALLOWED)")
            if last.word == b"FORMAT" and token.word and last.depth == 0:
                clause, tail = last, [token]
            elif tail:
                tail.append(token)
        if token.text == b";" and token.depth == 0:
            end = token.start
        last = token
    kind = Kind.READ if first.word in _READS else Kind.OTHER
    if tail and (len(tail) == 1 or tail[1].text == b";" or tail[1].word == b"SETTINGS"):
        bare = text[: clause.start] + text[tail[0].end : end]
        return Statement(kind, _decoded(bare), tail[0].text.decode())
    return Statement(kind, _decoded(text[:end]))


def _refuse_outside(before: _Token, token: _Token) -> None:
    """An engine inside a process could read every file of its user; a server would not let a query do so."""
    if token.text == b"(" and before.text.strip(b'`"').lower() in _OUTSIDE:
        name = before.text.decode()
        raise ClickHouseError(
            _ACCESS_DENIED,
            f"default: Not enough privileges. {name}() reaches outside the database, which this server does not allow. (ACCESS_DENIED)",
        )


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise ClickHouseError(_SYNTAX_ERROR, f"Syntax error: the query is not UTF-8 at byte {error.start}. (SYNTAX_ERROR)") from error
