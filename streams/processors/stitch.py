"""stitch: touchpoints become journeys, a ledger and findings. The shell around `streams.journeys`.

Keeps every customer's touchpoints, when he is due next, and what was published of him. What a customer's fold says is published
where it differs from that.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from streams.avro.refusal import Refusal
from streams.delivery.commit import Changes, Output, Position, Work
from streams.journeys.customer import Customer
from streams.journeys.knowledge import Knowledge
from streams.journeys.results import Added
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint, decode, encode
from streams.processors.dead_letters import DeadLetters
from streams.processors.internal import CLOCK, KIND, REBUILT, counted, header, read_clock
from streams.processors.outputs import Publisher
from streams.processors.stitch_state import Head, StitchState
from streams.processors.watermark import ClockBoard, domain_time, join_domain

CUSTOMERS_FOLDED: Final = 20_000
"""Customers of one partition whose fold is kept in memory; others are folded again from their touchpoints when they come back."""


class StitchMemo(msgspec.Struct):
    """What stitch keeps with its position.

    board       clocks that it heard
    new, duplicate, conflict    touchpoints by channel and what became of them
    found       findings ever opened, by `rule severity`
    """

    board: ClockBoard
    new: dict[str, int] = {}
    duplicate: dict[str, int] = {}
    conflict: dict[str, int] = {}
    found: dict[str, int] = {}


_memos = msgspec.msgpack.Decoder(StitchMemo)


@dataclass(frozen=True, slots=True)
class StitchPlan:
    """What stitch needs beside its work."""

    settings: JourneySettings
    knowledge: Knowledge
    publisher: Publisher
    dead_letters: DeadLetters
    partitions: int
    on_found: Callable[[float], None] = lambda _seconds: None


class StitchPartition:
    """stitch for one partition of `identified`."""

    def __init__(self, number: int, plan: StitchPlan) -> None:
        self.number, self.plan = number, plan
        self.memo = StitchMemo(board=ClockBoard())
        self.state = StitchState()
        self._folded: OrderedDict[str, Customer] = OrderedDict()
        self._held: set[str] = set()
        self._fresh: set[str] = set()
        self._revision = plan.knowledge.revision

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""
        self.state.load(key, value)

    def loaded(self, position: Position) -> None:
        """Take up the counts and clocks of the last commit; whoever is due is found by the next clock."""
        if position.memo:
            self.memo = _memos.decode(position.memo)
        self.state.loaded()
        self._held = {customer for customer, head in self.state.heads.items() if head.is_held}

    async def step(self, work: Work) -> Changes | None:
        """Fold what came, fire what is due, publish what changed."""
        outputs: list[Output] = []
        arrived: dict[str, int] = {}
        clock_before = self.memo.board.time(self.number, self.plan.partitions)
        for batch in work.batches:
            for record in batch.records:
                if header(record, KIND) == CLOCK:
                    self.memo.board.hear(read_clock(record.value))
                else:
                    self._take(record, work, arrived, outputs)
        time = self.memo.board.time(self.number, self.plan.partitions)
        concerned = dict.fromkeys(arrived)
        if time != clock_before or work.tick:
            concerned |= dict.fromkeys(self.state.due(lambda domain: domain_time(domain, time)))
        if work.tick and self._revision != self.plan.knowledge.revision:
            self._revision = self.plan.knowledge.revision
            concerned |= dict.fromkeys(self._folded)
        for customer in concerned:
            head = self.state.heads[customer]
            now = domain_time(head.domain, time)
            if (now is None and head.now) or (now is not None and now < head.now):
                # A running import of old events: what it brings is judged once its own time allows, after a restart too.
                self._held.add(customer)
                if not head.is_held:
                    self.state.set_head(customer, Head(deadline=head.now, domain=head.domain, now=head.now))
                continue
            self._held.discard(customer)
            self._publish(customer, now or 0, arrived.get(customer, 0), work, outputs)
        if not outputs and not work.batches and not self.state.changes:
            return None
        return Changes(state=self.state.take_changes(), outputs=outputs, memo=msgspec.msgpack.encode(self.memo))

    def committed(self, position: Position) -> None:  # noqa: ARG002  # the executor's word to every processor
        """Let go of folds that nobody asked for lately."""
        while len(self._folded) > CUSTOMERS_FOLDED:
            customer, _ = self._folded.popitem(last=False)
            self._fresh.discard(customer)

    @property
    def deadlines_waiting(self) -> int:
        """Customers who wait for an import that is under way, or for the first clock."""
        return len(self._held)

    def _take(self, record: Any, work: Work, arrived: dict[str, int], outputs: list[Output]) -> None:
        customer = record.key.decode()
        touchpoint = decode(record.value)
        memo, is_rebuilt = self.memo, bool(header(record, REBUILT))
        fold = self._fold(customer)
        held = fold.of_event(touchpoint.event_id)
        added = fold.add(touchpoint)
        if added is Added.DUPLICATE:
            if not is_rebuilt:
                counted(memo.duplicate, {touchpoint.channel: 1})
            return
        if added in {Added.CONFLICT_KEPT, Added.CONFLICT_REPLACED}:
            loser = held if added is Added.CONFLICT_REPLACED and held is not None else touchpoint
            counted(memo.conflict, {touchpoint.channel: 1})
            refusal = Refusal("event_id_conflict", "event_id", "another content came under this event_id", loser.event_id)
            outputs.append(self.plan.dead_letters.letter(refusal, record, loser.channel, work.now_us, encode(loser)))
            if added is Added.CONFLICT_KEPT:
                return
        elif not is_rebuilt:
            counted(memo.new, {touchpoint.channel: 1})
        self.state.keep(customer, touchpoint.event_id, record.value)
        head = self.state.heads.get(customer) or Head()
        domain = join_domain(head.domain, touchpoint.replay)
        if domain != head.domain:
            self.state.set_head(customer, Head(deadline=head.deadline, domain=domain, now=head.now))
        came = 0 if is_rebuilt else touchpoint.received_at
        arrived[customer] = max(arrived.get(customer, 0), came)

    def _fold(self, customer: str) -> Customer:
        fold = self._folded.get(customer)
        if fold is None:
            fold = self._folded[customer] = Customer(customer, self.plan.settings, self.plan.knowledge)
            self._fresh.add(customer)
            for touchpoint in self._kept(customer):
                fold.add(touchpoint)
        else:
            self._folded.move_to_end(customer)
        return fold

    def _kept(self, customer: str) -> Iterable[Touchpoint]:
        return map(decode, self.state.touchpoints(customer))

    def _publish(self, customer: str, now: int, arrived: int, work: Work, outputs: list[Output]) -> None:
        fold = self._fold(customer)
        head = self.state.heads[customer]
        results = fold.changed(now)
        published = self.state.published.get(customer, {})
        rows, changes = self.plan.publisher.rows(
            customer, results, published, work.now_us, arrived, complete=customer in self._fresh, partition=self.number
        )
        self._fresh.discard(customer)
        outputs.extend(rows)
        for row_id, entry in changes.items():
            if row_id not in published and entry.severity:
                counted(self.memo.found, {f"{entry.word} {entry.severity}": 1})
                if arrived:
                    self.plan.on_found(max(0.0, (work.now_us - arrived) / 1e6))
            self.state.set_published(customer, row_id, entry)
        deadline = results.next_deadline
        if deadline != head.deadline or now != head.now:
            self.state.set_head(customer, Head(deadline=deadline, domain=head.domain, now=now))
