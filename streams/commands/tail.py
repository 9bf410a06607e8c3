"""`touchpoints tail`: what a channel publishes, as admit reads it, good and bad, while it comes."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.commands.terminal import printable
from streams.settings import CHANNELS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.settings import Settings

TRIAL_KEY: Final = b"trial-key-of-tailing-only"
"""Pseudonyms where no key is set: they show the form, and are no one's."""

_SAID_BEFORE: Final = ("event_id", "occurred_at", "corrected_at", "received_at", "channel", "kind", "replay", "content_hash", "identifiers")


def tail(
    channel: Annotated[str, typer.Argument(help=f"One of {', '.join(CHANNELS)}.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the oldest event that is kept.")] = False,
    count: Annotated[int, typer.Option(min=0, help="End after this many events; 0 goes on until Ctrl-C.")] = 0,
    folder: Annotated[Path | None, typer.Option("--dir", help="Folder of a stack.")] = None,
) -> None:
    """Show the events of a channel as they come: what admit makes of each, or in red why it is refused, and at which field.

    Nothing is taken away from the pipeline. Identifiers are shown as pseudonyms.

    Example: touchpoints tail chat --from-start --count 10
    """
    from streams.settings import Settings  # noqa: PLC0415  --help stays fast

    if channel not in CHANNELS:
        raise typer.BadParameter(f"there is no channel {channel!r}; there are {', '.join(CHANNELS)}", param_hint="CHANNEL")
    try:
        asyncio.run(_tail(Settings.load(folder), channel, as_json=as_json, from_start=from_start, count=count))
    except KeyboardInterrupt:
        raise typer.Exit from None


async def _tail(settings: "Settings", channel: str, *, as_json: bool, from_start: bool, count: int) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(soft_wrap=True)
    seen = 0
    async for entry in entries(settings, channel, from_start=from_start):
        if as_json:
            sys.stdout.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
            sys.stdout.flush()
        else:
            console.print(Text(printable(line(entry)), style="" if entry["admitted"] else "red"))
        seen += 1
        if seen == count:
            return


async def entries(settings: "Settings", channel: str, *, from_start: bool) -> "AsyncIterator[dict[str, Any]]":
    """What admit makes of each event of a channel: `admitted`, then `touchpoint`, or `reason`, `field`, `detail`; and where it lies."""
    from aiokafka import AIOKafkaConsumer, TopicPartition  # noqa: PLC0415

    from streams.topics import partition_counts  # noqa: PLC0415

    topic = settings.channel_topic(channel)
    partitions = [TopicPartition(topic, number) for number in range((await partition_counts(settings))[topic])]
    reading = _reading(settings, channel)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.brokers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(partitions)
        await (consumer.seek_to_beginning if from_start else consumer.seek_to_end)(*partitions)
        while True:
            fetched = await consumer.getmany(timeout_ms=500)
            records = sorted((each for run in fetched.values() for each in run), key=lambda each: each.timestamp)
            for entry in reading(records):
                yield entry
    finally:
        await consumer.stop()


def _reading(settings: "Settings", channel: str) -> Any:
    """A function from fetched records to entries, by the registry and key of the installation."""
    from streams.avro.configured import registry_of  # noqa: PLC0415
    from streams.avro.refusal import Refusal  # noqa: PLC0415
    from streams.channels.admission import Admission  # noqa: PLC0415
    from streams.channels.shown import shown  # noqa: PLC0415
    from streams.identifiers_file import configured_pseudonyms  # noqa: PLC0415
    from streams.processors.internal import CLOCK, KIND, header, received_us  # noqa: PLC0415

    admission = Admission(channel, registry_of(settings), configured_pseudonyms(settings) if settings.pseudonym_key else TRIAL_KEY)

    def read(records: list[Any]) -> list[dict[str, Any]]:
        events = [record for record in records if header(record, KIND) != CLOCK]
        now = time.time_ns() // 1000
        answers = admission.admit_run(
            [record.value or b"" for record in events],
            [received_us(record, now) for record in events],
            [header(record, "replay").decode(errors="replace") for record in events],
            now,
        )
        found = []
        for record, answer in zip(events, answers, strict=True):
            place: dict[str, Any] = {"partition": record.partition, "offset": record.offset}
            if isinstance(answer, Refusal):
                refused = {"reason": answer.reason, "field": answer.field, "detail": answer.detail, "event_id": answer.event_id}
                found.append({"admitted": False, **place, **refused})
            else:
                found.append({"admitted": True, **place, "touchpoint": shown(answer.touchpoint)})
        return found

    return read


def line(entry: dict[str, Any]) -> str:
    """An entry as one line for a person."""
    place = f"{entry['partition']}/{entry['offset']}"
    if not entry["admitted"]:
        named = " ".join(filter(None, [entry["event_id"], entry["field"]]))
        return f"{place:10} REFUSED {entry['reason']}{f' ({named})' if named else ''}: {entry['detail']}"
    said = entry["touchpoint"]
    rest = {name: value for name, value in said.items() if name not in _SAID_BEFORE}
    return f"{place:10} {said['occurred_at']} {said['kind']} {said['event_id']} {json.dumps(rest, ensure_ascii=False, default=str)}"
