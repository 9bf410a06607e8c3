"""`touchpoints rebuild`: one customer folded again from all that is recorded of him, and what that changes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.commands.given import fail

if TYPE_CHECKING:
    from streams.customer_rebuild import Outcome, Rows
    from streams.settings import Settings

_SHOWN = 20


def rebuild(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="TYPE:VALUE as email:ada@example.com, or a customer's pseudonym")],
    *,
    within_s: Annotated[float, typer.Option("--within", min=1, help="seconds to wait for the rows")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object for programs")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of a stack that runs")] = None,
) -> None:
    """Fold a customer again from all recorded touchpoints, those above the bound and late ones too, and tell what changed.

    Example: touchpoints rebuild customer_number:1-0000042
    """
    from rich.console import Console  # noqa: PLC0415  --help stays fast

    from streams.customer_rebuild import RebuildError, rebuild_customer  # noqa: PLC0415
    from streams.settings import Settings  # noqa: PLC0415

    settings = Settings.load(folder)
    try:
        with Console(stderr=True).status("folding again ..."):
            outcome = rebuild_customer(settings, _customer(settings, customer), within_s)
    except RebuildError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    told = {name: _differences(*rows) for name, rows in (("journeys", outcome.journeys), ("inconsistencies", outcome.inconsistencies))}
    if as_json:
        typer.echo(json.dumps({"customer": outcome.customer, "touchpoints": outcome.touchpoints, "truncated": outcome.truncated, **told}))
    else:
        _show(outcome, told)


def _customer(settings: "Settings", text: str) -> str:
    """The customer's pseudonym."""
    from streams.web.lookup import TYPES, QuestionError, look_up  # noqa: PLC0415

    type_, colon, value = text.partition(":")
    if colon and type_ not in TYPES:
        fail(f"{text!r} is no customer; write type:value, with one of the types {', '.join(TYPES)}, or the pseudonym alone")
    try:
        answer = look_up(settings, value if colon else text, type_ if colon else "customer", last=0)
    except QuestionError as error:
        fail(str(error))
    if not answer.known:
        fail(f"{text!r} points to no customer: touchpoints lookup says who a value is")
    return answer.customer


def _differences(before: "Rows", after: "Rows") -> dict[str, list[str]]:
    """Ids that are new, that are no more, and whose row says something else."""
    return {
        "opened": sorted(after.keys() - before.keys()),
        "gone": sorted(before.keys() - after.keys()),
        "changed": sorted(each for each in before.keys() & after.keys() if before[each] != after[each]),
    }


def _show(outcome: "Outcome", told: Mapping[str, Mapping[str, list[str]]]) -> None:
    typer.echo(f"customer {outcome.customer}: folded again from {outcome.touchpoints:,} recorded touchpoints")
    if outcome.truncated is not None:
        typer.echo(f"the oldest {outcome.truncated['dropped']:,} are in ClickHouse alone again, up to {outcome.truncated['before']}")
    for name, (before, after) in (("journeys", outcome.journeys), ("inconsistencies", outcome.inconsistencies)):
        ids = told[name]
        same = len(after) - len(ids["opened"]) - len(ids["changed"])
        numbers = f"{len(ids['opened']):,} new, {len(ids['gone']):,} gone, {len(ids['changed']):,} otherwise, {same:,} as they were"
        typer.echo(f"{name}: {numbers}")
        for what, row_ids, rows in (("new", ids["opened"], after), ("gone", ids["gone"], before), ("otherwise", ids["changed"], after)):
            for row_id in row_ids[:_SHOWN]:
                typer.echo(f"  {what:<9}  {row_id}  {_said(rows[row_id])}")
            if len(row_ids) > _SHOWN:
                typer.echo(f"  and {len(row_ids) - _SHOWN:,} more ({what}); --json has all")


def _said(row: Mapping[str, Any]) -> str:
    if "rule" in row:
        return f"{row['rule']}, {row['status']}: {row['sentence']}"
    return f"{row['process']}, {row['status']}, {row['touchpoints']} touchpoints{', ' + row['reference'] if row['reference'] else ''}"
