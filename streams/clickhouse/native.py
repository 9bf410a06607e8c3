"""Native blocks for clients that speak a revision of ClickHouse's protocol over HTTP (clickhouse-go, which Grafana's data source uses).

chDB writes blocks as for revision 0. From CUSTOM_SERIALIZATION on, a client expects block information in front of each block and a flag
after the type of each column. To put those in, a block's columns are walked over by their types; no value is decoded.
"""

import re
from collections.abc import Callable
from typing import Final

from streams.clickhouse.errors import ClickHouseError

CUSTOM_SERIALIZATION: Final = 54454
"""First revision of the protocol for which blocks are rewritten."""

_BLOCK_INFO: Final = b"\x01\x00\x02\xff\xff\xff\xff\x00"  # no overflow, bucket -1, end
_PLAIN_SERIALIZATION: Final = b"\x00"
_NOT_IMPLEMENTED: Final = 48
_HAS_KEYS: Final = 0x200
_WIDTHS: Final = {
    **dict.fromkeys(("Int8", "UInt8", "Bool", "Enum8", "Nothing"), 1),
    **dict.fromkeys(("Int16", "UInt16", "Date", "Enum16", "BFloat16"), 2),
    **dict.fromkeys(("Int32", "UInt32", "Float32", "Date32", "DateTime", "IPv4", "Decimal32", "Time"), 4),
    **dict.fromkeys(("Int64", "UInt64", "Float64", "DateTime64", "Decimal64", "Time64"), 8),
    **dict.fromkeys(("Int128", "UInt128", "UUID", "IPv6", "Decimal128"), 16),
    **dict.fromkeys(("Int256", "UInt256", "Decimal256"), 32),
}
_DECIMAL_WIDTHS: Final = ((9, 4), (18, 8), (38, 16), (76, 32))
_NAMED: Final = re.compile(r"(?:[A-Za-z_]\w*|`(?:[^`\\]|\\.)*`)\s+(?=[A-Z])")


def with_revision(body: bytes) -> bytes:
    """Native blocks of revision 0 as a client of CUSTOM_SERIALIZATION or later reads them.

    Raises ClickHouseError for a type that cannot be walked over.
    """
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        columns, after = _varint(body, at)
        rows, after = _varint(body, after)
        parts += [_BLOCK_INFO, body[at:after]]
        for _ in range(columns):
            begin = after
            _, after = _text(body, after)
            name, after = _text(body, after)
            parts += [body[begin:after], _PLAIN_SERIALIZATION]
            end = _column(name.decode(), body, after, rows) if rows else after
            parts.append(body[after:end])
            after = end
        at = after
    return b"".join(parts)


def _column(name: str, body: bytes, at: int, rows: int) -> int:
    return _data(name, body, _prefix(name, body, at), rows)


def _prefix(name: str, body: bytes, at: int) -> int:
    """After the states that stand in front of a column: one for each LowCardinality in its type."""
    kind, arguments = _parsed(name)
    if kind == "LowCardinality":
        return at + 8
    for argument in _inner(kind, arguments):
        at = _prefix(argument, body, at)
    return at


def _data(name: str, body: bytes, at: int, rows: int) -> int:
    kind, arguments = _parsed(name)
    width = _width(kind, arguments)
    if width:
        return at + width * rows
    walk = _WALKS.get(kind)
    if walk is None:
        raise ClickHouseError(
            _NOT_IMPLEMENTED, f"The type {name} cannot be sent to this client: turn it into another in the query. (NOT_IMPLEMENTED)"
        )
    return walk(kind, arguments, body, at, rows)


def _width(kind: str, arguments: list[str]) -> int:
    if kind == "FixedString":
        return int(arguments[0])
    if kind == "Decimal":
        return next(width for precision, width in _DECIMAL_WIDTHS if int(arguments[0]) <= precision)
    if kind.startswith("Interval"):
        return 8
    return _WIDTHS.get(kind, 0)


def _strings(_kind: str, _arguments: list[str], body: bytes, at: int, rows: int) -> int:
    for _ in range(rows):
        size = body[at]
        if size < 0x80:  # noqa: PLR2004  # one byte says it all: most strings
            at += size + 1
        else:
            size, at = _varint(body, at)
            at += size
    return at


def _each(kind: str, arguments: list[str], body: bytes, at: int, rows: int) -> int:
    for argument in _inner(kind, arguments):
        at = _data(argument, body, at, rows)
    return at


def _nullable(kind: str, arguments: list[str], body: bytes, at: int, rows: int) -> int:
    return _each(kind, arguments, body, at + rows, rows)


def _array(kind: str, arguments: list[str], body: bytes, at: int, rows: int) -> int:
    if not rows:
        return at
    after = at + 8 * rows
    return _each(kind, arguments, body, after, _number(body, after - 8))


def _low_cardinality(_kind: str, arguments: list[str], body: bytes, at: int, rows: int) -> int:
    if not rows:
        return at
    flags = _number(body, at)
    at += 8
    if flags & _HAS_KEYS:
        inner, nested = _parsed(arguments[0])
        keys = nested[0] if inner == "Nullable" else arguments[0]
        at = _data(keys, body, at + 8, _number(body, at))
    return at + 8 + _number(body, at) * (1 << (flags & 0xFF))


_WALKS: Final[dict[str, Callable[[str, list[str], bytes, int, int], int]]] = {
    "String": _strings,
    "Nullable": _nullable,
    "Array": _array,
    "Map": _array,
    "Nested": _array,
    "Tuple": _each,
    "SimpleAggregateFunction": _each,
    "LowCardinality": _low_cardinality,
}


def _inner(kind: str, arguments: list[str]) -> list[str]:
    """The types whose values follow one another inside a type."""
    if kind in {"Tuple", "Nested"}:
        return [_NAMED.sub("", argument, count=1) if _NAMED.match(argument) else argument for argument in arguments]
    if kind == "SimpleAggregateFunction":
        return arguments[1:]
    return arguments if kind in {"Nullable", "Array", "Map"} else []


def _parsed(name: str) -> tuple[str, list[str]]:
    """A type's name and its arguments, as they are written: `Array(Tuple(a String))` is Array and [Tuple(a String)]."""
    kind, bracket, rest = name.strip().partition("(")
    if not bracket:
        return kind, []
    arguments: list[str] = []
    depth, begin, quote, skip = 0, 0, "", False
    for index, sign in enumerate(rest):
        if skip:
            skip = False
        elif quote:
            skip = sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in "'`":
            quote = sign
        elif sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif (sign == "," and not depth) or sign == ")":
            arguments.append(rest[begin:index].strip())
            begin = index + 1
    return kind, arguments


def _number(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 8], "little")


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  # the last one
            return value, at
        shift += 7


def _text(body: bytes, at: int) -> tuple[bytes, int]:
    size, at = _varint(body, at)
    return body[at : at + size], at + size
