"""Record batches under construction: what one commit writes, by topic and partition."""

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from streams.delivery.commit import Output

RECORD_BATCH_BYTES: Final = 900_000
"""Largest record batch of a transaction: under Kafka's default `message.max.bytes` of 1,048,588."""

Target = tuple[str, int]
"""Topic and partition."""


class TooLarge(Exception):  # noqa: N818  # the executor's business, not the user's
    """A commit does not fit what can be written at once."""


class NewBatch(NamedTuple):
    """An empty record batch of aiokafka's, and what appends to it.

    append      offset in the batch, ms since 1970, key, value, headers; None where the batch is full
    """

    batch: Any
    append: Callable[[int, int, bytes | None, bytes | None, list[tuple[str, bytes]]], Any]


class Filling:
    """A record batch that is being filled."""

    __slots__ = ("append", "batch", "count")

    def __init__(self, new: NewBatch) -> None:
        self.batch, self.append, self.count = new.batch, new.append, 0


class RecordBatches:
    """Record batches under construction, one or more for each topic and partition, all of one time."""

    def __init__(self, new: Callable[[], NewBatch]) -> None:
        self._new = new
        self._at_ms = time.time_ns() // 1_000_000
        self._open: dict[Target, Filling] = {}
        self._full: list[tuple[Target, Filling]] = []

    def add(self, outputs: Iterable[Output]) -> None:
        """Append records. Raises TooLarge for one that no batch can hold."""
        at_ms, filling_of = self._at_ms, self._open.get
        for topic, partition, key, value, headers in outputs:
            own = headers if headers.__class__ is list else list(headers)
            filling = filling_of((topic, partition))
            if filling is None or filling.append(filling.count, at_ms, key, value, own) is None:
                filling = self._next((topic, partition), filling)
                if filling.append(0, at_ms, key, value, own) is None:
                    raise TooLarge(f"a record of {len(value or b'')} bytes for {topic} exceeds one record batch")
            filling.count += 1

    def _next(self, target: Target, full: Filling | None) -> Filling:
        if full is not None:
            self._full.append((target, full))
        filling = self._open[target] = Filling(self._new())
        return filling

    def filled(self) -> list[tuple[Target, Filling]]:
        """All of them; those of one topic and partition in order."""
        return [*self._full, *self._open.items()]

    def rounds(self) -> list[dict[Target, Filling]]:
        """All of them, one for each topic and partition at a time: no request may hold two."""
        rounds: list[dict[Target, Filling]] = []
        placed: dict[Target, int] = {}
        for target, filling in self.filled():
            number = placed[target] = placed.get(target, -1) + 1
            if number == len(rounds):
                rounds.append({})
            rounds[number][target] = filling
        return rounds
