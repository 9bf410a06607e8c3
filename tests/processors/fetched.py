"""What a processor is given, without a broker: records as fetched, and batches of them."""

from dataclasses import dataclass

from streams.delivery.batch import Batch
from streams.delivery.commit import Work

NOW = 1_772_450_000_000_000
"""us, 2026-03-02."""


@dataclass(frozen=True)
class Fetched:
    """One record; `timestamp` is when it reached the broker, ms."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    topic: str = "in"
    partition: int = 0
    offset: int = 0
    timestamp: int = NOW // 1000


def batch(*records):
    """Records of one topic, in offset order, as one run."""
    return Batch(records[0].topic, records[0].partition, records[0].offset, records[-1].offset + 1, records)


def work(*batches, tick=False, now_us=NOW, **more):
    return Work(batches=batches, tick=tick, now_us=now_us, **more)
