"""From the bytes that a channel published to Touchpoints: decode, check, pseudonymise, map. Pure: time is given.

Everything that is personal ends here: identifiers become pseudonyms, attributes and search terms pass by the channel's
allow-list only.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams.avro import wire
from streams.avro.codec import Decoder
from streams.avro.refusal import LARGEST_EVENT_BYTES, Refusal
from streams.avro.registry import Registry, UnknownSchemaError
from streams.avro.schema import SchemaError
from streams.channels.catalogue import CHANNELS
from streams.channels.identifiers import Pseudonyms
from streams.channels.parts import PARTS, NotAdmittedError, references_of
from streams.journeys.identity.periods import in_period
from streams.journeys.identity.strength import THINGS
from streams.journeys.touchpoint import Identifier, References, Touchpoint, encode, type_order

LONGEST_EVENT_ID: Final = 200
MOST_IDENTIFIERS: Final = 64
EARLIEST_OCCURRED_US: Final = 946_684_800_000_000
"""2000-01-01: an event before it has a broken clock."""

FUTURE_LIMIT_US: Final = 86_400_000_000
"""An event that is further ahead than a day is refused."""

CLOCK_AHEAD_US: Final = 60_000_000
"""A source that sends an event later than it arrives, by more than this, has a clock that runs ahead."""

_RANKS: Final = {type_: rank for rank, type_ in enumerate(type_order)}
_MOST_WRITERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Admitted:
    """An event that passed: the Touchpoint, and the bytes that travel from here on."""

    touchpoint: Touchpoint
    value: bytes


class Admission:
    """Admits the events of one channel."""

    def __init__(
        self,
        channel: str,
        registry: Registry,
        pseudonyms: Pseudonyms | bytes,
        *,
        future_limit_us: int = FUTURE_LIMIT_US,
    ) -> None:
        """Prepare for `channel`; several channels may share one `pseudonyms` and its cache; a key makes one as shipped.

        Raises KeyError for an unknown channel, UnknownSchemaError, SchemaError, ValueError for a key that is too short.
        """
        self.channel = CHANNELS[channel]
        self.schema = registry.current(channel)
        self._registry = registry
        self._future_limit_us = future_limit_us
        hiding = Pseudonyms(pseudonyms) if isinstance(pseudonyms, bytes) else pseudonyms
        self._pseudonym, self._lifetimes = hiding.of, hiding.lifetimes
        self._allowed = self.schema.allowed_attributes
        self._decoders: dict[bytes, Decoder | Refusal] = {}
        own = {each["name"] for each in self.schema.definition["fields"]}
        self._parts = tuple((name, *PARTS[name]) for name in PARTS if name in own)

    def admit_run(self, values: Sequence[bytes], received_at: Sequence[int], replay: Sequence[str], now: int) -> list[Admitted | Refusal]:
        """Admit a run of events, each with the time (us) it reached the broker and the import that it is of ("": live).

        `now` is the wall clock (us), against which replayed events are checked. One answer for each value, in order.
        Raises RegistryUnavailableError where a schema cannot be had at present; then nothing of the run is decided.
        """
        answers: list[Any] = [None] * len(values)
        runs: dict[bytes, list[int]] = {}
        for index, value in enumerate(values):
            if len(value) > LARGEST_EVENT_BYTES:
                answers[index] = Refusal("too_large", "", f"{len(value)} bytes; at most {LARGEST_EVENT_BYTES} are taken")
                continue
            try:
                runs.setdefault(wire.prefix_of(value), []).append(index)
            except wire.WireError as error:
                answers[index] = Refusal("not_avro", "", str(error))
        for prefix, indexes in runs.items():
            decoder = self._decoders.get(prefix) or self._decoder(prefix)
            if isinstance(decoder, Refusal):
                for index in indexes:
                    answers[index] = decoder
                continue
            start = len(prefix)
            records = decoder.decode_run([values[index] for index in indexes], start)
            for index, record in zip(indexes, records, strict=True):
                if isinstance(record, Refusal):
                    answers[index] = record
                else:
                    answers[index] = self._admit(record, values[index][start:], received_at[index], replay[index], now)
        return answers

    def _decoder(self, prefix: bytes) -> Decoder | Refusal:
        """The decoder for what that prefix was written with. Only what was found is kept: another schema may be released yet."""
        try:
            writer = self._registry.find(wire.reference_of(prefix))
        except UnknownSchemaError as error:
            return Refusal("unknown_schema", "", str(error))
        if writer.full_name != self.schema.full_name:
            return Refusal("unknown_schema", "", f"the schema is {writer.full_name}; {self.schema.full_name} was expected")
        try:
            decoder = Decoder(writer, self.schema)
        except SchemaError as error:
            return Refusal("unknown_schema", "", f"the writer's schema cannot be read as {self.schema.full_name}: {error}")
        if len(self._decoders) >= _MOST_WRITERS:
            self._decoders.clear()
        self._decoders[prefix] = decoder
        return decoder

    def _admit(self, record: dict[str, Any], datum: bytes, received_at: int, replay: str, now: int) -> Admitted | Refusal:
        event_id = record["event_id"]
        try:
            touchpoint = self._touchpoint(record, event_id, datum=datum, received_at=received_at, replay=replay, now=now)
        except NotAdmittedError as error:
            return Refusal(error.reason, error.field, error.detail, event_id[:LONGEST_EVENT_ID])
        return Admitted(touchpoint, encode(touchpoint))

    def _touchpoint(self, record: dict[str, Any], event_id: str, *, datum: bytes, received_at: int, replay: str, now: int) -> Touchpoint:
        if not event_id or event_id.isspace():
            raise NotAdmittedError("no_event_id", "event_id", "the event's own number at the source was expected")
        if len(event_id) > LONGEST_EVENT_ID:
            raise NotAdmittedError("event_id_too_long", "event_id", f"{len(event_id)} characters; at most {LONGEST_EVENT_ID} are taken")
        kind = record["kind"]
        meaning = self.channel.kinds.get(kind)
        if meaning is None:
            raise NotAdmittedError("unknown_kind", "kind", f"a kind that {self.channel.name} knows was expected")
        occurred_at = record["occurred_at"]
        corrected_at = self._corrected(occurred_at, record["sent_at"], received_at, replay, now)
        references = references_of(record)
        identifiers, anchor = self._identifiers(record["identifiers"], references, occurred_at)
        facts: dict[str, Any] = {}
        allowed = self._allowed
        for name, field, make in self._parts:
            part = record[name]
            if name == meaning.part:
                fact = make(part, meaning.action, references, event_id, allowed)
            elif part is not None:
                fact = make(part, "", references, event_id, allowed)
            else:
                continue
            if fact is not None:
                facts[field] = (fact,)
        if record["attributes"]:
            facts["attributes"] = {name: value for name, value in record["attributes"].items() if name in allowed}
        direction = record["direction"]
        return Touchpoint(
            event_id=event_id,
            occurred_at=occurred_at,
            corrected_at=corrected_at,
            received_at=received_at,
            channel=self.channel.name,
            kind=kind,
            source=record["source"] or self.channel.name,
            sequence=record["sequence"],
            direction=meaning.direction if direction == "unknown" else direction,
            replay=replay,
            anchor=anchor,
            identifiers=identifiers,
            account=record["account"],
            session=record["session"],
            references=references,
            content_hash=int.from_bytes(hashlib.blake2b(datum, digest_size=8).digest(), "big"),
            **facts,
        )

    def _corrected(self, occurred_at: int, sent_at: int | None, received_at: int, replay: str, now: int) -> int:
        """The event's time without the source's clock error; refuses times that no clock can mean."""
        if occurred_at < EARLIEST_OCCURRED_US:
            raise NotAdmittedError("occurred_too_early", "occurred_at", "a time from 2000-01-01 on was expected, in us since 1970")
        limit = (now if replay else received_at) + self._future_limit_us
        if occurred_at > limit:
            raise NotAdmittedError("occurred_in_future", "occurred_at", "a time at most a day ahead was expected, in us since 1970")
        if replay or sent_at is None or sent_at <= received_at + CLOCK_AHEAD_US:
            return occurred_at
        if sent_at > limit:
            raise NotAdmittedError("occurred_in_future", "sent_at", "a time at most a day ahead was expected, in us since 1970")
        return occurred_at - (sent_at - received_at)

    def _identifiers(self, given: Sequence[dict[str, str]], references: References, occurred_at: int) -> tuple[tuple[Identifier, ...], str]:
        """All identifiers from strong to weak, references that follow included, and the anchor. Refuses an event that has none."""
        if len(given) > MOST_IDENTIFIERS:
            raise NotAdmittedError("invalid_value", "identifiers", f"{len(given)} identifiers; at most {MOST_IDENTIFIERS} are taken")
        pseudonym = self._pseudonym
        found: dict[tuple[int, str], str] = {}
        for each in given:
            type_ = each["type"]
            if type_ != "unknown" and (hidden := pseudonym(type_, each["value"])):
                found[_RANKS[type_], hidden] = type_
        for type_ in THINGS:
            number = getattr(references, type_)
            if number and (hidden := pseudonym(type_, number)):
                found[_RANKS[type_], hidden] = type_
        if not found:
            raise NotAdmittedError("no_identifier", "identifiers", "an identifier, or an order, case or conversation, was expected")
        if self._lifetimes:
            found = self._in_periods(found, occurred_at)
        rank, hidden = min(found)
        identifiers = tuple(Identifier(type=type_, pseudonym=hidden) for (_, hidden), type_ in sorted(found.items()))
        return identifiers, f"{found[rank, hidden]}:{hidden}"

    def _in_periods(self, found: dict[tuple[int, str], str], at: int) -> dict[tuple[int, str], str]:
        """Identifiers that live for a time, with their period: by the event's own time, which is the same however often it is sent."""
        lifetimes = self._lifetimes
        return {
            (rank, in_period(hidden, at, lifetimes[type_]) if type_ in lifetimes else hidden): type_
            for (rank, hidden), type_ in found.items()
        }
