"""`touchpoints import`: an export of a company's own, by a mapping, through the same topics as live traffic."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streams.imports import MappedImport, Mapping, Progress
    from streams.publishing import Published

TOLD = 20
"""Rows that do not map are shown one by one up to this many; --json has more."""


def import_(
    *,
    mapping: Annotated[Path, typer.Option(help="The mapping's YAML file (docs/import.md).")],
    data: Annotated[Path, typer.Option(help="Folder with the files that the mapping names.")],
    until: Annotated[str, typer.Option(help="Let time pass to this moment at the end, in the mapping's zone; filters nothing.")] = "",
    name: Annotated[str, typer.Option(help="Name of the import, kept with each touchpoint. Default: the mapping's.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Map and count only; send nothing. Exit code 1 where a row does not map.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on the last line of standard output.")] = False,
) -> None:
    """Map the rows of an export to channel events and publish these in event-time order, marked as an import.

    Rows that do not map are told with file, line and reason, and left out.

    Example: touchpoints import --mapping examples/incidents/mapping.yaml --data examples/demo-incidents --check
    """
    from streams.imports import Mapping, MappingError, UnreadableFileError, read_events  # noqa: PLC0415  --help stays fast

    try:
        loaded = Mapping.load(mapping)
        end = _until(loaded, until)
        with _progress_bar() as show:
            mapped = read_events(loaded, data, show)
    except (MappingError, UnreadableFileError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    published = _send(mapped, name or loaded.name, end) if mapped.events and not check else None
    _tell(mapped, name or loaded.name, published, as_json=as_json)
    if not mapped.events or (check and mapped.rows_unmapped) or (published and published.refused):
        raise typer.Exit(1)


def _until(mapping: "Mapping", text: str) -> int | None:
    if not text:
        return None
    try:
        return mapping.until(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; it is read in the zone {mapping.zone}", param_hint="--until") from error


def _send(mapped: "MappedImport", name: str, until: int | None) -> "Published":
    import asyncio  # noqa: PLC0415

    from streams.publishing import publish_import  # noqa: PLC0415
    from streams.settings import Settings, SettingsError  # noqa: PLC0415

    try:
        settings = Settings.load()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    return asyncio.run(publish_import(settings, mapped.events, name=name, until=until))


@contextmanager
def _progress_bar() -> Iterator[Callable[["Progress"], None] | None]:
    """A bar per file on a terminal; None elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415
    from rich.progress import TaskID  # noqa: PLC0415

    tasks: dict[str, TaskID] = {}
    with Bars(console=Console(stderr=True), transient=True) as bars:

        def show(progress: "Progress") -> None:
            if progress.file not in tasks:
                tasks[progress.file] = bars.add_task(progress.file, total=progress.size_bytes)
            bars.update(tasks[progress.file], completed=progress.read_bytes, description=f"{progress.file} {progress.rows:,} rows")

        yield show


def _tell(mapped: "MappedImport", name: str, published: "Published | None", *, as_json: bool) -> None:
    sent = sum(published.counts.values()) if published else 0
    refused = [str(each) for each in published.refused] if published else []
    if as_json:
        counts: dict[str, dict[str, int]] = {}
        for (channel, kind), count in mapped.kinds.items():
            counts.setdefault(channel, {})[kind] = count
        unmapped = [{"file": each.file, "line": each.line, "event": each.event, "reason": each.reason} for each in mapped.unmapped]
        outcome = {
            "import": name,
            "sent": sent,
            "events": len(mapped.events),
            "rows": mapped.rows,
            "rows_without_event": mapped.rows_without_event,
            "rows_unmapped": mapped.rows_unmapped,
            "kinds": counts,
            "unmapped": unmapped,
            "refused": refused,
        }
        typer.echo(json.dumps(outcome, ensure_ascii=False))
        return
    typer.echo(f"{name}: {mapped.rows:,} rows, {len(mapped.events):,} events{f', {sent:,} published' if published else ', nothing sent'}")
    for (channel, kind), count in mapped.kinds.items():
        typer.echo(f"  {channel:10} {kind or 'known':24} {count:>10,}")
    if mapped.rows_without_event:
        typer.echo(f"{mapped.rows_without_event:,} rows give no event: every `when` leaves them out")
    if mapped.rows_unmapped:
        typer.echo(f"{mapped.rows_unmapped:,} rows do not map:", err=True)
        for each in mapped.unmapped[:TOLD]:
            typer.echo(f"  {each.file}:{each.line}: {f'event {each.event}: ' if each.event else ''}{each.reason}", err=True)
        if len(mapped.unmapped) > TOLD:
            typer.echo("  ... and more; --json lists them", err=True)
    if refused:
        typer.echo(f"{len(refused):,} events do not fit their schema:", err=True)
        for line in refused[:TOLD]:
            typer.echo(f"  {line}", err=True)
