"""`touchpoints inconsistencies`: a list of them, and one of them told in full."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.commands.given import Language, fail, since_s, wording_in

if TYPE_CHECKING:
    from rich.console import Console

    from streams.journeys.inconsistencies.telling import Wording
    from streams.settings import Settings
    from streams.web.findings import Shown, Wanted

_COLOURS: Final = {"critical": "bold white on red", "warning": "bold black on yellow", "info": "bold black on cyan"}


class Action(StrEnum):
    """What to do with inconsistencies."""

    list = "list"
    show = "show"


def inconsistencies(
    action: Annotated[Action, typer.Argument(help="list or show")],
    inconsistency_id: Annotated[str, typer.Argument(metavar="[ID]", help="show: its id, or the beginning of it")] = "",
    *,
    rule: Annotated[str, typer.Option(help="list: of this rule")] = "",
    status: Annotated[str, typer.Option(help="list: open or resolved")] = "",
    severity: Annotated[str, typer.Option(help="list: critical, warning or info")] = "",
    channel: Annotated[str, typer.Option(help="list: with this channel on either side")] = "",
    customer: Annotated[str, typer.Option(help="list: of this customer, by the pseudonym that answers have")] = "",
    subject: Annotated[str, typer.Option(help="list: about this, as offer:SPRING-25")] = "",
    since: Annotated[str, typer.Option(help="list: opened at most this long before the last one, as 7d")] = "",
    most: Annotated[int, typer.Option("--limit", min=1, help="list: so many at most, the latest first")] = 20,
    language: Language = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object for programs")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of a stack; starts its ClickHouse where none runs")] = None,
) -> None:
    """List current inconsistencies, or show one: both sides, what to do, its evidence as a timeline, and how it came to be what it is.

    Example: touchpoints inconsistencies list --rule offer_unknown --status open
    """
    from streams.clickhouse.reading import reached  # noqa: PLC0415  --help stays fast
    from streams.settings import Settings  # noqa: PLC0415
    from streams.web.findings import UnknownFindingError, Wanted, shown  # noqa: PLC0415

    if (action is Action.show) != bool(inconsistency_id):
        fail("inconsistencies show takes one id, and list takes none")
    wanted = Wanted(rule, status, severity, channel, customer, subject, since_s(since), most)
    _check(wanted)
    wording = wording_in(language)
    with reached(Settings.load(folder), folder) as settings:
        if action is Action.list:
            _list(settings, wanted, wording, as_json=as_json)
            return
        try:
            one = shown(settings, inconsistency_id, wording)
        except UnknownFindingError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(_as_json(one), ensure_ascii=False))
    else:
        _tell(one)


def _check(wanted: "Wanted") -> None:
    """A word that no inconsistency can have is a slip, not an empty list."""
    from streams.imports.document import closest  # noqa: PLC0415
    from streams.journeys.inconsistencies.findings import SEVERITIES  # noqa: PLC0415
    from streams.journeys.inconsistencies.rules import BY_NAME  # noqa: PLC0415
    from streams.settings import CHANNELS  # noqa: PLC0415

    known = {
        "rule": (wanted.rule, tuple(BY_NAME)),
        "status": (wanted.status, ("open", "resolved")),
        "severity": (wanted.severity, SEVERITIES),
        "channel": (wanted.channel, CHANNELS),
    }
    for name, (value, words) in known.items():
        if value and value not in words:
            fail(f"--{name} {value!r}: {closest(value, words)}")


def _list(settings: "Settings", wanted: "Wanted", wording: "Wording | None", *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.padding import Padding  # noqa: PLC0415

    from streams.web.findings import found  # noqa: PLC0415

    listed, number = found(settings, wanted, wording)
    if as_json:
        rows = [row | {name: _iso(row[name]) for name in _TIMES} for row in listed]
        typer.echo(json.dumps({"inconsistencies": rows, "number": number}, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    if not listed:
        console.print("There are none.")
        return
    for row in listed:
        when = datetime.fromtimestamp(row["opened_at"] / 1e6, UTC)
        head = f"{row['inconsistency_id'][:8]}  {when:%d %b %Y %H:%M}  {row['rule']} ({row['severity']}, {row['status']})"
        console.print(head, style="bold")
        console.print(Padding(row["sentence"], (0, 0, 0, 10)))
    console.print(f"{len(listed)} of {number:,}; touchpoints inconsistencies show ID tells one in full", style="dim")


_TIMES: Final = ("first_at", "second_at", "opened_at", "resolved_at")


def _as_json(one: "Shown") -> dict[str, Any]:
    from streams.web.words import what  # noqa: PLC0415

    return {
        **one.fields,
        **{name: _iso(one.fields[name]) for name in _TIMES},
        "evidence": [
            {"event_id": each.event_id, "at": _iso(each.corrected_at), "channel": each.channel, "what": what(each)} for each in one.evidence
        ],
        "versions": [
            {"version": each.version, "status": each.status, "severity": each.severity, "count": each.count, "at": _iso(each.detected_at)}
            for each in one.versions
        ],
    }


def _iso(at_us: int | None) -> str | None:
    from streams.avro.json_events import iso_of  # noqa: PLC0415

    return None if at_us is None else iso_of(at_us)


def _tell(one: "Shown") -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from streams.journeys.inconsistencies.wording import moment  # noqa: PLC0415

    fields = one.fields
    console = Console(highlight=False, markup=False, emoji=False)
    head = (f" {fields['severity'].upper()} ", _COLOURS.get(fields["severity"], "bold"))
    console.print(Text.assemble(head, f" {fields['rule']}, {fields['status']}", (f"   {fields['inconsistency_id']}", "dim")))
    console.print(f"\n{fields['sentence']}", style="bold")
    if fields["remedy"]:
        console.print(f"What to do: {fields['remedy']}", style="green")
    about = [f"about {fields['subject']}", f"customer {fields['customer']}", f"for the {fields['audience'].replace('_', ' ')}"]
    about += [f"also {', '.join(fields['also'])}"] if fields["also"] else []
    if fields["resolved_at"]:
        about.append(f"resolved {moment(fields['resolved_at'])} by {fields['resolved_by'] or 'time or knowledge'}")
    console.print(" · ".join(about), style="dim")
    _timeline(console, one)
    console.print("\nHow it came to be", style="bold")
    for each in one.versions:
        count = f", {each.count} times" if each.count > 1 else ""
        console.print(f"  {moment(each.detected_at)}  {each.status} ({each.severity}){count}")


def _timeline(console: "Console", one: "Shown") -> None:
    """The evidence from first to last, how far each is from the one before, and what was told of the two sides."""
    from streams.commands.terminal import printable  # noqa: PLC0415
    from streams.journeys.inconsistencies.wording import apart, moment  # noqa: PLC0415
    from streams.web.words import what  # noqa: PLC0415

    console.print("\nEvidence", style="bold")
    before: int | None = None
    for each in one.evidence:
        if before is not None:
            console.print(f"  │  {apart(before, each.corrected_at)} later", style="dim")
        before = each.corrected_at
        console.print(f"  ●  {moment(each.corrected_at)}  {each.channel}: {printable(what(each))}  [{printable(each.event_id)}]")
    missing = len(one.fields["evidence"]) - len(one.evidence)
    if missing > 0:
        console.print(f"  ({missing} more that are not recorded)", style="dim")
    for side in ("first", "second"):
        if one.fields[f"{side}_said"]:
            console.print(f"  {one.fields[f'{side}_channel']} {one.fields[f'{side}_said']}", style="dim")
