"""Rows of journeys and inconsistencies: published where they differ from what was published before."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from streams.delivery.commit import Output
from streams.journeys.inconsistencies.findings import Finding
from streams.journeys.journey import JourneyRow
from streams.journeys.life import Gone
from streams.journeys.results import Results
from streams.processors.dead_letters import OutputEncoder
from streams.processors.disruptions import number_of
from streams.processors.failures import FAILURE
from streams.processors.stitch_records import Entry

GONE: Final = 0
"""Digest of what is published no more."""
_content = msgspec.msgpack.Encoder().encode


def gone(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Those of what was ever published that are published no more."""
    return {row_id: entry for row_id, entry in entries.items() if entry.digest == GONE}


class Publisher:
    """Turns what changed in a customer's results into output records."""

    def __init__(self, journeys_topic: str, journeys: OutputEncoder, inconsistencies_topic: str, inconsistencies: OutputEncoder) -> None:
        self._journeys_topic, self._journeys = journeys_topic, journeys
        self._inconsistencies_topic, self._inconsistencies = inconsistencies_topic, inconsistencies
        self._write_journey = journeys.struct_writer(JourneyRow, "version", "detected_at")

    def rows(
        self,
        customer: str,
        results: Results,
        published: Mapping[str, Entry],
        now_us: int,
        arrived_us: int,
        *,
        why_gone: Callable[[str, str], Gone],
        complete: bool,
        partition: int,
    ) -> tuple[list[Output], dict[str, Entry]]:
        """Records to publish, and what is published then.

        `complete` results hold everything: what was published and is not among them is gone. `why_gone` is asked with a finding's id
        and rule.
        """
        outputs: list[Output] = []
        changes: dict[str, Entry] = {}
        key = customer.encode() or None  # an account's rows have no customer

        def publish(finding_id: str, record: dict[str, Any], entry: Entry) -> None:
            changes[finding_id] = entry
            value = self._inconsistencies.encode(record | {"version": entry.version, "detected_at": now_us})
            outputs.append(Output(self._inconsistencies_topic, partition, key, value))

        for journey in results.journeys:
            row_id, pieces = journey.journey_id, self._write_journey.pieces(journey)
            held, digest = published.get(row_id), _digest(b"".join(pieces))
            if held is None or held.digest != digest:
                entry = changes[row_id] = Entry(_version(held, now_us), digest, journey.process)
                outputs.append(Output(self._journeys_topic, partition, key, self._write_journey.joined(pieces, entry.version, now_us)))
                if held is not None and held.left_by:
                    outputs.append(self.journey_gone(row_id, customer, held, now_us, partition))
        for finding in results.inconsistencies:
            held, digest = published.get(finding.inconsistency_id), _digest(_content(finding))
            if held is None or held.digest != digest:
                entry = Entry(_version(held, now_us), digest, finding.rule, finding.severity, number_of(finding))
                record = _finding_record(finding) | {"published_at": arrived_us}
                publish(finding.inconsistency_id, record, entry)
        for row_id, successor in self._gone(results, published, complete=complete).items():
            held = published[row_id]
            entry = Entry(_version(held, now_us), GONE, held.word, held.severity)
            if held.severity:
                publish(row_id, _gone_finding(row_id, customer, held, why_gone(row_id, held.word)), entry)
            else:
                changes[row_id] = entry
                outputs.append(self.journey_gone(row_id, customer, held, now_us, partition, successor=successor))
        return outputs, changes

    def journey_gone(self, row_id: str, customer: str, held: Entry, now_us: int, partition: int, *, successor: str = "") -> Output:
        """The record that takes back a journey's row: in the name of the customer who left it, or else of `customer`, who holds it."""
        name = held.left_by or customer
        record = _superseded(row_id, name, held, successor) | {"version": _version(held, now_us), "detected_at": now_us}
        return Output(self._journeys_topic, partition, name.encode() or None, self._journeys.encode(record))

    @staticmethod
    def _gone(results: Results, published: Mapping[str, Entry], *, complete: bool) -> dict[str, str]:
        gone = {**results.gone_journeys, **dict.fromkeys(results.gone_inconsistencies, "")}
        if complete:
            there = {row.journey_id for row in results.journeys} | {row.inconsistency_id for row in results.inconsistencies}
            gone |= {row_id: gone.get(row_id, "") for row_id, held in published.items() if row_id not in there and held.severity != FAILURE}
        return {row_id: successor for row_id, successor in gone.items() if row_id in published and published[row_id].digest != GONE}


def _digest(content: bytes) -> int:
    """64 bits of what a row says, whatever its version."""
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big") or 1


def _version(held: Entry | None, now_us: int) -> int:
    """The next version of a row."""
    return now_us if held is None else max(held.version + 1, now_us)


def _finding_record(finding: Finding) -> dict[str, Any]:
    record = msgspec.structs.asdict(finding)
    del record["founding"]
    return record


def _gone_finding(row_id: str, customer: str, held: Entry, why: Gone) -> dict[str, Any]:
    return {
        "inconsistency_id": row_id,
        "rule": held.word,
        "severity": held.severity,
        "status": "superseded" if why.successor else "retracted",
        "reason": why.reason,
        "superseded_by": why.successor,
        "customer": customer,
        "evidence": [],
        "also": [],
        "opened_at": 0,
    }


def _superseded(row_id: str, customer: str, held: Entry, successor: str) -> dict[str, Any]:
    return {
        "journey_id": row_id,
        "customer": customer,
        "process": held.word,
        "status": "superseded",
        "superseded_by": successor,
        "channels": [],
        "moments": [],
        "started_at": 0,
        "last_at": 0,
    }
