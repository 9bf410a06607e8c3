"""Snapshots of a customer's fold: what comes late is folded again from the last one before it."""

from typing import Final

from streams.journeys.base import Base, resumed
from streams.journeys.fold import FoldState, decode, encode
from streams.journeys.settings import JourneySettings

SNAPSHOTS_HELD: Final = 12
"""Snapshots of a customer at most; beyond, every second of the older ones goes."""
_SHARE: Final = 8
"""The next snapshot comes after an eighth more: what is encoded, all told, grows with the touchpoints, not with their square."""


class Snapshots:
    """Of one customer, by how many touchpoints were folded into each, those that were dropped included.

    due     how many touchpoints are folded when the next one is to be taken
    """

    __slots__ = ("_base", "_held", "_settings", "due")

    def __init__(self, settings: JourneySettings, base: Base | None) -> None:
        self._settings, self._base = settings, base
        self._held: list[tuple[int, bytes]] = []
        self.due = settings.snapshot_every

    def __len__(self) -> int:
        return len(self._held)

    def beginning(self) -> FoldState:
        """What everything that was dropped amounts to. Raises msgspec.DecodeError where the base cannot be read."""
        return FoldState() if self._base is None else resumed(self._base, self._settings)

    def take(self, state: FoldState) -> None:
        """Keep a state."""
        self._held.append((state.folded, encode(state)))
        if len(self._held) > SNAPSHOTS_HELD:
            del self._held[: SNAPSHOTS_HELD // 2 : 2]
        self._set_due(state)

    def before(self, position: int) -> FoldState:
        """The last state that holds nothing from `position` on."""
        snapshot = next((snapshot for folded, snapshot in reversed(self._held) if folded <= position), None)
        return self.beginning() if snapshot is None else decode(snapshot)

    def back_to(self, position: int) -> FoldState:
        """The same; the later ones hold no more."""
        while self._held and self._held[-1][0] > position:
            self._held.pop()
        state = self.before(position)
        self._set_due(state)
        return state

    def go_on_from(self, state: FoldState) -> None:
        """Take the next one when enough came after a state that was folded elsewhere."""
        self._set_due(state)

    def begin_at(self, base: Base, position: int) -> None:
        """What is before `position` is dropped: it amounts to `base`."""
        self._base = base
        self._held = [each for each in self._held if each[0] >= position]

    def _set_due(self, state: FoldState) -> None:
        self.due = state.folded + max(self._settings.snapshot_every, state.folded // _SHARE)
