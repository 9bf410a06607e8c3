"""Live traffic for the benchmarks: encoded beforehand and sent when it is due, so that making it takes nothing from the broker's core.

Each event is dated at the moment at which it is due, and what is measured counts from there: a sender that falls behind makes the
figures worse, not better.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from bench.encoded import encoded
from streams.avro.registry import FileRegistry
from streams.broker.sending import Lanes
from streams.events import ChannelEvent
from streams.processors.internal import partition_of
from streams.publishing import source_key
from streams.settings import Settings

EVERY_S = 0.05
"""What is due within this time is sent together, as a channel's own publisher does."""
MADE_PER_S = 6_000
"""Events that are dated and encoded in a second, at the least: how long before the first one is due the making begins."""


class Due(NamedTuple):
    """An encoded event: when it is due (s since 1970), and where it goes."""

    at_s: float
    event_id: str
    topic: str
    partition: int
    value: bytes


def shifted(value: Any, by: int) -> Any:
    """The value with every time in it (us since 1970) moved."""
    match value:
        case dict():
            return {name: shifted(each, by) for name, each in value.items()}
        case list():
            return [shifted(each, by) for each in value]
        case int() if value > 10**15:
            return value + by
        case _:
            return value


def made(settings: Settings, planned: Sequence[ChannelEvent], rate: float) -> list[Due]:
    """The planned events, so many a second from soon on, in the order in which they are due."""
    began_s = time.time() + len(planned) / MADE_PER_S + 1
    dated = []
    for number, event in enumerate(planned):
        at = int((began_s + number / rate) * 1e6)
        dated.append(replace(event, record=shifted(event.record, at - event.at), at=at))
    return [
        Due(
            event.at / 1e6,
            event.record["event_id"],
            settings.channel_topic(event.channel),
            partition_of(source_key(event.record), settings.partitions),
            value,
        )
        for event, value in zip(dated, encoded(dated, FileRegistry()), strict=True)
    ]


async def send(settings: Settings, due: Sequence[Due]) -> float:
    """Send each event when it is due; returns by how much (s) the last one was late."""
    async with Lanes(settings.brokers, idempotent=True) as lanes:
        sent, behind_s = 0, 0.0
        while sent < len(due):
            await asyncio.sleep(max(0.0, due[sent].at_s + EVERY_S - time.time()))
            now_s = time.time()
            behind_s = now_s - EVERY_S - due[sent].at_s
            while sent < len(due) and due[sent].at_s <= now_s:
                each = due[sent]
                await lanes.append(each.topic, each.partition, each.event_id.encode(), each.value, [])
                sent += 1
            await lanes.flush()
        await lanes.acknowledged()
    return behind_s
