"""Customers who are judged again because the channels' knowledge changed: all whom it may concern, some at each tick.

A finding can come and go by knowledge alone, also for a customer of whom nothing came for long. What is committed is by which
knowledge everybody was judged; a round that a restart cut off begins again, and so does one for what came while no worker ran.
"""

from collections.abc import Container
from typing import Final

from streams.journeys.inconsistencies.rules import RULES
from streams.journeys.knowledge import Knowledge
from streams.journeys.touchpoint import decode
from streams.processors.stitch_state import StitchState

LOOKED_AT: Final = 500
"""Customers of a partition whose touchpoints are looked through at a tick: some tens of milliseconds."""
_ASKING: Final = frozenset(rule.name for rule in RULES if rule.asks_knowledge)


class Round:
    """Where one partition is in judging its customers by the knowledge of today."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._by = 0
        self._left: list[str] | None = None

    def go_on(self, judged_by: int, state: StitchState, truncated: Container[str]) -> tuple[list[str], int]:
        """Customers to judge now, and the fingerprint of the knowledge by which everybody is judged then.

        What `truncated` ones were shown may be dropped: it may concern every one of them.
        """
        now = self._knowledge.fingerprint
        if now == judged_by:
            self._left = None
            return [], judged_by
        if self._left is None or self._by != now:
            self._left, self._by = list(state.customers()), now
        found: list[str] = []
        for _ in range(LOOKED_AT):
            if not self._left:
                self._left = None
                return found, now
            customer = self._left.pop()
            if customer in truncated or _may_concern(state, customer):
                found.append(customer)
        return found, judged_by


def _may_concern(state: StitchState, customer: str) -> bool:
    """Whether the customer has such a finding, or was shown an offer of which a channel may not know."""
    if any(entry.word in _ASKING for entry in state.published(customer).values()):
        return not state.is_empty(customer)
    return any(decode(value).offers for value in state.touchpoints(customer))
