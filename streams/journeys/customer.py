"""One customer: the touchpoints, and what they amount to at a watermark.

Adding is cheap and in any order; folding waits until results are asked for, so that a batch folds again once at most. What is
appended in fold order is folded on; what comes in between is folded again from the nearest snapshot before it. Either way the
results are a function of the set of touchpoints, the knowledge and the watermark.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from streams.journeys.at_rest import FoldAtRest
from streams.journeys.base import Base, Cut, Dropped
from streams.journeys.fold import Failed, Fold, FoldState, decode, encode
from streams.journeys.history import History
from streams.journeys.inconsistencies.findings import Finding
from streams.journeys.inconsistencies.identities import conflict_of, event_conflict
from streams.journeys.inconsistencies.rules import finding, holds, next_change
from streams.journeys.journey import JourneyRow
from streams.journeys.knowledge import Knowledge
from streams.journeys.life import Gone, why_gone, why_its_rule_is_out
from streams.journeys.results import Added, Results
from streams.journeys.settings import JourneySettings
from streams.journeys.snapshots import Snapshots
from streams.journeys.touchpoint import Touchpoint, fold_order

DEADLINES_HELD: Final = 64
"""Deadlines noted, beyond twice those that stand, before the ones that were moved since are dropped."""


class Customer:
    """One customer's truth and its fold; built empty or from recorded touchpoints. Not for use by several threads."""

    __slots__ = (
        "_before",
        "_conflicts",
        "_deadline_room",
        "_deadlines",
        "_fold",
        "_fresh_conflicts",
        "_history",
        "_lost",
        "_now",
        "_offset",
        "_reported_findings",
        "_reported_journeys",
        "_revision",
        "_snapshots",
        "customer",
        "knowledge",
        "settings",
    )

    def __init__(
        self, customer: str, settings: JourneySettings, knowledge: Knowledge, base: Base | None = None, dropped: Dropped | None = None
    ) -> None:
        """With `base`, one whose oldest touchpoints were `dropped`: raises msgspec.DecodeError where the base cannot be read."""
        self.customer = customer
        self.settings = settings
        self.knowledge = knowledge
        self._history = History(None if base is None else base.until, dropped)
        self._snapshots = Snapshots(settings, base)
        self._fold = Fold(self._snapshots.beginning(), settings)
        self._offset = self._fold.state.folded
        self._fold.touched_journeys.update(self._fold.state.journeys.held)
        self._fold.touched_findings.update(self._fold.state.suspicions)
        self._deadlines: list[tuple[int, str]] = []
        self._deadline_room = DEADLINES_HELD
        self._now: int | None = None
        self._revision = knowledge.revision
        self._reported_journeys: set[str] = set()
        self._reported_findings: set[str] = set()
        self._before: dict[str, JourneyRow | Finding] = {}
        self._lost: dict[str, str] = {}
        self._conflicts: dict[str, Touchpoint] = {}
        self._fresh_conflicts: set[str] = set()

    def __len__(self) -> int:
        return len(self._history)

    def add(self, touchpoint: Touchpoint) -> Added:
        """Take a touchpoint, whatever order it comes in; it is folded when results are asked for."""
        return self._history.add(touchpoint)

    def add_again(self, touchpoint: Touchpoint) -> Added:
        """Take a touchpoint that may have been dropped, so that all of them can be folded again."""
        return self._history.add_again(touchpoint)

    def cut(self, keep: int, before: int, least: int = 1) -> Cut | None:
        """Drop the oldest touchpoints, down to the last `keep`, none of `before` (us) or later. Results stay as they are.

        None where fewer than `least` would go. What comes later from before the cut is kept and not folded.
        """
        self._advance()
        history = self._history
        count = min(len(history) - keep, history.number_before(before))
        if count < least:
            return None
        until = self._offset + count
        last = history.touchpoints[count - 1]
        base = Base(fold_order(last), encode(self._state_at(until)))
        self._snapshots.begin_at(base, until)
        self._offset = until
        dropped = history.drop(count, but=self._conflicts)
        return Cut(base, dropped, history.dropped.pieces[-1])

    def at_rest(self) -> FoldAtRest | None:
        """The fold as it can be kept until somebody asks for the customer again.

        None where something waits to be told, and where the oldest touchpoints were dropped: such a one is folded from what is kept.
        """
        history, fold = self._history, self._fold
        is_folded = history.unchanged == len(history) == fold.state.folded
        waits = fold.touched_journeys or fold.touched_findings or self._fresh_conflicts or self._lost
        if self._now is None or not is_folded or waits:
            return None
        return FoldAtRest(encode(fold.state), self._now, self._revision, tuple(sorted(self._reported_findings)))

    def take_up(self, fold: FoldAtRest) -> bool:
        """Go on from a fold at rest, once the touchpoints that it was folded from were added; whether it is one of so many.

        Where it is not, nothing changes: all of them are folded.
        """
        state = decode(fold.state)
        if state.folded != len(self._history):
            return False
        self._fold = Fold(state, self.settings)
        self._history.unchanged = state.folded
        self._snapshots.go_on_from(state)
        self._now, self._revision = fold.now, fold.revision
        self._reported_journeys = set(state.journeys.held)
        self._reported_findings = set(fold.findings)
        self._note_deadlines(self._everything(), fold.now)
        return True

    @property
    def number_behind(self) -> int:
        """Touchpoints that came from before the cut: they are kept and not folded."""
        behind = self._history.behind
        return len(behind.keys() - self._conflicts.keys()) if behind else 0

    def remove(self, event_id: str) -> Touchpoint | None:
        """Take a touchpoint out, as if it had never been; None where it is not held."""
        if event_id in self._conflicts:
            self._fresh_conflicts.add(event_id)
        return self._history.remove(event_id)

    @property
    def failed_rules(self) -> Mapping[str, Failed]:
        """Rules that failed on one of the customer's touchpoints, as far as it is folded, by name."""
        return self._fold.state.failed

    def touchpoints(self) -> Sequence[Touchpoint]:
        """All touchpoints that count, in fold order."""
        return self._history.view()

    def note_conflict(self, refused: Touchpoint) -> None:
        """Take note of another content under an event id that the customer has: it is an identity_conflict, as long as he has it.

        Whoever keeps the customer keeps the refused content too, and notes it again when he is built anew. Of several refused
        contents the one with the smallest hash is told, whichever came first.
        """
        known = self._conflicts.get(refused.event_id)
        if known is None or refused.content_hash < known.content_hash:
            self._conflicts[refused.event_id] = refused
            self._fresh_conflicts.add(refused.event_id)

    def of_event(self, event_id: str) -> Touchpoint | None:
        """The touchpoint that counts under an event id; None where there is none."""
        return self._history.of_event(event_id)

    def results(self, now: int) -> Results:
        """All that holds when the watermark is `now` (us), journeys by start, findings by opening."""
        self._advance()
        state = self._fold.state
        suspicions = state.suspicions
        found = [
            finding(each, suspicions, self.knowledge, self.customer, now, self.settings.wording)
            for each in suspicions.values()
            if holds(each, suspicions, self.knowledge, now)
        ]
        found += [conflict for each in self._conflicts if (conflict := self._conflict(each)) is not None]
        changes = [drops for each in state.journeys.held.values() if (drops := each.drops_at()) is not None and drops > now]
        changes += [change for each in suspicions.values() if (change := next_change(each, suspicions, self.knowledge, now)) is not None]
        return Results(
            journeys=_sorted_journeys(each.row(self.customer, now) for each in state.journeys.held.values()),
            inconsistencies=_sorted_findings(found),
            next_deadline=min(changes, default=None),
        )

    def changed(self, now: int) -> Results:
        """What changed since the last call, when the watermark is `now` (us); all of it at the first call.

        Ids that are gone are those that an earlier call reported.
        """
        self._advance()
        touched = self._fold.touched_journeys | self._fold.touched_findings
        if self._now is not None and now < self._now:
            touched |= self._everything()
        elif self._revision != self.knowledge.revision:
            touched |= self._fold.state.suspicions.keys()
            self._before.clear()
        touched |= self._due(now)
        self._note_deadlines(touched, now)
        journeys, gone_journeys = self._changed_journeys(touched, now)
        findings, gone_findings = self._changed_findings(touched, now)
        self._now, self._revision = now, self.knowledge.revision
        self._fold.touched_journeys.clear()
        self._fold.touched_findings.clear()
        self._before.clear()
        self._lost.clear()
        return Results(journeys, findings, self._next_deadline(now), gone_journeys, gone_findings)

    def why_gone(self, inconsistency_id: str, rule: str, came: str) -> Gone:
        """Why a finding that was told is among the last results no more; `came` is what happened to the customer since."""
        out = why_its_rule_is_out(rule, self.failed_rules, self.settings.rules.off)
        if out is not None:
            return out
        suspicions = self._fold.state.suspicions
        return why_gone(suspicions.get(inconsistency_id), suspicions, self.knowledge, self._now or 0, came)

    def _changed_journeys(self, touched: set[str], now: int) -> tuple[tuple[JourneyRow, ...], dict[str, str]]:
        held = self._fold.state.journeys.held
        rows = [held[each].row(self.customer, now) for each in touched if each in held]
        changed = [row for row in rows if self._before.get(row.journey_id) != row]
        gone = {each: self._successor(each, touched) for each in sorted(touched & self._reported_journeys) if each not in held}
        self._reported_journeys.difference_update(gone)
        self._reported_journeys.update(row.journey_id for row in changed)
        return _sorted_journeys(changed), gone

    def _changed_findings(self, touched: set[str], now: int) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        suspicions = self._fold.state.suspicions
        found: list[Finding] = []
        gone: list[str] = []
        for each in touched:
            suspicion = suspicions.get(each)
            if suspicion is not None and holds(suspicion, suspicions, self.knowledge, now):
                row = finding(suspicion, suspicions, self.knowledge, self.customer, now, self.settings.wording)
                if self._before.get(each) != row:
                    found.append(row)
            elif each in self._reported_findings:
                gone.append(each)
        for event_id in self._fresh_conflicts:
            conflict = self._conflict(event_id)
            if conflict is not None:
                found.append(conflict)
            elif (conflict_id := conflict_of(event_id)) in self._reported_findings:
                gone.append(conflict_id)
        self._fresh_conflicts.clear()
        self._reported_findings.difference_update(gone)
        self._reported_findings.update(each.inconsistency_id for each in found)
        return _sorted_findings(found), tuple(sorted(gone))

    def _conflict(self, event_id: str) -> Finding | None:
        """The finding of two contents under one event id; None where the customer has the event no more."""
        counting = self._history.of_event(event_id)
        if counting is None or counting.content_hash == self._conflicts[event_id].content_hash:
            return None
        return event_conflict(self.customer, counting, self._conflicts[event_id], self.settings.rules, self.settings.wording)

    def _successor(self, journey_id: str, touched: set[str]) -> str:
        """The journey that now shows the first touchpoint of one that is gone; "" where none does."""
        first_event = self._lost.get(journey_id, "")
        held = self._fold.state.journeys.held
        for each in sorted(touched & held.keys()):
            if any(moment.event_id == first_event for moment in held[each].moments):
                return each
        return ""

    def _advance(self) -> None:
        """Fold what has not been folded yet, and again what the additions in between touch."""
        history, fold, offset, snapshots = self._history, self._fold, self._offset, self._snapshots
        if history.unchanged + offset < fold.state.folded:
            fold = self._fold_again(history.unchanged + offset)
        touchpoints = history.touchpoints
        state = fold.state
        while state.folded - offset < len(touchpoints):
            fold.fold(touchpoints[state.folded - offset])
            if state.folded >= snapshots.due:
                snapshots.take(state)
        history.unchanged = len(touchpoints)

    def _state_at(self, position: int) -> FoldState:
        """What the touchpoints before a position that is folded amount to."""
        fold = Fold(self._snapshots.before(position), self.settings)
        while fold.state.folded < position:
            fold.fold(self._history.touchpoints[fold.state.folded - self._offset])
        return fold.state

    def _fold_again(self, position: int) -> Fold:
        """Go back to the last snapshot that holds nothing from `position` on."""
        old = self._fold
        state = self._snapshots.back_to(position)
        new = Fold(state, self.settings)
        then = old.state
        journeys = {each for each, journey in then.journeys.held.items() if journey.position >= state.folded}
        findings = {each for each, suspicion in then.suspicions.items() if suspicion.position >= state.folded}
        findings |= then.suspicions.keys() ^ state.suspicions.keys()
        self._remember(old, journeys, findings)
        self._lost |= {each: then.journeys.held[each].first_event for each in journeys}
        new.touched_journeys.update(old.touched_journeys, journeys)
        new.touched_findings.update(old.touched_findings, findings)
        self._fold = new
        return new

    def _remember(self, old: Fold, journeys: set[str], findings: set[str]) -> None:
        """Keep the rows as they were reported, so that what folds to the same again is not reported again."""
        if self._now is None or self._revision != self.knowledge.revision:
            return
        state = old.state
        for each in journeys - old.touched_journeys:
            if each in self._reported_journeys:
                self._before[each] = state.journeys.held[each].row(self.customer, self._now)
        for each in findings - old.touched_findings:
            if each in self._reported_findings and each in state.suspicions:
                self._before[each] = finding(
                    state.suspicions[each], state.suspicions, self.knowledge, self.customer, self._now, self.settings.wording
                )

    def _everything(self) -> set[str]:
        state = self._fold.state
        conflicts = {conflict_of(each) for each in self._conflicts}  # they have no suspicion, and no time
        return (state.journeys.held.keys() | state.suspicions.keys() | self._reported_findings) - conflicts

    def _due_of(self, each: str, now: int) -> int | None:
        """When (us) a journey or finding changes next by time alone, after `now`."""
        state = self._fold.state
        journey = state.journeys.held.get(each)
        if journey is not None:
            drops = journey.drops_at()
            return drops if drops is not None and drops > now else None
        suspicion = state.suspicions.get(each)
        return None if suspicion is None else next_change(suspicion, state.suspicions, self.knowledge, now)

    def _note_deadlines(self, touched: Iterable[str], now: int) -> None:
        for each in touched:
            due = self._due_of(each, now)
            if due is not None:
                heapq.heappush(self._deadlines, (due, each))
        if len(self._deadlines) > self._deadline_room:
            self._deadlines = [(due, each) for due, each in set(self._deadlines) if self._due_of(each, now) == due]
            heapq.heapify(self._deadlines)
            self._deadline_room = DEADLINES_HELD + 2 * len(self._deadlines)

    def _due(self, now: int) -> set[str]:
        """Ids whose deadline has come, and those that have the same cause."""
        due: set[str] = set()
        suspicions = self._fold.state.suspicions
        while self._deadlines and self._deadlines[0][0] <= now:
            each = heapq.heappop(self._deadlines)[1]
            due.add(each)
            suspicion = suspicions.get(each)
            if suspicion is not None:
                due.update(kin for kin in (*suspicion.weaker, *suspicion.stronger) if kin in suspicions)
        return due

    def _next_deadline(self, now: int) -> int | None:
        """The least deadline that still stands; those that were moved since are dropped on the way."""
        deadlines = self._deadlines
        while deadlines:
            due, each = deadlines[0]
            if self._due_of(each, now) == due:
                return due
            heapq.heappop(deadlines)
        return None


def _sorted_journeys(rows: Iterable[JourneyRow]) -> tuple[JourneyRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.started_at, row.journey_id)))


def _sorted_findings(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda each: (each.opened_at, each.inconsistency_id)))
