"""A customer's touchpoints in fold order, each event once: the truth that everything else is folded from."""

from bisect import bisect_left
from collections.abc import Container, Sequence

from streams.journeys.base import Dropped, piece_of
from streams.journeys.results import Added
from streams.journeys.touchpoint import FoldOrder, Touchpoint, fold_order


def compared(held: Touchpoint | None, given: Touchpoint) -> Added:
    """What becomes of a touchpoint beside one of the same event id: of two contents the smaller hash counts."""
    if held is None:
        return Added.NEW
    if held.content_hash == given.content_hash:
        return Added.DUPLICATE
    return Added.CONFLICT_KEPT if held.content_hash < given.content_hash else Added.CONFLICT_REPLACED


class History:
    """Touchpoints in fold order. Two contents under one event id: the smaller content hash counts, whichever came first.

    Where the oldest were dropped, those up to the cut that still come (`behind`) stand outside the order: they are not folded.
    """

    __slots__ = ("_by_event", "_order", "_until", "behind", "dropped", "touchpoints", "unchanged")

    def __init__(self, until: FoldOrder | None = None, dropped: Dropped | None = None) -> None:
        """`until` is the place of the last touchpoint that was dropped."""
        self.touchpoints: list[Touchpoint] = []
        self.behind: dict[str, Touchpoint] = {}
        self.unchanged = 0
        """How many touchpoints from the start are as they were when this was last set to the length."""
        self._order: list[tuple[int, str, int, str]] = []
        self._by_event: dict[str, Touchpoint] = {}
        self._until = until
        self.dropped = Dropped() if dropped is None else dropped

    def __len__(self) -> int:
        return len(self.touchpoints)

    def add(self, touchpoint: Touchpoint) -> Added:
        """Take a touchpoint, whatever order it comes in."""
        held = self._by_event.get(touchpoint.event_id)
        if held is None:
            return self._insert(touchpoint) if self._until is None else self._insert_unless_dropped(touchpoint)
        added = compared(held, touchpoint)
        if added is Added.CONFLICT_REPLACED:
            self.remove(held.event_id)
            self._insert(touchpoint)
        return added

    def add_again(self, touchpoint: Touchpoint) -> Added:
        """Take a touchpoint that may have been dropped, for a fold of all of them."""
        return self.add(touchpoint) if touchpoint.event_id in self._by_event else self._insert(touchpoint)

    def drop(self, count: int, *, but: Container[str]) -> tuple[Touchpoint, ...]:
        """Drop the first `count` in fold order, and all that came behind an earlier cut; returns them.

        The touchpoints of the events `but` are kept behind the cut.
        """
        first = self.touchpoints[:count]
        self._until = self._order[count - 1]
        del self.touchpoints[:count], self._order[:count]
        self.unchanged = max(0, self.unchanged - count)
        gone = [each for each in (*self.behind.values(), *first) if each.event_id not in but]
        self.behind |= {each.event_id: each for each in first}
        for each in gone:
            del self.behind[each.event_id], self._by_event[each.event_id]
        self.dropped.pieces.append(piece_of(gone))
        return tuple(gone)

    def number_before(self, at: int) -> int:
        """How many of the touchpoints in order are of before a time (us)."""
        return bisect_left(self._order, (at,))

    def remove(self, event_id: str) -> Touchpoint | None:
        """Take a touchpoint out (handed over, erased); None where it is not held."""
        held = self._by_event.pop(event_id, None)
        if held is None or self.behind.pop(event_id, None) is not None:
            return held
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

    def _insert_unless_dropped(self, touchpoint: Touchpoint) -> Added:
        if self.dropped.content_hash(touchpoint.event_id) is None:
            return self._insert(touchpoint)
        return Added.DUPLICATE if self.dropped.holds(touchpoint) else Added.CONFLICT_KEPT

    def _insert(self, touchpoint: Touchpoint) -> Added:
        order = fold_order(touchpoint)
        self._by_event[touchpoint.event_id] = touchpoint
        if self._until is not None and order <= self._until:
            self.behind[touchpoint.event_id] = touchpoint
            return Added.BEHIND
        if not self._order or order > self._order[-1]:
            self._order.append(order)
            self.touchpoints.append(touchpoint)
            return Added.NEW
        at = bisect_left(self._order, order)
        self._order.insert(at, order)
        self.touchpoints.insert(at, touchpoint)
        self.unchanged = min(self.unchanged, at)
        return Added.NEW
