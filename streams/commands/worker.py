"""`touchpoints worker`: run processors."""

from pathlib import Path
from typing import Annotated

import typer


def worker(
    roles: Annotated[str, typer.Option(help="Which processors, comma separated: admit, identify, stitch, record.")] = "",
    folder: Annotated[Path | None, typer.Option("--dir", help="Folder of an embedded stack, whose addresses it uses.")] = None,
) -> None:
    """Run the four processors, or some of them, until it is stopped (Ctrl-C, SIGTERM).

    Example: touchpoints worker --roles stitch
    """
    from streams.event_loop import run_long  # noqa: PLC0415  --help stays fast
    from streams.settings import ROLES, Settings, SettingsError  # noqa: PLC0415
    from streams.worker import run_worker  # noqa: PLC0415

    named = tuple(filter(None, roles.split(","))) or ROLES
    unknown = [name for name in named if name not in ROLES]
    if unknown:
        raise SettingsError(f"--roles names {', '.join(unknown)}; there are {', '.join(ROLES)}")
    run_long(run_worker(Settings.load(folder), named))
