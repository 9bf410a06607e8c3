"""`touchpoints query`: one read of the analysts' views, as a table, JSON lines or CSV."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from streams.clickhouse.reading import Result

_TABLE: Final = "JSONCompactStrings"
_NULL: Final = "ᴺᵁᴸᴸ"  # as ClickHouse writes it among strings
_NUMBERS: Final = ("UInt", "Int", "Float", "Decimal", "Nullable(UInt", "Nullable(Int", "Nullable(Float", "Nullable(Decimal")


def query(
    sql: Annotated[str, typer.Argument(help="one SELECT, SHOW or DESCRIBE; - reads standard input")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a row")] = False,  # noqa: FBT002  # typer's flags
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header")] = False,  # noqa: FBT002
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of a stack; starts its ClickHouse where none runs")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", help="name=value of a {name:Type} in the SQL; may be repeated")] = None,
) -> None:
    """Read the analysts' views (database `touchpoints`). Nothing can be written.

    Example: touchpoints query "SELECT rule, sum(inconsistencies) AS n FROM inconsistency_rates GROUP BY rule ORDER BY n DESC"
    """
    from streams.clickhouse.errors import ClickHouseError  # noqa: PLC0415  # --help stays fast
    from streams.clickhouse.reading import ClickHouseAwayError, reached, read  # noqa: PLC0415
    from streams.settings import Settings, SettingsError  # noqa: PLC0415

    if as_json and as_csv:
        typer.echo("choose one of --json and --csv", err=True)
        raise typer.Exit(2)
    text = sys.stdin.read() if sql == "-" else sql
    form = "JSONEachRow" if as_json else "CSVWithNames" if as_csv else _TABLE
    try:
        parameters = _parameters(param or [])
        with reached(Settings.load(folder), folder) as settings:
            result = read(settings, text, form, parameters)
    except (SettingsError, ClickHouseAwayError, ClickHouseError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if result.format == _TABLE and form == _TABLE:
        show(result)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(result.body)
    sys.stdout.buffer.flush()


def show(result: "Result") -> None:
    """Print a JSONCompactStrings result as a table: as wide as the terminal, or as wide as needed where there is none."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(width=None if sys.stdout.isatty() else 10_000)
    if not result.body.strip():
        console.print("done")
        return
    found = json.loads(result.body)
    table = Table(header_style="bold")
    for column in found["meta"]:
        table.add_column(Text(column["name"]), justify="right" if column["type"].startswith(_NUMBERS) else "left", overflow="fold")
    for row in found["data"]:
        table.add_row(*(Text("–" if value in {None, _NULL} else value) for value in row))
    console.print(table)
    seconds = found.get("statistics", {}).get("elapsed", 0.0)
    rows = len(found["data"])
    console.print(f"{rows:,} {'row' if rows == 1 else 'rows'}, {seconds:.3f} s", style="dim")


def _parameters(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            typer.echo(f"--param {pair!r} is not of the form name=value", err=True)
            raise typer.Exit(2)
        found[name] = value
    return found
