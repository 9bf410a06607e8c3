"""What each channel knows, since when and until when: offers, and values of a subject's attribute. No customers.

Entries are records of `schemas/knowledge.avsc`. The last one of a key (channel, offer, subject, attribute, period) counts; one that
is withdrawn never held. What is known, forgotten and known again has an entry for each period.

Whoever asks, asks for a time, so that the answer is the same whenever it is asked.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple


class Key(NamedTuple):
    """What an entry is about; the last entry of a key counts."""

    channel: str
    offer: str
    subject: str
    attribute: str
    period: str = ""


class Known(NamedTuple):
    """From when until when (us; None: without an end) the channel knows it, and the value where it is one."""

    known_from: int
    known_until: int | None
    value: str

    def holds(self, at: int) -> bool:
        """Whether it is known at a time (us)."""
        return self.known_from <= at and (self.known_until is None or at < self.known_until)


class Knowledge:
    """The channels' knowledge, as last published.

    revision    grows with every entry that changed anything
    fingerprint 64 bits of all that is held, whatever order it came in: the same after a restart
    """

    __slots__ = ("_held", "_periods", "_publishing", "fingerprint", "revision")

    def __init__(self, entries: Iterable[Mapping[str, Any]] = ()) -> None:
        self._held: dict[Key, Known | None] = {}
        self._periods: dict[Key, dict[Key, None]] = {}
        self._publishing: set[str] = set()
        self.revision = 0
        self.fingerprint = 0
        for entry in entries:
            self.learn(entry)

    @property
    def is_empty(self) -> bool:
        """Whether it holds no key at all, not even a withdrawn entry's."""
        return not self._held

    def __contains__(self, key: Key) -> bool:
        """Whether it holds a key, be its entry withdrawn."""
        return key in self._held

    def learn(self, entry: Mapping[str, Any]) -> Key | None:
        """Take one entry (times int us) in place of the one with its key; the key where anything changed, else None."""
        key = Key(entry["channel"], entry.get("offer", ""), entry.get("subject", ""), entry.get("attribute", ""), entry.get("period", ""))
        known = None
        if not entry.get("withdrawn", False):
            known = Known(entry["known_from"], entry.get("known_until"), entry.get("value", ""))
        if key in self._held and self._held[key] == known:
            return None
        self._note(key)
        self._held[key] = known
        self._periods.setdefault(key._replace(period=""), {})[key] = None
        self._note(key)
        self._publishing.add(key.channel)
        self.revision += 1
        return key

    def forget(self, key: Key) -> None:
        """Drop a key altogether: a tombstone in the compacted topic."""
        self._note(key)
        if self._held.pop(key, None) is not None:
            self.revision += 1

    def _note(self, key: Key) -> None:
        """Take what is held under a key into the fingerprint, or out of it again."""
        if key in self._held:
            entry = repr((tuple(key), self._held[key]))
            self.fingerprint ^= int.from_bytes(blake2b(entry.encode(), digest_size=8).digest(), "big")

    def publishes(self, channel: str) -> bool:
        """Whether the channel publishes its knowledge at all: of one that does not, nobody can say what it knows."""
        return channel in self._publishing

    def knows_offer(self, channel: str, offer: str, at: int) -> bool:
        """Whether the channel knew the offer at a time (us)."""
        return any(known.holds(at) for known in self._known(Key(channel, offer, "", "")))

    def told_after(self, channel: str, offer: str, at: int) -> int | None:
        """When (us) the channel was told next of an offer that it did not know at a time; None where it was not."""
        later = [known.known_from for known in self._known(Key(channel, offer, "", "")) if known.known_from > at]
        return min(later, default=None)

    def value(self, channel: str, subject: str, attribute: str, at: int) -> str | None:
        """The value that the channel held for a subject's attribute at a time (us), of several the one since last; None for none."""
        there = [known for known in self._known(Key(channel, "", subject, attribute)) if known.holds(at)]
        return max(there, key=lambda known: (known.known_from, known.value)).value if there else None

    def _known(self, key: Key) -> list[Known]:
        """What is held of a thing, all its periods."""
        return [known for each in self._periods.get(key, ()) if (known := self._held.get(each)) is not None]
