"""`touchpoints simulate`: made-up customers whose stories are known."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.events import ChannelEvent


def simulate(
    *,
    customers: Annotated[int, typer.Option(min=1, help="How many customers.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other lives; the same seed, the same bytes.")] = 1,
    truth: Annotated[Path | None, typer.Option(help="Write what the stories planted to this file, as JSON lines.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the events to this folder, a file of JSON lines per channel.")] = None,
    start: Annotated[str, typer.Option(help="First day, YYYY-MM-DD (UTC); the scenario lasts 30 days.")] = "2025-03-03",
    rules: Annotated[str, typer.Option(help="first: stories of the first six rules; all: of all nineteen.")] = "first",
    identities: Annotated[
        bool, typer.Option("--identities", help="Each channel shows the identifiers that it would know, not always the customer number.")
    ] = False,
    persons: Annotated[
        Path | None, typer.Option(help="Write to this file, as JSON lines, which identifiers are shared and whose each event is.")
    ] = None,
    touchpoints_per_customer: Annotated[
        int | None, typer.Option(min=1, help="Short lives of about so many touchpoints, without stories: for very many customers.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the events to the channels' topics, as an import.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on the last line of standard output.")] = False,
) -> None:
    """Plan a month of customers with habits, some of whose stories go wrong on purpose.

    Example: touchpoints simulate --customers 5000 --seed 1 --truth truth.jsonl --out events/
    """
    from streams.simulation import persons as whose  # noqa: PLC0415
    from streams.simulation import simulate as plan  # noqa: PLC0415  --help stays fast
    from streams.simulation import truth as truths  # noqa: PLC0415
    from streams.simulation import writing  # noqa: PLC0415

    if publish and out is not None:
        raise typer.BadParameter("takes the place of --out; give one of the two", param_hint="--publish")
    if rules not in ("first", "all"):
        raise typer.BadParameter(f"{rules!r} is neither first nor all", param_hint="--rules")
    simulation = plan(
        customers,
        seed,
        _first_moment(start),
        rules="all" if rules == "all" else "first",
        identities="mixed" if identities else "numbers",
        touchpoints_per_customer=touchpoints_per_customer,
    )
    counts: dict[str, int] = {}
    events = _with_progress(simulation.events(), len(simulation))
    if truth is not None:
        truths.write(truth, simulation.truth)
    if persons is not None:
        whose.write(persons, simulation.shared, simulation.persons())
    if out is not None:
        counts = writing.write(out, events)
    elif publish:
        counts = _send(events, name=f"simulation-{customers}-{seed}", until=simulation.until)
    by_rule: dict[str, int] = {}
    for planted in simulation.truth:
        by_rule[planted.rule] = by_rule.get(planted.rule, 0) + 1
    if as_json:
        typer.echo(json.dumps({"events": len(simulation), "channels": counts, "until": simulation.until, "truth": by_rule}))
        return
    typer.echo(f"{len(simulation):,} events of {customers:,} customers until {_day(simulation.until)}")
    for rule, planted_count in sorted(by_rule.items()):
        typer.echo(f"  {rule:20} {planted_count:6,} planted")


def _send(events: "Iterable[ChannelEvent]", *, name: str, until: int) -> dict[str, int]:
    """The number of events published, by channel."""
    from streams.publishing import publish_import  # noqa: PLC0415
    from streams.settings import Settings, SettingsError  # noqa: PLC0415

    try:
        settings = Settings.load()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    published = asyncio.run(publish_import(settings, events, name=name, until=until))
    for refused in published.refused:
        typer.echo(str(refused), err=True)
    if published.refused:
        raise typer.Exit(1)
    return published.counts


def _first_moment(day: str) -> int:
    try:
        first = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise typer.BadParameter(f"{day!r} is no day as 2025-03-03", param_hint="--start") from error
    return int(first.timestamp()) * 1_000_000


def _day(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d")


def _with_progress(events: "Iterable[ChannelEvent]", total: int) -> "Iterator[ChannelEvent]":
    """The events, with a bar on a terminal while they are taken."""
    from rich.console import Console  # noqa: PLC0415  --help stays fast
    from rich.progress import track  # noqa: PLC0415

    return iter(track(events, "events", total=total, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()))
