"""A realistic example of every kind of event of every channel, as JSON that can be published as it is."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from streams.avro.resolution import View
from streams.avro.schema import Schema

KNOWLEDGE: Final = "knowledge"

TYPICAL: Final[Mapping[str, str]] = {
    "website": "offer_shown",
    "app": "message_opened",
    "chat": "conversation_started",
    "email": "message_sent",
    "phone": "offer_refused",
    "store": "bought",
    "survey": "rating_given",
    "occasion": "advised",
    "social": "message_received",
    "advertisement": "advertisement_clicked",
    "search": "result_clicked",
    "review": "review_written",
}
"""The kind that is shown where none is asked for."""

_PARTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "offer": {
        "id": "OF-1042",
        "products": ["P-77"],
        "amount": "79.90",
        "currency": "EUR",
        "valid_from": "2026-03-01T00:00:00+01:00",
        "valid_until": "2026-03-15T00:00:00+01:00",
        "personal": True,
        "redeem_channels": ["website", "phone", "store"],
        "conditions": {"min_quantity": "1"},
        "purpose": "spring",
    },
    "statement": {
        "subject": "product:P-77",
        "attribute": "price",
        "amount": "89.90",
        "currency": "EUR",
        "quantity": 1,
        "price_kind": "list",
        "valid_until": "2026-03-31T00:00:00+02:00",
    },
    "promise": {"id": "PR-5", "what": "delivery", "due_date": "2026-03-06", "zone": "Europe/Amsterdam"},
    "conversation": {"queue": "sales", "topic": "offer", "staffed": True},
    "message": {"id": "M-310", "purpose": "marketing", "campaign": "spring"},
    "consent": {"purpose": "marketing", "channels": ["email"]},
    "order": {
        "lines": [{"product": "P-77", "quantity": 1, "amount": "79.90", "currency": "EUR"}],
        "amount": "79.90",
        "currency": "EUR",
        "status": "in progress",
    },
    "web": {"page": "/products/p-77", "device": "phone"},
    "visit": {"location": "S-12", "product": "P-77", "quantity": 1, "amount": "79.90", "currency": "EUR"},
    "rating": {"scale": "CSAT", "score": 4, "of_channel": "phone", "of_reference": "case:C-18", "of_journey": "service"},
    "complaint": {"topic": "late delivery", "product": "P-77"},
    "indirect": {"product": "P-77"},
}
_PART_OF: Final[Mapping[str, str]] = {
    "offer_": "offer",
    "statement_": "statement",
    "promise_": "promise",
    "conversation_": "conversation",
    "customer_": "conversation",
    "agent_": "conversation",
    "message_": "message",
    "consent_": "consent",
    "order_": "order",
    "rating_": "rating",
    "complaint_": "complaint",
    "advertisement_": "indirect",
    "result_": "indirect",
    "review_": "indirect",
    "recommend": "indirect",
}
_MORE: Final[Mapping[str, Mapping[str, Any]]] = {
    "offer_refused": {"reason": "unknown"},
    "customer_gave": {"data_kind": "order_number"},
    "agent_asked": {"data_kind": "order_number"},
    "conversation_transferred": {"to_channel": "phone", "to_queue": "orders", "context_passed": False},
    "conversation_ended": {"outcome": "resolved"},
    "message_replied": {"in_reply_to": "M-309", "purpose": "service"},
    "message_received": {"purpose": "service"},
    "form_submitted": {"form": "contact", "goal": True},
    "form_abandoned": {"form": "contact", "step": "address"},
    "checkout_step": {"step": "payment", "goal": True},
    "error_shown": {"code": "PAY-3", "step": "payment", "blocking": True, "goal": True},
    "advertisement_seen": {"campaign": "spring", "creative": "banner-3", "medium": "display", "site": "news.example"},
    "advertisement_clicked": {"campaign": "spring", "creative": "banner-3", "medium": "display", "site": "news.example"},
    "review_written": {"review": "RV-31", "score": 4, "best_score": 5, "site": "reviews.example"},
    "review_read": {"review": "RV-31", "site": "reviews.example"},
    "recommended": {"medium": "social"},
    "recommendation_heard": {"medium": "social"},
}
_SEARCHED: Final[Mapping[str, Any]] = {"engine": "example-search", "medium": "search"}
"""Of what is searched outside the company's own pages."""
_VISITS: Final = ("visited", "advised", "quoted", "bought")
_CASES: Final = ("complaint", "rating")


def kinds(schema: Schema) -> tuple[str, ...]:
    """The kinds of a channel's schema, `unknown` left out."""
    top = View.top(schema)
    field = next(each for each in top.fields if each["name"] == "kind")
    return tuple(symbol for symbol in top.within(field["type"]).symbols if symbol != "unknown")


def example(channel: str, kind: str = "") -> dict[str, Any]:
    """An event of the channel (or an entry of `knowledge`), of that kind or of the channel's most typical one.

    Raises KeyError for an unknown channel.
    """
    if channel == KNOWLEDGE:
        return {
            "channel": "phone",
            "offer": "OF-1042",
            "known_from": "2026-03-01T08:00:00+01:00",
            "known_until": "2026-03-15T00:00:00+01:00",
        }
    kind = kind or TYPICAL[channel]
    part = _part_of(channel, kind)
    event: dict[str, Any] = {
        "event_id": f"{channel}-{kind}-000001",
        "occurred_at": "2026-03-02T10:15:00+01:00",
        "sent_at": "2026-03-02T10:15:01+01:00",
        "sequence": 1,
        "source": f"{channel}-eu",
        "kind": kind,
        "identifiers": [{"type": "customer_number", "value": "C-90210"}, {"type": "email", "value": "kim@example.com"}],
        "session": "s-4711",
        "references": _references(part),
        "attributes": {"language": "nl"},
        part: deepcopy(dict(_PARTS[part])) | dict(_SEARCHED if channel == "search" and part == "indirect" else _MORE.get(kind, {})),
    }
    if part == "offer" and channel in ("chat", "phone", "social"):
        event["conversation"] = dict(_PARTS["conversation"])
    return event


def _part_of(channel: str, kind: str) -> str:
    if channel == "search" and kind == "searched":
        return "indirect"
    for prefix, part in _PART_OF.items():
        if kind.startswith(prefix):
            return part
    return "visit" if kind in _VISITS else "web"


def _references(part: str) -> dict[str, str]:
    return {
        "offer": {"offer": "OF-1042", "product": "P-77"},
        "statement": {"product": "P-77"},
        "promise": {"order": "O-2001"},
        "conversation": {"conversation": "K-88"},
        "message": {"content": "mail-spring"},
        "order": {"order": "O-2001", "product": "P-77"},
        "visit": {"product": "P-77"},
        "web": {"product": "P-77"},
        "indirect": {"product": "P-77"},
    }.get(part, {"case": "C-18"} if part in _CASES else {})
