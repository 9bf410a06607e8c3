"""`touchpoints migrate`: create and update the tables and views of ClickHouse."""

import json
from pathlib import Path
from typing import Annotated

import typer


def migrate(
    as_json: Annotated[bool, typer.Option("--json", help="the outcome as one JSON object")] = False,  # noqa: FBT002  # typer's flags
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of a stack; starts its ClickHouse where none runs")] = None,
) -> None:
    """Bring ClickHouse's tables and views up to date. What is applied already stays as it is.

    Example: TOUCHPOINTS_CLICKHOUSE_URL=http://127.0.0.1:8123 touchpoints migrate
    """
    from clickhouse_connect.driver.exceptions import ClickHouseError as RemoteError  # noqa: PLC0415  # --help stays fast

    from streams.clickhouse.client import connect  # noqa: PLC0415
    from streams.clickhouse.migrations import MigrationError, Names, found  # noqa: PLC0415
    from streams.clickhouse.migrations import migrate as bring_up_to_date  # noqa: PLC0415
    from streams.clickhouse.reading import ClickHouseAwayError, reached  # noqa: PLC0415
    from streams.settings import Settings, SettingsError  # noqa: PLC0415

    try:
        with reached(Settings.load(folder), folder) as settings:
            client = connect(settings)
            try:
                fresh = bring_up_to_date(client, Names.of(settings))
            finally:
                client.close()
    except (SettingsError, MigrationError, ClickHouseAwayError, RemoteError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    already = len(found()) - len(fresh)
    if as_json:
        typer.echo(json.dumps({"applied": fresh, "already": already}))
        return
    for name in fresh:
        typer.echo(f"applied {name}")
    typer.echo(f"ClickHouse is up to date: {len(fresh)} applied now, {already} before")
