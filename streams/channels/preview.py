"""What would become of an event if it were published: the record that goes out and the Touchpoint that admit makes of it."""

from dataclasses import dataclass
from typing import Any, Final

from streams.avro.codec import Encoder
from streams.avro.examples import KNOWLEDGE
from streams.avro.json_events import WrongEventError, WrongField, record_of
from streams.avro.refusal import Refusal
from streams.avro.registry import FileRegistry
from streams.channels.admission import Admission
from streams.channels.catalogue import CHANNELS
from streams.channels.identifiers import Pseudonyms
from streams.events import ChannelEvent
from streams.journeys.touchpoint import Touchpoint

NAMES: Final = (*CHANNELS, KNOWLEDGE)
"""What can be published: the channels, and knowledge."""


@dataclass(frozen=True, slots=True)
class Right:
    """An event that would be admitted; an entry of knowledge has no touchpoint."""

    event: ChannelEvent
    touchpoint: Touchpoint | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """An event that would become a dead letter, or does not fit its schema: every field at fault."""

    fields: tuple[WrongField, ...]


class Preview:
    """Tries events of one channel, or entries of knowledge, exactly as admit would."""

    def __init__(self, name: str, pseudonyms: Pseudonyms | bytes) -> None:
        """Prepare for a channel or `knowledge`. Raises KeyError for another name, ValueError for a key that is too short."""
        if name not in NAMES:
            raise KeyError(f"there is no channel {name!r}; there are {', '.join(NAMES)}")
        files = FileRegistry()
        self._name = name
        self._schema = files.current(name)
        self._encoder = Encoder(self._schema)
        self._prefix = files.reference(name).prefix
        self._admission = Admission(name, files, pseudonyms) if name in CHANNELS else None

    def of(self, given: Any, now: int) -> Right | Wrong:
        """What becomes of a JSON event that is published at `now` (us)."""
        try:
            record = record_of(self._schema, given)
        except WrongEventError as error:
            return Wrong(error.fields)
        (datum,) = self._encoder.encode_run([record])
        if isinstance(datum, Refusal):
            return Wrong((WrongField(datum.field or "event", datum.detail),))
        if self._admission is None:
            return self._knowledge(record)
        (answer,) = self._admission.admit_run([self._prefix + datum], [now], [""], now)
        if isinstance(answer, Refusal):
            return Wrong((WrongField(answer.field or "event", f"{answer.detail} ({answer.reason})"),))
        return Right(ChannelEvent(self._name, record, answer.touchpoint.occurred_at), answer.touchpoint)

    def _knowledge(self, record: dict[str, Any]) -> Right | Wrong:
        wrong = []
        if record["channel"] not in CHANNELS:
            wrong.append(WrongField("channel", f"one of {', '.join(CHANNELS)} was expected"))
        if not record.get("offer") and not (record.get("subject") and record.get("attribute")):
            wrong.append(WrongField("offer", "an offer, or a subject and an attribute, was expected"))
        if wrong:
            return Wrong(tuple(wrong))
        return Right(ChannelEvent(self._name, record, record["known_from"]), None)
