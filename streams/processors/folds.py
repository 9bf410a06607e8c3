"""Customers whose fold is kept in memory: as many as fit, over all partitions of a worker. Others are folded again when they come back."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final
from weakref import WeakSet

from streams.journeys.customer import Customer

TOUCHPOINTS_FOLDED: Final = 64_000
"""Touchpoints of all folds of a worker where nothing else is set: some 150 MiB (bench.memory)."""
CUSTOMER_COSTS: Final = 4
"""What a fold costs before its first touchpoint, in touchpoints."""


class FoldRoom:
    """How much all partitions of a worker may keep folded."""

    def __init__(self, touchpoints: int = TOUCHPOINTS_FOLDED) -> None:
        self.touchpoints = touchpoints
        self.folds: WeakSet[Folds] = WeakSet()

    @property
    def is_short(self) -> bool:
        """Whether they keep more. A partition that is not this worker's any more counts no longer."""
        return sum(each.size for each in self.folds) > self.touchpoints


class Folds:
    """The folds of one partition, the ones asked for last at the end.

    size    touchpoints that they hold, and what each costs beside
    """

    def __init__(self, room: FoldRoom) -> None:
        self.size = 0
        self._room = room
        self._held: OrderedDict[str, Customer] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._used: dict[str, None] = {}
        room.folds.add(self)

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def get(self, customer: str) -> Customer | None:
        """A customer's fold, where it is kept."""
        fold = self._held.get(customer)
        if fold is not None:
            self._held.move_to_end(customer)
            self._used[customer] = None
        return fold

    def put(self, customer: str, fold: Customer) -> None:
        """Keep a customer's fold."""
        self._held[customer] = fold
        self._used[customer] = None

    def drop(self, customer: str) -> None:
        """Let go of a customer's fold."""
        self._held.pop(customer, None)
        self.size -= self._sizes.pop(customer, 0)

    def fit(self) -> list[str]:
        """Let go of folds that nobody asked for lately until all fit; whose they were."""
        for customer in self._used:
            fold = self._held.get(customer)
            if fold is not None:
                size = CUSTOMER_COSTS + len(fold)
                self.size += size - self._sizes.get(customer, 0)
                self._sizes[customer] = size
        self._used.clear()
        gone: list[str] = []
        while self._held and self._room.is_short:
            customer = next(iter(self._held))
            self.drop(customer)
            gone.append(customer)
        return gone
