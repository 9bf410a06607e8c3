"""Settings of the rules: windows, norms, opening hours, ordered statuses, severities, what is off, what is excepted.

All are frozen records with the defaults of the design. The file `rules.yaml` sets them (`streams.rules_file`); the core never
reads a file. Durations are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from streams.journeys.opening import DAY_S, OpeningHours

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
_WORK_DAY: Final = ((9 * HOUR_S, 17 * HOUR_S),)
_LONG_DAY: Final = ((8 * HOUR_S, 20 * HOUR_S),)
_CHAT_DAY: Final = ((8 * HOUR_S, 22 * HOUR_S),)
NORMS_S: Final[Mapping[str, int]] = {
    "": 8 * HOUR_S,
    "phone": 10 * MINUTE_S,
    "chat": 10 * MINUTE_S,
    "store": 15 * MINUTE_S,
    "occasion": 15 * MINUTE_S,
    "social": HOUR_S,
}
"""By channel, open seconds in which a customer is answered, or taken over; "" for the others."""
OFFICE: Final = OpeningHours("UTC", (*(_WORK_DAY,) * 5, (), ()))


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What a rule says nothing about: a finding with a side in one of `channels`, or under one of `campaigns`."""

    channels: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pushes:
    """What is a marketing contact that the company starts.

    purposes            purposes of a message or an offer that are marketing
    consents            purposes of a consent that cover it; "" is a consent without a purpose: all of them
    pushing_channels    channels in which an offer shown by the company reaches the customer uncalled for; elsewhere it is a banner
    """

    purposes: frozenset[str] = frozenset({"marketing"})
    consents: frozenset[str] = frozenset({"marketing", ""})
    pushing_channels: frozenset[str] = frozenset({"email", "phone", "chat"})


def path(*steps: str) -> tuple[frozenset[str], ...]:
    """A path of statuses; names for one status are separated by `|`."""
    return tuple(frozenset(name.strip() for name in step.split("|")) for step in steps)


_ON_ITS_WAY: Final = (
    "placed|ordered|new|received",
    "paid|confirmed",
    "processing|packed|in progress|picked|preparing",
    "shipped|sent|dispatched|in transit|on its way",
    "out for delivery",
    "delivered",
)
_TO_THE_STORE: Final = (*_ON_ITS_WAY[:4], "ready for collection|ready|arrived", "collected|picked up")
_BACK: Final = ("return announced|return requested", "returned|return received", "refunded")
STATUS_PATHS: Final[Mapping[str, tuple[tuple[frozenset[str], ...], ...]]] = {
    "order": (
        path(*_ON_ITS_WAY, *_BACK),
        path(*_TO_THE_STORE, *_BACK),
        path(*_ON_ITS_WAY[:3], "cancelled|canceled", "refunded"),
    ),
    "case": (path("new|open|registered", "in progress|active|assigned|pending|on hold|waiting", "resolved|solved", "closed"),),
    "return": (path("announced|requested", "sent|in transit", "received|arrived", "checked|approved", "refunded"),),
}


@dataclass(frozen=True, slots=True)
class Statements:
    """How statements are compared.

    price_within_s      price_mismatch: between two statements at most
    stock_within_s      stock_mismatch: the same
    in_stock, out_of_stock      stock_mismatch: values that mean so, in any case of letters
    status_within_s     status_mismatch: between two statements at most
    status_paths        status_mismatch: by the subject's type, the paths that it may take; a step is a set of names for one status
    going_back          status_mismatch: by the subject's type, statuses from which going back is another rule's business
    status_delay_s      status_mismatch: by channel, how far behind the others it may be; "" for the others
    answer_valid_s      answer_mismatch: by attribute, how long a statement without an end holds; "" for the others
    """

    price_within_s: int = DAY_S
    stock_within_s: int = HOUR_S
    in_stock: frozenset[str] = frozenset({"in", "in stock", "available", "yes"})
    out_of_stock: frozenset[str] = frozenset({"out", "out of stock", "sold out", "unavailable", "no"})
    status_within_s: int = DAY_S
    status_paths: Mapping[str, tuple[tuple[frozenset[str], ...], ...]] = field(default_factory=lambda: STATUS_PATHS)
    going_back: Mapping[str, frozenset[str]] = field(default_factory=lambda: {"case": frozenset({"resolved", "solved", "closed"})})
    status_delay_s: Mapping[str, int] = field(default_factory=lambda: {"": 15 * MINUTE_S})
    answer_valid_s: Mapping[str, int] = field(default_factory=lambda: {"": 30 * DAY_S, "points": HOUR_S})


@dataclass(frozen=True, slots=True)
class Contacts:
    """What the customer may expect when he makes contact.

    waiting_kinds       by channel, kinds by which a customer begins to wait; "" for any channel
    answering_kinds     outbound kinds that answer in the same conversation or case
    norm_s              by channel, open seconds within which an answer is expected; "" for the others
    norm_of_kind_s      by kind of contact, where it differs from the channel's
    pick_up_s           handover_lost: by the channel transferred to, open seconds within which a transfer is picked up
    hours               by channel, when it is open; "" for the others
    abandoned_early_s   by channel, a conversation abandoned within this time was no contact
    waiting_kept_s      a contact still unanswered is forgotten after this time: a later answer goes unseen
    repeated_within_s   contact_repeated: after it was resolved
    contact_kinds       contact_repeated: inbound kinds by which the customer makes contact
    asked_within_s      question_repeated: between two times of asking
    """

    waiting_kinds: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {
            "": frozenset({"message_received", "message_replied", "form_submitted", "complaint_opened"}),
            "chat": frozenset({"conversation_started", "conversation_queued"}),
            "phone": frozenset({"conversation_queued"}),
            "social": frozenset({"conversation_started", "conversation_queued"}),
        }
    )
    answering_kinds: frozenset[str] = frozenset(
        {
            "conversation_answered",
            "conversation_picked_up",
            "agent_asked",
            "agent_said",
            "message_sent",
            "promise_made",
            "promise_moved",
            "promise_kept",
            "statement_made",
            "complaint_closed",
        }
    )
    norm_s: Mapping[str, int] = field(default_factory=lambda: dict(NORMS_S))
    norm_of_kind_s: Mapping[str, int] = field(default_factory=lambda: {"complaint_opened": 16 * HOUR_S})
    pick_up_s: Mapping[str, int] = field(default_factory=lambda: dict(NORMS_S))
    hours: Mapping[str, OpeningHours] = field(
        default_factory=lambda: {
            "": OFFICE,
            "phone": OpeningHours("UTC", (_LONG_DAY,) * 7),
            "chat": OpeningHours("UTC", (_CHAT_DAY,) * 7),
            "store": OpeningHours("UTC", (_LONG_DAY,) * 7),
            "occasion": OpeningHours("UTC", (_LONG_DAY,) * 7),
            "social": OpeningHours("UTC", (_CHAT_DAY,) * 7),
        }
    )
    abandoned_early_s: Mapping[str, int] = field(default_factory=lambda: {"phone": 10})
    waiting_kept_s: int = 30 * DAY_S
    repeated_within_s: int = 7 * DAY_S
    contact_kinds: frozenset[str] = frozenset(
        {
            "conversation_started",
            "conversation_queued",
            "customer_said",
            "customer_gave",
            "message_received",
            "message_replied",
            "form_submitted",
            "complaint_opened",
        }
    )
    asked_within_s: int = 7 * DAY_S

    def answer_due(self, channel: str, kind: str, at: int) -> int:
        """When (us) a contact of a kind, made at `at` (us), has gone unanswered for its norm."""
        norm = self.norm_of_kind_s.get(kind)
        if norm is None:
            norm = self.norm_s.get(channel, self.norm_s[""])
        return self._hours(channel).due(at, norm)

    def pick_up_due(self, channel: str, at: int) -> int:
        """When (us) a transfer to a channel, made at `at` (us), has not been picked up for its norm."""
        return self._hours(channel).due(at, self.pick_up_s.get(channel, self.pick_up_s[""]))

    def _hours(self, channel: str) -> OpeningHours:
        return self.hours.get(channel) or self.hours[""]


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """All of them.

    off                     rules that are not applied
    severities              by rule, the severity of its findings in place of the usual one
    exceptions              by rule
    expired_grace_s         offer_expired_shown: past the last end that any channel gave the offer
    rendering_kinds         offer_expired_shown: kinds by which a channel sends or renders an offer anew
    opt_out_grace_s         contact_after_opt_out: time to carry out what the customer withdrew
    satisfaction_within_s   satisfaction_dropped: between the two ratings at most
    drops                   satisfaction_dropped: by scale, from which difference on it is one
    single_valued           identity_conflict: types of identifiers of which a customer has one, by the table of identifiers
    complaint_kept_s        promotion_in_complaint: a complaint that nobody closes counts as open for this long
    """

    off: frozenset[str] = frozenset()
    severities: Mapping[str, str] = field(default_factory=dict)
    exceptions: Mapping[str, Exceptions] = field(default_factory=dict)
    pushes: Pushes = field(default_factory=Pushes)
    statements: Statements = field(default_factory=Statements)
    contacts: Contacts = field(default_factory=Contacts)
    expired_grace_s: int = HOUR_S
    rendering_kinds: frozenset[str] = frozenset(
        {
            "offer_shown",
            "message_sent",
            "page_viewed",
            "searched",
            "agent_said",
            "conversation_answered",
            "statement_made",
            "advised",
            "quoted",
            "advertisement_seen",
        }
    )
    opt_out_grace_s: int = DAY_S
    satisfaction_within_s: int = 30 * DAY_S
    drops: Mapping[str, float] = field(default_factory=lambda: {"CSAT": 2, "NPS": 4, "CES": 3})
    single_valued: frozenset[str] = frozenset({"customer_number", "login"})
    complaint_kept_s: int = 90 * DAY_S
