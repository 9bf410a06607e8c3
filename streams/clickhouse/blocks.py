"""Insert bodies for ClickHouse, built from bytes that are encoded already: nothing is decoded on the way into a table.

A touchpoint travels as one MessagePack array of its fields; a MsgPack row is the same fields without the array around them.
An output travels as one Avro datum; an Avro block is a file header and the datums, one after the other.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from streams.journeys.touchpoint import Touchpoint, decode, encode

TOUCHPOINT_COLUMNS: Final = Touchpoint.__struct_fields__
"""Columns of a touchpoint block, in order."""

SINGLE_OBJECT: Final = b"\xc3\x01"
_SINGLE_OBJECT_HEADER_BYTES: Final = 10
_FIELDS: Final = len(TOUCHPOINT_COLUMNS)
_ROW_HEADER: Final = b"\xdc" + _FIELDS.to_bytes(2, "big")
_SYNC: Final = bytes(range(16))


class BlockError(ValueError):
    """A value that cannot stand in a block: its position, and what was wrong with it.

    index   of the value at fault
    """

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"value {index} of the block: {reason}")
        self.index = index


@dataclass(frozen=True, slots=True)
class Table:
    """How rows get into one table.

    name        without its database
    format      of the blocks
    columns     that the rows have, in order
    block       builds a body from encoded values; raises BlockError
    refreshed   encodes one value again, as today's version would; None where that is not possible
    """

    name: str
    format: str
    columns: tuple[str, ...]
    block: Callable[[Sequence[bytes]], bytes]
    refreshed: Callable[[bytes], bytes] | None = None


def touchpoint_block(values: Sequence[bytes]) -> bytes:
    """MsgPack rows of encoded touchpoints (`touchpoint.encode`), in their order.

    A touchpoint of an earlier version, with fewer fields, is filled up. Raises BlockError.
    """
    if all(value[:3] == _ROW_HEADER for value in values):
        return b"".join([value[3:] for value in values])
    return b"".join([_row(index, value) for index, value in enumerate(values)])


def avro_block(schema: Mapping[str, Any], datums: Sequence[bytes]) -> bytes:
    """An Avro file of raw datums of `schema`: header and one block, without compression.

    A datum may come in the single-object form (marker and fingerprint in front), which is taken off.
    """
    return _avro_body(avro_header(schema), datums)


def output_table(name: str, schema: Mapping[str, Any], datum_of: Callable[[bytes], bytes] | None = None) -> Table:
    """The table of an output: its columns are the fields of the output's Avro schema.

    `datum_of` makes the bare datum of this schema from a value (default: takes the single-object marker off); it raises ValueError
    or LookupError where it cannot.
    """
    header = avro_header(schema)
    return Table(name, "Avro", tuple(field["name"] for field in schema["fields"]), partial(_avro_body, header, datum_of=datum_of or _bare))


def avro_header(schema: Mapping[str, Any]) -> bytes:
    """The header of an Avro file: magic, schema, codec null, sync marker."""
    entries = {"avro.schema": json.dumps(schema, separators=(",", ":")).encode(), "avro.codec": b"null"}
    parts = [b"Obj\x01", _long(len(entries))]
    for name, value in entries.items():
        parts += [_long(len(name)), name.encode(), _long(len(value)), value]
    return b"".join([*parts, b"\x00", _SYNC])


def refreshed(value: bytes) -> bytes:
    """An encoded touchpoint decoded and encoded again: with today's fields in every part. Raises msgspec.DecodeError."""
    return encode(decode(value))


def _bare(value: bytes) -> bytes:
    return value[_SINGLE_OBJECT_HEADER_BYTES:] if value[:2] == SINGLE_OBJECT else value


def _avro_body(header: bytes, values: Sequence[bytes], datum_of: Callable[[bytes], bytes] = _bare) -> bytes:
    bodies = []
    for index, value in enumerate(values):
        try:
            bodies.append(datum_of(value))
        except (ValueError, LookupError) as error:
            raise BlockError(index, f"no datum of the output ({error})") from error
    if not bodies:
        return header
    return b"".join([header, _long(len(bodies)), _long(sum(map(len, bodies))), *bodies, _SYNC])


def _row(index: int, value: bytes) -> bytes:
    if value[:3] != _ROW_HEADER:
        try:
            value = refreshed(value)
        except ValueError as error:  # what msgspec raises for bytes that are no touchpoint
            raise BlockError(index, f"no touchpoint ({error})") from error
    return value[3:]


def _long(value: int) -> bytes:
    """Avro's long: zigzag, then seven bits a byte, the lowest first."""
    rest = value << 1
    found = bytearray()
    while rest > 0x7F:  # noqa: PLR2004  # seven bits
        found.append(rest & 0x7F | 0x80)
        rest >>= 7
    found.append(rest)
    return bytes(found)


TOUCHPOINTS: Final = Table("touchpoints", "MsgPack", TOUCHPOINT_COLUMNS, touchpoint_block, refreshed)
"""The table of touchpoints: rows as they travel on the internal topics."""
