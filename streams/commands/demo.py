"""`touchpoints demo`: the whole pipeline on this machine, from events to inconsistencies, in one command."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from streams.demo.scenario import Scenario


def demo(
    *,
    mapping: Annotated[Path | None, typer.Option(help="Run on mapped data: the mapping's YAML file (docs/import.md).")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with the files that the mapping names.")] = None,
    until: Annotated[str, typer.Option(help="With --mapping: let time pass to this moment, in the mapping's zone.")] = "",
    customers: Annotated[int, typer.Option(min=0, help="Run on this many made-up customers.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other lives.")] = 1,
    shuffle: Annotated[
        str, typer.Option(help="Publish each event up to this long after its place, as 48h: out of order, with the same checksum.")
    ] = "",
    keep: Annotated[Path | None, typer.Option(help="Keep the stack's folder, for `touchpoints up` and `query`.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object alone on the last line of standard output.")] = False,
) -> None:
    """Start a private stack, publish touchpoints of several channels, and show what the pipeline makes of them.

    Example: touchpoints demo --customers 1000 --seed 7 --shuffle 48h --keep demo-folder
    """
    import asyncio  # noqa: PLC0415  --help stays fast
    import tempfile  # noqa: PLC0415
    import time  # noqa: PLC0415
    from contextlib import ExitStack  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from streams.demo.run import demonstrate  # noqa: PLC0415
    from streams.demo.telling import tell  # noqa: PLC0415

    began = time.monotonic()
    if (mapping is None) != (data is None):
        raise typer.BadParameter("--mapping and --data go together", param_hint="--mapping")
    console = Console(stderr=as_json)
    source = (mapping, data) if mapping is not None and data is not None else None
    scenario = _late(_scenario(source, until, customers, seed, console), shuffle, seed)
    with ExitStack() as leaving:
        folder = keep or Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="touchpoints-")))
        status = leaving.enter_context(console.status("starting"))

        def say(what: str) -> None:
            status.update(what)
            if not console.is_terminal:
                console.print(f"{time.monotonic() - began:5.1f} s  {what}")

        def show(done: int, all_: int) -> None:
            status.update(f"{done:,} of {all_:,} touchpoints are through")

        result, came = asyncio.run(demonstrate(folder, scenario, began, say, show))
    if as_json:
        print(json.dumps(result))  # noqa: T201
    else:
        tell(console, result, came, scenario.told)
        _next(console, keep)
    if result["difference"]:
        sys.exit(1)


def _scenario(source: tuple[Path, Path] | None, until: str, customers: int, seed: int, console: "Console") -> "Scenario":
    from streams.demo import scenario  # noqa: PLC0415
    from streams.imports import MappingError, UnreadableFileError  # noqa: PLC0415

    try:
        if source is not None:
            return scenario.mapped(*source, until, console.print)
        return scenario.simulated(customers, seed) if customers else scenario.default(console.print)
    except (MappingError, UnreadableFileError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _late(scenario: "Scenario", window: str, seed: int) -> "Scenario":
    from streams.demo.scenario import out_of_order  # noqa: PLC0415
    from streams.demo.shuffling import window_us  # noqa: PLC0415

    if not window:
        return scenario
    try:
        return out_of_order(scenario, window_us(window), seed)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--shuffle") from error


_NEXT: Final = """
[bold]What to try next[/bold]
  touchpoints lookup --dir {folder} 1-0000042          what the service desk sees
  touchpoints inconsistencies list --dir {folder}      each told in a sentence
  touchpoints rules try contact_repeated --set within=1d --dir {folder}
  touchpoints query --dir {folder} "SELECT * FROM drop_off"
  touchpoints up --dir {folder}                        start it again, with your events"""


def _next(console: "Console", keep: Path | None) -> None:
    console.print(_NEXT.format(folder=keep or "FOLDER"), highlight=False)
    if keep is None:
        console.print("This stack is gone; touchpoints demo --keep FOLDER keeps one.", style="dim")
