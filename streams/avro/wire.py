"""The two forms in which an Avro datum travels, told apart by the first byte.

Single object   C3 01, the CRC-64-AVRO fingerprint of the writer's schema (8 bytes, little endian), the datum
Confluent       00, the writer's schema id in a registry (4 bytes, big endian), the datum
"""

from dataclasses import dataclass
from typing import Final

SINGLE_OBJECT: Final = b"\xc3\x01"
CONFLUENT: Final = b"\x00"
SINGLE_OBJECT_PREFIX_BYTES: Final = 10
CONFLUENT_PREFIX_BYTES: Final = 5

_SINGLE_OBJECT_FIRST: Final = 0xC3
_CONFLUENT_FIRST: Final = 0x00


class WireError(ValueError):
    """Bytes that are in neither form."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A schema named by its CRC-64-AVRO fingerprint: 8 bytes, little endian."""

    value: bytes

    @property
    def prefix(self) -> bytes:
        """What stands before a datum of this schema."""
        return SINGLE_OBJECT + self.value


@dataclass(frozen=True, slots=True)
class SchemaId:
    """A schema named by its number in a registry."""

    value: int

    @property
    def prefix(self) -> bytes:
        """What stands before a datum of this schema."""
        return CONFLUENT + self.value.to_bytes(4, "big")


Reference = Fingerprint | SchemaId
"""How a value on the wire names the schema it was written with."""


def prefix_of(value: bytes) -> bytes:
    """The bytes before the datum, which name the writer's schema. Raises WireError where there are none."""
    if not value:
        raise WireError("the value is empty; an Avro datum in single-object or Confluent form was expected")
    first = value[0]
    if first == _SINGLE_OBJECT_FIRST and value[:2] == SINGLE_OBJECT and len(value) >= SINGLE_OBJECT_PREFIX_BYTES:
        return value[:SINGLE_OBJECT_PREFIX_BYTES]
    if first == _CONFLUENT_FIRST and len(value) >= CONFLUENT_PREFIX_BYTES:
        return value[:CONFLUENT_PREFIX_BYTES]
    raise WireError(
        f"{len(value)} bytes that start with {value[:1].hex()} are neither Avro's single-object form (c3 01 and a fingerprint) "
        "nor Confluent's (00 and a schema id)"
    )


def reference_of(prefix: bytes) -> Reference:
    """The schema that a prefix of `prefix_of` names."""
    if prefix[0] == _CONFLUENT_FIRST:
        return SchemaId(int.from_bytes(prefix[1:], "big"))
    return Fingerprint(prefix[2:])


def frame(reference: Reference, datum: bytes) -> bytes:
    """The datum as it travels, under the form that the reference belongs to."""
    return reference.prefix + datum


def unframe(value: bytes) -> tuple[Reference, bytes]:
    """The writer's schema and the datum. Raises WireError where the value is in neither form."""
    prefix = prefix_of(value)
    return reference_of(prefix), value[len(prefix) :]
