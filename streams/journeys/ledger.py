"""The ledger: per customer, what each channel showed, promised and was told. Rules read it as it was before a touchpoint.

When facts end, and when they are forgotten:
- an offer ends with its last stated end, its withdrawal or its redemption; it is forgotten `offer_kept_s` later;
- a promise ends when it is kept or withdrawn; it is forgotten `promise_kept_s` later, one still due never;
- a conversation is forgotten `conversation_kept_s` after its last touchpoint;
- a case is forgotten `case_kept_s` after its last status, since it may be opened again any time;
- a statement is compared within its rule's time, or while it says that it holds, and forgotten then;
- a question asked or data given counts for `asked_within_s`, or until its conversation or case is resolved; one that was repeated
  may still be resolved until `conversation_kept_s`; so it is with a resolution that did not last;
- a transfer is watched until its conversation ends, at most for `conversation_kept_s`; a wait until it is answered, at most for
  `waiting_kept_s`; a resolution counts for `repeated_within_s`, or until its case is open again;
- an open complaint counts until it is closed, at most for `complaint_kept_s`; a rating for `satisfaction_within_s`;
- withdrawn consent counts until it is given again; values of identifiers are never forgotten (the first of each);
- a good moment counts for `good_moment_s`; a failure is watched until a goal is reached, at most for `failure_kept_s`.
Forgetting follows the touchpoints' own times, never the clock. What is due to be forgotten is not found any more, so it changes
no result when exactly it is dropped.
"""

import msgspec

from streams.journeys.contact_facts import Question, Resolution, Transfer, Wait
from streams.journeys.marks import Mark
from streams.journeys.said_facts import OpenComplaint, OptOut, RatingFact, StatementGroup, Value
from streams.journeys.settings import SECOND_US, JourneySettings


class OfferFact(msgspec.Struct, kw_only=True):
    """An offer as the customer knows it: the terms that were last shown, times in us, amounts in ten-thousandths.

    shown       the first showing; `times_shown` counts them
    told        by channel: the first moment by which the channel must know it (it showed, acknowledged or redeemed it)
    ended_by    who gave the last end
    denied      channels that said that it does not apply here or was used
    contacts    by channel: suspicions raised as the customer turned to it holding the offer
    found       by `rule|channel`: the one suspicion of that rule and channel
    """

    id: str
    shown: Mark
    times_shown: int = 0
    clicked: bool = False
    personal: bool = False
    products: tuple[str, ...] = ()
    amount: int | None = None
    currency: str = ""
    valid_from: int | None = None
    valid_until: int | None = None
    redeem_channels: tuple[str, ...] = ()
    conditions: dict[str, str] = {}
    ended_by: Mark | None = None
    withdrawn_at: int | None = None
    redeemed_at: int | None = None
    told: dict[str, int] = {}
    denied: list[str] = []
    contacts: dict[str, list[str]] = {}
    found: dict[str, str] = {}

    def ended_at(self) -> int | None:
        """When (us) it ends or ended; None where no end is known."""
        ends = [end for end in (self.valid_until, self.withdrawn_at, self.redeemed_at) if end is not None]
        return min(ends) if ends else None

    def is_valid(self, at: int) -> bool:
        """Whether the customer holds it at a time (us)."""
        begins = self.shown.at if self.valid_from is None else self.valid_from
        ends = self.ended_at()
        return begins <= at and (ends is None or at < ends)

    def is_redeemable(self, channel: str) -> bool:
        """Whether it may be redeemed in a channel; without a list, in all."""
        return not self.redeem_channels or channel in self.redeem_channels

    def is_held(self) -> bool:
        """Whether the customer can be expected to bring it up: made to him alone, clicked, or shown twice."""
        return self.personal or self.clicked or self.times_shown > 1


class PromiseFact(msgspec.Struct, kw_only=True):
    """A promise as it was last made or moved; `due` (us) is the first moment at which it is broken."""

    id: str
    made: Mark
    suspicion: str
    what: str = ""
    order: str = ""
    due: int | None = None
    broken: bool = False
    closed_at: int | None = None


class CaseFact(msgspec.Struct, kw_only=True):
    """A case: its last status, the first time that it was done, and the touchpoints that called it done since it was open last."""

    number: str
    last_at: int
    status: str = ""
    is_done: bool = False
    first_done: Mark | None = None
    first_done_status: str = ""
    dones: list[str] = []
    suspicion: str = ""


class ConversationFact(msgspec.Struct, kw_only=True):
    """A conversation: what it is about, and its offers.

    first_at    us, when it began
    is_inbound  whether the customer has spoken in it; `is_broken` whether it broke off
    offers      those that it refers to; `settled` those that the channel acknowledged, showed or answered honestly, and those `denied`
    """

    id: str
    last_at: int
    first_at: int = 0
    channel: str = ""
    order: str = ""
    case: str = ""
    product: str = ""
    topics: list[str] = []
    is_inbound: bool = False
    is_broken: bool = False
    offers: dict[str, Mark] = {}
    settled: list[str] = []
    denied: list[str] = []


class GoodMoment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something that went well in a channel at a time (us)."""

    event_id: str
    at: int
    channel: str
    said: str


class Failure(msgspec.Struct, kw_only=True):
    """A channel that failed the customer, first and last (us), while it is open whether he gets to his goal."""

    suspicion: str
    channel: str
    at: int
    last_at: int
    has_turned: bool = False


class Ledger(msgspec.Struct):
    """One customer's facts, by their numbers."""

    offers: dict[str, OfferFact] = {}
    promises: dict[str, PromiseFact] = {}
    cases: dict[str, CaseFact] = {}
    conversations: dict[str, ConversationFact] = {}
    good_moments: list[GoodMoment] = []
    failures: list[Failure] = []
    opt_outs: dict[str, OptOut] = {}
    complaints: dict[str, OpenComplaint] = {}
    ratings: dict[str, RatingFact] = {}
    statements: dict[str, StatementGroup] = {}
    questions: list[Question] = []
    transfers: list[Transfer] = []
    waiting: list[Wait] = []
    resolutions: list[Resolution] = []
    values: dict[str, Value] = {}
    is_member: bool = False

    def offer(self, offer_id: str, at: int, settings: JourneySettings) -> OfferFact | None:
        """The offer as a touchpoint at `at` (us) finds it; None where it was never shown or is forgotten."""
        fact = self.offers.get(offer_id)
        if fact is None:
            return None
        ended = fact.ended_at()
        return None if ended is not None and ended < at - settings.offer_kept_s * SECOND_US else fact

    def conversation(self, conversation_id: str, at: int, settings: JourneySettings) -> ConversationFact | None:
        """The conversation as a touchpoint at `at` (us) finds it; None where there is none or it is forgotten."""
        fact = self.conversations.get(conversation_id)
        return None if fact is None or fact.last_at < at - settings.conversation_kept_s * SECOND_US else fact

    def case(self, case_number: str, at: int, settings: JourneySettings) -> CaseFact | None:
        """The case as a touchpoint at `at` (us) finds it; None where there is none or it is forgotten."""
        fact = self.cases.get(case_number)
        return None if fact is None or fact.last_at < at - settings.case_kept_s * SECOND_US else fact

    def is_passed_on(self, conversation: str, case: str, at: int, settings: JourneySettings) -> bool:
        """Whether the conversation or case is passed on at `at` (us), and not picked up yet."""
        before = at - settings.conversation_kept_s * SECOND_US
        waiting = [each for each in self.transfers if each.picked_at is None and each.made.at >= before]
        return any((conversation and conversation == each.conversation) or (case and case == each.case) for each in waiting)

    def group(self, thing: str, at: int) -> StatementGroup:
        """What the channels state of a thing as a touchpoint at `at` (us) finds it; a new group where all of it is too old."""
        group = self.statements.get(thing)
        if group is None or not any(each.kept_until >= at for each in group.facts.values()):
            group = self.statements[thing] = StatementGroup()
        return group

    def forget(self, at: int, settings: JourneySettings) -> None:
        """Drop what ended so long before `at` (us, the last touchpoint's time) that no rule can need it."""
        before = at - settings.offer_kept_s * SECOND_US
        for offer_id in [each.id for each in self.offers.values() if (ended := each.ended_at()) is not None and ended < before]:
            del self.offers[offer_id]
        before = at - settings.promise_kept_s * SECOND_US
        for promise_id in [each.id for each in self.promises.values() if each.closed_at is not None and each.closed_at < before]:
            del self.promises[promise_id]
        before = at - settings.conversation_kept_s * SECOND_US
        for conversation_id in [each.id for each in self.conversations.values() if each.last_at < before]:
            del self.conversations[conversation_id]
        before = at - settings.case_kept_s * SECOND_US
        for number in [each.number for each in self.cases.values() if each.last_at < before]:
            del self.cases[number]
        before = at - settings.good_moment_s * SECOND_US
        self.good_moments = [each for each in self.good_moments if each.at >= before]
        self._forget_contacts(at, settings)
        self._forget_said(at, settings)

    def _forget_contacts(self, at: int, settings: JourneySettings) -> None:
        rules = settings.rules.contacts
        before = before_found = at - settings.conversation_kept_s * SECOND_US
        self.transfers = [each for each in self.transfers if each.made.at >= before]
        before = at - rules.waiting_kept_s * SECOND_US
        self.waiting = [each for each in self.waiting if each.since.at >= before]
        recent = at - rules.asked_within_s * SECOND_US
        self.questions = [each for each in self.questions if each.asked.at >= (before_found if each.suspicion else recent)]
        recent = at - rules.repeated_within_s * SECOND_US
        self.resolutions = [each for each in self.resolutions if each.by.at >= (before_found if each.suspicion else recent)]

    def _forget_said(self, at: int, settings: JourneySettings) -> None:
        before = at - settings.rules.complaint_kept_s * SECOND_US
        for number in [number for number, each in self.complaints.items() if each.opened.at < before]:
            del self.complaints[number]
        before = at - settings.rules.satisfaction_within_s * SECOND_US
        for key in [key for key, each in self.ratings.items() if each.given.at < before]:
            del self.ratings[key]
        for key, group in list(self.statements.items()):
            group.forget(at)
            if not group.facts:
                del self.statements[key]
