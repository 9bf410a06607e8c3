"""Small values by key, in little memory: many of them share one piece of bytes, so that no value and no key is an object of its own.

A hash table that grows by one shelf at a time (linear hashing, W. Litwin, 1980): no step takes longer than a shelf or two.
"""

from collections.abc import Iterator
from typing import Final
from zlib import crc32

import msgspec

_STEP: Final = 64
"""Shelves are padded to a multiple of this many bytes, less what an object costs: where all sizes occur, a third of the memory is gaps."""
_OBJECT_BYTES: Final = 33 + 8
"""Of a bytes object in CPython and of its block in the allocator, beside the content."""
_PADDING_BYTES: Final = 2
"""At the end of a shelf: how many bytes are padding, these included."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[bytes, bytes]).decode


def _taken_apart(shelf: bytes) -> dict[bytes, bytes]:
    return _decode(shelf[: -int.from_bytes(shelf[-_PADDING_BYTES:], "big")])


def _put_together(on_it: dict[bytes, bytes]) -> bytes:
    content = _encode(on_it)
    padding = _PADDING_BYTES + -(len(content) + _PADDING_BYTES + _OBJECT_BYTES) % _STEP
    return b"".join((content, bytes(padding - _PADDING_BYTES), padding.to_bytes(_PADDING_BYTES, "big")))


_EMPTY: Final = _put_together({})


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

    @property
    def size_bytes(self) -> int:
        """What all shelves hold together."""
        return self._bytes

    def __iter__(self) -> Iterator[bytes]:
        for shelf in list(self._shelves):
            yield from _taken_apart(shelf)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values, in no order."""
        for shelf in list(self._shelves):
            yield from _taken_apart(shelf).items()

    def get(self, key: bytes) -> bytes | None:
        """The value of a key."""
        return _taken_apart(self._shelves[self._place(key)]).get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value, in place of one of the same key."""
        place = self._place(key)
        on_it = _taken_apart(self._shelves[place])
        self._count += key not in on_it
        on_it[key] = value
        self._grow(place, on_it)

    def append(self, key: bytes, more: bytes) -> None:
        """Add to the end of a key's value."""
        place = self._place(key)
        on_it = _taken_apart(self._shelves[place])
        before = on_it.get(key)
        self._count += before is None
        on_it[key] = more if before is None else before + more
        self._grow(place, on_it)

    def drop(self, key: bytes) -> None:
        """Forget a key."""
        place = self._place(key)
        on_it = _taken_apart(self._shelves[place])
        if on_it.pop(key, None) is not None:
            self._count -= 1
            self._set(place, on_it)

    def _place(self, key: bytes) -> int:
        hashed = crc32(key)
        place = hashed % self._round
        return place if place >= self._split else hashed % (2 * self._round)

    def _set(self, place: int, on_it: dict[bytes, bytes]) -> None:
        shelf = _put_together(on_it)
        self._bytes += len(shelf) - len(self._shelves[place])
        self._shelves[place] = shelf

    def _grow(self, place: int, on_it: dict[bytes, bytes]) -> None:
        self._set(place, on_it)
        if self._bytes > self._shelf_bytes * len(self._shelves):
            self._split_one()

    def _split_one(self) -> None:
        place = self._split
        self._split += 1
        on_it = _taken_apart(self._shelves[place])
        self._shelves.append(_EMPTY)
        self._bytes += len(_EMPTY)
        there = {key: value for key, value in on_it.items() if self._place(key) != place}
        self._set(len(self._shelves) - 1, there)
        self._set(place, {key: value for key, value in on_it.items() if key not in there})
        if self._split == self._round:
            self._round, self._split = 2 * self._round, 0
