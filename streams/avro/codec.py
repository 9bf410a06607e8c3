"""Encoding and decoding a run of values at a time, so that a native codec could take the whole run."""

import io
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from fastavro._write import schemaless_writer

from streams.avro.reading import Broken, compile_reader
from streams.avro.refusal import LARGEST_EVENT_BYTES, Reason, Refusal
from streams.avro.schema import Schema, SchemaError
from streams.avro.writing import STRANGE, Writer, compile_writer

Record = dict[str, Any]
"""A decoded datum: timestamps in us, decimals unscaled, enums as symbols."""


class Decoder:
    """Reads datums that were written with one schema as records of another version of it."""

    def __init__(self, writer: Schema, reader: Schema | None = None, largest_bytes: int = LARGEST_EVENT_BYTES) -> None:
        """Compile the reader. Raises SchemaError where `writer`'s datums cannot be read as `reader`, or not safely."""
        self.writer = writer
        self.reader = reader or writer
        self._largest_bytes = largest_bytes
        self._read = compile_reader(self.writer, self.reader)

    def decode_run(self, values: Sequence[bytes], start: int = 0) -> list[Record | Refusal]:
        """The records of values whose datums begin at the offset `start`; a refusal stands where one is none."""
        read, largest = self._read, self._largest_bytes
        records: list[Record | Refusal] = []
        for value in values:
            if len(value) > largest:
                records.append(Refusal("too_large", "", f"{len(value)} bytes; at most {largest} are taken"))
                continue
            try:
                records.append(read(value, start))
            except Broken as broken:
                records.append(Refusal(cast("Reason", broken.reason), broken.field, broken.detail))
            except (IndexError, struct.error):
                records.append(Refusal("truncated", "", "the value ends inside a field"))
            except UnicodeDecodeError:
                records.append(Refusal("malformed", "", "a string is not UTF-8"))
        return records


class Encoder:
    """Writes records of one schema: values as fastavro takes them (datetime or us, Decimal, symbols).

    A compiled writer takes what is plain; fastavro takes the rest, and says what does not fit.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._write = _writer(schema)

    def encode_run(self, records: Iterable[Mapping[str, Any]]) -> list[bytes | Refusal]:
        """The datum of each record; a refusal stands where one does not fit, or has a field that the schema lacks."""
        write = self._write
        datums: list[bytes | Refusal] = []
        for record in records:
            try:
                datums.append(write(record))
            except STRANGE:
                datums.append(self._by_fastavro(record))
        return datums

    def _by_fastavro(self, record: Mapping[str, Any]) -> bytes | Refusal:
        out = io.BytesIO()
        try:
            schemaless_writer(out, self.schema.parsed, record, strict_allow_default=True)
        except (ValueError, TypeError, KeyError, LookupError, OverflowError, AttributeError) as error:
            return Refusal("malformed", "", f"the record does not fit {self.schema.full_name}: {error}")
        return out.getvalue()


def _writer(schema: Schema) -> Writer:
    try:
        return compile_writer(schema)
    except SchemaError:
        return _left_to_fastavro


def _left_to_fastavro(_record: Mapping[str, Any]) -> bytes:
    raise TypeError
