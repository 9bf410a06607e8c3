"""Whether anything was lost or doubled: the conservation line from what partitions committed, against the rows in ClickHouse."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiokafka
from aiokafka import TopicPartition

from streams.clickhouse.reading import read
from streams.conservation import Conservation, conservation
from streams.delivery.commit import POSITION_KEY, decode_position
from streams.settings import ROLES, Settings

TAIL: Final = 64
"""A commit ends with its position: the last records of a changelog hold it, behind control records of transactions."""
PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The line, and how many touchpoints ClickHouse has."""

    line: Conservation
    rows: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing is missing: every recorded touchpoint is a row, and the line has no difference."""
        return self.line.difference == 0 and self.rows >= self.line.recorded


async def verify(settings: Settings) -> Verdict:
    """Read every partition's last position, and count the rows. Raises KafkaError, ClickHouseAwayError, ClickHouseError."""
    memos = [(role, memo) for role in ROLES for memo in await _memos(settings, role)]
    found = await asyncio.to_thread(read, settings, "SELECT count() FROM touchpoints", "TabSeparated", {})
    line = conservation(memos, drained=False)
    return Verdict(line, int(found.body))


async def _memos(settings: Settings, role: str) -> Sequence[bytes]:
    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=settings.brokers, enable_auto_commit=False, isolation_level="read_uncommitted")
    await consumer.start()
    try:
        sources = [TopicPartition(settings.changelog(role), number) for number in range(settings.partitions)]
        consumer.assign(sources)
        begins, ends = await consumer.beginning_offsets(sources), await consumer.end_offsets(sources)
        for source in sources:
            consumer.seek(source, max(begins[source], ends[source] - TAIL))
        latest: dict[Any, bytes] = {}
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < until:
            for source, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.key == POSITION_KEY:
                        latest[source] = decode_position(record.value).memo
            if all([await consumer.position(source) >= (consumer.highwater(source) or ends[source]) for source in sources]):
                break
        return list(latest.values())
    finally:
        await consumer.stop()
