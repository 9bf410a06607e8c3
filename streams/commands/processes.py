"""`touchpoints processes`: the processes that a file says, or what is wrong with it."""

import json
from pathlib import Path
from typing import Annotated

import typer


def processes(
    file: Annotated[Path | None, typer.Argument(help="a YAML file of processes; default: the setting, else those shipped")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object for programs")] = False,  # noqa: FBT002  # typer's flags
) -> None:
    """Show the processes of a file, each with its planned steps; or say where the file is wrong, and what was expected.

    Example: touchpoints processes my-processes.yaml
    """
    from dataclasses import asdict  # noqa: PLC0415  # --help stays fast

    from streams.processes import configured_processes  # noqa: PLC0415
    from streams.settings import Settings  # noqa: PLC0415

    found = configured_processes(str(file) if file else Settings.load().processes)
    if as_json:
        typer.echo(json.dumps({"processes": [asdict(each) for each in found]}))
        return
    for process in found:
        held = f"held by {', '.join(process.references)}" if process.references else f"held by gaps under {_time(process.gap_s)}"
        typer.echo(f"{process.name}: {held}; goal {' or '.join(process.goals)}")
        for step in process.steps:
            facts = [step.phase, "required" if step.is_required else "optional"]
            facts += [f"within {_time(step.within_s)}"] if step.within_s else []
            facts += [f"target {step.target:.0%}"] if step.target is not None else []
            facts += [f"in {', '.join(step.channels)}"] if step.channels else []
            typer.echo(f"  {step.name:16} {', '.join(facts)}")


def _time(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
