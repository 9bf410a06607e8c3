"""Why a finding is told no more: what its last version says, for people who saw it before.

A finding that is resolved stays. One that is gone is *superseded* where another takes its place, *retracted* where what it said
does not hold: by an event that came late, by knowledge that came late, because its customer is another one now.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from streams.journeys.inconsistencies.findings import Suspicion
from streams.journeys.inconsistencies.rules import BY_NAME, holds_alone
from streams.journeys.knowledge import Knowledge

LATE_EVENT: Final = "late_event"
"""A touchpoint of before came after it was told."""
CORRECTION: Final = "correction"
"""Of two contents under one event id the other one counts now."""
MERGE: Final = "merge"
"""Its customer is part of another now, who has it where it still holds."""
SPLIT: Final = "split"
"""What it was found on is two customers' now."""
KNOWLEDGE: Final = "knowledge"
"""The channel had been told: its knowledge came late, or was corrected."""
STRONGER_RULE: Final = "stronger_rule"
"""A stronger rule found the same cause."""
RULE_FAILED: Final = "rule_failed"
"""Its rule failed on one of the customer's touchpoints."""
SETTINGS: Final = "settings"
"""Its rule, or the exception that it falls under, was set otherwise."""


class Gone(NamedTuple):
    """Why a finding is gone, and the id of the one that took its place ("" for none)."""

    reason: str
    successor: str = ""


def why_gone(suspicion: Suspicion | None, suspicions: dict[str, Suspicion], knowledge: Knowledge, now: int, came: str = LATE_EVENT) -> Gone:
    """Why a finding that was told holds no more at the watermark `now` (us); `came` is what happened to its customer."""
    if suspicion is None:
        return Gone(came)
    for each in suspicion.stronger:
        stronger = suspicions.get(each)
        if stronger is not None and holds_alone(stronger, suspicions, knowledge, now):
            return Gone(STRONGER_RULE, each)
    if suspicion.muted:
        return Gone(SETTINGS)
    for each in suspicion.earlier:
        earlier = suspicions.get(each)
        if earlier is not None and holds_alone(earlier, suspicions, knowledge, now):
            return Gone(came, each)
    return Gone(KNOWLEDGE if BY_NAME[suspicion.rule].asks_knowledge else came)


def why_its_rule_is_out(rule: str, failed: Mapping[str, object], off: frozenset[str]) -> Gone | None:
    """Why nothing of a rule is told of a customer; None where it is in force."""
    if rule in failed:
        return Gone(RULE_FAILED)
    return Gone(SETTINGS) if rule in off else None
