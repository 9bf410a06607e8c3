"""What has been fetched and is not taken up yet: one bundle of each partition, handed over at once and filled until it is taken."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakSet

from faust.types import TP

from streams.delivery.batch import Batch


class Bundle:
    """What was fetched of one partition number, of all topics, since the one before it was taken up: batches of each source, in order.

    Faust takes it for a record of the source that opened it. While it is on its way and while the partition is at work, what
    follows is added to it; those batches that follow each other are put together.

    most    records in a batch at most
    """

    headers: tuple[()] = ()
    key: None = None
    checksum: None = None
    serialized_key_size = serialized_value_size = timestamp_type = 0

    def __init__(self, first: Batch, most: int) -> None:
        self.topic, self.partition = first.topic, first.partition
        self.offset, self.timestamp = first.stop - 1, first.records[-1].timestamp
        self.is_taken = False
        self._most = most
        self._batches: dict[str, list[Batch]] = {}

    @property
    def value(self) -> "Bundle":
        """The bundle itself: what Faust passes on to the stream."""
        return self

    @property
    def records(self) -> int:
        """How many records it holds."""
        return sum(len(batch.records) for batches in self._batches.values() for batch in batches)

    def add(self, batches: Iterable[Batch]) -> None:
        """Hold these as well."""
        for batch in batches:
            held = self._batches.setdefault(batch.topic, [])
            if held and held[-1].stop == batch.start and len(held[-1].records) + len(batch.records) <= self._most:
                held[-1] = _joined(held[-1], batch)
            else:
                held.append(batch)

    def batches(self) -> list[Batch]:
        """What it holds, which may grow."""
        return [batch for batches in self._batches.values() for batch in batches]

    def full(self, topic: str) -> bool:
        """Whether no more of `topic` should be fetched for now."""
        batches = self._batches.get(topic)
        return batches is not None and (len(batches) > 1 or len(batches[0].records) >= self._most)

    def drop(self, topic: str) -> None:
        """Forget what it holds of one source: that is fetched again."""
        self._batches.pop(topic, None)

    def take(self) -> list[Batch]:
        """All that it holds; what is fetched from now on goes into another."""
        self.is_taken = True
        batches = self.batches()
        self._batches.clear()
        return batches


class Held:
    """The bundles that are still filled, by partition number.

    most    records in a batch at most, and about as many are held of each source
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[int, Bundle] = {}
        self._on_their_way: WeakSet[Bundle] = WeakSet()

    def full(self, source: Any) -> bool:
        """Whether no more of `source` should be fetched for now."""
        bundle = self._open.get(source.partition)
        return bundle is not None and bundle.full(source.topic)

    def add(self, fetched: Mapping[Any, Iterable[Batch]]) -> dict[Any, list[Bundle]]:
        """Hold these as well; by source, the bundles that were opened for it and are to be handed over."""
        opened: dict[Any, list[Bundle]] = {}
        for source, batches in fetched.items():
            arrived = list(batches)
            if not arrived:
                continue
            bundle = self._open.get(source.partition)
            if bundle is None or bundle.is_taken:
                bundle = self._open[source.partition] = Bundle(arrived[0], self._most)
                self._on_their_way.add(bundle)
                opened[source] = [bundle]
            bundle.add(arrived)
        return opened

    def drop(self, source: TP) -> None:
        """Forget what is held of one source, which is fetched again; what comes goes into another bundle.

        The one that was filled may have got lost on its way: that is why it is fetched again.
        """
        self._open.pop(source.partition, None)
        for bundle in self._on_their_way:
            if bundle.partition == source.partition:
                bundle.drop(source.topic)

    def keep(self, assigned: Collection[Any]) -> None:
        """Forget what is held of partitions that are somebody else's now."""
        numbers = {each.partition for each in assigned}
        for number in self._open.keys() - numbers:
            del self._open[number]

    def clear(self) -> None:
        """What comes from now on goes into other bundles."""
        self._open.clear()


def _joined(first: Batch, second: Batch) -> Batch:
    return replace(first, stop=second.stop, records=[*first.records, *second.records])
