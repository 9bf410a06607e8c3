"""What Faust hands over here: one run of fetched records of one partition, instead of one record.

A batch is labelled with the half-open range of positions that it covers, so that a run which anything downstream drops
leaves a visible hole. It carries the attributes that Faust reads off a record, so that Faust takes it for one.
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
    timestamp: int = 0
    timestamp_type: int = 0
    headers: tuple[()] = ()
    key: None = None
    checksum: None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0

    @property
    def offset(self) -> int:
        """Offset of the last position covered: what Faust sorts and tracks by."""
        return self.stop - 1

    @property
    def value(self) -> "Batch":
        """The batch itself: what Faust passes on to the stream."""
        return self


def split(topic: str, partition: int, start: int, records: Sequence[ConsumerRecord], most: int) -> Iterator[Batch]:
    """Cut one fetch into batches of at most `most` records; together they cover everything from `start` on."""
    for first in range(0, len(records), most):
        part = records[first : first + most]
        batch = Batch(topic, partition, start, part[-1].offset + 1, part, part[-1].timestamp, part[-1].timestamp_type)
        start = batch.stop
        yield batch


class BatchScheduler(DefaultSchedulingStrategy):  # type: ignore[misc]  # Faust is untyped
    """Faust's order among partitions, with batches passed on whole."""

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Any]]:
        """Yield every batch of a fetch, then whatever is not batched in Faust's own order."""
        rest = {}
        for partition, fetched in records.items():
            if isinstance(fetched, list) and fetched and isinstance(fetched[0], Batch):
                for batch in fetched:
                    yield partition, batch
            else:
                rest[partition] = fetched
        if rest:
            yield from super().iterate(rest)


class BatchSchema(Schema):  # type: ignore[misc]  # Faust is untyped
    """Faust's decoding step, which leaves a batch as it is."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Return the coroutine function that makes a Faust event of a batch."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            del propagate
            return app.create_event(None, message.value, None, message)

        return decode
