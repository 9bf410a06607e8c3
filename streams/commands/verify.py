"""`touchpoints verify`: is anything lost?"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def verify(
    folder: Annotated[Path | None, typer.Option("--dir", help="Folder of an embedded stack that runs.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,  # noqa: FBT002  # typer's flag
) -> None:
    """Add up what every partition committed and compare it with the rows in ClickHouse. Exit code 1 where something is missing.

    Example: touchpoints verify --dir my-stack
    """
    import asyncio  # noqa: PLC0415  --help stays fast

    from streams.settings import Settings  # noqa: PLC0415
    from streams.verify import verify as verdict_of  # noqa: PLC0415

    verdict = asyncio.run(verdict_of(Settings.load(folder)))
    line = verdict.line
    if as_json:
        typer.echo(
            json.dumps(
                line.as_json()
                | {
                    "rows": verdict.rows,
                    "without_row": verdict.without_row,
                    "earlier": verdict.earlier,
                    "drained": verdict.is_drained,
                    "sound": verdict.is_sound,
                }
            )
        )
    else:
        typer.echo(
            f"{line.received:,} received = {line.recorded:,} recorded + {line.dead:,} dead + {line.duplicate:,} duplicate"
            f" + {line.in_flight:,} in flight; {verdict.rows:,} touchpoints in ClickHouse"
        )
        if verdict.earlier:
            typer.echo(f"{verdict.earlier:,} of them were recorded before this broker started, and state was rebuilt from them")
        if verdict.without_row and verdict.is_drained:
            typer.echo(f"{verdict.without_row:,} recorded touchpoints have no row: lost, or under an event id that another customer's has")
        if not verdict.is_drained:
            typer.echo("events are on their way: what is lost between two roles shows only when none is")
        typer.echo("nothing is missing" if verdict.is_sound else "something is missing: see docs/operations.md")
    if not verdict.is_sound:
        sys.exit(1)
