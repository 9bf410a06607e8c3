"""What stitch keeps of its customers, and how it stands in the changelog.

Keys are a letter, the customer (16 bytes), then the part: `h` the head, `p` a published row by its id (16 bytes), `a` a holding by its
number (3 bytes), `t` a touchpoint by its holding's number and event id, `c` another content that was refused under an event id. So the
changelog grows with the change, not with the customer. A head begins with the next deadline as eight raw bytes.

In memory a customer is packed into a few bytes (`kept`) unless he is open: those asked for lately are.
"""

import heapq
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Final

import msgspec

from streams.journeys.shelves import Shelves
from streams.processors.kept import NUMBER_BYTES, Kept, packed, unpacked
from streams.processors.squeezing import squeezed_touchpoint
from streams.processors.stitch_records import NEVER, Entry, Head, Holding, decode_head, encode_head
from streams.processors.times import NOBODYS, Times, header, times_of

SHELF_BYTES: Final = 6 * 1024
"""Three or four customers of 20 touchpoints."""
LOOSE_RECORDS: Final = 14
"""Changelog records of a customer that are read back before they are packed together."""
SETTLED_AT_ONCE: Final = 64
"""Customers who are packed at one time, of those who were loaded: some milliseconds of work."""
DUE_AT_ONCE: Final = 500
"""Customers of a partition who are judged by time alone in one commit: some tenths of a second. When an import ends, or a silent channel
speaks again, nearly all may be due at once, and each is folded for it: at a million customers more than a worker's memory holds.
"""
SPARE: Final = 512
"""Customers that stay open beside those asked for: the ones whose identifiers come and go are not folded."""

_PART: Final = 17
"""Where the part begins in a key."""
_DEADLINE_BYTES: Final = 8
_EARLIEST: Final = 2**63
_encode = msgspec.msgpack.Encoder().encode


class StitchState:
    """Customers of one partition, and what of them changed since the last commit."""

    def __init__(self) -> None:
        self.changes: dict[bytes, bytes | None] = {}
        self._packed = Shelves(SHELF_BYTES)
        self._loose: dict[bytes, list[bytes | None]] = {}
        """What was loaded of customers and is not packed yet: a header, None, then keys and values."""
        self._open: OrderedDict[str, Kept] = OrderedDict()
        self._latest: tuple[str | None, Kept] = (None, Kept(""))
        """Who was asked for last, since he mostly is asked for again."""
        self._domains: list[str] = [""]
        self._due: dict[int, list[bytes]] = defaultdict(list)

    # -- restore -----------------------------------------------------------

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""
        raw = key[1:_PART]
        waiting = self._loose.get(raw)
        if waiting is None:
            before = self._packed.get(raw)
            waiting = self._loose[raw] = [_NOBODY if before is None else header(times_of(before)), None]
        if key[:1] == b"h":
            head = Head() if value is None else decode_head(value)
            deadline = _raw(head.deadline)
            waiting[0] = header(Times(deadline, head.now, deadline, self._domain(head.domain)))
            return
        waiting += (key, value)
        if len(waiting) > 2 * LOOSE_RECORDS:
            self._settle(raw, self._loose.pop(raw))

    def settle(self) -> bool:
        """Pack some of the customers who were loaded; whether there are more."""
        for _ in range(min(SETTLED_AT_ONCE, len(self._loose))):
            self._settle(*self._loose.popitem())
        if not self._loose:
            self._loose = {}  # a dict does not give back its room by itself
        return bool(self._loose)

    def loaded(self) -> Iterable[str]:
        """All is there and settled: line up who is due when. Returns the customers who wait for an import."""
        waiting: list[str] = []
        for raw, entry in self._packed.items():
            deadline, now, _, domain = times_of(entry)
            if deadline != NEVER:
                self._due[domain].append(_place(deadline, raw))
                if deadline <= now:
                    waiting.append(raw.hex())
        for line in self._due.values():
            heapq.heapify(line)
        return waiting

    def _settle(self, raw: bytes, waiting: list[bytes | None]) -> None:
        """Pack what was loaded of a customer."""
        before = self._packed.get(raw)
        kept = Kept(raw.hex()) if before is None else unpacked(raw.hex(), before)
        kept.is_changed = True
        kept.deadline, kept.now, kept.lined_up, kept.domain = times_of(waiting[0] or _NOBODY)
        for key, value in zip(waiting[2::2], waiting[3::2], strict=True):
            if key is not None:
                kept.load(key[:1], key[_PART:], value)
        self._packed.put(raw, packed(kept))

    @property
    def packed_bytes(self) -> int:
        """What the packed customers take."""
        return self._packed.size_bytes

    # -- reading -----------------------------------------------------------

    def head(self, customer: str) -> Head:
        """How far the customer was judged, and when he is due."""
        kept = self._kept(customer)
        return Head(None if kept.deadline == NEVER else kept.deadline, self._domains[kept.domain], kept.now)

    def published(self, customer: str) -> Mapping[str, Entry]:
        """What is published of the customer, by id."""
        return self._kept(customer).published

    def holding(self, customer: str, identifier: str, epoch: int) -> Holding | None:
        """A customer's holding of an identifier under an epoch."""
        return self._kept(customer).holdings.get((identifier, epoch))

    def holdings(self, customer: str) -> Iterable[Holding]:
        """The customer's holdings, those that have gone too."""
        return self._kept(customer).holdings.values()

    def customers(self) -> Iterable[str]:
        """Everybody of whom something is known."""
        return {*self._open, *(raw.hex() for raw in self._packed)}

    def touchpoints(self, customer: str) -> Iterable[bytes]:
        """The customer's touchpoints, encoded, in no order; under two identifiers the same event may stand twice."""
        kept = self._kept(customer)
        counting = {each.number for each in kept.holdings.values() if each.counts}
        return [value for (number, _), value in kept.touchpoints().items() if number in counting]

    def held_under(self, holding: Holding) -> dict[str, bytes]:
        """A holding's touchpoints, encoded, by event id."""
        touchpoints = self._kept(holding.customer).touchpoints()
        return {event_id: value for (number, event_id), value in touchpoints.items() if number == holding.number}

    def refused(self, customer: str) -> Iterable[bytes]:
        """Contents that were refused under event ids of the customer, encoded."""
        kept = self._kept(customer)
        counting = {each.number for each in kept.holdings.values() if each.counts}
        return [value for (number, _), value in kept.refused.items() if number in counting]

    def refused_under(self, holding: Holding) -> dict[str, bytes]:
        """Contents that were refused under a holding's event ids, encoded."""
        refused = self._kept(holding.customer).refused
        return {event_id: value for (number, event_id), value in refused.items() if number == holding.number}

    def is_empty(self, customer: str) -> bool:
        """Whether no identifier's touchpoints are the customer's any more."""
        return not any(each.counts for each in self._kept(customer).holdings.values())

    def due(self, time_of: Callable[[str], int | None], most: int) -> list[str]:
        """Customers whose deadline has come, by the time of each domain, `most` of them at a time; each is given once.

        A customer is lined up for a deadline and stays there when it moves to later: he is lined up again when that one has come.
        """
        found: dict[str, None] = {}
        for domain, line in list(self._due.items()):
            now = time_of(self._domains[domain])
            while now is not None and line and _deadline_of(line[0]) <= now and len(found) < most:
                place = heapq.heappop(line)
                lined_up, raw = _deadline_of(place), place[_DEADLINE_BYTES:]
                deadline, was_for, is_of = self._lined_up(raw)
                if was_for != lined_up or is_of != domain:
                    continue
                if deadline <= now:
                    found[raw.hex()] = None
                self._line_up(raw, NEVER if deadline <= now else deadline)
                if now < deadline != NEVER:
                    heapq.heappush(line, _place(deadline, raw))
        return list(found)

    # -- changing ----------------------------------------------------------

    def keep(self, holding: Holding, event_id: str, value: bytes) -> None:
        """Keep a touchpoint under a holding, in place of one with the same event id."""
        self._kept(holding.customer).keep((holding.number, event_id), value)
        self.changes[_key(b"t", holding, event_id)] = squeezed_touchpoint(value)

    def refuse(self, holding: Holding, event_id: str, value: bytes) -> None:
        """Keep what was refused under an event id of a holding: it is told as long as the other content counts."""
        kept = self._kept(holding.customer)
        kept.is_changed = True
        kept.refused[holding.number, event_id] = value
        self.changes[_key(b"c", holding, event_id)] = squeezed_touchpoint(value)

    def set_holding(self, holding: Holding) -> None:
        """Note how a holding stands."""
        self._kept(holding.customer).set_holding(holding)
        self.changes[_key(b"a", holding)] = _encode(holding)

    def drop(self, customer: str, events: Container[str]) -> None:
        """Drop touchpoints of the customer by their event ids."""
        kept = self._kept(customer)
        counting = {each.number: each for each in kept.holdings.values() if each.counts}
        for number, event_id in list(kept.touchpoints()):
            if number in counting and event_id in events:
                kept.drop((number, event_id))
                self.changes[_key(b"t", counting[number], event_id)] = None

    def let_go(self, holding: Holding) -> dict[str, bytes]:
        """Give up a holding's touchpoints; returns them."""
        kept = self._kept(holding.customer)
        kept.is_changed = True
        touchpoints = self.held_under(holding)
        for event_id in touchpoints:
            kept.drop((holding.number, event_id))
            self.changes[_key(b"t", holding, event_id)] = None
        for event_id in self.refused_under(holding):
            del kept.refused[holding.number, event_id]
            self.changes[_key(b"c", holding, event_id)] = None
        return touchpoints

    def forget(self, customer: str) -> None:
        """Nothing is known of the customer any more, and nothing of him is published."""
        raw, kept = bytes.fromhex(customer), self._kept(customer)
        if (kept.deadline, kept.domain, kept.now) != (NEVER, 0, 0):
            self.changes[b"h" + raw] = None
        for row_id in kept.published:
            self.changes[b"p" + raw + bytes.fromhex(row_id)] = None
        kept.deadline, kept.domain, kept.now, kept.published, kept.is_changed = NEVER, 0, 0, {}, True

    def set_published(self, customer: str, row_id: str, entry: Entry) -> None:
        """Note what is published under an id."""
        kept = self._kept(customer)
        kept.is_changed = True
        kept.published[row_id] = entry
        self.changes[b"p" + bytes.fromhex(customer + row_id)] = _encode(entry)

    def set_head(self, customer: str, head: Head) -> None:
        """Note when the customer is due and how far he was judged."""
        raw, kept = bytes.fromhex(customer), self._kept(customer)
        deadline, domain = _raw(head.deadline), self._domain(head.domain)
        if deadline < kept.lined_up or domain != kept.domain:
            kept.lined_up = deadline
            if deadline != NEVER:
                heapq.heappush(self._due[domain], _place(deadline, raw))
        kept.deadline, kept.domain, kept.now, kept.is_changed = deadline, domain, head.now, True
        self.changes[b"h" + raw] = encode_head(head)

    def take_changes(self) -> dict[bytes, bytes | None]:
        """What changed since the last call."""
        changes, self.changes = self.changes, {}
        return changes

    # -- open and packed ---------------------------------------------------

    def rest(self, most: int) -> None:
        """Pack customers that nobody asked for lately, down to about `most`."""
        self._latest = (None, self._latest[1])
        while len(self._open) > most + SPARE:
            customer, kept = self._open.popitem(last=False)
            if kept.is_changed:
                self._packed.put(bytes.fromhex(customer), packed(kept))

    def _kept(self, customer: str) -> Kept:
        if customer == self._latest[0]:
            return self._latest[1]
        kept = self._open.get(customer)
        if kept is None:
            entry = self._packed.get(bytes.fromhex(customer))
            kept = Kept(customer, is_changed=False) if entry is None else unpacked(customer, entry)
            self._open[customer] = kept
        else:
            self._open.move_to_end(customer)
        self._latest = (customer, kept)
        return kept

    def _lined_up(self, raw: bytes) -> tuple[int, int, int]:
        """When the customer is due, what he is lined up for, and the domain of both."""
        kept = self._open.get(raw.hex())
        if kept is not None:
            return kept.deadline, kept.lined_up, kept.domain
        deadline, _, lined_up, domain = times_of(self._packed.get(raw) or _NOBODY)
        return deadline, lined_up, domain

    def _line_up(self, raw: bytes, lined_up: int) -> None:
        kept = self._kept(raw.hex())
        kept.lined_up, kept.is_changed = lined_up, True

    def _domain(self, name: str) -> int:
        try:
            return self._domains.index(name)
        except ValueError:
            self._domains.append(name)
            return len(self._domains) - 1


_NOBODY: Final = header(NOBODYS)


def _raw(deadline: int | None) -> int:
    return NEVER if deadline is None else deadline


def _place(deadline: int, raw: bytes) -> bytes:
    """A customer's place in the line of a domain: the earliest deadline is the smallest."""
    return (deadline + _EARLIEST).to_bytes(_DEADLINE_BYTES, "big") + raw


def _deadline_of(place: bytes) -> int:
    return int.from_bytes(place[:_DEADLINE_BYTES], "big") - _EARLIEST


def _key(letter: bytes, holding: Holding, event_id: str = "") -> bytes:
    return b"".join((letter, bytes.fromhex(holding.customer), holding.number.to_bytes(NUMBER_BYTES, "big"), event_id.encode()))
