"""An event's bytes as its publisher meant them: read by the schema that they name, whatever channel expects another."""

from typing import Any

from streams.avro import wire
from streams.avro.codec import Decoder
from streams.avro.refusal import Refusal
from streams.avro.registry import Registry, UnknownSchemaError
from streams.avro.schema import SchemaError


def as_published(registry: Registry, value: bytes) -> dict[str, Any] | None:
    """The record of `value`, every field as it was written; None where it is none. Raises RegistryUnavailableError."""
    try:
        prefix = wire.prefix_of(value)
        writer = registry.find(wire.reference_of(prefix))
        (record,) = Decoder(writer, writer).decode_run([value], len(prefix))
    except (wire.WireError, UnknownSchemaError, SchemaError):
        return None
    return None if isinstance(record, Refusal) else record
