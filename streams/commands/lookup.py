"""`touchpoints lookup`: what a desk agent has to know about a customer, the most urgent first."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.commands.given import Language, wording_in

if TYPE_CHECKING:
    from rich.console import Console

    from streams.web.accounts import AccountAnswer
    from streams.web.answer import Answer, Moment, OpenInconsistency, OpenPromise

_COLOURS: Final = {"critical": "bold white on red", "warning": "bold black on yellow", "info": "bold"}
_MANY: Final = 5
_ARROWS: Final = {"inbound": "→", "outbound": "←"}


def lookup(
    value: Annotated[str, typer.Argument(help="an identifier, or the number of an order, case, conversation or offer")],
    *,
    type_: Annotated[
        str,
        typer.Option("--type", help="what the value is: email, order ..., account (a company); default: all but account"),
    ] = "",
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of a stack; starts its ClickHouse where none runs")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the answer as one JSON object")] = False,
    language: Language = "",
    last: Annotated[int, typer.Option("--last", min=0, max=1000, help="how many of the last touchpoints")] = 10,
) -> None:
    """Look a customer up: open inconsistencies with what to do, open promises, the last touchpoints. "Not known" is an answer too.

    With `--type account`, a company: its customers and the journeys that they share.

    Example: touchpoints lookup ada@example.com --type email
    """
    from streams.clickhouse.errors import ClickHouseError  # noqa: PLC0415  # --help stays fast
    from streams.clickhouse.reading import ClickHouseAwayError, reached  # noqa: PLC0415
    from streams.settings import Settings, SettingsError  # noqa: PLC0415
    from streams.web.accounts import look_up_account  # noqa: PLC0415
    from streams.web.answer import as_json as json_of  # noqa: PLC0415
    from streams.web.lookup import ACCOUNT, QuestionError, look_up  # noqa: PLC0415

    wording = wording_in(language)
    try:
        with reached(Settings.load(folder), folder) as settings:
            if type_ == ACCOUNT:
                told = look_up_account(settings, value, last)
            else:
                answer = look_up(settings, value, type_, last, wording)
    except QuestionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except (SettingsError, ClickHouseAwayError, ClickHouseError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if type_ == ACCOUNT:
        _tell_account(told, as_json=as_json)
    elif as_json:
        typer.echo(json.dumps(json_of(answer), ensure_ascii=False))
    else:
        show(answer)


def _tell_account(answer: "AccountAnswer", *, as_json: bool) -> None:
    from streams.commands.account_lookup import show_account  # noqa: PLC0415
    from streams.web.answer import plain  # noqa: PLC0415

    if as_json:
        typer.echo(json.dumps(plain(answer), ensure_ascii=False))
    else:
        show_account(answer)


def show(answer: "Answer") -> None:
    """Print an answer for a person who has a customer on the phone."""
    from rich.console import Console  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)
    if not answer.known:
        _not_known(console, answer)
        return
    last = f", last {_ago(answer, answer.last[0].occurred_at)} by {answer.last[0].channel}" if answer.last else ""
    console.print(f"Customer {answer.customer}", style="bold")
    console.print(f"found by {answer.by} · {answer.touchpoints:,} touchpoint{'' if answer.touchpoints == 1 else 's'}{last}", style="dim")
    _truncated(console, answer)
    _heading(console, "To put right", len(answer.inconsistencies))
    for inconsistency in answer.inconsistencies:
        _inconsistency(console, answer, inconsistency)
    _heading(console, "Promised", len(answer.promises))
    for promise in answer.promises:
        _promise(console, answer, promise)
    if answer.last:
        console.print("\nLast touchpoints", style="bold")
        _moments(console, answer.last)
    if answer.journeys:
        console.print("\nUnder way", style="bold")
    for journey in answer.journeys:
        about = f" ({journey.reference.replace(':', ' ', 1)})" if journey.reference else ""
        console.print(
            f"  {journey.process}{about}: {journey.phase}, {journey.last_step or 'no step'}, last {_ago(answer, journey.last_at)}"
        )
    console.print()
    if answer.others:
        count = len(answer.others)
        console.print(f"This value points to {count} more customer{'' if count == 1 else 's'}; look up by number:", style="yellow")
        for other in answer.others[:_MANY]:
            console.print(f"  {other.customer}  by {other.by}")
    _untried(console, answer)
    _freshness(console, answer)


def _truncated(console: "Console", answer: "Answer") -> None:
    from streams.journeys.inconsistencies.wording import moment  # noqa: PLC0415

    if answer.truncated_at is None:
        return
    lacking = f"; some of it is in nothing below until: touchpoints rebuild {answer.customer}" if answer.needs_rebuild else ""
    console.print(f"History before {moment(answer.truncated_at)} is only in ClickHouse{lacking}.", style="yellow" if lacking else "dim")


def _inconsistency(console: "Console", answer: "Answer", found: "OpenInconsistency") -> None:
    from rich.padding import Padding  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    head = Text.assemble((f" {found.severity.upper()} ", _COLOURS.get(found.severity, "bold")), " ", (found.remedy, "bold"))
    console.print(Padding(head, (0, 0, 0, 2)))
    told = f"{found.sentence} [{found.rule}, {_ago(answer, found.opened_at)}]"
    console.print(Padding(Text(told, style="dim"), (0, 0, 0, 4)))


def _promise(console: "Console", answer: "Answer", promise: "OpenPromise") -> None:
    from streams.journeys.inconsistencies.wording import apart, moment  # noqa: PLC0415

    about = f" for {promise.about}" if promise.about else ""
    if promise.due_at is None:
        due = "no time named"
    elif promise.is_overdue:
        due = f"OVERDUE since {moment(promise.due_at)}"
    else:
        due = f"due {moment(promise.due_at)}, in {apart(answer.asked_at, promise.due_at)}"
    style = "bold red" if promise.is_overdue else ""
    console.print(f"  {promise.what or 'something'}{about}: {due} (made by {promise.channel}, {moment(promise.made_at)})", style=style)


def _moments(console: "Console", moments: "tuple[Moment, ...]") -> None:
    from rich.table import Table  # noqa: PLC0415

    from streams.journeys.inconsistencies.wording import moment  # noqa: PLC0415

    table = Table(show_header=False, box=None, padding=(0, 1), pad_edge=False)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in moments:
        table.add_row(f"  {moment(each.occurred_at)}", _ARROWS.get(each.direction, " "), each.channel, each.what)
    console.print(table)


def _not_known(console: "Console", answer: "Answer") -> None:
    console.print("Not known.", style="bold")
    if answer.others:
        at_least = "at least " if len(answer.others) >= _MANY else ""
        console.print(f"It is the number of an offer that {at_least}{len(answer.others)} customers hold: it does not say who this is.")
    console.print(f"Tried as: {', '.join(answer.tried) or 'nothing'}.")
    _untried(console, answer)
    _freshness(console, answer)


def _untried(console: "Console", answer: "Answer") -> None:
    if answer.untried:
        console.print(
            f"Not tried, because TOUCHPOINTS_PSEUDONYM_KEY is not set: {', '.join(answer.untried)}. Set it, or name the stack's --dir.",
            style="yellow",
        )


def _freshness(console: "Console", answer: "Answer") -> None:
    from streams.journeys.inconsistencies.wording import moment  # noqa: PLC0415

    if answer.fresh_at is None:
        console.print("No touchpoint is recorded yet.", style="yellow")
        return
    console.print(
        f"As of {moment(answer.fresh_at)}: the last touchpoint of any customer was recorded {_ago(answer, answer.fresh_at)}.", style="dim"
    )


def _heading(console: "Console", name: str, count: int) -> None:
    console.print(f"\n{name}" if count else f"\n{name}: nothing", style="bold" if count else "green")


def _ago(answer: "Answer", at: int) -> str:
    from streams.journeys.inconsistencies.wording import apart  # noqa: PLC0415

    return f"{apart(at, answer.asked_at)} ago"
