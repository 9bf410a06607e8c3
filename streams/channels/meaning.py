"""What the kinds of events mean: which part a kind belongs to, the action it gives that part, its usual direction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Direction = Literal["inbound", "outbound"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one kind of event says.

    part        the part that it is about: offer, statement, promise, conversation ...
    action      what happened, in the words of that part in a Touchpoint; "" where the part has no actions
    direction   who turned to whom, where the event does not say
    """

    part: str
    action: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: its name and what the kinds of its schema mean. A kind that is not here is a dead letter `unknown_kind`."""

    name: str
    kinds: Mapping[str, Meaning]


def kinds(*families: Mapping[str, Meaning]) -> Mapping[str, Meaning]:
    """The kinds of several families together."""
    return {kind: meaning for family in families for kind, meaning in family.items()}


def _family(part: str, *, inbound: tuple[str, ...] = (), outbound: tuple[str, ...] = (), prefix: str = "") -> dict[str, Meaning]:
    """Kinds named `<prefix><action>`, or, without a prefix, by the action itself."""
    meanings = {f"{prefix}{action}": Meaning(part, action, "inbound") for action in inbound}
    return meanings | {f"{prefix}{action}": Meaning(part, action, "outbound") for action in outbound}


OFFER: Final = _family(
    "offer",
    prefix="offer_",
    inbound=("clicked", "redeemed"),
    outbound=("shown", "acknowledged", "refused", "withdrawn", "extended"),
)
STATEMENT: Final[Mapping[str, Meaning]] = {"statement_made": Meaning("statement", "", "outbound")}
PROMISE: Final = _family("promise", prefix="promise_", outbound=("made", "moved", "kept", "withdrawn"))
CONVERSATION: Final = _family(
    "conversation",
    prefix="conversation_",
    inbound=("started", "queued", "ended", "broken"),
    outbound=("answered", "transferred", "picked_up"),
) | _family("conversation", inbound=("customer_said", "customer_gave"), outbound=("agent_asked", "agent_said"))
MESSAGE: Final = _family(
    "message",
    prefix="message_",
    inbound=("received", "replied", "opened", "clicked", "bounced"),
    outbound=("sent",),
)
CONSENT: Final = _family("consent", prefix="consent_", inbound=("given", "withdrawn"))
ORDER: Final = _family(
    "order",
    prefix="order_",
    inbound=("placed", "paid", "collected", "changed", "cancelled", "returned"),
    outbound=("shipped", "delivered"),
)
WEB: Final = _family(
    "web",
    inbound=("page_viewed", "form_submitted", "form_abandoned", "checkout_step", "error_shown", "searched"),
)
VISIT: Final = _family("visit", inbound=("visited", "advised", "quoted", "bought"))
RATING: Final[Mapping[str, Meaning]] = {"rating_given": Meaning("rating", "", "inbound")}
COMPLAINT: Final = _family("complaint", prefix="complaint_", inbound=("opened",), outbound=("closed",))
ADVERTISEMENT: Final = _family("indirect", inbound=("advertisement_clicked",), outbound=("advertisement_seen",))
SEARCH: Final = _family("indirect", inbound=("searched", "result_clicked"))
REVIEW: Final = _family("indirect", inbound=("review_read", "review_written"))
WORD_OF_MOUTH: Final = _family("indirect", inbound=("recommended", "recommendation_heard"))
SHARED: Final = kinds(OFFER, STATEMENT, PROMISE, CONSENT, ORDER, COMPLAINT, RATING)
"""What every channel in which the company itself speaks may say, the survey aside: it can show offers, state, promise, take orders,
consent, complaints and scores.
"""
