"""Customers of one partition as they are folded, and what is published of them where that differs from what was."""

import logging
from collections.abc import Iterable, Mapping

import msgspec

from streams.delivery.commit import Output, Work
from streams.journeys.customer import Customer
from streams.journeys.life import LATE_EVENT, MERGE, Gone
from streams.journeys.results import Added, Results
from streams.journeys.touchpoint import Touchpoint, decode
from streams.processors.bound import Bound, renewed
from streams.processors.disruptions import Disruptions, deltas
from streams.processors.failures import FAILURE
from streams.processors.folds import Folds
from streams.processors.internal import counted
from streams.processors.outputs import gone
from streams.processors.stitch_plan import StitchMemo, StitchPlan
from streams.processors.stitch_records import Entry, Head
from streams.processors.stitch_state import StitchState

log = logging.getLogger(__name__)


class Judging:
    """Folds customers and publishes what came of it, for one partition of stitch.

    folds   those in memory
    came    by customer, what came to him in this commit that may take a finding away: a reason of `streams.journeys.life`
    memo    where found and failed are counted
    bound   what is dropped of customers who have too many touchpoints
    """

    def __init__(self, number: int, plan: StitchPlan, memo: StitchMemo, state: StitchState, disruptions: Disruptions) -> None:
        self.number, self.plan, self.memo, self.state, self.disruptions = number, plan, memo, state, disruptions
        self.folds = Folds(plan.room, lambda: state.packed_bytes)
        self.bound = Bound(number, plan, state)
        self.came: dict[str, str] = {}
        self._fresh: set[str] = set()

    def committed(self) -> None:
        """Let go of folds that nobody asked for lately."""
        self._fresh.difference_update(self.folds.fit())
        self.bound.committed()

    def retract_all(self, customer: str, work: Work, outputs: list[Output]) -> dict[str, Entry]:
        """Take back all that is published of a customer of whom nothing is left; returns what was published, gone now."""
        published = self.state.published(customer)
        came = Gone(self.came.get(customer, MERGE))
        rows, changes = self.plan.publisher.rows(
            customer, Results((), (), None), published, work.now_us, 0, why_gone=lambda *_: came, complete=True, partition=self.number
        )
        over, more = self.plan.failures.rows(customer, {}, published, work.now_us, self.number)
        outputs.extend([*rows, *over, *self.disruptions.tell(deltas(published, changes, ()))])
        self._forget(customer, work, outputs)
        return gone({**published, **changes, **more})

    def leave_all(self, customer: str, work: Work, outputs: list[Output]) -> dict[str, Entry]:
        """Nothing is left of a truncated customer: his rows stay, for whoever has his identifiers now; returns them.

        What the dropped touchpoints gave rise to cannot be judged without them.
        """
        published = self.state.published(customer)
        over, _ = self.plan.failures.rows(customer, {}, published, work.now_us, self.number)
        entries = {row_id: entry.left(customer) for row_id, entry in published.items() if entry.severity != FAILURE}
        counted_no_more = {row_id: msgspec.structs.replace(entry, disruption=0) for row_id, entry in entries.items()}
        outputs.extend([*over, *self.disruptions.tell(deltas(published, counted_no_more, ()))])
        self._forget(customer, work, outputs)
        return entries

    def _forget(self, customer: str, work: Work, outputs: list[Output]) -> None:
        self.state.forget(customer)
        self.bound.forget(customer, work, outputs)
        self.folds.drop(customer)
        self._fresh.discard(customer)

    def fold_anew(self, customer: str) -> None:
        """Fold the customer from what is kept of him when he is asked for next."""
        self.folds.drop(customer)
        self._fresh.discard(customer)

    def fold(self, customer: str) -> Customer:
        """The customer's fold: the one in memory, else made of what is kept of him."""
        fold = self.folds.get(customer)
        if fold is None:
            fold = self.bound.begun(customer)
            for touchpoint in self.kept(customer):
                self._add_kept(fold, touchpoint)
            for value in self.state.refused(customer):
                fold.note_conflict(decode(value))
            if not self.folds.put(customer, fold):
                self._fresh.add(customer)
        return fold

    def _tell_failures(self, customer: str, fold: Customer, published: Mapping[str, Entry], work: Work, outputs: list[Output]) -> None:
        """A rule that fails is left out for this customer; operations are told once, also over a restart."""
        rows, changes = self.plan.failures.rows(customer, fold.failed_rules, published, work.now_us, self.number)
        outputs.extend(rows)
        for row_id, entry in changes.items():
            if row_id not in published:
                counted(self.memo.failed, {entry.word: 1})
                log.error("partition %d: rule %s failed on customer %s and is left out for him", self.number, entry.word, customer)
            self.state.set_published(customer, row_id, entry)

    @staticmethod
    def _add_kept(fold: Customer, touchpoint: Touchpoint) -> None:
        """Two identifiers of one customer may have brought one event id with two contents, before they were one customer's."""
        held = fold.of_event(touchpoint.event_id)
        added = fold.add(touchpoint)
        if added is Added.CONFLICT_KEPT:
            fold.note_conflict(touchpoint)
        elif added is Added.CONFLICT_REPLACED and held is not None:
            fold.note_conflict(held)

    def kept(self, customer: str) -> Iterable[Touchpoint]:
        """The customer's touchpoints, in no order."""
        return map(decode, self.state.touchpoints(customer))

    def publish(self, customer: str, now: int, arrived: int, work: Work, outputs: list[Output]) -> None:
        """Publish where the customer's fold differs, at the time `now` (us), from what is published of him.

        `arrived` (us) is when the touchpoint that caused it reached the broker; 0 where none did.
        """
        fold = self.fold(customer)
        head = self.state.head(customer)
        results = fold.changed(now)
        published = self.state.published(customer)
        came = self.came.get(customer, LATE_EVENT)

        def why_gone(inconsistency_id: str, rule: str) -> Gone:
            return fold.why_gone(inconsistency_id, rule, came)

        is_complete = customer in self._fresh and not self.bound.is_patchy(customer)
        compared = renewed(published) if customer in self.bound.rebuilt else published
        rows, changes = self.plan.publisher.rows(
            customer, results, compared, work.now_us, arrived, why_gone=why_gone, complete=is_complete, partition=self.number
        )
        self._fresh.discard(customer)
        outputs.extend(rows)
        outputs.extend(self.disruptions.tell(deltas(published, changes, results.inconsistencies)))
        self._tell_failures(customer, fold, published, work, outputs)
        for row_id, entry in changes.items():
            if row_id not in published and entry.severity:
                counted(self.memo.found, {f"{entry.word} {entry.severity}": 1})
                if arrived:
                    self.plan.on_found(max(0.0, (work.now_us - arrived) / 1e6))
            self.state.set_published(customer, row_id, entry)
        self.bound.keep(customer, fold, now, work, outputs)
        deadline = results.next_deadline
        if deadline != head.deadline or now != head.now:
            self.state.set_head(customer, Head(deadline=deadline, domain=head.domain, now=now))
