"""What stitch keeps of its customers, and how it stands in the changelog.

Keys are a letter, the customer (16 bytes), then the part: `p` a published row by its id, `h` the head. Touchpoints stand by the
identifier that they are held under: `a` its holding, `t` a touchpoint by event id, `c` another content that was refused under an
event id, each after the identifier's pseudonym (16 bytes) and epoch (4 bytes). So the changelog grows with the change, not with the
customer. A head begins with the next deadline as eight raw bytes.
"""

import heapq
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")
K = TypeVar("K")
_NEVER: Final = 2**63 - 1
_deadline = struct.Struct(">q")


class Head(msgspec.Struct, array_like=True, frozen=True):
    """A customer's head: when (us) he changes next by time alone, in which domain of time, and how far he was judged (us).

    Who waits for an import is due when his domain's time is again as far as he was judged.
    """

    deadline: int | None = None
    domain: str = ""
    now: int = 0

    @property
    def is_held(self) -> bool:
        """Whether he waits for an import: any other deadline is later than what he was judged by."""
        return self.deadline is not None and self.deadline <= self.now


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """What was published last under an id: version, 64 bits of its content (0: it is gone), rule or process, severity of a finding."""

    version: int
    digest: int
    word: str
    severity: str = ""


class Holding(msgspec.Struct, array_like=True):
    """An identifier's touchpoints, here under one assignment of it.

    customer        whose they are
    is_awaited      its hand-over is not complete: they are kept, and not folded yet
    chunks, of      chunks of the hand-over that have come, and how many there are (0: not known)
    moved_to        the customer that they go or went to; "" each to its next identifier; None: they stay
    is_gone         they have gone: what still comes is sent after them
    """

    identifier: str
    epoch: int
    customer: str
    is_awaited: bool = False
    chunks: list[int] = []
    of: int = 0
    moved_to: str | None = None
    is_gone: bool = False

    @property
    def key(self) -> bytes:
        """Its place in state and changelog: pseudonym and epoch."""
        return holding_key(self.identifier, self.epoch)


def holding_key(identifier: str, epoch: int) -> bytes:
    """The key of an identifier's holding under an epoch: 20 bytes."""
    return bytes.fromhex(identifier.rpartition(":")[2]) + epoch.to_bytes(4, "big")


_HOLDING_KEY_BYTES: Final = 20
_encode = msgspec.msgpack.Encoder().encode
_heads = msgspec.msgpack.Decoder(Head)
_entries = msgspec.msgpack.Decoder(Entry)
_holdings = msgspec.msgpack.Decoder(Holding)


class StitchState:
    """Customers of one partition, and what of them changed since the last commit."""

    def __init__(self) -> None:
        self.heads: dict[str, Head] = {}
        self.published: dict[str, dict[str, Entry]] = {}
        self.changes: dict[bytes, bytes | None] = {}
        self.holdings: dict[bytes, Holding] = {}
        self._touchpoints: dict[bytes, dict[str, bytes]] = {}
        self._refused: dict[bytes, dict[str, bytes]] = {}
        self._held: dict[str, dict[bytes, None]] = {}
        self._due: dict[str, list[tuple[int, str]]] = defaultdict(list)

    # -- restore -----------------------------------------------------------

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""
        letter = key[:1]
        if letter == b"t":
            end = 1 + _HOLDING_KEY_BYTES
            self._set(self._touchpoints, key[1:end], key[end:].decode(), value)
            return
        if letter == b"c":
            end = 1 + _HOLDING_KEY_BYTES
            self._set(self._refused, key[1:end], key[end:].decode(), value)
            return
        if letter == b"a":
            self._set_holding(key[1:], None if value is None else _holdings.decode(value))
            return
        customer = key[1:17].hex()
        if letter == b"p":
            self._set(self.published, customer, key[17:].decode(), None if value is None else _entries.decode(value))
        elif value is None:
            self.heads.pop(customer, None)
        else:
            self.heads[customer] = _heads.decode(value[_deadline.size :])

    def loaded(self) -> None:
        """All is there: line up who is due when."""
        for customer, head in self.heads.items():
            self._line_up(customer, head)

    @staticmethod
    def _set(held: dict[K, dict[str, T]], key: K, part: str, value: T | None) -> None:
        if value is None:
            held.get(key, {}).pop(part, None)
        else:
            held.setdefault(key, {})[part] = value

    def _set_holding(self, key: bytes, holding: Holding | None) -> None:
        before = self.holdings.get(key)
        if before is not None:
            self._held.get(before.customer, {}).pop(key, None)
        if holding is None:
            self.holdings.pop(key, None)
            return
        self.holdings[key] = holding
        if not holding.is_awaited and not holding.is_gone:
            self._held.setdefault(holding.customer, {})[key] = None

    # -- reading -----------------------------------------------------------

    def touchpoints(self, customer: str) -> Iterable[bytes]:
        """The customer's touchpoints, encoded, in no order; under two identifiers the same event may stand twice."""
        for key in self._held.get(customer, ()):
            yield from self._touchpoints.get(key, {}).values()

    def held_under(self, key: bytes) -> dict[str, bytes]:
        """A holding's touchpoints, encoded, by event id."""
        return self._touchpoints.get(key, {})

    def refused(self, customer: str) -> Iterable[bytes]:
        """Contents that were refused under event ids of the customer, encoded."""
        for key in self._held.get(customer, ()):
            yield from self._refused.get(key, {}).values()

    def refused_under(self, key: bytes) -> dict[str, bytes]:
        """Contents that were refused under a holding's event ids, encoded."""
        return self._refused.get(key, {})

    def is_empty(self, customer: str) -> bool:
        """Whether no identifier's touchpoints are the customer's any more."""
        return not self._held.get(customer)

    def due(self, time_of: Callable[[str], int | None]) -> list[str]:
        """Customers whose deadline has come, by the time of each domain; each is given once."""
        found: dict[str, None] = {}
        for domain, line in self._due.items():
            now = time_of(domain)
            while now is not None and line and line[0][0] <= now:
                deadline, customer = heapq.heappop(line)
                head = self.heads.get(customer)
                if head is not None and head.deadline == deadline and head.domain == domain:
                    found[customer] = None
        return list(found)

    # -- changing ----------------------------------------------------------

    def keep(self, key: bytes, event_id: str, value: bytes) -> None:
        """Keep a touchpoint under a holding, in place of one with the same event id."""
        self._set(self._touchpoints, key, event_id, value)
        self.changes[b"t" + key + event_id.encode()] = value

    def refuse(self, key: bytes, event_id: str, value: bytes) -> None:
        """Keep what was refused under an event id of a holding: it is told as long as the other content counts."""
        self._set(self._refused, key, event_id, value)
        self.changes[b"c" + key + event_id.encode()] = value

    def set_holding(self, holding: Holding) -> None:
        """Note how a holding stands."""
        key = holding.key
        self._set_holding(key, holding)
        self.changes[b"a" + key] = _encode(holding)

    def let_go(self, key: bytes) -> dict[str, bytes]:
        """Give up a holding's touchpoints; returns them."""
        touchpoints = self._touchpoints.pop(key, {})
        for event_id in touchpoints:
            self.changes[b"t" + key + event_id.encode()] = None
        for event_id in self._refused.pop(key, {}):
            self.changes[b"c" + key + event_id.encode()] = None
        return touchpoints

    def forget(self, customer: str) -> None:
        """Nothing is known of the customer any more, and nothing of him is published."""
        raw = bytes.fromhex(customer)
        self._held.pop(customer, None)
        if self.heads.pop(customer, None) is not None:
            self.changes[b"h" + raw] = None
        for row_id in self.published.pop(customer, {}):
            self.changes[b"p" + raw + row_id.encode()] = None

    def set_published(self, customer: str, row_id: str, entry: Entry) -> None:
        """Note what is published under an id."""
        self._set(self.published, customer, row_id, entry)
        self.changes[b"p" + bytes.fromhex(customer) + row_id.encode()] = _encode(entry)

    def set_head(self, customer: str, head: Head) -> None:
        """Note when the customer is due and how far he was judged."""
        before = self.heads.get(customer)
        self.heads[customer] = head
        if before is None or (before.deadline, before.domain) != (head.deadline, head.domain):
            self._line_up(customer, head)
        raw = _deadline.pack(_NEVER if head.deadline is None else head.deadline)
        self.changes[b"h" + bytes.fromhex(customer)] = raw + _encode(head)

    def take_changes(self) -> dict[bytes, bytes | None]:
        """What changed since the last call."""
        changes, self.changes = self.changes, {}
        return changes

    def _line_up(self, customer: str, head: Head) -> None:
        if head.deadline is not None:
            heapq.heappush(self._due[head.domain], (head.deadline, customer))
