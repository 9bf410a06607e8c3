"""Datums of earlier versions of an output as today's: topics outlive releases, and a table's block has one schema."""

from typing import Final

from streams.avro.codec import Decoder, Encoder
from streams.avro.refusal import Refusal
from streams.avro.registry import Registry
from streams.avro.wire import prefix_of, reference_of

LARGEST_OUTPUT_BYTES: Final = 16 * 1024 * 1024


class Upgrade:
    """Takes the prefix off values of one output, and writes again what an earlier version wrote."""

    def __init__(self, registry: Registry, name: str) -> None:
        """Prepare for the output `name`. Raises UnknownSchemaError."""
        self._registry, self._schema = registry, registry.current(name)
        self._current = registry.reference(name).prefix
        self._encoder = Encoder(self._schema)
        self._decoders: dict[bytes, Decoder] = {}

    def __call__(self, value: bytes) -> bytes:
        """The datum as of the current version. Raises ValueError, UnknownSchemaError, RegistryUnavailableError."""
        if value.startswith(self._current):
            return value[len(self._current) :]
        prefix = prefix_of(value)
        decoder = self._decoders.get(prefix)
        if decoder is None:
            writer = self._registry.find(reference_of(prefix))
            decoder = self._decoders[prefix] = Decoder(writer, self._schema, LARGEST_OUTPUT_BYTES)
        (record,) = decoder.decode_run([value], len(prefix))
        if isinstance(record, Refusal):
            raise ValueError(record.detail)  # noqa: TRY004  # a refusal is an answer, not a wrong type
        (datum,) = self._encoder.encode_run([record])
        if isinstance(datum, Refusal):
            raise ValueError(datum.detail)  # noqa: TRY004
        return datum
