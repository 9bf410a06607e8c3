"""Findings: what a rule suspects while a customer is folded, and the row that is published once it holds.

A *suspicion* is a finding in the making. It holds from a time on (`holds_from`, us): at once where two facts contradict each
other, at a due time where an expected fact may still come. It is dropped where that fact comes in time. So the same
suspicions answer for every watermark, and what holds is a function of the touchpoints, the knowledge and the watermark alone.
"""

from typing import Final

import msgspec

from streams.journeys.journey import id_of

OPEN: Final = "open"
RESOLVED: Final = "resolved"

INFO: Final = "info"
WARNING: Final = "warning"
CRITICAL: Final = "critical"
SEVERITIES: Final = (INFO, WARNING, CRITICAL)

DESK: Final = "desk"
CHANNEL_TEAM: Final = "channel_team"
OPERATIONS: Final = "operations"

NEVER: Final = 2**62
"""A time (us) that does not come: when an expected fact without a due time is missed."""

CONVERSATION: Final = "conversation:"
"""How a founding fact begins that is a conversation; others are event ids."""

EVIDENCE_SHOWN: Final = 50
"""Event ids that a finding lists at most: the founding ones and what they are held against, then the earliest."""


class Side(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One side of a finding: who, when (us), what it said or did. `at` is None where the side never came."""

    channel: str = ""
    at: int | None = None
    said: str = ""


class Suspicion(msgspec.Struct, kw_only=True):
    """A finding in the making.

    holds_from      us, when it begins to hold; NEVER while no time is set
    ahead           us, by how much it may be told before the watermark reaches `holds_from`: more than 0 where two facts that are
                    there decide it, so that it only waits while time is so far behind that others of those days may still come
    lapses_at       us, when it resolves by time alone; None for never
    weaker          ids of suspicions of weaker rules with the same cause
    stronger        ids of suspicions of stronger rules with the same cause: where one of them holds, this one is not told
    causes          what it comes from, by which suspicions of other rules are known to have the same cause
    yields          whether it is never told by itself: what happened is another rule's business
    muted           whether an exception of the settings, or the failure of its rule, keeps it from being told
    campaign        campaign of the touchpoint that raised it, where there are exceptions
    earlier         ids of suspicions of the same rule, any of which takes its place
    told            what the sentence needs, by name
    position        fold position of the touchpoint that changed it last
    """

    inconsistency_id: str
    rule: str
    founding: tuple[str, ...]
    holds_from: int
    subject: str = ""
    journey_id: str = ""
    severity: str = WARNING
    first: Side = Side()
    second: Side = Side()
    evidence: list[str] = []
    weaker: list[str] = []
    stronger: list[str] = []
    causes: list[str] = []
    yields: bool = False
    muted: bool = False
    campaign: str = ""
    earlier: tuple[str, ...] = ()
    count: int = 1
    resolved_at: int | None = None
    resolved_by: str = ""
    lapses_at: int | None = None
    told: dict[str, str] = {}
    position: int = 0
    ahead: int = 0

    @property
    def told_from(self) -> int:
        """us, the watermark from which on it is told."""
        return self.holds_from - self.ahead

    def show_against(self, event_id: str) -> None:
        """Add what the founding event is held against to the evidence, before it: another may take its place, so it founds nothing."""
        if event_id not in self.evidence:
            self.evidence.insert(0, event_id)

    def show(self, event_id: str) -> None:
        """Add a touchpoint to the evidence, once."""
        if len(self.evidence) < EVIDENCE_SHOWN and event_id not in self.evidence:
            self.evidence.append(event_id)

    def resolve(self, at: int, event_id: str) -> None:
        """Resolve it by a touchpoint (us); the first one counts."""
        if self.resolved_at is None:
            self.resolved_at, self.resolved_by = at, event_id
            self.show(event_id)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """An inconsistency as it is published: the fields of `schemas/inconsistency.avsc`, times in us, and its founding facts."""

    inconsistency_id: str
    rule: str
    severity: str
    audience: str
    status: str
    customer: str
    journey_id: str
    subject: str
    first_channel: str
    first_at: int | None
    first_said: str
    second_channel: str
    second_at: int | None
    second_said: str
    evidence: tuple[str, ...]
    also: tuple[str, ...]
    count: int
    sentence: str
    remedy: str
    opened_at: int
    resolved_at: int | None
    resolved_by: str
    superseded_by: str = ""
    told: str = ""
    founding: tuple[str, ...] = ()


def suspicion_id(rule: str, *founding: str) -> str:
    """`inconsistency_id`: the rule and its founding facts, and what of them it is about, nothing else, so that it never moves."""
    return id_of(rule, *founding)


def in_conversation(channel: str, conversation: str, event_id: str) -> str:
    """The founding fact of a finding that stands for all of a conversation; a touchpoint of none stands for itself.

    Which of the conversation's touchpoints shows it first depends on which come late, and the finding is the same.
    """
    return f"{CONVERSATION}{channel}:{conversation}" if conversation else event_id


def one_up(severity: str) -> str:
    """The next worse severity; critical stays."""
    return SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
