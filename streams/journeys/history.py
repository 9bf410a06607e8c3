"""A customer's touchpoints in fold order, each event once: the truth that everything else is folded from."""

from bisect import bisect_left
from collections.abc import Sequence

from streams.journeys.results import Added
from streams.journeys.touchpoint import Touchpoint, fold_order


class History:
    """Touchpoints in fold order. Two contents under one event id: the smaller content hash counts, whichever came first."""

    __slots__ = ("_by_event", "_order", "touchpoints", "unchanged")

    def __init__(self) -> None:
        self.touchpoints: list[Touchpoint] = []
        self.unchanged = 0
        """How many touchpoints from the start are as they were when this was last set to the length."""
        self._order: list[tuple[int, str, int, str]] = []
        self._by_event: dict[str, Touchpoint] = {}

    def __len__(self) -> int:
        return len(self.touchpoints)

    def add(self, touchpoint: Touchpoint) -> Added:
        """Take a touchpoint, whatever order it comes in."""
        held = self._by_event.get(touchpoint.event_id)
        if held is None:
            self._insert(touchpoint)
            return Added.NEW
        if held.content_hash == touchpoint.content_hash:
            return Added.DUPLICATE
        if held.content_hash < touchpoint.content_hash:
            return Added.CONFLICT_KEPT
        self.remove(held.event_id)
        self._insert(touchpoint)
        return Added.CONFLICT_REPLACED

    def remove(self, event_id: str) -> Touchpoint | None:
        """Take a touchpoint out (handed over, erased); None where it is not held."""
        held = self._by_event.pop(event_id, None)
        if held is None:
            return None
        at = bisect_left(self._order, fold_order(held))
        del self._order[at], self.touchpoints[at]
        self.unchanged = min(self.unchanged, at)
        return held

    def of_event(self, event_id: str) -> Touchpoint | None:
        """The touchpoint that counts under an event id; None where there is none."""
        return self._by_event.get(event_id)

    def view(self) -> Sequence[Touchpoint]:
        """The touchpoints in fold order."""
        return tuple(self.touchpoints)

    def _insert(self, touchpoint: Touchpoint) -> None:
        order = fold_order(touchpoint)
        self._by_event[touchpoint.event_id] = touchpoint
        if not self._order or order > self._order[-1]:
            self._order.append(order)
            self.touchpoints.append(touchpoint)
            return
        at = bisect_left(self._order, order)
        self._order.insert(at, order)
        self.touchpoints.insert(at, touchpoint)
        self.unchanged = min(self.unchanged, at)
