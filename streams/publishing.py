"""Publishes channel events and knowledge: encoded by their schemas, in order, each partition's clock kept going during an import."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, Final, Self

from streams.arriving import arriving
from streams.avro.codec import Encoder
from streams.avro.configured import registry_of
from streams.avro.refusal import LARGEST_EVENT_BYTES, Refusal
from streams.avro.registry import Registry, RegistryUnavailableError, UnknownSchemaError
from streams.broker.reach import BrokerAwayError, BrokerRefusedError
from streams.broker.sending import Headers, Lanes
from streams.events import ChannelEvent
from streams.processors.internal import CLOCK, KIND, LATE, partition_of
from streams.settings import CHANNELS, Settings
from streams.stack_folder import full_advice, remember_import
from streams.topics import KNOWLEDGE, check_topics, has_transactions

RUN: Final = 500
"""Events that are encoded together."""

CLOCK_EVERY: Final = 5_000
"""Events of an import after which every partition of every channel hears how far it is."""

FOLLOWED: Final = ("case", "order", "conversation")
"""References by which an event without identifiers finds its partition."""

_FORBIDDEN_IN_NAMES: Final = "\n\r\t\x00"


class PublishError(RuntimeError):
    """Nothing, or not all, could be published; the message is one line and says what to do."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that does not fit its schema and was left out."""

    channel: str
    event_id: str
    refusal: Refusal

    def __str__(self) -> str:
        said = self.refusal
        return (
            f"{self.channel} event {self.event_id!r} was left out: {said.reason}{f' ({said.field})' if said.field else ''}: {said.detail}"
        )


@dataclass(slots=True)
class Published:
    """What the broker has acknowledged.

    counts      by channel, knowledge among them
    refused     events that were left out, with the reason
    seconds     from the first event taken to the last acknowledgement
    """

    counts: dict[str, int] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Events of channels; knowledge is none."""
        return sum(count for channel, count in self.counts.items() if channel != KNOWLEDGE)


async def publish(settings: Settings, events: Iterable[ChannelEvent], *, replay: str = "") -> Published:
    """Publish events and knowledge in the given order, each as it comes: the source may be a pipe that stays open.

    With `replay` they are marked as events of that import, which says nothing of time. Raises PublishError.
    """
    async with _Publication(settings, replay) as publication, aclosing(arriving(events, RUN)) as runs:
        async for run in runs:
            await publication.send(run)
            await publication.lanes.flush()
        await publication.lanes.acknowledged()
        return publication.ended()


async def publish_import(
    settings: Settings,
    events: Iterable[ChannelEvent],
    *,
    name: str,
    until: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Published:
    """Publish an import: its events in the given order, marked with its name, and the clock by which its time passes.

    Where that is not the order of event time, the clock runs behind by as much as the latest event is late, so that nothing is judged
    before all that belongs before it has come. All knowledge goes first and is acknowledged before the first event, so that no event
    is judged without it; an iterator is therefore read to its end before anything is sent. `until` is the clock (us) that the import
    ends with; None leaves it open: from then on its facts live in the live time. `progress` hears the number of events sent so far.
    Raises PublishError.
    """
    if not name or any(each in name for each in _FORBIDDEN_IN_NAMES):
        raise PublishError(f"an import cannot be named {name!r}: give it a name of one line")
    planned = list(events) if isinstance(events, Iterator) else events
    late = lateness(planned)
    async with _Publication(settings, name, late) as publication:
        lanes = publication.lanes
        for run in _runs(each for each in planned if each.channel == KNOWLEDGE):
            await publication.send(run)
        await lanes.acknowledged()
        at: int | None = None
        sent = since_clock = 0
        for run in _runs(each for each in planned if each.channel != KNOWLEDGE):
            if at is None:
                at = run[0].at
                await publication.send_clock(b"%d" % (at - late))
            await publication.send(run)
            at = max(at, *(each.at for each in run))
            sent += len(run)
            since_clock += len(run)
            if since_clock >= CLOCK_EVERY:
                since_clock = 0
                await publication.send_clock(b"%d" % (at - late))
                await lanes.flush()
            progress(sent)
            await asyncio.sleep(0)  # the sender's turn
        # The end is only told of events that have arrived.
        if at is not None:
            await publication.send_clock(b"%d" % at)
        await lanes.acknowledged()
        await publication.send_clock(b"open" if until is None else b"%d" % until, ("ended", b"1"))
        await lanes.acknowledged()
        remember_import(settings, name, until)
        return publication.ended()


def lateness(events: Iterable[ChannelEvent]) -> int:
    """By how much (us) the latest of an import's events comes behind one of a later time; 0 where they are in order."""
    latest: int | None = None
    late = 0
    for event in events:
        if event.channel == KNOWLEDGE:
            continue
        if latest is None or event.at >= latest:
            latest = event.at
        else:
            late = max(late, latest - event.at)
    return late


async def end_import(settings: Settings, name: str, until: int | None) -> None:
    """Say again that an import has ended: to a broker that has forgotten it. Raises PublishError."""
    async with _Publication(settings, name) as publication:
        await publication.send_clock(b"open" if until is None else b"%d" % until, ("ended", b"1"))
        await publication.lanes.acknowledged()


def _runs(events: Iterable[ChannelEvent]) -> Iterator[list[ChannelEvent]]:
    source = iter(events)
    while run := list(islice(source, RUN)):
        yield run


class _Publication:
    """One publication under way: the encoders that it needs, the lanes, and the count."""

    def __init__(self, settings: Settings, replay: str, late: int = 0) -> None:
        self._settings = settings
        self._replay = replay.encode()
        self._headers: Headers = [("replay", self._replay)] if replay else []
        if late:
            self._headers.append((LATE, b"%d" % late))
        self._encoders: dict[str, tuple[Encoder, bytes]] = {}
        self._registry: Registry = registry_of(settings)
        self._topics = {channel: settings.channel_topic(channel) for channel in CHANNELS} | {KNOWLEDGE: settings.topic(KNOWLEDGE)}
        self._published = Published()
        self._began = time.monotonic()
        self.lanes: Lanes

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._check_room()
        try:
            await check_topics(settings)
            self.lanes = await Lanes(settings.brokers, idempotent=await has_transactions(settings.brokers)).__aenter__()
        except (BrokerAwayError, BrokerRefusedError) as error:
            raise PublishError(str(error)) from error
        self._began = time.monotonic()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.lanes.__aexit__(kind, error, trace)
        if isinstance(error, BrokerAwayError | BrokerRefusedError):
            self._check_room()
            raise PublishError(str(error)) from error

    def _check_room(self) -> None:
        advice = full_advice(self._settings)
        if advice:
            raise PublishError(advice)

    async def send(self, run: Sequence[ChannelEvent]) -> None:
        """Encode a run and append it to the lanes, in its order. Raises PublishError where the embedded broker is full."""
        self._check_room()
        values = await self._encoded(run)
        append, partitions, headers, counts = self.lanes.append, self._settings.partitions, self._headers, self._published.counts
        for event, value in zip(run, values, strict=True):
            channel, record = event.channel, event.record
            if isinstance(value, Refusal):
                self._published.refused.append(Refused(channel, str(record.get("event_id", "")), value))
                continue
            if channel == KNOWLEDGE:
                key = knowledge_key(record)
                await append(self._topics[channel], partition_of(key, partitions), key.encode(), value, [])
            else:
                await append(
                    self._topics[channel], partition_of(source_key(record), partitions), record["event_id"].encode(), value, headers
                )
            counts[channel] = counts.get(channel, 0) + 1

    async def send_clock(self, until: bytes, *more: tuple[str, bytes]) -> None:
        """Append a clock record to every partition of every channel, behind what was appended before."""
        headers: Headers = [(KIND, CLOCK), ("replay", self._replay), ("until", until), *more]
        for channel in CHANNELS:
            for partition in range(self._settings.partitions):
                await self.lanes.append(self._topics[channel], partition, None, b"", headers)

    def ended(self) -> Published:
        """What was published, with the time that it took."""
        self._published.seconds = time.monotonic() - self._began
        return self._published

    async def _encoded(self, run: Sequence[ChannelEvent]) -> list[bytes | Refusal]:
        """The value of each event: the reference to its schema and the datum, or why there is none."""
        by_channel: dict[str, list[int]] = {}
        for index, event in enumerate(run):
            by_channel.setdefault(event.channel, []).append(index)
        values: list[Any] = [None] * len(run)
        for channel, indexes in by_channel.items():
            encoder, prefix = self._encoders.get(channel) or await self._encoder(channel)
            datums = encoder.encode_run([run[index].record for index in indexes])
            for index, datum in zip(indexes, datums, strict=True):
                values[index] = datum if isinstance(datum, Refusal) else _framed(prefix, datum)
        return values

    async def _encoder(self, channel: str) -> tuple[Encoder, bytes]:
        if channel not in self._topics:
            raise PublishError(f"there is no channel {channel!r}; there are {', '.join(self._topics)}")
        try:
            reference = await asyncio.to_thread(self._registry.reference, channel)
        except (UnknownSchemaError, RegistryUnavailableError) as error:
            raise PublishError(str(error)) from error
        self._encoders[channel] = Encoder(self._registry.current(channel)), reference.prefix
        return self._encoders[channel]


def _framed(prefix: bytes, datum: bytes) -> bytes | Refusal:
    size = len(prefix) + len(datum)
    if size > LARGEST_EVENT_BYTES:
        return Refusal("too_large", "", f"{size} bytes; at most {LARGEST_EVENT_BYTES} are taken")
    return prefix + datum


def knowledge_key(record: Mapping[str, Any]) -> str:
    """What an entry of knowledge is about: the last entry of a key counts."""
    parts = [record.get(name) or "" for name in ("channel", "offer", "subject", "attribute")]
    return "|".join([*parts, record["period"]] if record.get("period") else parts)


def source_key(record: Mapping[str, Any]) -> str:
    """What decides the partition: the first identifier, else a reference that is followed, else the event's number.

    It stays in memory: the record's key is the event's number, which says no more than the value does.
    """
    for each in record.get("identifiers") or ():
        return f"{each['type']}:{each['value']}"
    references = record.get("references") or {}
    for name in FOLLOWED:
        if references.get(name):
            return f"{name}:{references[name]}"
    return str(record["event_id"])
