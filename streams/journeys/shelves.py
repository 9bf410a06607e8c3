"""Small values by key, in little memory: many of them share one piece of bytes, so that no value and no key is an object of its own.

A hash table that grows by one shelf at a time (linear hashing, W. Litwin, 1980): no step takes longer than a shelf or two.
"""

from collections.abc import Iterator
from typing import Final
from zlib import crc32

import msgspec

_EMPTY: Final = b"\x80"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[bytes, bytes]).decode


class Shelves:
    """A mapping from bytes to bytes. A look-up takes a shelf apart: keep what is asked for often elsewhere."""

    def __init__(self, shelf_bytes: int) -> None:
        """Begin with nothing; a shelf has `shelf_bytes` on average."""
        self._shelf_bytes = shelf_bytes
        self._shelves = [_EMPTY]
        self._round, self._split = 1, 0
        """Shelves that this round of splitting began with, and the one that is split next."""
        self._bytes = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        for shelf in list(self._shelves):
            yield from _decode(shelf)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values, in no order."""
        for shelf in list(self._shelves):
            yield from _decode(shelf).items()

    def get(self, key: bytes) -> bytes | None:
        """The value of a key."""
        return _decode(self._shelves[self._place(key)]).get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value, in place of one of the same key."""
        place = self._place(key)
        on_it = _decode(self._shelves[place])
        self._count += key not in on_it
        on_it[key] = value
        self._set(place, on_it)
        if self._bytes > self._shelf_bytes * len(self._shelves):
            self._split_one()

    def drop(self, key: bytes) -> None:
        """Forget a key."""
        place = self._place(key)
        on_it = _decode(self._shelves[place])
        if on_it.pop(key, None) is not None:
            self._count -= 1
            self._set(place, on_it)

    def _place(self, key: bytes) -> int:
        hashed = crc32(key)
        place = hashed % self._round
        return place if place >= self._split else hashed % (2 * self._round)

    def _set(self, place: int, on_it: dict[bytes, bytes]) -> None:
        shelf = _encode(on_it)
        self._bytes += len(shelf) - len(self._shelves[place])
        self._shelves[place] = shelf

    def _split_one(self) -> None:
        place = self._split
        self._split += 1
        on_it = _decode(self._shelves[place])
        self._shelves.append(_EMPTY)
        self._bytes += len(_EMPTY)
        there = {key: value for key, value in on_it.items() if self._place(key) != place}
        self._set(len(self._shelves) - 1, there)
        self._set(place, {key: value for key, value in on_it.items() if key not in there})
        if self._split == self._round:
            self._round, self._split = 2 * self._round, 0
