"""The knowledge topic in ClickHouse: rows beside the exactly-once path, gathered while one insert is under way.

Every worker that runs record writes all of them: rows replace each other by key and version, so repeats change nothing.
"""

import asyncio
import logging
from typing import Any, Final

import msgspec

from streams.clickhouse.blocks import Table
from streams.clickhouse.client import InsertError
from streams.journeys.knowledge import Key
from streams.processors.record import Sink

log = logging.getLogger(__name__)

COLUMNS: Final = (*Key._fields, "version", "value", "known_from", "known_until", "withdrawn", "is_deleted")
KNOWLEDGE: Final = Table("knowledge", "MsgPack", COLUMNS, b"".join)

OFFSET_BITS: Final = 20
"""Of a version, the lowest: the offset tells records of one millisecond apart."""

_encode: Final = msgspec.msgpack.Encoder().encode


def version_of(timestamp_ms: int, offset: int) -> int:
    """Grows with the records of a key: by their time, so that a broker that begins anew at offset 0 does not fall behind."""
    return (timestamp_ms << OFFSET_BITS) + offset % (1 << OFFSET_BITS)


def row(entry: dict[str, Any], version: int) -> bytes:
    """The row of an entry (times int us)."""
    said = [entry["value"], entry["known_from"], entry["known_until"], int(entry["withdrawn"]), 0]
    return b"".join(map(_encode, [*(entry[name] for name in Key._fields), version, *said]))


def forgotten(key: Key, version: int) -> bytes:
    """The row that takes a key away: of a tombstone."""
    return b"".join(map(_encode, [*key, version, "", 0, None, 0, 1]))


class KnowledgeRows:
    """Takes rows without waiting, and inserts them for as long as it takes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._gathering: list[bytes] = []
        self._sending: asyncio.Task[None] | None = None

    def take(self, value: bytes) -> None:
        """Take one row; it is in ClickHouse soon after, or once that is back."""
        self._gathering.append(value)
        if self._sending is None:
            self._sending = asyncio.ensure_future(self._send())

    async def stop(self) -> None:
        """Leave what is not stored: the next start reads the topic whole."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    async def _send(self) -> None:
        try:
            while self._gathering:
                values, self._gathering = self._gathering, []
                try:
                    refused = await self._sink.insert(KNOWLEDGE, values)
                except InsertError as error:
                    log.error("%d knowledge entries are not in ClickHouse: %s; then start the worker again", len(values), error)  # noqa: TRY400  # the message says it all
                    continue
                for each in refused:
                    log.warning("a knowledge entry cannot be stored in ClickHouse: %s", each.reason)
        finally:
            self._sending = None
