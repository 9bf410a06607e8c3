"""Records of the internal topics: how a touchpoint and a clock travel between the processors.

The kind stands in a header, so that identify never opens a touchpoint's value.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from streams.delivery.commit import Output
from streams.journeys.accounts import account_id
from streams.journeys.identity.periods import without_period
from streams.journeys.identity.strength import THINGS
from streams.journeys.touchpoint import Touchpoint

KIND: Final = "kind"
TOUCHPOINT: Final = b"touchpoint"
CLOCK: Final = b"clock"
LATE: Final = "late"
"""Header of an import's event: by how much (us, as text) the import's events may come behind one of a later time; none: not at all."""
ADDRESSED: Final = "addressed"
"""Header of a touchpoint in which the company turns to somebody about an order, case or conversation."""
IDENTITY: Final = b"identity"
"""What one identifier's node tells another's: `streams.journeys.identity.records.Message`."""
MOVE: Final = b"move"
"""To the customer who held an identifier's touchpoints: they go to another; `streams.journeys.identity.records.Move`."""
HAND_OVER: Final = b"hand-over"
"""The touchpoints themselves, from stitch to stitch, in chunks."""
DISRUPTION: Final = b"disruption"
"""From stitch to stitch: by how much customers changed disruptions that the other keeps; `streams.processors.disruptions.Delta`."""
ACCOUNT: Final = b"account"
"""A copy of a touchpoint, for the journeys of the account that it names."""
ASSIGNMENT: Final = "assignment"
"""Header of an identified touchpoint: the identifier that it is held under, and the epoch of its assignment."""
MOVED: Final = "moved"
"""Header of a touchpoint that goes to its next identifier because the one before is shared: it is recorded and counted already."""
REBUILT: Final = "rebuilt"
"""Header of a touchpoint that comes from the store again, after the embedded broker forgot it: it is recorded and counted already."""
CHANNEL: Final = "channel"
"""Header of a touchpoint: its channel's name."""
REBUILD: Final = "rebuild"
"""Header of a rebuilt touchpoint of a customer who is folded again from all that is recorded: see `rebuild_header`."""


class ImportClock(msgspec.Struct, array_like=True, frozen=True):
    """How far one import has come.

    at      us: no event of it before this time is still to come; None before every source has begun it
    ended   whether all of it has come
    until   us, the clock that it ends with; None: from its end on its facts live in the live time
    """

    at: int | None
    ended: bool = False
    until: int | None = None


class Clock(msgspec.Struct, array_like=True, frozen=True):
    """One sender's word on time: the latest one of each sender counts.

    sender      number of the partition that speaks
    live        us: no live event before this time is still to come; None where that is not known yet
    imports     by import: how far it is
    """

    sender: int
    live: int | None
    imports: dict[str, ImportClock] = {}


_encoder = msgspec.msgpack.Encoder()
_clocks = msgspec.msgpack.Decoder(Clock)


def partition_of(key: str, partitions: int) -> int:
    """The partition of an internal topic in which everything about `key` travels."""
    return zlib.crc32(key.encode()) % partitions


def partition_of_identifier(identifier: str, partitions: int) -> int:
    """The partition of `admitted` in which an identifier's node is: all its periods are in one."""
    return partition_of(without_period(identifier), partitions)


def touchpoint_output(topic: str, partition: int, key: str, touchpoint: Touchpoint, value: bytes) -> Output:
    """A touchpoint on its way, with what identify must know in headers."""
    identifiers = " ".join(f"{each.type}:{each.pseudonym}" for each in touchpoint.identifiers)
    headers = [
        (KIND, TOUCHPOINT),
        ("event_id", touchpoint.event_id.encode()),
        ("occurred_at", b"%d" % touchpoint.corrected_at),
        ("sequence", b"%d" % touchpoint.sequence),
        (CHANNEL, touchpoint.channel.encode()),
        ("identifiers", identifiers.encode()),
    ]
    if touchpoint.account:
        headers.append(("account", touchpoint.account.encode()))
    if is_addressed(touchpoint):
        headers.append((ADDRESSED, b"1"))
    return Output(topic, partition, key.encode(), value, headers)


def identified_headers(headers: Mapping[str, bytes], identifier: str, epoch: int) -> list[tuple[str, bytes]]:
    """The headers of an identified touchpoint: of those it had before, what stitch and record must know. The rest is identify's."""
    found = [(KIND, TOUCHPOINT), (CHANNEL, headers[CHANNEL]), assignment_header(identifier, epoch)]
    if REBUILT in headers or MOVED in headers:
        found += again_headers(headers)
    return found


def again_headers(headers: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """Of a touchpoint's headers those that say that it comes again: they go wherever it goes."""
    return [(name, value) for name, value in headers.items() if name in {REBUILT, MOVED, REBUILD}]


def is_addressed(touchpoint: Touchpoint) -> bool:
    """Whether the company turns to somebody in it about an order, case or conversation."""
    return touchpoint.direction == "outbound" and any(each.type in THINGS for each in touchpoint.identifiers)


def account_copy(topic: str, partitions: int, account: str, value: bytes) -> Output:
    """A copy of a touchpoint for the account of that name."""
    key = account_id(account)
    return Output(topic, partition_of(key, partitions), key.encode(), value, [(KIND, ACCOUNT)])


def assignment_header(identifier: str, epoch: int) -> tuple[str, bytes]:
    """The header that says which identifier a touchpoint is held under, and of which epoch."""
    return ASSIGNMENT, f"{identifier} {epoch}".encode()


def read_assignment(value: bytes) -> tuple[str, int]:
    """Identifier and epoch of the header's value."""
    identifier, _, epoch = value.decode().partition(" ")
    return identifier, int(epoch)


def rebuild_header(customer: str, name: str, number: int, of: int) -> tuple[str, bytes]:
    """The header of touchpoint `number`, from 0, of the `of` that a customer is folded again from, in the rebuild of that name."""
    return REBUILD, f"{customer} {name} {number} {of}".encode()


def solitary(event_id: str) -> str:
    """The identifier of a touchpoint of which nothing but shared ones is known: it is a customer by itself."""
    return f"event:{hashlib.sha256(event_id.encode()).hexdigest()[:32]}"


def clock_outputs(topic: str, partitions: int, clock: Clock) -> Iterable[Output]:
    """The clock, for every partition of a topic."""
    value = _encoder.encode(clock)
    for partition in range(partitions):
        yield Output(topic, partition, None, value, [(KIND, CLOCK)])


def read_clock(value: bytes) -> Clock:
    """The clock of a record's value; raises msgspec.DecodeError."""
    return _clocks.decode(value)


def header(record: Any, name: str) -> bytes:
    """A header of a fetched record, b"" where it has none of that name."""
    for key, value in record.headers:
        if key == name:
            return value or b""
    return b""


def received_us(record: Any, now_us: int) -> int:
    """When a record reached the broker, us; never later than now, where a producer's clock stamped it."""
    return min(int(record.timestamp) * 1000, now_us) if record.timestamp and record.timestamp > 0 else now_us


def counted(counts: dict[str, int], more: Mapping[str, int]) -> None:
    """Add `more` to `counts`, in place."""
    for name, number in more.items():
        counts[name] = counts.get(name, 0) + number
