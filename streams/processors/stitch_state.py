"""What stitch keeps of its customers, and how it stands in the changelog.

Keys are a letter, the customer (16 bytes), then the part: `t` a touchpoint by event id, `p` a published row by its id, `h` the
head. So the changelog grows with the change, not with the customer. A head begins with the next deadline as eight raw bytes.
"""

import heapq
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")
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


_encode = msgspec.msgpack.Encoder().encode
_heads = msgspec.msgpack.Decoder(Head)
_entries = msgspec.msgpack.Decoder(Entry)


class StitchState:
    """Customers of one partition, and what of them changed since the last commit."""

    def __init__(self) -> None:
        self.heads: dict[str, Head] = {}
        self.published: dict[str, dict[str, Entry]] = {}
        self.changes: dict[bytes, bytes | None] = {}
        self._touchpoints: dict[str, dict[str, bytes]] = {}
        self._due: dict[str, list[tuple[int, str]]] = defaultdict(list)

    # -- restore -----------------------------------------------------------

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""
        letter, customer, part = key[:1], key[1:17].hex(), key[17:].decode()
        if letter == b"t":
            self._set(self._touchpoints, customer, part, value)
        elif letter == b"p":
            self._set(self.published, customer, part, None if value is None else _entries.decode(value))
        elif value is None:
            self.heads.pop(customer, None)
        else:
            self.heads[customer] = _heads.decode(value[_deadline.size :])

    def loaded(self) -> None:
        """All is there: line up who is due when."""
        for customer, head in self.heads.items():
            self._line_up(customer, head)

    @staticmethod
    def _set(held: dict[str, dict[str, T]], customer: str, part: str, value: T | None) -> None:
        if value is None:
            held.get(customer, {}).pop(part, None)
        else:
            held.setdefault(customer, {})[part] = value

    # -- reading -----------------------------------------------------------

    def touchpoints(self, customer: str) -> Iterable[bytes]:
        """The customer's touchpoints, encoded, in no order."""
        return self._touchpoints.get(customer, {}).values()

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

    def keep(self, customer: str, event_id: str, value: bytes) -> None:
        """Keep a touchpoint, in place of one with the same event id."""
        self._set(self._touchpoints, customer, event_id, value)
        self.changes[b"t" + bytes.fromhex(customer) + event_id.encode()] = value

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
