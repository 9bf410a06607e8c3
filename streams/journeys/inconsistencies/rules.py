"""The rules in force, and which of them a touchpoint concerns. A new rule is one class in one file, and one line here."""

from functools import cache
from typing import Final

from streams.journeys.inconsistencies.cases import CaseReopened
from streams.journeys.inconsistencies.channels import ChannelFailed
from streams.journeys.inconsistencies.findings import NEVER, OPEN, RESOLVED, Finding, Suspicion
from streams.journeys.inconsistencies.offers import OfferUnannounced, OfferUnknown
from streams.journeys.inconsistencies.prices import OfferNotHonoured
from streams.journeys.inconsistencies.promises import PromiseBroken
from streams.journeys.inconsistencies.scene import CONTINUES, Rule
from streams.journeys.knowledge import Knowledge
from streams.journeys.touchpoint import Touchpoint

RULES: Final[tuple[Rule, ...]] = (OfferUnknown(), OfferUnannounced(), OfferNotHonoured(), PromiseBroken(), CaseReopened(), ChannelFailed())
"""In the order in which they observe a touchpoint: the stronger first."""

BY_NAME: Final = {rule.name: rule for rule in RULES}

_PARTS: Final = ("offers", "promises", "statements", "complaints", "orders", "visits", "conversations", "pages", "ratings", CONTINUES)


def parts_of(touchpoint: Touchpoint, watching: bool) -> int:  # noqa: FBT001 - a fact, not a switch
    """The parts that the touchpoint has, as bits in the order of `_PARTS`; `watching` where a rule follows every touchpoint."""
    return (
        (1 if touchpoint.offers else 0)
        | (2 if touchpoint.promises else 0)
        | (4 if touchpoint.statements else 0)
        | (8 if touchpoint.complaints else 0)
        | (16 if touchpoint.orders else 0)
        | (32 if touchpoint.visits else 0)
        | (64 if touchpoint.conversations else 0)
        | (128 if touchpoint.pages else 0)
        | (256 if touchpoint.ratings else 0)
        | (512 if watching else 0)
    )


@cache
def rules_for(parts: int) -> tuple[Rule, ...]:
    """The rules that a touchpoint with these parts concerns, in their order."""
    named = {part for bit, part in enumerate(_PARTS) if parts >> bit & 1}
    return tuple(rule for rule in RULES if named.intersection(rule.parts))


def holds(suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge, now: int) -> bool:
    """Whether the suspicion is a finding when the watermark is `now` (us)."""
    return suspicion.told_from <= now and BY_NAME[suspicion.rule].holds(suspicion, suspicions, knowledge)


def next_change(suspicion: Suspicion, knowledge: Knowledge, now: int) -> int | None:
    """The least time (us) after `now` at which the finding changes by time alone; None where there is none."""
    if suspicion.told_from > now:
        return suspicion.told_from if suspicion.holds_from < NEVER else None
    resolves = BY_NAME[suspicion.rule].resolves_at(suspicion, knowledge)
    if resolves is None or resolves <= now or (suspicion.resolved_at is not None and suspicion.resolved_at <= resolves):
        return None
    return resolves


def finding(suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge, customer: str, now: int) -> Finding:
    """The suspicion as it is published when the watermark is `now` (us); it holds then."""
    rule = BY_NAME[suspicion.rule]
    resolved_at, resolved_by = suspicion.resolved_at, suspicion.resolved_by
    by_time = rule.resolves_at(suspicion, knowledge)
    if by_time is not None and by_time <= now and (resolved_at is None or by_time < resolved_at):
        resolved_at, resolved_by = by_time, ""
    also = {weaker.rule for each in suspicion.weaker if (weaker := suspicions.get(each)) and holds(weaker, suspicions, knowledge, now)}
    told = rule.tell(suspicion)
    return Finding(
        inconsistency_id=suspicion.inconsistency_id,
        rule=suspicion.rule,
        severity=suspicion.severity,
        audience=told.audience,
        status=OPEN if resolved_at is None else RESOLVED,
        customer=customer,
        journey_id=suspicion.journey_id,
        subject=suspicion.subject,
        first_channel=suspicion.first.channel,
        first_at=suspicion.first.at,
        first_said=suspicion.first.said,
        second_channel=suspicion.second.channel,
        second_at=suspicion.second.at,
        second_said=suspicion.second.said,
        evidence=tuple(suspicion.evidence),
        also=tuple(sorted(also)),
        count=suspicion.count,
        sentence=told.sentence,
        remedy=told.remedy,
        opened_at=suspicion.holds_from,
        resolved_at=resolved_at,
        resolved_by=resolved_by,
        founding=suspicion.founding,
    )
