"""One customer as stitch keeps him: opened while he is worked on, packed into bytes while he is not.

Packed, touchpoints stand compressed together, newest last: full blocks that stay as they are, then one frame with the customer's own
small things and the touchpoints since. A later touchpoint counts in place of an earlier one of the same holding and event id.
Who has nothing but markers of identifiers that went has a form of his own (`markers`).

The first bytes are a header that is read without unpacking (`times`).
"""

import struct
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from streams.journeys.touchpoint import event_id_of
from streams.processors import markers
from streams.processors.squeezing import squeezed_customer, unsqueezed
from streams.processors.stitch_records import NEVER, Entry, Holding
from streams.processors.times import NOBODYS, Times, header, header_bytes, times_of

BLOCK: Final = 32
"""Touchpoints in a block: with more, they hardly get shorter. Up to half as many more stand in the last frame."""

_size: Final = struct.Struct(">I")
K = TypeVar("K")
V = TypeVar("V")
Name = tuple[int, str]
"""A touchpoint's: number of its holding, event id."""


class _Frame(msgspec.Struct, array_like=True):
    """Touchpoints, encoded, by the number of their holding; with the last one the rest of the customer.

    holdings    number, identifier, epoch, is_awaited, chunks, of, moved_to, is_gone
    published   by id
    refused     by the number of their holding
    """

    touchpoints: msgspec.Raw
    holdings: list[tuple[int, str, int, bool, list[int], int, str | None, bool]] = []
    published: dict[bytes, Entry] = {}
    refused: list[tuple[int, bytes]] = []


_encode = msgspec.msgpack.Encoder().encode
_frames = msgspec.msgpack.Decoder(_Frame)
_touchpoints = msgspec.msgpack.Decoder(dict[int, list[bytes]])
_holdings = msgspec.msgpack.Decoder(Holding)
_entries = msgspec.msgpack.Decoder(Entry)


@dataclass(slots=True)
class Kept:
    """A customer, open.

    customer                            whose number it is
    deadline, now, lined_up, domain     of the header
    holdings, published, refused        all of him but touchpoints; holdings by identifier and epoch, refused contents by name
    blocks, last                        packed touchpoints: full blocks, and the frame behind them
    fresh, gone                         touchpoints since, by name, and names of packed ones that are no more
    is_changed                          whether what was packed is not all any more
    """

    customer: str
    deadline: int = NEVER
    now: int = 0
    lined_up: int = NEVER
    domain: int = 0
    holdings: dict[tuple[str, int], Holding] = field(default_factory=dict)
    published: dict[str, Entry] = field(default_factory=dict)
    refused: dict[Name, bytes] = field(default_factory=dict)
    blocks: list[bytes] = field(default_factory=list)
    last: bytes = b""
    fresh: dict[Name, bytes] = field(default_factory=dict)
    gone: set[Name] = field(default_factory=set)
    is_changed: bool = True

    def set_holding(self, holding: Holding) -> None:
        """Note how a holding stands."""
        self.is_changed = True
        if holding.number < 0:
            holding.number = len(self.holdings)
        self.holdings[holding.identifier, holding.epoch] = holding

    def keep(self, name: Name, value: bytes) -> None:
        """Keep a touchpoint, in place of one of the same name."""
        self.is_changed = True
        self.fresh[name] = value

    def drop(self, name: Name) -> None:
        """The touchpoint of that name is no more."""
        self.is_changed = True
        self.fresh.pop(name, None)
        self.gone.add(name)

    def touchpoints(self) -> dict[Name, bytes]:
        """All of them, encoded."""
        found: dict[Name, bytes] = {}
        for frame in self.blocks:
            found |= _in_frame(frame)
        if self.last:
            found |= _in_frame(self.last)
        for name in self.gone:
            found.pop(name, None)
        return found | self.fresh

    def load(self, letter: bytes, part: bytes, value: bytes | None) -> None:
        """Take in a changelog record of the customer; None: it is gone."""
        if letter == b"a":
            if value is not None:
                self.set_holding(_holdings.decode(value))
        elif letter == b"p":
            _take(self.published, part.hex(), None if value is None else _entries.decode(value))
        else:
            name = (int.from_bytes(part[:NUMBER_BYTES], "big"), part[NUMBER_BYTES:].decode())
            if letter == b"c":
                _take(self.refused, name, None if value is None else unsqueezed(value))
            elif value is None:
                self.drop(name)
            else:
                self.keep(name, unsqueezed(value))


NUMBER_BYTES: Final = 3
"""Of a holding's number in changelog keys."""


def packed(kept: Kept) -> bytes:
    """All of a customer, as he is kept while nobody asks for him."""
    times = Times(kept.deadline, kept.now, kept.lined_up, kept.domain)
    has_touchpoints = kept.touchpoints() if kept.gone else kept.blocks or kept.fresh or kept.last
    if times == NOBODYS and not (has_touchpoints or kept.published or kept.refused):
        marked = markers.packed(bytes.fromhex(kept.customer), kept.holdings.values())
        if marked is not None:
            return marked
    blocks = [] if kept.gone else kept.blocks
    frames = [*blocks, *map(squeezed_customer, frames_of(kept))]
    items = [part for frame in frames for part in (_size.pack(len(frame)), frame)]
    return b"".join((header(times), *items))


def frames_of(kept: Kept) -> list[bytes]:
    """What is to be packed of a customer: new full blocks, all where a packed touchpoint has gone; then the frame that holds the rest."""
    packed_before = kept.last and not kept.gone
    touchpoints = _in_frame(kept.last) | kept.fresh if packed_before else kept.touchpoints()
    names = list(touchpoints)
    frames: list[bytes] = []
    while len(names) > BLOCK + BLOCK // 2:
        frames.append(_encode(_Frame(_by_holding(names[:BLOCK], touchpoints))))
        del names[:BLOCK]
    own = _Frame(
        _by_holding(names, touchpoints),
        [
            (each.number, each.identifier, each.epoch, each.is_awaited, each.chunks, each.of, each.moved_to, each.is_gone)
            for each in kept.holdings.values()
        ],
        {bytes.fromhex(row_id): entry for row_id, entry in kept.published.items()},
        [(number, value) for (number, _), value in kept.refused.items()],
    )
    return [*frames, _encode(own)]


def unpacked(customer: str, entry: bytes) -> Kept:
    """The customer of `packed`'s bytes."""
    kept = Kept(customer, *times_of(entry), is_changed=False)
    if entry[:1] == markers.FIRST:
        kept.holdings = {(each.identifier, each.epoch): each for each in markers.unpacked(bytes.fromhex(customer), entry)}
        return kept
    at = header_bytes(entry)
    while at < len(entry):
        start = at + _size.size
        at = start + _size.unpack_from(entry, at)[0]
        kept.blocks.append(entry[start:at])
    if kept.blocks:
        kept.last = kept.blocks.pop()
        own = _frames.decode(unsqueezed(kept.last))
        kept.published = {row_id.hex(): each for row_id, each in own.published.items()}
        kept.holdings = {
            (identifier, epoch): Holding(identifier, epoch, customer, is_awaited, chunks, of, moved_to, is_gone, number)
            for number, identifier, epoch, is_awaited, chunks, of, moved_to, is_gone in own.holdings
        }
        kept.refused = {(number, event_id_of(value)): value for number, value in own.refused}
    return kept


def _take(into: dict[K, V], key: K, value: V | None) -> None:
    if value is None:
        into.pop(key, None)
    else:
        into[key] = value


def _in_frame(frame: bytes) -> dict[Name, bytes]:
    touchpoints = _touchpoints.decode(_frames.decode(unsqueezed(frame)).touchpoints)
    return {(number, event_id_of(value)): value for number, values in touchpoints.items() for value in values}


def _by_holding(names: list[Name], touchpoints: dict[Name, bytes]) -> msgspec.Raw:
    found: dict[int, list[bytes]] = {}
    for name in names:
        found.setdefault(name[0], []).append(touchpoints[name])
    return msgspec.Raw(_encode(found))
