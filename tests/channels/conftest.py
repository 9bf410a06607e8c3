import pytest

from streams.avro.codec import Encoder
from streams.avro.json_events import record_of
from streams.avro.registry import FileRegistry
from streams.channels.admission import Admission

KEY = bytes(range(32))
NOW = 1_772_450_000_000_000
"""2026-03-02, the day of the examples."""


@pytest.fixture(scope="session")
def registry():
    return FileRegistry()


@pytest.fixture(scope="session")
def published(registry):
    """The bytes of a JSON event, as a channel publishes it."""

    def bytes_of(channel, event):
        schema = registry.current(channel)
        (datum,) = Encoder(schema).encode_run([record_of(schema, event)])
        assert isinstance(datum, bytes), datum
        return registry.reference(channel).prefix + datum

    return bytes_of


@pytest.fixture(scope="session")
def admit(registry, published):
    """What admit answers to one JSON event, or to raw bytes."""
    admissions = {}

    def answer(channel, event, *, received_at=NOW, replay="", now=NOW):
        admission = admissions.setdefault(channel, Admission(channel, registry, KEY))
        value = event if isinstance(event, bytes) else published(channel, event)
        (answer,) = admission.admit_run([value], [received_at], [replay], now)
        return answer

    return answer


@pytest.fixture
def event():
    """The least event of a kind: who, when, what."""

    def of(kind, **more):
        return {
            "event_id": "e1",
            "occurred_at": NOW,
            "kind": kind,
            "identifiers": [{"type": "customer_number", "value": "C1"}],
        } | more

    return of
