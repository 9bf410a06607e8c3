"""What the kill test's workers reckon, and the judgement of what they left: pure, so that the reference is the same few lines run once.

Of each key: how many records it had, and a hash over all of them in order. One record lost, repeated or out of order changes the hash
for good. Of each source topic too, in every partition, as the clock's ticks saw it: published only where it has changed.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

NOTHING = (0, b"\0" * 8)
_FORM = struct.Struct(">q8s")
_SHOWN = 3


def fold(before: tuple[int, bytes], value: bytes) -> tuple[int, bytes]:
    """Count and hash after one more record."""
    return before[0] + 1, hashlib.blake2b(before[1] + value, digest_size=8).digest()


def encode(count_and_hash: tuple[int, bytes]) -> bytes:
    return _FORM.pack(*count_and_hash)


def decode(value: bytes) -> tuple[int, bytes]:
    count, digest = _FORM.unpack(value)
    return count, digest


def all_key(topic: str) -> bytes:
    """State: everything of a source topic in this partition."""
    return b"\1all " + topic.encode()


def told_key(topic: str) -> bytes:
    """State and output: the same, as of the last tick that saw it change."""
    return b"\1told " + topic.encode()


@dataclass(slots=True)
class Reference:
    """One partition reckoned by one thread.

    state       what the changelog must hold in the end
    prefixes    by key: every value that it went through, in order
    """

    state: dict[bytes, bytes] = field(default_factory=dict)
    prefixes: dict[bytes, list[bytes]] = field(default_factory=dict)

    def add(self, topic: str, key: bytes, value: bytes) -> None:
        """Take in the next record of a source topic."""
        self._step(key, value)
        self._step(all_key(topic), value)
        everything = self.state[all_key(topic)]
        self.state[told_key(topic)] = everything
        self.prefixes.setdefault(told_key(topic), []).append(everything)

    def _step(self, key: bytes, value: bytes) -> None:
        before = self.state.get(key)
        after = self.state[key] = encode(fold(decode(before) if before else NOTHING, value))
        self.prefixes.setdefault(key, []).append(after)


def differing(reference: Mapping[bytes, bytes], found: Mapping[bytes, bytes]) -> list[bytes]:
    """Keys whose state is not the reference's."""
    return [key for key in reference.keys() | found.keys() if reference.get(key) != found.get(key)]


@dataclass(slots=True)
class Published:
    """What is wrong with what a partition published, by key.

    unheard     values that the reference never went through
    repeated    values published again, or after a later one
    unfinished  keys whose last value is not the final one, or that were never published
    """

    records: int = 0
    unheard: list[bytes] = field(default_factory=list)
    repeated: list[bytes] = field(default_factory=list)
    unfinished: list[bytes] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.unheard or self.repeated or self.unfinished)


def judge(reference: Reference, published: Iterable[tuple[bytes, bytes]]) -> Published:
    """Compare one partition's outputs, in order, with the reference."""
    found = Published()
    last: dict[bytes, int] = {}
    for key, value in published:
        found.records += 1
        count, _ = decode(value)
        values = reference.prefixes.get(key, [])
        if not 0 < count <= len(values) or values[count - 1] != value:
            found.unheard.append(key)
        elif count <= last.get(key, 0):
            found.repeated.append(key)
        last[key] = max(count, last.get(key, 0))
    for key, values in reference.prefixes.items():
        if key.startswith(b"\1all "):
            continue
        if last.get(key) != len(values):
            found.unfinished.append(key)
    return found


def some(keys: Sequence[bytes]) -> str:
    """How many, and a few of them."""
    names = ", ".join(key.decode(errors="replace").strip() for key in keys[:_SHOWN])
    return f"{len(keys)}" + (f" ({names}{', …' if len(keys) > _SHOWN else ''})" if keys else "")
