"""Every setting of journeys, ledger and rules: its name, unit and default. Durations are seconds, unless named otherwise."""

from dataclasses import dataclass, field
from typing import Final

from streams.journeys.inconsistencies.telling import Wording
from streams.journeys.phases import Plan
from streams.journeys.process import DAY_S, Process
from streams.journeys.rule_settings import RuleSettings

SECOND_US: Final = 1_000_000
HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class JourneySettings:
    """Settings of the pure core. Share one object among all customers: it is compiled when it is made.

    processes               kinds of journeys, with steps, phases, goals and gaps; `streams.processes` reads them
    moments_shown           touchpoints that a journey's row lists at most, the first ones
    staffed_channels        channels where people answer
    indirect                channels and kinds in which the customer is in contact with others than the company
    case_done_statuses      statuses in which a case is done, in any case of letters
    referring_kinds         kinds in which an offer is spoken of by the customer, not shown by the channel
    order_promises          what of promises that fall with the order's cancellation, and that its delivery keeps
    turned_elsewhere_s      channel_failed: the customer turned to another channel within this time
    no_goal_s               channel_failed: or reached no goal within this time
    good_moment_s           channel_failed: one severity up where a good moment elsewhere lies at most this far back
    passive_kinds           channel_failed: inbound kinds by which nobody turns anywhere
    goal_moments            channel_failed: moments by which a customer has reached a goal
    good_kinds              channel_failed: kinds of moments that are good in themselves
    good_csat, good_nps, good_ces   channel_failed: ratings from this score on are good moments
    refusal_reasons         offer_unknown: reasons that deny the offer; the others are honest answers
    unheard_outcomes        offer_unknown: outcomes of a conversation that the channel did not end
    failure_kept_s          ledger: a failure is watched this long for the goal that resolves it; at least no_goal_s
    offer_kept_s            ledger: an ended offer is forgotten after this time
    promise_kept_s          ledger: a kept or withdrawn promise is forgotten after this time
    conversation_kept_s     ledger: a conversation is forgotten this long after its last touchpoint
    case_kept_s             ledger: a case is forgotten this long after its last status; a later reopening goes unseen
    told_ahead_s            a finding that two facts decide is told this long before the watermark reaches them; where time is further
                            behind (a backlog, a channel that is declared late) it waits: what is still to come may undo it
    rules                   settings of the rules that have a record of their own
    wording                 the language of what findings say
    snapshot_every          touchpoints between two snapshots of the fold, at least
    scope                   "": journeys of customers; else of accounts: it and the account are parts of a journey's id, so that an
                            order has one of each
    """

    processes: tuple[Process, ...]
    moments_shown: int = 500
    staffed_channels: tuple[str, ...] = ("phone", "chat", "store", "occasion", "social")
    indirect: tuple[str, ...] = (
        "advertisement",
        "search",
        "review",
        "advertisement_seen",
        "advertisement_clicked",
        "review_read",
        "review_written",
        "recommended",
        "recommendation_heard",
    )
    case_done_statuses: tuple[str, ...] = ("resolved", "closed")
    referring_kinds: tuple[str, ...] = (
        "customer_said",
        "customer_gave",
        "conversation_started",
        "conversation_queued",
        "conversation_ended",
        "message_received",
        "message_replied",
        "complaint_opened",
        "rating_given",
    )
    order_promises: tuple[str, ...] = ("", "delivery", "collection", "shipment")
    turned_elsewhere_s: int = 2 * HOUR_S
    no_goal_s: int = 24 * HOUR_S
    good_moment_s: int = 7 * DAY_S
    passive_kinds: tuple[str, ...] = (
        "message_opened",
        "message_bounced",
        "rating_given",
        "offer_shown",
        "consent_given",
        "consent_withdrawn",
        "statement_made",
    )
    goal_moments: tuple[str, ...] = (
        "order_placed",
        "order_collected",
        "bought",
        "form_submitted",
        "offer_redeemed",
        "conversation_ended:resolved",
        "complaint_closed",
        "case_done",
    )
    good_kinds: tuple[str, ...] = ("bought", "order_delivered", "order_collected")
    good_csat: float = 4
    good_nps: float = 9
    good_ces: float = 6
    refusal_reasons: tuple[str, ...] = ("unknown", "expired")
    unheard_outcomes: tuple[str, ...] = ("abandoned", "dropped")
    failure_kept_s: int = 7 * DAY_S
    offer_kept_s: int = 30 * DAY_S
    promise_kept_s: int = 30 * DAY_S
    conversation_kept_s: int = 30 * DAY_S
    case_kept_s: int = 730 * DAY_S
    told_ahead_s: int = 60
    rules: RuleSettings = field(default_factory=RuleSettings)
    wording: Wording = field(default_factory=Wording, repr=False)
    snapshot_every: int = 32
    scope: str = ""
    plan: Plan = field(init=False, repr=False, compare=False)
    done: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Arrange what every touchpoint asks for; raises ValueError where a setting cannot be."""
        if self.snapshot_every < 1:
            raise ValueError(f"snapshot_every is {self.snapshot_every}; at least 1 was expected")
        object.__setattr__(self, "plan", Plan(self.processes, self.indirect))
        object.__setattr__(self, "done", frozenset(status.casefold() for status in self.case_done_statuses))
