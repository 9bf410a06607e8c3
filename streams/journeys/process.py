"""What a process journey is: its steps, what starts it, what its goal is, and the gap after which it is given up.

A process speaks of *moments*: a touchpoint's kind, or the kind with what it says: `conversation_ended:resolved`,
`promise_kept:refund`, `case_done`. `moments_of` names those of a touchpoint, the most telling first.
"""

from dataclasses import dataclass
from typing import Final

from streams.journeys.touchpoint import Touchpoint

DAY_S: Final = 86_400
CASE_DONE: Final = "case_done"
CASE_OPEN: Final = "case_open"


@dataclass(frozen=True, slots=True)
class Step:
    """One planned step: its name, the phase that it belongs to, the moments that show it."""

    name: str
    phase: str
    moments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """One kind of journey.

    reference   type of the reference that holds it together (order, case, conversation); "" for none
    starts      moments that start one where no open one fits
    joins       moments that belong to an open one within the gap, but start none
    goals       moments that complete it
    ends        moments that end it without its goal
    reopens     moments that open a completed one again
    gap_s       seconds without a touchpoint after which it is given up, and a touchpoint without reference starts anew
    phase       of a touchpoint that shows none of the steps
    """

    name: str
    reference: str
    steps: tuple[Step, ...]
    starts: tuple[str, ...]
    joins: tuple[str, ...]
    goals: tuple[str, ...]
    gap_s: int
    phase: str
    ends: tuple[str, ...] = ()
    reopens: tuple[str, ...] = ()


def moments_of(touchpoint: Touchpoint, done_statuses: frozenset[str]) -> tuple[str, ...]:
    """What the touchpoint is to a process, the most telling name first, its kind last.

    `done_statuses` are the statuses, case-folded, in which a case is done.
    """
    kind = touchpoint.kind
    if touchpoint.statements:
        for statement in touchpoint.statements:
            if statement.attribute == "status" and statement.subject.startswith("case:"):
                return CASE_DONE if statement.value.casefold() in done_statuses else CASE_OPEN, kind
    if touchpoint.conversations and kind == "conversation_ended":
        return f"{kind}:{touchpoint.conversations[0].outcome}", kind
    if touchpoint.promises and kind.startswith("promise_"):
        return f"{kind}:{touchpoint.promises[0].what}", kind
    return (kind,)


_CONVERSATION: Final = (
    "conversation_started",
    "conversation_queued",
    "conversation_answered",
    "customer_said",
    "agent_asked",
    "customer_gave",
    "agent_said",
    "conversation_transferred",
    "conversation_picked_up",
    "conversation_ended",
    "conversation_broken",
)
_CONTACT: Final = ("message_received", "message_replied")

ORIENTATION: Final = Process(
    name="orientation",
    reference="",
    steps=(
        Step("noticed", "awareness", ("advertisement_seen", "advertisement_clicked", "message_clicked", "message_opened")),
        Step("searched", "consideration", ("searched", "page_viewed", "review_read", "visited")),
        Step("offered", "consideration", ("offer_shown", "offer_clicked", "offer_extended", "offer_withdrawn")),
        Step("advised", "consideration", ("advised", "quoted", "recommended")),
        Step("checkout", "decision", ("checkout_step", "form_abandoned", "form_submitted", "error_shown")),
    ),
    starts=(
        "advertisement_seen",
        "advertisement_clicked",
        "review_read",
        "recommended",
        "searched",
        "page_viewed",
        "visited",
        "offer_shown",
        "offer_clicked",
        "advised",
        "quoted",
        "message_clicked",
        "checkout_step",
        "form_submitted",
        "form_abandoned",
        "error_shown",
    ),
    joins=("message_opened", "offer_extended", "offer_withdrawn", "offer_acknowledged", "offer_refused"),
    goals=("order_placed", "bought"),
    gap_s=7 * DAY_S,
    phase="consideration",
)

PURCHASE: Final = Process(
    name="purchase",
    reference="order",
    steps=(
        Step("placed", "decision", ("order_placed", "order_changed")),
        Step("paid", "decision", ("order_paid",)),
        Step("shipped", "service", ("order_shipped",)),
        Step("received", "service", ("order_delivered", "order_collected", "bought")),
        Step("cancelled", "decision", ("order_cancelled",)),
        Step("rated", "loyalty", ("rating_given",)),
    ),
    starts=("order_placed", "bought"),
    joins=("order_paid", "order_shipped", "order_delivered", "order_collected", "order_changed", "order_cancelled", "offer_redeemed"),
    goals=("order_delivered", "order_collected", "bought"),
    ends=("order_cancelled",),
    gap_s=60 * DAY_S,
    phase="service",
)

SERVICE: Final = Process(
    name="service",
    reference="case",
    steps=(
        Step("asked", "service", ("conversation_started", "customer_said", "customer_gave", *_CONTACT)),
        Step("waiting", "service", ("conversation_queued", "conversation_transferred")),
        Step("in_hand", "service", ("conversation_answered", "conversation_picked_up", "agent_asked", "agent_said", CASE_OPEN)),
        Step("broken", "service", ("conversation_broken",)),
        Step("ended", "service", ("conversation_ended", CASE_DONE)),
        Step("rated", "loyalty", ("rating_given",)),
    ),
    starts=(*_CONVERSATION, *_CONTACT),
    joins=("offer_acknowledged", "offer_refused"),
    goals=("conversation_ended:resolved", CASE_DONE),
    reopens=(CASE_OPEN,),
    gap_s=14 * DAY_S,
    phase="service",
)

COMPLAINT: Final = Process(
    name="complaint",
    reference="case",
    steps=(
        Step("opened", "service", ("complaint_opened",)),
        Step("in_hand", "service", (CASE_OPEN, *_CONVERSATION, *_CONTACT)),
        Step("closed", "service", ("complaint_closed", CASE_DONE)),
        Step("rated", "loyalty", ("rating_given",)),
    ),
    starts=("complaint_opened",),
    joins=("complaint_closed",),
    goals=("complaint_closed", CASE_DONE),
    reopens=("complaint_opened", CASE_OPEN),
    gap_s=30 * DAY_S,
    phase="service",
)

RETURN: Final = Process(
    name="return",
    reference="order",
    steps=(
        Step("returned", "service", ("order_returned",)),
        Step("refund_promised", "service", ("promise_made:refund", "promise_moved:refund", "promise_withdrawn:refund")),
        Step("refunded", "service", ("promise_kept:refund",)),
    ),
    starts=("order_returned",),
    joins=("promise_made:refund", "promise_moved:refund", "promise_withdrawn:refund", "promise_kept:refund"),
    goals=("promise_kept:refund",),
    gap_s=30 * DAY_S,
    phase="service",
)

PROCESSES: Final = (ORIENTATION, PURCHASE, SERVICE, COMPLAINT, RETURN)
