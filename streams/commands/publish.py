"""`touchpoints publish`: a channel's first event, from JSON, with every wrong field named."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from streams.settings import CHANNELS

if TYPE_CHECKING:
    from streams.channels.preview import Preview, Right
    from streams.events import ChannelEvent

TRIAL_KEY = b"trial-key-of-dry-runs-only"
"""Pseudonyms of a dry run where no key is set: they show the form, and are no one's."""


def publish(
    channel: Annotated[str, typer.Argument(help=f"{', '.join(CHANNELS)}; or knowledge")],
    file: Annotated[str, typer.Argument(help="JSON lines, a JSON object or a JSON array; - reads standard input")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="publish nothing; show the Touchpoint that admit would make")] = False,  # noqa: FBT002
    as_json: Annotated[bool, typer.Option("--json", help="the outcome as one JSON object on the last line")] = False,  # noqa: FBT002
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of the stack to publish to")] = None,
) -> None:
    """Publish events of a channel, written as JSON by its schema. Wrong ones are named and left out; exit code 0: all were right.

    Example: touchpoints schemas example chat | touchpoints publish chat -
    """
    from streams.channels.preview import Preview  # noqa: PLC0415  --help stays fast
    from streams.identifiers_file import configured_pseudonyms  # noqa: PLC0415
    from streams.settings import Settings, SettingsError  # noqa: PLC0415

    try:
        settings = Settings.load(folder)
        preview = Preview(channel, configured_pseudonyms(settings) if settings.pseudonym_key else TRIAL_KEY)
    except (SettingsError, KeyError, ValueError) as error:
        typer.echo(str(error.args[0]), err=True)
        raise typer.Exit(2) from error

    def send(events: "Iterable[ChannelEvent]") -> None:
        import asyncio  # noqa: PLC0415

        from streams.publishing import publish as published  # noqa: PLC0415

        asyncio.run(published(settings, events))

    with _opened(file) as lines:
        outcome = publish_lines(preview, lines, _swallow if dry_run else send, dry_run=dry_run)
    _tell(channel, outcome, dry_run=dry_run, as_json=as_json)
    if outcome.wrong:
        raise typer.Exit(1)


@dataclass(slots=True)
class Outcome:
    """How many events were right, and what was wrong with the others, by place."""

    right: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)


def publish_lines(
    preview: "Preview",
    lines: Iterable[str],
    send: "Callable[[Iterable[ChannelEvent]], None]",
    *,
    dry_run: bool,
    clock: Callable[[], int] = lambda: time.time_ns() // 1000,
) -> Outcome:
    """Try each event of a text, tell what is wrong on standard error, and hand those that are right to `send` as they come.

    A dry run shows each Touchpoint instead. `clock` gives the present in us.
    """
    outcome = Outcome()

    def right() -> "Iterator[ChannelEvent]":
        for answer in _answers(preview, lines, outcome, clock):
            outcome.right += 1
            if dry_run:
                _show(answer)
            yield answer.event

    send(right())
    return outcome


def _answers(preview: "Preview", lines: Iterable[str], outcome: Outcome, clock: Callable[[], int]) -> "Iterator[Right]":
    from streams.avro.json_input import Unreadable, events_in  # noqa: PLC0415
    from streams.channels.preview import Right  # noqa: PLC0415

    for each in events_in(lines):
        if isinstance(each, Unreadable):
            _wrong(outcome, each.place, [("event", each.expected)])
            continue
        answer = preview.of(each.value, clock())
        if isinstance(answer, Right):
            yield answer
        else:
            _wrong(outcome, each.place, [(wrong.path, wrong.expected) for wrong in answer.fields])


def _wrong(outcome: Outcome, place: str, fields: list[tuple[str, str]]) -> None:
    for path, expected in fields:
        typer.echo(f"{place}: {path}: {expected}", err=True)
    outcome.wrong.append({"place": place, "fields": [{"path": path, "expected": expected} for path, expected in fields]})


def _show(answer: "Right") -> None:
    from streams.channels.shown import shown  # noqa: PLC0415

    entry = shown(answer.touchpoint) if answer.touchpoint is not None else dict(answer.event.record)
    typer.echo(json.dumps(entry, indent=2, ensure_ascii=False, default=str))


def _swallow(events: "Iterable[ChannelEvent]") -> None:
    for _ in events:
        pass


def _opened(file: str) -> IO[str]:
    if file == "-":
        return sys.stdin
    try:
        return Path(file).open(encoding="utf-8")
    except OSError as error:
        typer.echo(f"{file} cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def _tell(channel: str, outcome: Outcome, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps({"channel": channel, "published": 0 if dry_run else outcome.right, "right": outcome.right, "wrong": outcome.wrong})
        )
        return
    done = "right; nothing was published (dry run)" if dry_run else "published"
    typer.echo(f"{channel}: {outcome.right} {done}, {len(outcome.wrong)} wrong", err=True)
