"""Customers whose fold is kept in memory: as many as fit, over all partitions of a worker.

Of others the fold is kept at rest, in bytes, again as many as fit: it is taken up when they come back. Who fits nowhere is folded again.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final
from weakref import WeakSet

from streams.journeys import at_rest
from streams.journeys.customer import Customer
from streams.processors.squeezing import squeezed_customer, unsqueezed

TOUCHPOINTS_FOLDED: Final = 48_000
"""Touchpoints of all folds of a worker where nothing else is set: some 115 MiB (bench.memory)."""
AT_REST_BYTES: Final = 64 * 2**20
"""Folds at rest of a worker where nothing else is set: those of some 24,000 customers with 20 touchpoints each."""
TOUCHPOINT_BYTES: Final = 2_560
"""What a touchpoint of a fold costs (bench.memory)."""
CUSTOMER_COSTS: Final = 4
"""What a fold costs before its first touchpoint, in touchpoints."""
REST_COSTS_BYTES: Final = 250
"""What a fold at rest costs beside its own bytes."""


class FoldRoom:
    """How much all partitions of a worker may keep: touchpoints of folds, and bytes of folds at rest.

    `spare_bytes` are for both beside, by halves, less what the packed customers take: where customers are few their folds may have the
    memory that many would need.
    """

    def __init__(self, touchpoints: int = TOUCHPOINTS_FOLDED, at_rest_bytes: int = AT_REST_BYTES, spare_bytes: int = 0) -> None:
        self.touchpoints = touchpoints
        self.at_rest_bytes = at_rest_bytes
        self.spare_bytes = spare_bytes
        self.folds: WeakSet[Folds] = WeakSet()

    def most(self) -> tuple[int, int]:
        """Touchpoints of folds, and bytes of folds at rest, that all may keep now."""
        spare = max(0, self.spare_bytes - sum(each.packed_bytes() for each in self.folds)) // 2
        return self.touchpoints + spare // TOUCHPOINT_BYTES, self.at_rest_bytes + spare

    @property
    def size(self) -> int:
        """Touchpoints that they keep folded. A partition that is not this worker's any more counts no longer."""
        return sum(each.size for each in self.folds)

    @property
    def resting_bytes(self) -> int:
        """Bytes of the folds at rest that they keep."""
        return sum(each.resting.size_bytes for each in self.folds)


class Resting:
    """Folds at rest of one partition, those that came to rest last at the end; `size_bytes` is what they cost."""

    __slots__ = ("_held", "size_bytes")

    def __init__(self) -> None:
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def put(self, customer: str, fold: Customer) -> None:
        """Keep a customer's fold, where it can be kept."""
        rest = fold.at_rest()
        if rest is not None:
            value = self._held[customer] = squeezed_customer(at_rest.encode(rest))
            self.size_bytes += len(value) + REST_COSTS_BYTES

    def take(self, customer: str) -> at_rest.FoldAtRest | None:
        """A customer's fold at rest, which is kept no longer; None where there is none."""
        value = self.drop(customer)
        return None if value is None else at_rest.decode(unsqueezed(value))

    def drop(self, customer: str) -> bytes | None:
        """Let go of a customer's fold at rest; its bytes, None where there is none."""
        value = self._held.pop(customer, None)
        if value is not None:
            self.size_bytes -= len(value) + REST_COSTS_BYTES
        return value

    def drop_oldest(self) -> None:
        """Let go of the fold that has been at rest longest; there must be one."""
        self.drop(next(iter(self._held)))


class Folds:
    """The folds of one partition, the ones asked for last at the end.

    size            touchpoints that they hold, and what each costs beside
    resting         the folds at rest
    packed_bytes    what the partition's customers take beside their folds
    """

    def __init__(self, room: FoldRoom, packed_bytes: Callable[[], int] = lambda: 0) -> None:
        self.size = 0
        self.packed_bytes = packed_bytes
        self.resting = Resting()
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

    def put(self, customer: str, fold: Customer) -> bool:
        """Keep the fold of a customer whose touchpoints were added; whether it was taken up from the one at rest, instead of being new."""
        self._held[customer] = fold
        self._used[customer] = None
        rest = self.resting.take(customer)
        return rest is not None and fold.take_up(rest)

    def drop(self, customer: str) -> None:
        """Let go of a customer's fold, also of the one at rest: it is not what his touchpoints fold to any more."""
        self._let_go(customer)
        self.resting.drop(customer)

    def fit(self) -> list[str]:
        """Lay folds that nobody asked for lately at rest until all fit; whose they were."""
        for customer in self._used:
            fold = self._held.get(customer)
            if fold is not None:
                size = CUSTOMER_COSTS + len(fold)
                self.size += size - self._sizes.get(customer, 0)
                self._sizes[customer] = size
        self._used.clear()
        if not self._held and not self.resting:
            return []
        gone: list[str] = []
        touchpoints, at_rest_bytes = self._room.most()
        while self._held and self._room.size > touchpoints:
            customer = next(iter(self._held))
            self.resting.put(customer, self._held[customer])
            self._let_go(customer)
            gone.append(customer)
        while self.resting and self._room.resting_bytes > at_rest_bytes:
            self.resting.drop_oldest()
        return gone

    def _let_go(self, customer: str) -> None:
        self._held.pop(customer, None)
        self.size -= self._sizes.pop(customer, 0)
