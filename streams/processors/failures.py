"""Rules that failed on a customer's touchpoint: published once for each, and again when it is over."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from streams.delivery.commit import Output
from streams.journeys.fold import Failed
from streams.journeys.journey import id_of
from streams.processors.dead_letters import OutputEncoder
from streams.processors.stitch_records import Entry

FAILURE: Final = "failed"
"""Stands in an entry's severity: what is published under its id is a failure."""
OVER: Final = "over"


class RuleFailures:
    """Turns the rules that fail on a customer into output records."""

    def __init__(self, topic: str, encoder: OutputEncoder) -> None:
        self._topic, self._encoder = topic, encoder

    def rows(
        self, customer: str, failed: Mapping[str, Failed], published: Mapping[str, Entry], now_us: int, partition: int
    ) -> tuple[list[Output], dict[str, Entry]]:
        """Records to publish, and what is published then. `failed` holds every rule that is left out for the customer, by name."""
        outputs: list[Output] = []
        changes: dict[str, Entry] = {}
        if not failed and all(held.severity != FAILURE for held in published.values()):
            return outputs, changes  # as with nearly all customers

        def publish(failure_id: str, record: dict[str, Any], digest: int) -> None:
            held = published.get(failure_id)
            if digest == (0 if held is None else held.digest):
                return
            entry = Entry(now_us if held is None else max(held.version + 1, now_us), digest, record["rule"], FAILURE)
            changes[failure_id] = entry
            row = {"failure_id": failure_id, "customer": customer, "version": entry.version, "detected_at": now_us}
            outputs.append(Output(self._topic, partition, customer.encode(), self._encoder.encode(row | record)))

        there = {id_of("rule_failure", rule, customer): rule for rule in failed}
        for failure_id, rule in there.items():
            why = failed[rule]
            record = {"rule": rule, "status": FAILURE, "event_id": why.event_id, "error": why.error}
            publish(failure_id, record, _digest(why))
        for failure_id, held in published.items():
            if held.severity == FAILURE and failure_id not in there:
                publish(failure_id, {"rule": held.word, "status": OVER}, 0)
        return outputs, changes


def _digest(failed: Failed) -> int:
    return int.from_bytes(blake2b(f"{failed.event_id}|{failed.error}".encode(), digest_size=8).digest(), "big") or 1
