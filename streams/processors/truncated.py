"""Customers above the bound on touchpoints: what is kept of what was dropped, and who is being folded again from recorded history.

Changelog keys are a letter, then the customer (16 bytes): `x` the mark; `y` a piece of the fold at the cut, `z` a piece of which
events were dropped, each with its number (2 bytes); `r` a rebuild that is under way.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from streams.journeys.base import Base, Cut, Dropped
from streams.journeys.touchpoint import FoldOrder
from streams.processors.squeezing import squeezed_customer, unsqueezed

LETTERS: Final = frozenset((b"x", b"y", b"z", b"r"))
"""What changelog keys begin with."""
PIECE_BYTES: Final = 256 * 1024
"""Of what one changelog record holds at most: several fit one record batch."""
REBUILD_LASTS_US: Final = 3_600_000_000
"""A rebuild that has not come to its end in this time is none: who sent it is gone."""
_PART: Final = 17
_NUMBER_BYTES: Final = 2


class Mark(msgspec.Struct, array_like=True, frozen=True):
    """That the history of a customer is not all here.

    before          us: what is older is in ClickHouse alone
    until           fold order of the last touchpoint that was dropped; None where none was: an identifier came from such a customer
    dropped         how many were
    late            of the touchpoints that came from before the cut, those that are dropped too: they are part of no journey
    behind          the others
    is_parted       an identifier came from, or went to, another customer, without its part of what was dropped
    is_patchy       rows stand that were another customer's, and that only a fold of all can judge
    version         of its last row
    is_told         whether that row says all of this
    """

    before: int
    until: FoldOrder | None = None
    dropped: int = 0
    late: int = 0
    behind: int = 0
    is_parted: bool = False
    is_patchy: bool = False
    version: int = 0
    is_told: bool = False

    @property
    def needs_rebuild(self) -> bool:
        """Whether recorded history says more than the fold."""
        return bool(self.late or self.behind or self.is_parted or self.is_patchy)


class Run(NamedTuple):
    """One touchpoint's place in a rebuild: whose, which rebuild, and which touchpoint of how many, from 0."""

    customer: str
    name: str
    number: int
    of: int


def read_run(value: bytes) -> Run:
    """The place that the header of a touchpoint says (`internal.rebuild_header`)."""
    customer, name, number, of = value.decode().split(" ")
    return Run(customer, name, int(number), int(of))


class Rebuild(msgspec.Struct, array_like=True, frozen=True):
    """A rebuild under way: since when (us), and which of its touchpoints have come, one bit each."""

    name: str
    begun: int
    of: int
    come: bytes

    @property
    def is_complete(self) -> bool:
        """Whether all have come."""
        return int.from_bytes(self.come).bit_count() == self.of


class _Kept:
    """What is kept of one customer: the mark, pieces of the fold's state by number, and pieces of what was dropped."""

    __slots__ = ("dropped", "mark", "state")

    def __init__(self) -> None:
        self.mark: Mark | None = None
        self.state: dict[int, bytes] = {}
        self.dropped: dict[int, bytes] = {}


_encode = msgspec.msgpack.Encoder().encode
_marks = msgspec.msgpack.Decoder(Mark)
_rebuilds = msgspec.msgpack.Decoder(Rebuild)


class Truncated:
    """The truncated customers of one partition, and what of them changed since the last commit."""

    def __init__(self) -> None:
        self.rebuilds: dict[str, Rebuild] = {}
        self._kept: dict[str, _Kept] = {}
        self._changes: dict[bytes, bytes | None] = {}

    def __contains__(self, customer: object) -> bool:
        return customer in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def marks(self) -> Iterator[Mark]:
        """The mark of every truncated customer."""
        return (each.mark for each in self._kept.values() if each.mark is not None)

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""
        letter, customer = key[:1], key[1:_PART].hex()
        if letter == b"r":
            if value is None:
                self.rebuilds.pop(customer, None)
            else:
                self.rebuilds[customer] = _rebuilds.decode(value)
            return
        kept = self._kept.setdefault(customer, _Kept())
        if letter == b"x":
            kept.mark = None if value is None else _marks.decode(value)
        else:
            pieces, number = kept.state if letter == b"y" else kept.dropped, int.from_bytes(key[_PART:])
            if value is None:
                pieces.pop(number, None)
            else:
                pieces[number] = value
        if kept.mark is None and not kept.state and not kept.dropped:
            del self._kept[customer]

    def take_changes(self) -> dict[bytes, bytes | None]:
        """What changed since the last call, by changelog key."""
        changes, self._changes = self._changes, {}
        return changes

    def mark(self, customer: str) -> Mark | None:
        """The customer's mark; None where all of the history is here."""
        kept = self._kept.get(customer)
        return None if kept is None else kept.mark

    def note(self, customer: str, **fields: Any) -> None:
        """Note what is different with the customer now; it is told where that is anything."""
        was = self.mark(customer) or Mark(0)
        mark = msgspec.structs.replace(was, **fields)
        if mark != was:
            self._set_mark(customer, msgspec.structs.replace(mark, is_told=False))

    def told(self, customer: str, mark: Mark, version: int) -> None:
        """The mark is published."""
        self._set_mark(customer, msgspec.structs.replace(mark, version=version, is_told=True))

    def _set_mark(self, customer: str, mark: Mark) -> None:
        self._kept.setdefault(customer, _Kept()).mark = mark
        self._changes[_key(b"x", customer)] = _encode(mark)

    def base(self, customer: str) -> tuple[Base, Dropped] | None:
        """What the customer's dropped touchpoints amount to, and which they were; None where none were dropped."""
        kept = self._kept.get(customer)
        if kept is None or kept.mark is None or kept.mark.until is None:
            return None
        state = unsqueezed(b"".join(kept.state[number] for number in sorted(kept.state)))
        return Base(kept.mark.until, state), Dropped(kept.dropped.values())

    def cut(self, customer: str, cut: Cut, number_behind: int) -> None:
        """The customer's oldest touchpoints were dropped, among them `number_behind` that had come from before an earlier cut."""
        was = self.mark(customer) or Mark(0)
        before, dropped, late = max(was.before, cut.base.until[0]), was.dropped + len(cut.dropped), was.late + number_behind
        self.note(customer, before=before, until=cut.base.until, dropped=dropped, late=late, behind=0)
        kept = self._kept[customer]
        state = dict(enumerate(_pieces(squeezed_customer(cut.base.state))))
        self._put(b"y", customer, dict.fromkeys(kept.state) | state)
        kept.state = state
        first = max(kept.dropped, default=-1) + 1
        more = dict(enumerate(_pieces(cut.piece), first))
        self._put(b"z", customer, more)
        kept.dropped |= more

    def forget(self, customer: str) -> None:
        """All of the customer's history is here again, or he is no more."""
        kept = self._kept.pop(customer, None)
        if kept is not None:
            self._changes[_key(b"x", customer)] = None
            self._put(b"y", customer, dict.fromkeys(kept.state))
            self._put(b"z", customer, dict.fromkeys(kept.dropped))
        self._end_rebuild(customer)

    def is_rebuilt(self, customer: str, now_us: int) -> bool:
        """Whether a rebuild of the customer is under way; one that came to no end is given up."""
        rebuild = self.rebuilds.get(customer)
        if rebuild is None:
            return False
        if now_us - rebuild.begun > REBUILD_LASTS_US:
            self._end_rebuild(customer)
            return False
        return True

    def came(self, run: Run, now_us: int) -> bool:
        """Note that a touchpoint of a rebuild has come; whether all of them have. A later rebuild takes the place of an earlier one."""
        rebuild = self.rebuilds.get(run.customer)
        if rebuild is None or (rebuild.name, rebuild.of) != (run.name, run.of):
            rebuild = Rebuild(run.name, now_us, run.of, bytes((run.of + 7) // 8))
        come = bytearray(rebuild.come)
        if run.number < run.of:
            come[run.number // 8] |= 1 << run.number % 8
        rebuild = msgspec.structs.replace(rebuild, come=bytes(come))
        if rebuild.is_complete:
            return True
        self.rebuilds[run.customer] = rebuild
        self._changes[_key(b"r", run.customer)] = _encode(rebuild)
        return False

    def _end_rebuild(self, customer: str) -> None:
        if self.rebuilds.pop(customer, None) is not None:
            self._changes[_key(b"r", customer)] = None

    def _put(self, letter: bytes, customer: str, pieces: Mapping[int, bytes | None]) -> None:
        for number, piece in pieces.items():
            self._changes[_key(letter, customer) + number.to_bytes(_NUMBER_BYTES)] = piece


def _pieces(value: bytes) -> list[bytes]:
    return [value[at : at + PIECE_BYTES] for at in range(0, len(value), PIECE_BYTES)]


def _key(letter: bytes, customer: str) -> bytes:
    return letter + bytes.fromhex(customer)
