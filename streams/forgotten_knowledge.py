"""Knowledge that the topic has forgotten and ClickHouse has not: taken out of it when a worker starts.

A tombstone says that an entry is no more; the topic keeps it for a day, then compaction drops it too. Where nobody could store it in that
time, no record is left that would take the row away: it is known by that the topic, read whole, holds nothing under its key.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable
from typing import Final

from streams.clickhouse.engine import quoted
from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.reading import ClickHouseAwayError, read
from streams.journeys.knowledge import Key, Knowledge
from streams.processors.knowledge_rows import OFFSET_BITS, forgotten
from streams.settings import Settings

log = logging.getLogger(__name__)

SINCE_MS: Final = 60_000
"""Rows of records so shortly before the topic was read, or later, stay: another worker may have read on, and clocks differ."""
ASKS_EVERY_S: Final = 5.0


async def take_away(settings: Settings, knowledge: Knowledge, read_at_ms: int, on_row: Callable[[bytes], None]) -> int:
    """Give `on_row` what takes rows away whose keys the topic, read whole at `read_at_ms`, does not hold; returns how many.

    Asks until a ClickHouse answers. Where nothing at all is known, all rows stay: the topic is rather new than forgotten.
    """
    text = (
        f"SELECT {', '.join(Key._fields)}, toString(version) FROM {quoted(settings.clickhouse_store)}.knowledge FINAL"  # noqa: S608  # our own names
        f" WHERE bitShiftRight(version, {OFFSET_BITS}) < {{before:UInt64}}"
    )
    parameters = {"before": str(read_at_ms - SINCE_MS)}
    while True:
        try:
            result = await asyncio.to_thread(read, settings, text, "JSONCompactEachRow", parameters)
        except ClickHouseAwayError:
            await asyncio.sleep(ASKS_EVERY_S * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, no secret
        except ClickHouseError as error:
            log.warning("what ClickHouse knows and the topic does not was not looked for: %s", error)
            return 0
        else:
            break
    held = [(Key(*names), int(version)) for *names, version in map(json.loads, result.body.splitlines())]
    lost = [(key, version) for key, version in held if key not in knowledge]
    if lost and knowledge.is_empty:
        log.warning("ClickHouse holds %d knowledge entries and the topic none: they stay; publish what is known", len(lost))
        return 0
    for key, version in lost:
        on_row(forgotten(key, version + 1))
    if lost:
        log.info("%d knowledge entries that the topic holds no more were taken out of ClickHouse", len(lost))
    return len(lost)
