"""record: touchpoints, journeys, inconsistencies and dead letters into ClickHouse, in blocks, without decoding them.

Rows replace each other by key and version, so a block that is sent twice changes nothing; the position is committed after
ClickHouse has the rows.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from streams.avro.refusal import Refusal
from streams.clickhouse.blocks import Table
from streams.clickhouse.client import InsertClient, Refused, TransientInsertError
from streams.clickhouse.following import Following
from streams.delivery.commit import Changes, Output, Work
from streams.processors.dead_letters import DeadLetters
from streams.processors.internal import CHANNEL, KIND, MOVED, REBUILT, TOUCHPOINT, counted, header, received_us
from streams.processors.memo import MemoPartition

log = logging.getLogger(__name__)

TOUCHPOINTS_TABLE: Final = "touchpoints"
IDENTITIES_TABLE: Final = "identities"
FOLLOWED_WITHIN_S: Final = 0.1
"""How long a commit waits for views to follow identities: a few thousand identifiers take less. With more it goes on without."""
GATHERS_S: Final = 0.02
"""Partitions take up work at common moments: what they insert is put together where it comes this close."""


class Sink:
    """Inserts of all partitions of a worker, put together: while one block is on its way, the next one gathers."""

    def __init__(self, client: InsertClient) -> None:
        self._client = client
        self._gathering: dict[str, list[tuple[Sequence[bytes], asyncio.Future[list[Refused]]]]] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def insert(self, table: Table, values: Sequence[bytes]) -> list[Refused]:
        """Return once ClickHouse has the values, less those that it cannot store. Waits as long as ClickHouse is away."""
        if not values:
            return []
        future: asyncio.Future[list[Refused]] = asyncio.get_running_loop().create_future()
        self._gathering.setdefault(table.name, []).append((values, future))
        if table.name not in self._sending:
            self._sending[table.name] = asyncio.ensure_future(self._send(table))
        return await future

    async def _send(self, table: Table) -> None:
        try:
            await asyncio.sleep(GATHERS_S)
            while waiting := self._gathering.pop(table.name, None):
                try:
                    refused = await self._insert([value for values, _ in waiting for value in values], table)
                except Exception as error:  # noqa: BLE001  # handed to whoever waits
                    for _, future in waiting:
                        if not future.done():
                            future.set_exception(error)
                    continue
                begin = 0
                for values, future in waiting:
                    end = begin + len(values)
                    own = [Refused(each.index - begin, each.reason) for each in refused if begin <= each.index < end]
                    if not future.done():
                        future.set_result(own)
                    begin = end
        finally:
            del self._sending[table.name]

    async def _insert(self, values: Sequence[bytes], table: Table) -> list[Refused]:
        while True:
            try:
                return await self._client.insert(table, values)
            except TransientInsertError as error:
                log.warning("%s; still trying", error)


class RecordMemo(msgspec.Struct):
    """What record keeps with its position.

    written, touchpoints, refused   rows written, by table; touchpoints by channel; rows that ClickHouse cannot store, by table
    is_behind   whether views may not follow yet what was written of identities
    """

    written: dict[str, int] = {}
    touchpoints: dict[str, int] = {}
    refused: dict[str, int] = {}
    is_behind: bool = False


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """Which topic goes into which table."""

    tables: Mapping[str, Table]
    sink: Sink
    following: Following
    dead_letters: DeadLetters
    on_rows: Callable[[float], None] = lambda _seconds: None


class RecordPartition(MemoPartition[RecordMemo]):
    """record for one partition number of its topics."""

    def __init__(self, number: int, plan: RecordPlan) -> None:
        super().__init__(RecordMemo())
        self.number, self.plan = number, plan
        self._asked: int | None = None

    async def step(self, work: Work) -> Changes | None:
        """Put the rows of all batches into their tables; a row that ClickHouse cannot store becomes a dead letter."""
        if not work.batches:
            return await self._followed()
        rows: dict[str, list[Any]] = {}
        for batch in work.batches:
            table = self.plan.tables[batch.topic]
            kept = batch.records
            if table.name == TOUCHPOINTS_TABLE:
                kept = [record for record in batch.records if _is_new_touchpoint(record)]
            rows.setdefault(batch.topic, []).extend(kept)
        outputs: list[Output] = []
        for topic, refused in zip(rows, await asyncio.gather(*(self._insert(topic, kept) for topic, kept in rows.items())), strict=True):
            table, kept = self.plan.tables[topic], rows[topic]
            counted(self.memo.written, {table.name: len(kept)})
            if table.name == TOUCHPOINTS_TABLE:
                counted(self.memo.touchpoints, Counter(header(record, CHANNEL).decode() for record in kept))
                if kept:
                    self.plan.on_rows(max(0.0, (work.now_us - received_us(kept[0], work.now_us)) / 1e6))
            for each in refused:
                counted(self.memo.refused, {table.name: 1})
                refusal = Refusal("malformed", table.name, each.reason)
                outputs.append(self.plan.dead_letters.letter(refusal, kept[each.index], table.name, work.now_us))
        if any(kept and self.plan.tables[topic].name == IDENTITIES_TABLE for topic, kept in rows.items()):
            self._asked, self.memo.is_behind = self.plan.following.ask(), True
        await self._look_whether_followed(FOLLOWED_WITHIN_S)
        return Changes(outputs=outputs, memo=self.remembered())

    async def _followed(self) -> Changes | None:
        """Commit that views have caught up with what was written, once they have."""
        was_behind = self.memo.is_behind
        await self._look_whether_followed(0.0)
        return None if self.memo.is_behind == was_behind else Changes(memo=self.remembered())

    async def _look_whether_followed(self, within_s: float) -> None:
        if not self.memo.is_behind:
            return
        if self._asked is None:  # another worker wrote them
            self._asked = self.plan.following.ask()
        self.memo.is_behind = not await self.plan.following.reached(self._asked, within_s)

    async def _insert(self, topic: str, records: Sequence[Any]) -> list[Refused]:
        return await self.plan.sink.insert(self.plan.tables[topic], [record.value for record in records])


def _is_new_touchpoint(record: Any) -> bool:
    """Not what travels among touchpoints, nor one that is recorded already and comes again."""
    headers = dict(record.headers)
    return headers.get(KIND) == TOUCHPOINT and REBUILT not in headers and MOVED not in headers
