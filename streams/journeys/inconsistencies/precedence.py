"""One cause, one finding: which rule is the stronger where two find the same cause, and how one cause is known.

The stronger one is told and lists the weaker as `also`; the weaker one is told only where the stronger one does not hold.
A cause is a name that both suspicions have: `conversation:V`, `case:C`, `case:C|event`, `price:P|channel`. Where a name lasts longer
than a cause (a case, a product's price), the sides must also lie near each other in time.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import Suspicion

_SECOND_US: Final = 1_000_000
_DAY_S: Final = 86_400

ONE_CAUSE: Final[dict[tuple[str, str], int]] = {
    ("handover_lost", "question_repeated"): 7 * _DAY_S,
    ("handover_lost", "contact_unanswered"): 7 * _DAY_S,
    ("channel_failed", "contact_unanswered"): 7 * _DAY_S,
    ("channel_failed", "question_repeated"): 7 * _DAY_S,
    ("offer_not_honoured", "price_mismatch"): _DAY_S,
    ("case_reopened", "contact_repeated"): 365 * _DAY_S,
}
"""By the stronger and the weaker rule: seconds that their nearest sides may lie apart. offer_unknown resolves offer_unannounced itself."""


def weaker_than(rule: str) -> frozenset[str]:
    """Rules that give way to a rule."""
    return _WEAKER.get(rule, frozenset())


def stronger_than(rule: str) -> frozenset[str]:
    """Rules to which a rule gives way."""
    return _STRONGER.get(rule, frozenset())


def is_one_cause(stronger: Suspicion, weaker: Suspicion) -> bool:
    """Whether two suspicions of such a pair of rules have the same cause."""
    if set(stronger.causes).isdisjoint(weaker.causes):
        return False
    return _apart(stronger, weaker) <= ONE_CAUSE[stronger.rule, weaker.rule] * _SECOND_US


def _apart(first: Suspicion, second: Suspicion) -> int:
    """Between their nearest sides, us."""
    times = [side.at for side in (first.first, first.second) if side.at is not None]
    others = [side.at for side in (second.first, second.second) if side.at is not None]
    return min((abs(time - other) for time in times for other in others), default=0)


_WEAKER: Final = {rule: frozenset(weak for strong, weak in ONE_CAUSE if strong == rule) for rule, _ in ONE_CAUSE}
_STRONGER: Final = {rule: frozenset(strong for strong, weak in ONE_CAUSE if weak == rule) for _, rule in ONE_CAUSE}
