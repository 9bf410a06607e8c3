"""What the analysts' views hold, now or after a while."""

import asyncio
import time
from typing import Any

from streams.clickhouse.client import connect
from streams.settings import Settings

Rows = list[tuple[Any, ...]]


def rows(settings: Settings, sql: str) -> Rows:
    client = connect(settings, settings.clickhouse_database)
    try:
        return client.query(sql).result_rows
    finally:
        client.close()


async def until(settings: Settings, sql: str, wanted: Rows, within_s: float = 60.0) -> None:
    """Return once the answer is what is wanted; fails the test where it is not in time."""
    end = time.monotonic() + within_s
    while (found := rows(settings, sql)) != wanted:
        assert time.monotonic() < end, f"{sql} gives {found}, not {wanted}"
        await asyncio.sleep(0.25)
