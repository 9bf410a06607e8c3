"""The rules in force, and which of them a touchpoint concerns. A new rule is one class in one file, and one line here."""

from functools import cache
from typing import Final

from streams.journeys.inconsistencies.cases import CaseReopened
from streams.journeys.inconsistencies.channels import ChannelFailed
from streams.journeys.inconsistencies.expired_offers import OfferExpiredShown
from streams.journeys.inconsistencies.findings import CHANNEL_TEAM, NEVER, OPEN, RESOLVED, Finding, Suspicion
from streams.journeys.inconsistencies.handovers import NAME as HANDOVER
from streams.journeys.inconsistencies.handovers import HandoverLost
from streams.journeys.inconsistencies.identities import IdentityConflict
from streams.journeys.inconsistencies.offers import OfferUnannounced, OfferUnknown
from streams.journeys.inconsistencies.parts import names_of
from streams.journeys.inconsistencies.prices import OfferNotHonoured
from streams.journeys.inconsistencies.promises import PromiseBroken
from streams.journeys.inconsistencies.pushes import ContactAfterOptOut, PromotionInComplaint
from streams.journeys.inconsistencies.questions import QuestionRepeated
from streams.journeys.inconsistencies.repeats import ContactRepeated
from streams.journeys.inconsistencies.retelling import common_facts, made
from streams.journeys.inconsistencies.satisfaction import SatisfactionDropped
from streams.journeys.inconsistencies.scene import Rule
from streams.journeys.inconsistencies.statements import statement_rules
from streams.journeys.inconsistencies.telling import Wording
from streams.journeys.inconsistencies.waits import ContactUnanswered
from streams.journeys.knowledge import Knowledge

RULES: Final[tuple[Rule, ...]] = (
    OfferUnknown(),
    OfferUnannounced(),
    OfferNotHonoured(),
    OfferExpiredShown(),
    *statement_rules(),
    PromiseBroken(),
    CaseReopened(),
    ChannelFailed(),
    HandoverLost(),
    QuestionRepeated(),
    ContactUnanswered(),
    ContactRepeated(),
    PromotionInComplaint(),
    ContactAfterOptOut(),
    SatisfactionDropped(),
    IdentityConflict(),
)
"""In the order in which they observe a touchpoint: the stronger first."""

BY_NAME: Final = {rule.name: rule for rule in RULES}


@cache
def rules_for(parts: int, off: frozenset[str] = frozenset()) -> tuple[Rule, ...]:
    """The rules that a touchpoint with these parts (`parts_of`) concerns, in their order, without those that are off."""
    named = names_of(parts)
    return tuple(rule for rule in RULES if rule.name not in off and rule.concerns(named))


def holds_alone(suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge, now: int) -> bool:
    """Whether the suspicion is a finding when the watermark is `now` (us), whatever other rules find of the same cause."""
    if suspicion.muted or suspicion.told_from > now:
        return False
    return BY_NAME[suspicion.rule].holds(suspicion, suspicions, knowledge)


def holds(suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge, now: int) -> bool:
    """Whether the suspicion is a finding that is told when the watermark is `now` (us): no stronger one takes its place."""
    if suspicion.yields or not holds_alone(suspicion, suspicions, knowledge, now):
        return False
    return not suspicion.stronger or not any(
        holds_alone(stronger, suspicions, knowledge, now) for each in suspicion.stronger if (stronger := suspicions.get(each)) is not None
    )


def also_of(suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge, now: int) -> tuple[str, ...]:
    """Weaker rules that found the same cause, when the watermark is `now` (us)."""
    if not suspicion.weaker:
        return ()
    found = {
        weaker.rule
        for each in suspicion.weaker
        if (weaker := suspicions.get(each)) is not None and holds_alone(weaker, suspicions, knowledge, now)
    }
    return tuple(sorted(found))


def next_change(suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge, now: int) -> int | None:
    """The least time (us) after `now` at which the finding changes by time alone; None where there is none."""
    if suspicion.muted:
        return None
    if suspicion.weaker or suspicion.stronger or suspicion.yields:
        return _next_change_among(suspicion, suspicions, knowledge, now)
    if suspicion.told_from > now:
        return suspicion.told_from if suspicion.holds_from < NEVER else None
    resolves = BY_NAME[suspicion.rule].resolves_at(suspicion, knowledge)
    if resolves is None or resolves <= now or (suspicion.resolved_at is not None and suspicion.resolved_at <= resolves):
        return None
    return resolves


def _next_change_among(suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge, now: int) -> int | None:
    """The same where other suspicions have the same cause: each of their times may change what is told."""
    kin = [suspicions[each] for each in (*suspicion.weaker, *suspicion.stronger) if each in suspicions]
    times = {each.told_from for each in (suspicion, *kin)}
    times |= {time for each in (suspicion, *kin) if (time := BY_NAME[each.rule].resolves_at(each, knowledge)) is not None}

    def told(time: int) -> tuple[bool, tuple[str, ...], int | None]:
        if not holds(suspicion, suspicions, knowledge, time):
            return False, (), None
        resolved_at, _ = _resolution(suspicion, knowledge, time)
        return True, also_of(suspicion, suspicions, knowledge, time), resolved_at

    before = told(now)
    return next((time for time in sorted(times) if now < time < NEVER and told(time) != before), None)


def _told(rule: Rule, suspicion: Suspicion, wording: Wording) -> tuple[str, str, str, str]:
    """Audience, sentence, remedy and `told`; where the words cannot be found, the bare two sides: they stand, however they are worded."""
    try:
        told = rule.tell(suspicion)
        facts = _facts(suspicion)
        sentence = " ".join([wording.sentence(rule.name, variant, facts) for variant in told.sentence])
        remedy = wording.sentence(rule.name, told.remedy, facts)
        return told.audience, sentence, remedy, made(suspicion, told.sentence, told.remedy, facts)
    except Exception:  # noqa: BLE001 - a mistake in a sentence must not stop the customer, let alone the partition
        sides = [f"{wording.start(side.channel)} {wording.say(side.said)}" for side in (suspicion.first, suspicion.second) if side.said]
        return CHANNEL_TEAM, f"{'; '.join(sides)}.", "", ""


def _facts(suspicion: Suspicion) -> dict[str, str | int]:
    """What every sentence may name (`telling.COMMON`), and what the rule noted; times in us."""
    first = suspicion.first
    facts = common_facts(first, suspicion.second, suspicion.count, suspicion.holds_from)
    if suspicion.resolved_at is not None:
        facts["late"] = suspicion.resolved_at - ((first.at or 0) if suspicion.rule == HANDOVER else suspicion.holds_from)
    return facts | suspicion.told


def _resolution(suspicion: Suspicion, knowledge: Knowledge, now: int) -> tuple[int | None, str]:
    """When (us) it was resolved, and by which event ("" by time or knowledge), as far as the watermark `now` (us) says."""
    resolved_at, resolved_by = suspicion.resolved_at, suspicion.resolved_by
    by_time = BY_NAME[suspicion.rule].resolves_at(suspicion, knowledge)
    if by_time is not None and by_time <= now and (resolved_at is None or by_time < resolved_at):
        return by_time, ""
    return resolved_at, resolved_by


def finding(  # noqa: PLR0917 - what a row depends on
    suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge, customer: str, now: int, wording: Wording
) -> Finding:
    """The suspicion as it is published when the watermark is `now` (us), in a language; it holds then."""
    rule = BY_NAME[suspicion.rule]
    resolved_at, resolved_by = _resolution(suspicion, knowledge, now)
    audience, sentence, remedy, told = _told(rule, suspicion, wording)
    return Finding(
        inconsistency_id=suspicion.inconsistency_id,
        rule=suspicion.rule,
        severity=suspicion.severity,
        audience=audience,
        status=OPEN if resolved_at is None else RESOLVED,
        customer=customer,
        journey_id=suspicion.journey_id,
        subject=suspicion.subject,
        first_channel=suspicion.first.channel,
        first_at=suspicion.first.at,
        first_said=wording.say(suspicion.first.said),
        second_channel=suspicion.second.channel,
        second_at=suspicion.second.at,
        second_said=wording.say(suspicion.second.said),
        evidence=tuple(suspicion.evidence),
        also=also_of(suspicion, suspicions, knowledge, now),
        count=suspicion.count,
        sentence=sentence,
        remedy=remedy,
        opened_at=suspicion.holds_from,
        resolved_at=resolved_at,
        resolved_by=resolved_by,
        told=told,
        founding=suspicion.founding,
    )
