"""Journeys of the accounts of one partition: a fold of its own for each, beside those of the customers.

identify sends a copy of every touchpoint that names an account. Copies are neither counted nor recorded. Of one event they hold the
content that counts, so that a copy that comes again, or before the one that takes its place, changes nothing.

An account with more touchpoints than the bound is followed no longer: its journeys are taken back, and its copies dropped. Mostly it is
no account at all, but what a system writes where it knows none ("N/A"), and would take the memory and the time of all others.
"""

import logging
from collections.abc import Callable
from typing import Final

from streams.delivery.commit import Output, Work
from streams.journeys.accounts import account_id, account_settings, concerns
from streams.journeys.customer import Customer
from streams.journeys.life import Gone
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import decode
from streams.processors.folds import Folds
from streams.processors.hand_over import holding_of
from streams.processors.stitch_plan import StitchPlan
from streams.processors.stitch_records import Head, Holding
from streams.processors.stitch_state import DUE_AT_ONCE, StitchState
from streams.processors.watermark import join_domain

log = logging.getLogger(__name__)

KEY: Final = b"@"
"""What changelog keys of accounts begin with."""


class AccountFolds:
    """The accounts of one partition: their touchpoints, and what was published of their journeys."""

    def __init__(self, number: int, plan: StitchPlan) -> None:
        self.number = number
        self.state = StitchState()
        self._settings, self._knowledge, self._publisher = account_settings(plan.settings), plan.knowledge, plan.publisher
        self._most = plan.account_touchpoints
        self._folded = Folds(plan.room, lambda: self.state.packed_bytes)
        self._fresh: set[str] = set()
        self._touched: dict[str, None] = {}

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog, as `take_changes` gave it."""
        self.state.load(key.removeprefix(KEY), value)

    def settle(self) -> bool:
        """Pack some of what was loaded; whether there is more."""
        return self.state.settle()

    def loaded(self) -> None:
        """All is there, and settled."""
        self.state.loaded()

    def take_changes(self) -> dict[bytes, bytes | None]:
        """What changed since the last call, by changelog key."""
        return {KEY + key: value for key, value in self.state.take_changes().items()}

    def take(self, account: str, value: bytes) -> bool:
        """Take a copy of a touchpoint that names the account, or of one that counts in place of such a one.

        Returns whether it was one too many, and the account is followed no longer.
        """
        settings = self._settings
        if settings is None:
            return False
        holding = holding_of(self.state, f"account:{account}", 0, account)
        if holding.is_gone:
            return False
        touchpoint = decode(value)
        kept = self.state.held_under(holding)
        held = kept.get(touchpoint.event_id)
        is_settled = held is not None and decode(held).content_hash <= touchpoint.content_hash
        if is_settled or (held is None and not concerns(touchpoint, settings)):
            return False
        if held is None and len(kept) >= self._most:
            self._leave(account, holding)
            return True
        fold = self._fold(account, settings)
        self.state.keep(holding, touchpoint.event_id, value)
        fold.remove(touchpoint.event_id)
        if account_id(touchpoint.account) == account:
            fold.add(touchpoint)
        head = self.state.head(account)
        self.state.set_head(account, Head(deadline=head.deadline, domain=join_domain(head.domain, touchpoint.replay), now=head.now))
        self._touched[account] = None
        return False

    def _leave(self, account: str, holding: Holding) -> None:
        """Follow an account no longer."""
        log.warning("partition %d: account %s has more than %d touchpoints and is followed no longer", self.number, account, self._most)
        self.state.let_go(holding)
        holding.is_gone = True
        self.state.set_holding(holding)
        self._folded.drop(account)
        self._fresh.discard(account)
        self._touched[account] = None

    def judge(self, time_of: Callable[[str], int | None], work: Work, outputs: list[Output]) -> bool:
        """Publish the journeys of accounts that got touchpoints, or whose time has come; whether there may be more of these.

        `time_of` is how far time is for a domain.
        """
        if self._settings is None:
            return False
        due = self.state.due(time_of, DUE_AT_ONCE)
        concerned = self._touched | dict.fromkeys(due)
        self._touched = {}
        for account in concerned:
            head = self.state.head(account)
            now = time_of(head.domain)
            if (now or 0) < head.now:
                # Old events are being imported: what they bring is judged once their own time allows, after a restart too.
                if not head.is_held:
                    self.state.set_head(account, Head(deadline=head.now, domain=head.domain, now=head.now))
                continue
            self._publish(account, now or 0, self._settings, work, outputs)
        return len(due) == DUE_AT_ONCE

    def rest(self) -> None:
        """Let go of folds that nobody asked for lately."""
        self._fresh.difference_update(self._folded.fit())
        self.state.rest(len(self._folded))

    def _fold(self, account: str, settings: JourneySettings) -> Customer:
        fold = self._folded.get(account)
        if fold is not None:
            return fold
        fold = Customer("", settings, self._knowledge)
        for touchpoint in map(decode, self.state.touchpoints(account)):
            if account_id(touchpoint.account) == account:
                fold.add(touchpoint)
        if not self._folded.put(account, fold):
            self._fresh.add(account)
        return fold

    def _publish(self, account: str, now: int, settings: JourneySettings, work: Work, outputs: list[Output]) -> None:
        results = self._fold(account, settings).changed(now)
        published = self.state.published(account)
        is_fresh = account in self._fresh
        self._fresh.discard(account)
        rows, changes = self._publisher.rows(
            "", results, published, work.now_us, 0, why_gone=lambda *_: Gone(""), complete=is_fresh, partition=self.number
        )
        outputs.extend(rows)
        for row_id, entry in changes.items():
            self.state.set_published(account, row_id, entry)
        head = self.state.head(account)
        if (results.next_deadline, now) != (head.deadline, head.now):
            self.state.set_head(account, Head(deadline=results.next_deadline, domain=head.domain, now=now))
