"""Whether anything was lost or doubled: the conservation line from what partitions committed, against the rows in ClickHouse.

Whether anything is in flight is read from the topics, not reckoned from the counts: with nothing waiting behind any role's position,
every event that was received must be recorded, dead or a duplicate, and what is missing between two roles shows.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import aiokafka
from aiokafka import TopicPartition

from streams.clickhouse.reading import read
from streams.conservation import Conservation, conservation, is_behind
from streams.delivery.commit import POSITION_KEY, Position, decode_position
from streams.processors.internal import CLOCK, KIND
from streams.settings import ROLES, Settings

TAIL: Final = 64
"""A commit ends with its position: the last records of a changelog hold it, behind control records of transactions."""
PATIENCE_S: Final = 20.0
SILENT_S: Final = 2.0
"""A partition that gives no record for this long behind a position, has none: control records of transactions are not given."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The line, how many touchpoints ClickHouse has, and whether the topics hold any record that a role has not taken."""

    line: Conservation
    rows: int
    is_drained: bool

    @property
    def earlier(self) -> int:
        """Rows from before this broker: an embedded one forgets, and its state is rebuilt from them."""
        return max(0, self.rows - self.line.recorded)

    @property
    def without_row(self) -> int:
        """Recorded touchpoints that have no row: lost, or two customers' under one event id, of which ClickHouse keeps one."""
        return max(0, self.line.recorded - self.rows)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is missing: every recorded touchpoint is a row, and the line has no difference."""
        return self.line.difference == 0 and self.rows >= self.line.recorded


async def verify(settings: Settings) -> Verdict:
    """Read every partition's last position, and count the rows. Raises KafkaError, ClickHouseAwayError, ClickHouseError."""
    positions = await _all_positions(settings)
    is_drained = not (await _waiting(settings, positions) or is_behind((role, position.memo) for role, _, position in positions))
    return await _verdict(settings, positions, is_drained=is_drained)


async def verify_so_far(settings: Settings) -> Verdict:
    """The same while events come, without a look at what is on its way. A row is there before the position that tells of it.

    Raises KafkaError, ClickHouseAwayError, ClickHouseError.
    """
    return await _verdict(settings, await _all_positions(settings), is_drained=False)


async def _all_positions(settings: Settings) -> list[tuple[str, int, Position]]:
    return [(role, number, position) for role in ROLES for number, position in (await committed_positions(settings, role)).items()]


async def _verdict(settings: Settings, positions: Iterable[tuple[str, int, Position]], *, is_drained: bool) -> Verdict:
    found = await asyncio.to_thread(read, settings, "SELECT count() FROM touchpoints", "TabSeparated", {})
    line = conservation([(role, position.memo) for role, _, position in positions], drained=is_drained)
    return Verdict(line, int(found.body), is_drained)


async def _waiting(settings: Settings, positions: Iterable[tuple[str, int, Position]]) -> bool:
    """Whether any record lies behind the position of a role that takes it."""
    reached: dict[TopicPartition, int] = {}
    for _, number, position in positions:
        for topic, offset in position.offsets.items():
            source = TopicPartition(topic, number)
            reached[source] = min(offset, reached.get(source, offset))
    if not reached:
        return False
    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=settings.brokers, enable_auto_commit=False, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign(list(reached))
        for source, offset in reached.items():
            consumer.seek(source, offset)
        until = asyncio.get_running_loop().time() + SILENT_S
        while asyncio.get_running_loop().time() < until:
            fetched = await consumer.getmany(timeout_ms=200)
            if any(dict(record.headers).get(KIND) != CLOCK for records in fetched.values() for record in records):
                return True
        return False
    finally:
        await consumer.stop()


async def committed_positions(settings: Settings, role: str) -> Mapping[int, Position]:
    """The last position that each partition of a role has committed; none for one that never did. Raises KafkaError."""
    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=settings.brokers, enable_auto_commit=False, isolation_level="read_uncommitted")
    await consumer.start()
    try:
        sources = [TopicPartition(settings.changelog(role), number) for number in range(settings.partitions)]
        consumer.assign(sources)
        begins, ends = await consumer.beginning_offsets(sources), await consumer.end_offsets(sources)
        for source in sources:
            consumer.seek(source, max(begins[source], ends[source] - TAIL))
        latest: dict[int, Position] = {}
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < until:
            for source, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.key == POSITION_KEY:
                        latest[source.partition] = decode_position(record.value)
            if all([await consumer.position(source) >= (consumer.highwater(source) or ends[source]) for source in sources]):
                break
        return latest
    finally:
        await consumer.stop()
