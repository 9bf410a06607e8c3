"""What a customer's dropped touchpoints amount to: the fold at the cut, and which touchpoints they were.

Above a bound the oldest touchpoints of a customer are dropped. Their fold goes on from the state that they led to; what comes later
from before the cut is not folded, since the fold cannot go back behind it: only recorded history can fold such a customer again.
"""

from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from streams.journeys.fold import FoldState, decode
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import FoldOrder, Touchpoint

HORIZON_US: Final = 48 * 3_600_000_000
"""What is younger than the watermark less this time is never dropped: touchpoints may still come in between."""
_HASH_BYTES: Final = 8
_ENTRY_BYTES: Final = 2 * _HASH_BYTES
_CONTENTS: Final = 1 << 8 * _HASH_BYTES


class Base(msgspec.Struct, frozen=True, array_like=True):
    """The fold of what was dropped.

    until   fold order of the last touchpoint that is part of it
    state   `fold.encode` of what it led to
    """

    until: FoldOrder
    state: bytes


class Cut(NamedTuple):
    """A cut: the base from then on, the touchpoints that are dropped, and what `Dropped` keeps of them."""

    base: Base
    dropped: tuple[Touchpoint, ...]
    piece: bytes


def resumed(base: Base, settings: JourneySettings) -> FoldState:
    """The state to go on from, under the settings of today: what is switched off is told no more, journeys of no process stay as they are.

    Raises msgspec.DecodeError where another version's state cannot be read.
    """
    state = decode(base.state)
    off = [each for each, suspicion in state.suspicions.items() if suspicion.rule in settings.rules.off or suspicion.rule not in BY_NAME]
    for each in off:
        del state.suspicions[each]
    state.journeys.leave_processes(settings.plan.processes)
    return state


class Dropped:
    """Which events were dropped, so that one that comes again is known: 8 bytes of its id's hash and 8 of its content's.

    pieces      one for each cut, its entries in order
    """

    __slots__ = ("pieces",)

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self.pieces = list(pieces)

    def __len__(self) -> int:
        return sum(map(len, self.pieces)) // _ENTRY_BYTES

    def content_hash(self, event_id: str) -> int | None:
        """The content hash, modulo 2^64, of the touchpoint that was dropped under an event id; None where none was."""
        wanted = _digest(event_id)
        for piece in self.pieces:

            def at(index: int, piece: bytes = piece) -> bytes:
                return piece[index * _ENTRY_BYTES : index * _ENTRY_BYTES + _HASH_BYTES]

            count = len(piece) // _ENTRY_BYTES
            index = bisect_left(range(count), wanted, key=at)
            if index < count and at(index) == wanted:
                return int.from_bytes(piece[index * _ENTRY_BYTES + _HASH_BYTES : (index + 1) * _ENTRY_BYTES], "big")
        return None

    def holds(self, touchpoint: Touchpoint) -> bool:
        """Whether the same content was dropped under the touchpoint's event id."""
        return self.content_hash(touchpoint.event_id) == touchpoint.content_hash % _CONTENTS


def piece_of(touchpoints: Iterable[Touchpoint]) -> bytes:
    """What `Dropped` keeps of the touchpoints of one cut."""
    entries = [_digest(each.event_id) + (each.content_hash % _CONTENTS).to_bytes(_HASH_BYTES, "big") for each in touchpoints]
    return b"".join(sorted(entries))


def _digest(event_id: str) -> bytes:
    return blake2b(event_id.encode(), digest_size=_HASH_BYTES).digest()
