"""The bound on what stitch keeps of one customer: above it the oldest touchpoints are dropped, and a rebuild lifts it for one fold."""

import logging
from collections.abc import Mapping
from typing import Final

import msgspec

from streams.delivery.commit import Output, Work
from streams.journeys.base import HORIZON_US, Base
from streams.journeys.customer import Customer
from streams.journeys.fold import FoldState, encode
from streams.processors.outputs import GONE
from streams.processors.stitch_plan import StitchPlan
from streams.processors.stitch_records import Entry
from streams.processors.stitch_state import StitchState
from streams.processors.truncated import Mark, Run, Truncated

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 10_000
"""Touchpoints that one cut drops at most: each is a record of the commit."""
ROOM: Final = 2_000_000
"""What all cuts of one commit may add to it, in bytes before they are squeezed: a commit without transactions is one record batch."""
_RECORD_BYTES: Final = 64
"""Of a dropped touchpoint in the commit."""
_UNLIKE_ANY: Final = -1
"""A digest that no row has."""


class Bound:
    """Drops touchpoints of one partition's customers, and knows what is kept of what was dropped.

    rebuilt     by customer: the rebuild whose touchpoints are all here now, until it is published
    complete    those of them who are not folded from all of these yet
    """

    def __init__(self, number: int, plan: StitchPlan, state: StitchState) -> None:
        self.truncated = Truncated()
        self.rebuilt: dict[str, str] = {}
        self.complete: list[str] = []
        self._number, self._plan, self._state = number, plan, state
        self._room = ROOM

    def committed(self) -> None:
        """The next commit has room again."""
        self._room = ROOM

    def begun(self, customer: str) -> Customer:
        """The customer before what is kept of him: with what was dropped."""
        settings, knowledge = self._plan.settings, self._plan.knowledge
        held = self.truncated.base(customer) if customer in self.truncated else None
        if held is None:
            return Customer(customer, settings, knowledge)
        base, dropped = held
        try:
            return Customer(customer, settings, knowledge, base, dropped)
        except msgspec.DecodeError as error:
            log.error(  # noqa: TRY400  # what was read may be personal
                "partition %d: the fold of what was dropped of customer %s cannot be read (%s); fold him again: touchpoints rebuild %s",
                *(self._number, customer, type(error).__name__, customer),
            )
            self.truncated.note(customer, is_patchy=True)
            return Customer(customer, settings, knowledge, Base(base.until, encode(FoldState())), dropped)

    def is_patchy(self, customer: str) -> bool:
        """Whether rows of the customer stand that his fold does not know: they are not taken back for that."""
        mark = self.truncated.mark(customer) if customer in self.truncated else None
        return mark is not None and mark.is_patchy

    def keep(self, customer: str, fold: Customer, now: int, work: Work, outputs: list[Output]) -> None:
        """Drop what the fold, judged at `now` (us), has above the bound, and tell how the customer stands where that is new."""
        rebuild = self.rebuilt.pop(customer, "")
        if len(fold) > self._plan.customer_touchpoints and not self.truncated.is_rebuilt(customer, work.now_us):
            self._cut(customer, fold, now)
        mark = self.truncated.mark(customer)
        if mark is not None and not self.truncated.is_rebuilt(customer, work.now_us):
            self.truncated.note(customer, behind=fold.number_behind)
            mark = self.truncated.mark(customer)
        if rebuild or (mark is not None and not mark.is_told):
            self._tell(customer, mark, rebuild, work, outputs)

    def came(self, run: Run, now_us: int) -> None:
        """A touchpoint of a rebuild has come."""
        if self.truncated.came(run, now_us):
            self.rebuilt[run.customer] = run.name
            self.complete.append(run.customer)

    def lifted(self) -> list[str]:
        """Customers of whom all that was dropped is kept again: they are to be folded from it, without a base."""
        customers, self.complete = self.complete, []
        for customer in customers:
            self.truncated.forget(customer)
        return customers

    def received(self, customer: str, before: int, entries: Mapping[str, Entry]) -> None:
        """Touchpoints came from a truncated customer, less those up to `before` (us): of these at most rows did."""
        was = self.truncated.mark(customer) or Mark(0)
        has_rows = any(entry.digest != GONE for entry in entries.values())
        self.truncated.note(customer, before=max(before, was.before), is_parted=True, is_patchy=was.is_patchy or has_rows)

    def parted(self, customer: str) -> int:
        """An identifier of the customer goes; up to when (us) its history stays behind, 0 where all goes along."""
        mark = self.truncated.mark(customer)
        if mark is None:
            return 0
        self.truncated.note(customer, is_parted=True)
        return mark.before

    def forget(self, customer: str, work: Work, outputs: list[Output]) -> None:
        """Nothing is left of the customer."""
        if customer in self.truncated:
            self.truncated.forget(customer)
            self._tell(customer, None, "", work, outputs)

    def _cut(self, customer: str, fold: Customer, now: int) -> None:
        most = self._plan.customer_touchpoints
        if self._room <= 0:
            return
        behind = fold.number_behind
        cut = fold.cut(max(most // 2, len(fold) - MOST_AT_ONCE), now - HORIZON_US, least=max(most // 4, 1))
        if cut is None:
            return
        self._room -= len(cut.base.state) + _RECORD_BYTES * len(cut.dropped)
        self._state.drop(customer, {each.event_id for each in cut.dropped})
        self.truncated.cut(customer, cut, behind)

    def _tell(self, customer: str, mark: Mark | None, rebuild: str, work: Work, outputs: list[Output]) -> None:
        row, version = self._plan.truncations.row(customer, mark, rebuild, work.now_us, self._number)
        outputs.append(row)
        if mark is not None:
            self.truncated.told(customer, mark, version)


def renewed(published: Mapping[str, Entry]) -> dict[str, Entry]:
    """What is published, as if all of it had another content: it is published again under its next versions."""
    return {row_id: msgspec.structs.replace(entry, digest=_UNLIKE_ANY) if entry.digest else entry for row_id, entry in published.items()}
