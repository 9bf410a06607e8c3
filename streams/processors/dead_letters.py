"""A dead letter: why an event was refused, where it is, and its bytes, sealed."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from streams.avro.codec import Encoder
from streams.avro.refusal import Refusal
from streams.avro.registry import Registry
from streams.avro.sealing import Contents, Sealing
from streams.avro.struct_writing import Pieces, StructWriter, compile_struct_writer
from streams.avro.writing import STRANGE
from streams.delivery.commit import Output
from streams.processors.internal import partition_of, received_us

LARGEST_SEALED_VALUE_BYTES: Final = 512 * 1024
LARGEST_SEALED_REST_BYTES: Final = 64 * 1024
"""More than this of a record's value, and of its key and headers together, is not kept: a letter must always fit one commit.
The letter's size and hash are those of the whole value."""


class OutputEncoder:
    """Encodes records of one output schema in the single-object form."""

    def __init__(self, registry: Registry, name: str) -> None:
        self._schema = registry.current(name)
        self._encoder = Encoder(self._schema)
        self._prefix = registry.reference(name).prefix

    def encode(self, record: Mapping[str, Any]) -> bytes:
        """The record's bytes. Raises ValueError where it does not fit the schema: our own mistake."""
        (datum,) = self._encoder.encode_run([record])
        if isinstance(datum, Refusal):
            raise ValueError(datum.detail)  # noqa: TRY004  # a refusal is an answer, not a wrong type
        return self._prefix + datum

    def struct_writer(self, held: type[msgspec.Struct], *given: str) -> StructWriter:
        """Writes structs of a type as such records; fields named in `given` come beside them. It raises ValueError as `encode` does."""
        prefix, writer = self._prefix, compile_struct_writer(self._schema, held, *given)

        def pieces(row: msgspec.Struct) -> Pieces:
            try:
                return writer.pieces(row)
            except STRANGE as error:
                raise ValueError(f"the {held.__name__} does not fit {self._schema.full_name}: {error!r}") from error

        def joined(pieces: Pieces, *values: Any) -> bytes:
            return prefix + writer.joined(pieces, *values)

        return StructWriter(pieces, joined)


class DeadLetters:
    """Makes dead letters for one installation."""

    def __init__(self, topic: str, partitions: int, encoder: OutputEncoder, sealing: Sealing) -> None:
        self._topic, self._partitions = topic, partitions
        self._encoder, self._sealing = encoder, sealing

    def letter(self, refusal: Refusal, record: Any, channel: str, now_us: int, content: bytes | None = None) -> Output:
        """The dead letter of a fetched record. Its id is that of the record's place, so that a repeat replaces it.

        `content` is what died where that is not the record's own value: what came before it and gives way to it.
        """
        died = record.value if content is None else content
        value = died or b""
        place = f"{record.topic}|{record.partition}|{record.offset}"
        letter_id = hashlib.blake2b(place.encode(), digest_size=16).hexdigest()
        sealed = self._sealing.seal(_kept(record, died))
        letter = {
            "dead_letter_id": letter_id,
            "version": now_us,
            "reason": refusal.reason,
            "field": refusal.field,
            "detail": refusal.detail[:500],
            "channel": channel,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "event_id": refusal.event_id,
            "received_at": received_us(record, now_us),
            "died_at": now_us,
            "content_hash": hashlib.sha256(value).hexdigest(),
            "size_bytes": len(value),
            "key_id": sealed.key_id,
            "sealed": sealed.value,
        }
        return Output(self._topic, partition_of(letter_id, self._partitions), letter_id.encode(), self._encoder.encode(letter))


def _kept(record: Any, died: bytes | None) -> Contents:
    key = record.key if record.key is None else record.key[:LARGEST_SEALED_REST_BYTES]
    room = LARGEST_SEALED_REST_BYTES - len(key or b"")
    headers = []
    for name, text in record.headers:
        room -= len(name.encode()) + len(text or b"")
        if room < 0:
            break
        headers.append((name, text or b""))
    return Contents(key=key, headers=tuple(headers), value=died if died is None else died[:LARGEST_SEALED_VALUE_BYTES])
