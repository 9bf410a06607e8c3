"""What has been fetched and is not wanted yet: a partition that is at work takes it up afterwards, as one batch of each source."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from streams.delivery.batch import Batch


class Held:
    """Batches by source partition, those that follow each other put together.

    most    records in a batch at most, and about as many are held of each source
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._batches: dict[Any, list[Batch]] = {}

    def __bool__(self) -> bool:
        return bool(self._batches)

    def full(self, source: Any) -> bool:
        """Whether no more of `source` should be fetched for now."""
        batches = self._batches.get(source)
        return batches is not None and (len(batches) > 1 or len(batches[0].records) >= self._most)

    def add(self, fetched: Mapping[Any, Iterable[Batch]]) -> None:
        """Hold these as well."""
        for source, batches in fetched.items():
            held = self._batches.setdefault(source, [])
            for batch in batches:
                if held and held[-1].stop == batch.start and len(held[-1].records) + len(batch.records) <= self._most:
                    held[-1] = _joined(held[-1], batch)
                else:
                    held.append(batch)

    def holds(self, source: Any) -> bool:
        """Whether anything is held of `source`."""
        return source in self._batches

    def take(self, wanted: Callable[[Any], bool]) -> dict[Any, list[Batch]]:
        """What is held of the sources that are wanted: it is not held any more."""
        taken = {source: batches for source, batches in self._batches.items() if wanted(source)}
        for source in taken:
            del self._batches[source]
        return taken

    def drop(self, source: Any) -> None:
        """Forget what is held of one source: it is fetched again."""
        self._batches.pop(source, None)

    def keep(self, assigned: Collection[Any]) -> None:
        """Forget what is held of sources that are somebody else's now."""
        for source in self._batches.keys() - set(assigned):
            del self._batches[source]


def _joined(first: Batch, second: Batch) -> Batch:
    return replace(
        first,
        stop=second.stop,
        records=[*first.records, *second.records],
        timestamp=second.timestamp,
        timestamp_type=second.timestamp_type,
    )
