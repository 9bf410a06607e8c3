"""stitch: touchpoints become journeys, a ledger and findings. The shell around `streams.journeys`.

Keeps every customer's touchpoints by the identifier that they came under, when he is due next, and what was published of him. What
a customer's fold says is published where it differs from that. Identifiers come and go between customers (`hand_over`).
"""

import logging
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import msgspec

from streams.delivery.commit import Changes, Output, Position, Work
from streams.journeys.customer import Customer
from streams.journeys.history import compared
from streams.journeys.life import CORRECTION, MERGE, SPLIT
from streams.journeys.results import Added
from streams.journeys.touchpoint import Touchpoint, decode
from streams.processors import hand_over
from streams.processors.accounts import KEY, AccountFolds
from streams.processors.conflicts import Conflicts, parted
from streams.processors.disruptions import LETTER, Disruptions, deltas
from streams.processors.internal import (
    ACCOUNT,
    ASSIGNMENT,
    CLOCK,
    DISRUPTION,
    HAND_OVER,
    KIND,
    MOVE,
    MOVED,
    REBUILD,
    REBUILT,
    Clock,
    counted,
    read_assignment,
    read_clock,
)
from streams.processors.judging import Judging
from streams.processors.outputs import GONE, gone
from streams.processors.rejudging import Round
from streams.processors.settling import News, Settling
from streams.processors.stitch_plan import StitchMemo, StitchPlan
from streams.processors.stitch_records import Entry, Head, Holding
from streams.processors.stitch_state import DUE_AT_ONCE, StitchState
from streams.processors.truncated import LETTERS, Run, Truncated, read_run
from streams.processors.watermark import LIVE, ClockBoard, domain_time, join_domain

log = logging.getLogger(__name__)


_memos = msgspec.msgpack.Decoder(StitchMemo)


class StitchPartition:
    """stitch for one partition of `identified`."""

    def __init__(self, number: int, plan: StitchPlan) -> None:
        self.number, self.plan = number, plan
        self.memo = StitchMemo(board=ClockBoard())
        self.state = StitchState()
        self.disruptions = Disruptions(plan.disruptions)
        self._round = Round(plan.knowledge)
        self.accounts = AccountFolds(number, plan)
        self._judging = Judging(number, plan, self.memo, self.state, self.disruptions)
        self._held: set[str] = set()
        self._leaving: list[hand_over.Leaving] = []
        self._settling = Settling()
        self._has_more_due = False
        self._agreed: Clock | None = None
        self._joined: dict[str, str] = {}
        """By customer: what the last touchpoint of this commit came by, so that the next one need not ask again."""
        self._bound = self._judging.bound
        self._conflicts = Conflicts(plan, self.state)
        self._revision = plan.knowledge.revision

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""
        if key[:1] == LETTER:
            self.disruptions.load(key, value)
        elif key[:1] == KEY:
            self.accounts.load(key, value)
        elif key[:1] in LETTERS:
            self._bound.truncated.load(key, value)
        else:
            self.state.load(key, value)

    def settle(self) -> bool:
        """Pack some of the customers who were loaded; whether there are more."""
        return self.state.settle() or self.accounts.settle()

    def loaded(self, position: Position) -> None:
        """Take up the counts and clocks of the last commit; whoever is due is found by the next clock."""
        if position.memo:
            self.memo = self._judging.memo = _memos.decode(position.memo)
        self._agreed = None
        self._has_more_due = self.memo.is_behind
        self._held = set(self.state.loaded())
        self.accounts.loaded()

    async def step(self, work: Work) -> Changes | None:
        """Fold what came, fire what is due, publish what changed."""
        outputs: list[Output] = []
        arrived: dict[str, int] = {}
        self._judging.came.clear()
        self._settling.begin()
        self._joined.clear()
        clock_before = self._time()
        for batch in work.batches:
            for record in batch.records:
                self._take(record, work, arrived, outputs)
        time = self._time()
        time_of = cache(partial(domain_time, time=time))
        self._fold_lifted(arrived)
        self._part(time, arrived, work, outputs)
        concerned = dict.fromkeys(arrived) | dict.fromkeys(self._settling.over(work.now_us))
        due = self.state.due(time_of, DUE_AT_ONCE) if time != clock_before or work.tick or self._has_more_due else []
        concerned |= dict.fromkeys(due)
        if work.tick and self._revision != self.plan.knowledge.revision:
            self._revision = self.plan.knowledge.revision
            concerned |= dict.fromkeys(self._judging.folds)
        if work.tick:
            again, self.memo.judged_by = self._round.go_on(self.memo.judged_by, self.state, self.truncated)
            concerned |= dict.fromkeys(again)
        for customer in concerned:
            self._judge(customer, time_of, arrived.get(customer, 0), work, outputs)
        has_more_accounts = self.accounts.judge(time_of, work, outputs)
        self._has_more_due = len(due) == DUE_AT_ONCE or has_more_accounts
        was_behind, self.memo.is_behind = self.memo.is_behind, self._has_more_due or self._settling.is_waiting
        told, changed = self.disruptions.publish(work.now_us, self.number)
        outputs.extend(told)
        state = self.state.take_changes()
        state |= self.accounts.take_changes() | self.truncated.take_changes() | changed
        if not outputs and not work.batches and not state and self.memo.is_behind == was_behind:
            return None
        return Changes(state=state, outputs=outputs, memo=msgspec.msgpack.encode(self.memo), unfinished=self._has_more_due)

    def _time(self) -> Clock:
        """How far time is by all clocks that were heard."""
        if self._agreed is None:
            self._agreed = self.memo.board.time(self.number, self.plan.partitions)
        return self._agreed

    def _judge(self, customer: str, time_of: Callable[[str], int | None], arrived: int, work: Work, outputs: list[Output]) -> None:
        """Publish what changed of a customer, unless he waits. `time_of` is how far time is for a domain."""
        head = self.state.head(customer)
        now = time_of(head.domain)
        if (now is None and head.now) or (now is not None and now < head.now):
            # A running import of old events: what it brings is judged once its own time allows, after a restart too.
            self._held.add(customer)
            self._wait(customer, head)
            return
        self._held.discard(customer)
        came = self._judging.came
        news = self._settling.put_off(customer, now or 0, News(work.now_us, arrived, came.get(customer, "")))
        if news is None:
            self._wait(customer, head)
            return
        if news.came:
            came[customer] = news.came
        self._judging.publish(customer, now or 0, news.received, work, outputs)

    def _wait(self, customer: str, head: Head) -> None:
        """Note that the customer is due as soon as time allows, so that a restart finds it."""
        if not head.is_held:
            self.state.set_head(customer, Head(deadline=head.now, domain=head.domain, now=head.now))

    def committed(self, position: Position) -> None:  # noqa: ARG002  # the executor's word to every processor
        """Let go of folds that nobody asked for lately."""
        self._judging.committed()
        self.state.rest(len(self._judging.folds))
        self.accounts.rest()

    @property
    def truncated(self) -> Truncated:
        """Customers whose oldest touchpoints were dropped."""
        return self._bound.truncated

    @property
    def deadlines_waiting(self) -> int:
        """Customers who wait for an import that is under way, or for the first clock."""
        return len(self._held)

    def _take(self, record: Any, work: Work, arrived: dict[str, int], outputs: list[Output]) -> None:
        headers = dict(record.headers)
        kind = headers.get(KIND)
        if kind == CLOCK:
            self.memo.board.hear(read_clock(record.value))
            self._agreed = None
        elif kind == MOVE:
            move = hand_over.read_move(record.value)
            self._judging.came[move.sender] = SPLIT if move.by_cut else MERGE
            self._begin_to_leave(hand_over.told_to_move(self.state, move))
        elif kind == DISRUPTION:
            self.disruptions.hear(record.value)
        elif kind == HAND_OVER:
            self._take_chunk(record, work, arrived, outputs)
        elif kind == ACCOUNT:
            self.memo.accounts_left += self.accounts.take(record.key.decode(), record.value)
        else:
            self._take_touchpoint(record, headers, work, arrived, outputs)

    def _take_touchpoint(self, record: Any, headers: dict[str, bytes], work: Work, arrived: dict[str, int], outputs: list[Output]) -> None:
        customer = record.key.decode()
        identifier, epoch = read_assignment(headers[ASSIGNMENT])
        holding = hand_over.holding_of(self.state, identifier, epoch, customer)
        if holding.is_gone:
            outputs.append(self.plan.sender.send_after(holding, record))
            return
        touchpoint = decode(record.value)
        memo, is_again = self.memo, REBUILT in headers or MOVED in headers
        add = Customer.add
        if is_again and REBUILD in headers:
            add = Customer.add_again
            self._came_again(holding, read_run(headers[REBUILD]), work)
        held, added = self._added(holding, touchpoint, add)
        if added is Added.DUPLICATE:
            if not is_again:
                counted(memo.duplicate, {touchpoint.channel: 1})
            return
        if added in {Added.CONFLICT_KEPT, Added.CONFLICT_REPLACED}:
            loser, winner = parted(added, held, touchpoint)
            counted(memo.conflict, {touchpoint.channel: 1})
            self._judging.came.setdefault(customer, CORRECTION)
            outputs.extend(self._conflicts.told(loser, winner, record, work))
            self._conflicts.refuse(holding, loser)
            if not holding.is_awaited:
                self._judging.fold(holding.customer).note_conflict(loser)
                arrived[customer] = max(arrived.get(customer, 0), touchpoint.received_at)
            if added is Added.CONFLICT_KEPT:
                return
        elif not is_again:
            counted(memo.new, {touchpoint.channel: 1})
        self.state.keep(holding, touchpoint.event_id, record.value)
        if not holding.is_awaited:
            self._settling.took(customer, touchpoint)
            self._came_by(customer, touchpoint.replay)
            arrived[customer] = max(arrived.get(customer, 0), 0 if is_again else touchpoint.received_at)

    def _added(
        self, holding: Holding, touchpoint: Touchpoint, add: Callable[[Customer, Touchpoint], Added]
    ) -> tuple[Touchpoint | None, Added]:
        """What is held under the touchpoint's event id, and what becomes of it when it is added to the customer's fold."""
        if holding.is_awaited:
            value = self.state.held_under(holding).get(touchpoint.event_id)
            held = None if value is None else decode(value)
            return held, compared(held, touchpoint)
        fold = self._judging.fold(holding.customer)
        return fold.of_event(touchpoint.event_id), add(fold, touchpoint)

    def _came_again(self, holding: Holding, run: Run, work: Work) -> None:
        """A touchpoint comes from recorded history, so that its customer can be folded from all of it."""
        if holding.customer == run.customer:
            self._bound.came(run, work.now_us)

    def _came_by(self, customer: str, replay: str) -> None:
        """A touchpoint of the customer came by an import, or live ("")."""
        if self._joined.get(customer) != replay:
            self._joined[customer] = replay
            self._join(customer, replay)

    def _join(self, customer: str, *replays: str) -> None:
        """The customer lives in the time of all imports, or live traffic, that his touchpoints came by."""
        head = self.state.head(customer)
        domain = head.domain
        for replay in replays:
            if domain != (replay or LIVE):  # of one domain only, as nearly all are
                domain = join_domain(domain, replay)
        if domain != head.domain:
            self.state.set_head(customer, Head(deadline=head.deadline, domain=domain, now=head.now))

    def _fold_lifted(self, arrived: dict[str, int]) -> None:
        """Fold from all that is recorded those of whom all of it has come again."""
        for customer in self._bound.lifted():
            self._judging.fold_anew(customer)
            arrived.setdefault(customer, 0)

    # -- identifiers that come and go ----------------------------------------

    def _begin_to_leave(self, holding: Holding | None) -> None:
        if holding is not None:
            self._leaving.append(hand_over.leave(self.state, holding))
            self._judging.fold_anew(holding.customer)

    def _take_chunk(self, record: Any, work: Work, arrived: dict[str, int], outputs: list[Output]) -> None:
        chunk = hand_over.read_chunk(record.value)

        def merge(held: bytes, given: bytes) -> bytes:
            """What came while the hand-over was under way was counted as new; now it shows that it was not."""
            first, second = decode(held), decode(given)
            added = compared(first, second)
            if added is Added.DUPLICATE:
                counted(self.memo.met_duplicate, {first.channel: 1})
                return held
            counted(self.memo.met_conflict, {first.channel: 1})
            loser, winner = parted(added, first, second)
            outputs.extend(self._conflicts.told(loser, winner, record, work))
            refused.append(loser)
            return held if added is Added.CONFLICT_KEPT else given

        refused = [*map(decode, chunk.refused)]
        holding = hand_over.received(self.state, chunk, merge)
        into = self.state.holding(chunk.customer, chunk.identifier, chunk.epoch)
        if into is not None and not into.is_gone:
            for each in refused:
                self._conflicts.refuse(into, each)
        customer = chunk.customer
        self._judging.came[customer] = MERGE
        if chunk.before:
            self._bound.received(customer, chunk.before, chunk.entries)
        if self._take_over(customer, chunk.entries, work, outputs):
            self._judging.fold_anew(customer)
            arrived.setdefault(customer, 0)
        if holding is None:
            return
        if holding.moved_to is not None:
            self._begin_to_leave(holding)
            return
        self._judging.fold_anew(customer)
        self._join(customer, *{decode(each).replay for each in self.state.held_under(holding).values()})
        arrived.setdefault(customer, 0)

    def _take_over(self, customer: str, entries: Mapping[str, Entry], work: Work, outputs: list[Output]) -> bool:
        """Versions of what another published under ids that may be this customer's now; whether any of his own is overtaken."""
        published = self.state.published(customer)
        overtaken = False
        for row_id, entry in entries.items():
            held = published.get(row_id)
            if not entry.severity and held is not None and held.digest != GONE:  # a journey: each customer's row stands by itself
                if entry.left_by:
                    outputs.append(self.plan.publisher.journey_gone(row_id, customer, entry, work.now_us, self.number, successor=row_id))
            elif held is None or held.version <= entry.version:
                overtaken = overtaken or (held is not None and held.digest != GONE)
                outputs.extend(self.disruptions.tell(deltas(published, {row_id: entry}, ())))
                self.state.set_published(customer, row_id, entry)
        return overtaken

    def _part(self, time: Clock, arrived: dict[str, int], work: Work, outputs: list[Output]) -> None:
        """Publish what is left of those whose identifiers go, then send the touchpoints after them."""
        leaving, self._leaving = self._leaving, []
        for customer in dict.fromkeys(each.holding.customer for each in leaving):
            arrived.pop(customer, None)
            self._settling.forget(customer)
            going = [each for each in leaving if each.holding.customer == customer]
            before = self._bound.parted(customer)
            if not self.state.is_empty(customer):
                self._publish_the_rest(customer, time, work, outputs)
                passed = gone(self.state.published(customer))
            else:
                self._held.discard(customer)
                has_heir = any(each.holding.moved_to for each in going)
                retract = self._judging.leave_all if before and has_heir else self._judging.retract_all
                passed = retract(customer, work, outputs)
            for each in going:
                outputs.extend(self.plan.sender.hand_over(each, passed, before))

    def _publish_the_rest(self, customer: str, time: Clock, work: Work, outputs: list[Output]) -> None:
        """What another identifier of the customer leaves, in the time that is his then."""
        head = self.state.head(customer)
        domain = ""
        for touchpoint in self._judging.kept(customer):
            domain = join_domain(domain, touchpoint.replay)
        self.state.set_head(customer, Head(deadline=head.deadline, domain=domain, now=head.now))
        is_running = any(not clock.ended for name, clock in time.imports.items() if name in domain.split("\n"))
        now = None if is_running else domain_time(domain, time)
        self._judging.publish(customer, head.now if now is None else now, 0, work, outputs)
