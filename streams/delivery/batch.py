"""What Faust hands over here: fetched records in batches, in place of one record after the other.

A batch is one run of fetched records of one partition. It is labelled with the half-open range of positions that it covers, so that
a run which anything downstream drops leaves a visible hole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord
from faust import Schema
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP


@dataclass(slots=True, eq=False)
class Batch:
    """Records of one partition, in offset order, covering the positions from `start` up to but not including `stop`."""

    topic: str
    partition: int
    start: int
    stop: int
    records: Sequence[ConsumerRecord]


def split(topic: str, partition: int, start: int, records: Sequence[ConsumerRecord], most: int) -> Iterator[Batch]:
    """Cut one fetch into batches of at most `most` records; together they cover everything from `start` on."""
    for first in range(0, len(records), most):
        part = records[first : first + most]
        batch = Batch(topic, partition, start, part[-1].offset + 1, part)
        start = batch.stop
        yield batch


class BatchScheduler(DefaultSchedulingStrategy):  # type: ignore[misc]  # Faust is untyped
    """Faust's order among partitions, with what holds batches passed on whole."""

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Any]]:
        """Yield all that comes in lists, then whatever is not batched in Faust's own order."""
        rest = {}
        for partition, fetched in records.items():
            if isinstance(fetched, list):
                for each in fetched:
                    yield partition, each
            else:
                rest[partition] = fetched
        if rest:
            yield from super().iterate(rest)


class BatchSchema(Schema):  # type: ignore[misc]  # Faust is untyped
    """Faust's decoding step, which leaves alone what holds batches."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Return the coroutine function that makes a Faust event of it."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            del propagate
            return app.create_event(None, message.value, None, message)

        return decode
