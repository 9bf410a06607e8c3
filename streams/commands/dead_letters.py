"""`touchpoints dead-letters`: what was refused and why, one letter opened, and letters published again once they can be taken."""

import json
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.commands.given import fail
from streams.commands.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.avro.sealing import Contents, Sealing
    from streams.clickhouse.letters import Letter, Wanted
    from streams.settings import Settings

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_ID_DIGITS: Final = 32
_BYTES_SHOWN: Final = 256


class Action(StrEnum):
    """What to do with dead letters."""

    list = "list"
    show = "show"
    replay = "replay"


def dead_letters(
    action: Annotated[Action, typer.Argument(help="list, show or replay")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="letters; show takes one, replay any number")] = None,
    *,
    reason: Annotated[str, typer.Option(help="only those refused for this reason")] = "",
    channel: Annotated[str, typer.Option(help="only those of this channel")] = "",
    since: Annotated[str, typer.Option(help="only those refused since: 30m, 12h, 7d, or a time as ISO 8601 with an offset")] = "",
    until: Annotated[str, typer.Option(help="only those refused before: the same")] = "",
    each: Annotated[bool, typer.Option("--each", help="with list: one line a letter, the latest first")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="with --each: this many letters at most")] = 50,
    again: Annotated[bool, typer.Option("--again", help="with replay: those too that were published again before")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="with replay: say what would be published, and publish nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of a stack; replay needs it to run")] = None,
) -> None:
    """Count refused events by reason, open one with the dead-letter key, or publish them again to the topic that they came by.

    Opening needs the key that sealed it: TOUCHPOINTS_DEAD_LETTER_KEY, or one of TOUCHPOINTS_DEAD_LETTER_FORMER_KEYS.

    Example: touchpoints dead-letters replay --reason unknown_kind --channel chat --dry-run
    """
    from streams.clickhouse.letters import Wanted  # noqa: PLC0415  --help stays fast
    from streams.clickhouse.reading import reached  # noqa: PLC0415
    from streams.settings import Settings  # noqa: PLC0415

    chosen = tuple(ids or ())
    now = time.time_ns() // 1000
    wanted = Wanted(reason, channel, _moment(since, "--since", now), _moment(until, "--until", now), tuple(map(_id, chosen)))
    if action is Action.show and len(chosen) != 1:
        fail("name one letter: touchpoints dead-letters show ID; `touchpoints dead-letters list --each` has their ids")
    if action is Action.replay and wanted == Wanted():
        fail("say which: ids, --reason, --channel or --since")
    with reached(Settings.load(folder), folder) as settings:
        match action:
            case Action.list:
                _list(settings, replace(wanted, replayed=True), each=each, limit=limit, as_json=as_json)
            case Action.show:
                _show(settings, replace(wanted, replayed=True), as_json=as_json)
            case Action.replay:
                _replay(settings, replace(wanted, replayed=again), dry_run=dry_run, as_json=as_json)


def _list(settings: "Settings", wanted: "Wanted", *, each: bool, limit: int, as_json: bool) -> None:
    from streams.clickhouse.letters import latest, tallies  # noqa: PLC0415

    counts = tallies(settings, wanted)
    found = latest(settings, wanted, limit) if each else []
    total = sum(tally.letters for tally in counts)
    if as_json:
        lines: dict[str, Any] = {"letters": [_described(letter) for letter in found]} if each else {}
        typer.echo(json.dumps({"total": total, "tallies": [asdict(tally) for tally in counts], **lines}, ensure_ascii=False))
        return
    if each:
        _table(
            ("id", "died at", "channel", "reason", "field", "place", "bytes", "replayed"),
            [
                (
                    letter.dead_letter_id,
                    _told(letter.died_at),
                    letter.channel,
                    letter.reason,
                    letter.field,
                    f"{letter.topic}/{letter.partition}/{letter.offset}",
                    f"{letter.size_bytes:,}",
                    _told(letter.replayed_at),
                )
                for letter in found
            ],
        )
    else:
        _table(
            ("channel", "reason", "field", "letters", "replayed", "first", "last", "for example"),
            [
                (
                    tally.channel,
                    tally.reason,
                    tally.field,
                    f"{tally.letters:,}",
                    f"{tally.replayed:,}",
                    _told(tally.first_at),
                    _told(tally.last_at),
                    tally.example,
                )
                for tally in counts
            ],
        )
    typer.echo(f"{total:,} dead letter{'' if total == 1 else 's'}")


def _show(settings: "Settings", wanted: "Wanted", *, as_json: bool) -> None:
    from streams.avro.configured import registry_of  # noqa: PLC0415
    from streams.avro.reread import as_published  # noqa: PLC0415
    from streams.clickhouse.letters import letters  # noqa: PLC0415

    sealing = _sealing(settings)
    found = letters(settings, wanted)
    if not found:
        fail(f"there is no dead letter {wanted.ids[0]}")
    (letter,) = found
    contents = sealing.open(letter.sealed)
    record = as_published(registry_of(settings), contents.value or b"")
    if as_json:
        import base64  # noqa: PLC0415

        sent = {
            "key": None if contents.key is None else base64.b64encode(contents.key).decode(),
            "headers": {name: base64.b64encode(value).decode() for name, value in contents.headers},
            "value": None if contents.value is None else base64.b64encode(contents.value).decode(),
        }
        typer.echo(json.dumps(_described(letter) | {"sent_base64": sent, "record": record}, ensure_ascii=False, default=str))
        return
    for name, value in _described(letter).items():
        typer.echo(f"{name:15} {printable(str(value))}")
    _show_contents(letter, contents, record)


def _show_contents(letter: "Letter", contents: "Contents", record: dict[str, Any] | None) -> None:
    typer.echo(f"{'key':15} {_readable(contents.key)}")
    for name, value in contents.headers:
        typer.echo(f"{'header':15} {printable(name)}: {_readable(value)}")
    if record is not None:
        typer.echo("\n".join(map(printable, json.dumps(record, indent=2, ensure_ascii=False, default=str).split("\n"))))
        return
    value = contents.value or b""
    typer.echo(f"its {letter.size_bytes:,} bytes are no event of a known schema; they begin")
    shown = value[:_BYTES_SHOWN]
    for at in range(0, len(shown), 16):
        row = shown[at : at + 16]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)  # noqa: PLR2004  # what ASCII prints
        typer.echo(f"  {at:04x}  {row.hex(' '):47}  {letters}")


def _replay(settings: "Settings", wanted: "Wanted", *, dry_run: bool, as_json: bool) -> None:
    import asyncio  # noqa: PLC0415

    from streams.clickhouse.letters import note_replayed  # noqa: PLC0415
    from streams.replaying import opened, replay  # noqa: PLC0415

    sealing = None if dry_run and not settings.dead_letter_key else _sealing(settings)
    counts: dict[tuple[str, str], int] = {}
    kept: list[dict[str, str]] = []
    for run in _runs(settings, wanted):
        answer = opened(settings, sealing, run)
        if answer.revived and not dry_run:
            asyncio.run(replay(settings, answer.revived))
            note_replayed(settings, [each.letter.dead_letter_id for each in answer.revived])
        for each in answer.revived:
            place = (each.letter.topic, each.letter.reason)
            counts[place] = counts.get(place, 0) + 1
        kept += [asdict(each) for each in answer.kept]
    total = sum(counts.values())
    if as_json:
        published = [{"topic": topic, "reason": reason, "events": count} for (topic, reason), count in sorted(counts.items())]
        typer.echo(json.dumps({"replayed": 0 if dry_run else total, "replayable": total, "published": published, "kept": kept}))
    else:
        for (topic, reason), count in sorted(counts.items()):
            typer.echo(f"{count:,} of {reason} {'would go' if dry_run else 'went'} to {topic}")
        for letter in kept:
            typer.echo(f"{letter['dead_letter_id']} ({letter['reason']}) stays: {letter['why']}", err=True)
        done = "would be published again; nothing was (dry run)" if dry_run else "published again"
        typer.echo(f"{total:,} event{'' if total == 1 else 's'} {done}, {len(kept):,} kept")
    if kept:
        raise typer.Exit(1)


def _runs(settings: "Settings", wanted: "Wanted") -> "Iterator[Sequence[Letter]]":
    """The wanted letters, a run at a time; a bar tells how far, where a person watches."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from streams.clickhouse.letters import RUN, letters, tallies  # noqa: PLC0415

    total = sum(tally.letters - (0 if wanted.replayed else tally.replayed) for tally in tallies(settings, wanted))
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("dead letters", total=total)
        after = ""
        while run := letters(settings, wanted, after=after):
            yield run
            bars.advance(task, len(run))
            if len(run) < RUN:
                return
            after = run[-1].dead_letter_id


def _sealing(settings: "Settings") -> "Sealing":
    from streams.avro.configured import sealing_of  # noqa: PLC0415

    return sealing_of(settings)


def _described(letter: "Letter") -> dict[str, Any]:
    fields = asdict(letter)
    fields["key_id"] = fields.pop("sealed")["key_id"]
    return fields | {name: _told(fields[name]) or None for name in ("received_at", "died_at", "replayed_at")}


def _moment(text: str, option: str, now: int) -> int | None:
    """A time of the command line in us; None where none is given."""
    if not text:
        return None
    if text[:-1].isdigit() and text[-1] in _UNITS:
        return now - int(text[:-1]) * _UNITS[text[-1]] * 1_000_000
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(f"{text!r} is neither like 12h nor a time with an offset (2026-03-02T10:15:00+01:00)", param_hint=option)
    return (found - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _id(text: str) -> str:
    if len(text) != _ID_DIGITS or not set(text) <= set("0123456789abcdef"):
        raise typer.BadParameter(f"{text!r} is no id of a letter: {_ID_DIGITS} hexadecimal digits were expected", param_hint="ID")
    return text


def _told(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _readable(value: bytes | None) -> str:
    if value is None:
        return "none"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


def _table(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(header_style="bold")
    for name in names:
        table.add_column(name, justify="right" if name in ("letters", "replayed", "bytes") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
