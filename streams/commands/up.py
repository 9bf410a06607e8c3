"""`touchpoints up`: an embedded stack of one's own, until it is stopped."""

from pathlib import Path
from typing import Annotated

import typer


def up(
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder of the stack: made where it is not there, gone on with where it is.")
    ] = Path(".touchpoints"),
    clickhouse_port: Annotated[int, typer.Option(help="Port of ClickHouse's HTTP interface; 0 takes a free one.")] = 0,
) -> None:
    """Start broker, ClickHouse and a worker on this machine and run until Ctrl-C. What was recorded before is there again.

    Example: touchpoints up --dir my-stack
    """
    import asyncio  # noqa: PLC0415  --help stays fast
    import signal  # noqa: PLC0415

    from streams.stack import Stack, embedded_stack  # noqa: PLC0415

    async def run() -> None:
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        typer.echo(f"starting broker, ClickHouse and worker over {folder}")
        async with embedded_stack(folder, clickhouse_port=clickhouse_port) as stack:
            await rebuilt(stack)
            typer.echo(_TOLD.format(settings=stack.settings, worker=stack.worker_url, folder=folder))
            while not stop.is_set():
                try:
                    await asyncio.wait_for(stop.wait(), 5)
                except TimeoutError:
                    await stack.state()
            typer.echo("stopping")

    async def rebuilt(stack: Stack) -> None:
        if stack.rebuilt:
            typer.echo(f"rebuilding state from {stack.rebuilt:,} recorded touchpoints")
            await stack.until_rebuilt()

    asyncio.run(run())


_TOLD = """ready
  broker       {settings.brokers}
  ClickHouse   {settings.clickhouse_url}
  worker       {worker}/metrics

In another terminal:
  touchpoints publish --dir {folder} website events.json
  touchpoints query --dir {folder} "SELECT * FROM inconsistencies"
Ctrl-C stops it; the embedded broker keeps nothing, what is recorded stays in {folder}."""
