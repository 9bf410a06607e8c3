"""`touchpoints topics`: create what is missing of the installation's topics, and list them."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer


def topics(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: what was created, and the partitions of each topic.")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="Folder of a stack.")] = None,
) -> None:
    """Create the topics that are missing, and list all of them. What exists already stays as it is.

    Example: TOUCHPOINTS_BROKERS=127.0.0.1:9092 TOUCHPOINTS_PARTITIONS=8 touchpoints topics
    """
    from streams.settings import Settings  # noqa: PLC0415  --help stays fast
    from streams.topics import create_topics, topics_of  # noqa: PLC0415

    settings = Settings.load(folder)
    created = asyncio.run(create_topics(settings))
    wanted = topics_of(settings)
    if as_json:
        typer.echo(json.dumps({"created": created, "topics": dict.fromkeys(wanted, settings.partitions)}))
        return
    for name, configuration in wanted.items():
        retention = configuration.get("retention.ms")
        kept = f"{int(retention) // 86_400_000} days" if retention else "the last of each key"
        typer.echo(f"{'created' if name in created else 'exists ':8} {name:40} {settings.partitions:3} partitions, keeps {kept}")
