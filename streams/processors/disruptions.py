"""Disruptions: the open inconsistencies of one rule, one subject and one pair of channels, counted together over all customers.

Customers are spread over partitions, so each partition tells the one that keeps a disruption by how much its customers changed it: a
record of `identified` itself, within the commit that publishes the findings. So the count is exact as the commits are, and
survives a restart with the state. It is told as it opens, each time that it has doubled, and as it closes.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from streams.delivery.commit import Output
from streams.journeys.inconsistencies.findings import OPEN, SEVERITIES, Finding
from streams.processors.dead_letters import OutputEncoder
from streams.processors.internal import DISRUPTION, KIND, partition_of
from streams.processors.stitch_records import Entry

OPENED: Final = "opened"
GROWN: Final = "grown"
CLOSED: Final = "closed"
LETTER: Final = b"d"
"""First byte of a disruption's key in the changelog."""


class Cause(msgspec.Struct, array_like=True, frozen=True):
    """What the findings of a disruption have in common."""

    rule: str
    subject: str
    first_channel: str
    second_channel: str


class Delta(msgspec.Struct, array_like=True, frozen=True):
    """By how much one commit changed a disruption: its number, customers, and findings by severity. `cause` is told where any came."""

    number: int
    customers: int
    findings: tuple[int, int, int]
    cause: Cause | None = None


class Disruption(msgspec.Struct, array_like=True):
    """One disruption, open or not.

    findings    open ones by severity, the mildest first
    most        customers at the most since it opened
    told        customers when it was told last; 0 while it is not open
    severity    as it was told last
    version     of the last record; 0 before the first
    times       how often it has opened
    opened_at   us
    """

    cause: Cause
    customers: int = 0
    findings: tuple[int, ...] = (0, 0, 0)
    most: int = 0
    told: int = 0
    severity: str = ""
    version: int = 0
    times: int = 0
    opened_at: int = 0

    @property
    def worst(self) -> str:
        """The worst severity among the open findings; "" where there are none."""
        return next((name for name, count in zip(reversed(SEVERITIES), reversed(self.findings), strict=True) if count > 0), "")


_encode = msgspec.msgpack.Encoder().encode
_deltas = msgspec.msgpack.Decoder(list[Delta])
_disruptions = msgspec.msgpack.Decoder(Disruption)


class DisruptionPlan(NamedTuple):
    """Where disruptions are told and counted.

    identified_topic, partitions    by which partitions tell each other
    topic, encoder                  of what is published
    least                           customers from which on there is one
    """

    identified_topic: str
    partitions: int
    topic: str
    encoder: OutputEncoder
    least: int


def number_of(finding: Finding) -> int:
    """The disruption that a finding is part of: 64 bits; 0 where it is not open."""
    if finding.status != OPEN:
        return 0
    parts = (finding.rule, finding.subject, finding.first_channel, finding.second_channel)
    framed = "".join(f"{len(part)}:{part}" for part in parts)
    return int.from_bytes(blake2b(framed.encode(), digest_size=8).digest(), "big") or 1


def deltas(published: Mapping[str, Entry], changes: Mapping[str, Entry], findings: Iterable[Finding]) -> list[Delta]:
    """By how much a customer's disruptions change: what was published of him, what of it changes, and the findings among that."""
    if not changes:
        return []
    moved = [(published.get(row_id), entry) for row_id, entry in changes.items()]
    found: dict[int, list[int]] = {}
    for before, after in moved:
        if before is not None and before.disruption:
            found.setdefault(before.disruption, [0, 0, 0])[SEVERITIES.index(before.severity)] -= 1
        if after.disruption:
            found.setdefault(after.disruption, [0, 0, 0])[SEVERITIES.index(after.severity)] += 1
    told = []
    for number, counts in found.items():
        was = any(each.disruption == number for each in published.values())
        is_now = any(each.disruption == number for each in {**published, **changes}.values())
        if any(counts) or was != is_now:
            told.append(Delta(number, is_now - was, (counts[0], counts[1], counts[2]), _cause(number, findings)))
    return told


def _cause(number: int, findings: Iterable[Finding]) -> Cause | None:
    for each in findings:
        if number_of(each) == number:
            return Cause(each.rule, each.subject, each.first_channel, each.second_channel)
    return None


class Disruptions:
    """The disruptions that one partition keeps."""

    def __init__(self, plan: DisruptionPlan) -> None:
        self.plan = plan
        self.held: dict[int, Disruption] = {}
        self._touched: dict[int, None] = {}

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""
        number = int.from_bytes(key[1:], "big")
        if value is None:
            self.held.pop(number, None)
        else:
            self.held[number] = _disruptions.decode(value)

    def tell(self, told: Iterable[Delta]) -> Iterable[Output]:
        """Records that tell the partitions that keep them."""
        by_partition: dict[int, list[Delta]] = {}
        for each in told:
            by_partition.setdefault(partition_of(f"{each.number:016x}", self.plan.partitions), []).append(each)
        for partition, those in by_partition.items():
            yield Output(self.plan.identified_topic, partition, None, _encode(those), [(KIND, DISRUPTION)])

    def hear(self, value: bytes) -> None:
        """Take what a partition tells."""
        for each in _deltas.decode(value):
            held = self.held.get(each.number)
            if held is None:
                held = self.held[each.number] = Disruption(each.cause or Cause("", "", "", ""))
            elif each.cause is not None:
                held.cause = each.cause
            held.customers += each.customers
            held.findings = tuple(count + more for count, more in zip(held.findings, each.findings, strict=True))
            self._touched[each.number] = None

    def publish(self, now_us: int, number_of_partition: int) -> tuple[list[Output], dict[bytes, bytes | None]]:
        """Records of what opened, grew or closed since the last call, and the changes of the state."""
        outputs: list[Output] = []
        changes: dict[bytes, bytes | None] = {}
        for number in self._touched:
            held = self.held[number]
            held.most = max(held.most, held.customers)
            status = self._turned(held)
            if status:
                outputs.append(self._told(number, held, status, now_us, number_of_partition))
            key = LETTER + number.to_bytes(8, "big")
            if held.customers == 0 and not any(held.findings) and not held.version:
                del self.held[number]
                changes[key] = None
            else:
                changes[key] = _encode(held)
        self._touched.clear()
        return outputs, changes

    def open(self) -> Iterable[Disruption]:
        """Those that are open."""
        return (each for each in self.held.values() if each.told)

    def _turned(self, held: Disruption) -> str:
        """What there is to tell of a disruption; "" where nothing."""
        if not held.told:
            return OPENED if held.customers >= self.plan.least else ""
        if held.customers <= (self.plan.least - 1) // 2:
            return CLOSED
        return GROWN if held.customers >= 2 * held.told else ""

    def _told(self, number: int, held: Disruption, status: str, now_us: int, partition: int) -> Output:
        if status == OPENED:
            held.times, held.opened_at, held.most = held.times + 1, now_us, held.customers
        held.told = 0 if status == CLOSED else held.customers
        held.severity = held.worst or held.severity
        held.version = max(held.version + 1, now_us)
        disruption_id = f"{number:016x}"
        record: dict[str, Any] = msgspec.structs.asdict(held.cause) | {
            "disruption_id": disruption_id,
            "version": held.version,
            "status": status,
            "severity": held.severity,
            "customers": held.customers,
            "inconsistencies": sum(held.findings),
            "most_customers": held.most,
            "times": held.times,
            "opened_at": held.opened_at,
            "closed_at": now_us if status == CLOSED else None,
            "detected_at": now_us,
        }
        return Output(self.plan.topic, partition, disruption_id.encode(), self.plan.encoder.encode(record))
