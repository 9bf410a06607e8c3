"""From the parts of a channel event (records of its schema) to the facts of a Touchpoint.

Schemas have a symbol for "not said" in every enum (none, unknown, as_kind); in a Touchpoint that is "".
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.avro.refusal import Reason
from streams.journeys.touchpoint import (
    Complaint,
    Consent,
    Conversation,
    Indirect,
    Message,
    Offer,
    Order,
    OrderLine,
    Promise,
    Rating,
    References,
    Statement,
    Visit,
    Web,
)

Part = Mapping[str, Any]

SCALES: Final[Mapping[str, tuple[float, float]]] = {"CSAT": (1.0, 5.0), "NPS": (0.0, 10.0), "CES": (1.0, 7.0)}
"""Lowest and highest score of each scale."""

BEST_SCORE: Final = 1000.0
"""No site has a higher best score of its reviews."""

EARLIEST_US: Final = -2_208_988_800_000_000
"""1900-01-01, the first moment that the tables can hold."""

LATEST_US: Final = 10_413_791_999_000_000
"""2299-12-31T23:59:59, the last one."""

_US_PER_S: Final = 1_000_000
_SPECIFIC: Final = ("case", "order", "product", "offer", "conversation", "content")
_PROMISED: Final = ("order", "case", "conversation")
_EMPTY: Final[Part] = {}


class NotAdmittedError(Exception):
    """An event that is of its schema and yet cannot be admitted: the reason, the field, what was expected."""

    def __init__(self, reason: Reason, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.reason: Reason = reason
        self.field = field
        self.detail = detail


def references_of(record: Part) -> References:
    """The numbers that an event refers to; an offer's or a review's own number where the references name none."""
    numbers = record["references"]
    offer, content = numbers["offer"], numbers["content"]
    if not offer and (part := record.get("offer")) is not None:
        offer = part["id"]
    if not content and (part := record.get("indirect")) is not None:
        content = part["review"]
    return References(
        order=numbers["order"],
        offer=offer,
        case=numbers["case"],
        product=numbers["product"],
        conversation=numbers["conversation"],
        content=content,
    )


def _said(symbol: str, unsaid: str = "none") -> str:
    return "" if symbol == unsaid else symbol


def _moment(us: int | None) -> int | None:
    """A time within what the tables hold: 9999-12-31, which many systems write for "no end", becomes the last moment."""
    if us is None or EARLIEST_US <= us <= LATEST_US:
        return us
    return EARLIEST_US if us < EARLIEST_US else LATEST_US


def _first(references: References, names: tuple[str, ...]) -> str:
    for name in names:
        number = getattr(references, name)
        if number:
            return f"{name}:{number}"
    return ""


def offer(part: Part | None, action: str, references: References) -> Offer | None:
    """What happened to an offer; None where no number says which: nothing can follow it then."""
    if part is None:
        return Offer(id=references.offer, action=action or "shown") if references.offer else None
    number = part["id"] or references.offer
    if not number:
        return None
    stated = part["action"]
    return Offer(
        id=number,
        action=(action or "shown") if stated == "as_kind" else stated,
        products=tuple(part["products"]),
        amount=part["amount"],
        currency=part["currency"],
        valid_from=_moment(part["valid_from"]),
        valid_until=_moment(part["valid_until"]),
        personal=part["personal"],
        redeem_channels=tuple(part["redeem_channels"]),
        conditions=part["conditions"],
        purpose=part["purpose"],
        reason="" if part["reason"] == "none" else part["reason"],
    )


def statement(part: Part | None, _action: str, references: References) -> Statement | None:
    """What was stated; its subject is the most specific reference where it names none."""
    if part is None:
        raise NotAdmittedError("invalid_value", "statement", "the part `statement` was expected with kind statement_made")
    subject = part["subject"] or _first(references, _SPECIFIC)
    if not subject:
        raise NotAdmittedError("invalid_value", "statement.subject", "a subject as type:number, or a reference, was expected")
    if not part["attribute"]:
        raise NotAdmittedError("invalid_value", "statement.attribute", "the name of what is stated was expected (price, stock, status ...)")
    return Statement(
        subject=subject,
        attribute=part["attribute"],
        value=part["value"],
        unit=part["unit"],
        stated_for=_moment(part["stated_for"]),
        valid_until=_moment(part["valid_until"]),
        amount=part["amount"],
        currency=part["currency"],
        quantity=part["quantity"],
        price_kind=_said(part["price_kind"]),
        variant=part["variant"],
        location=part["location"],
    )


def promise(part: Part | None, action: str, references: References, event_id: str) -> Promise:
    """What was promised. Without a number of its own it is one promise per `what` and order, case or conversation, else of
    this event alone.
    """
    said = part or _EMPTY
    what = said.get("what", "")
    number = said.get("id") or f"{what}|{_first(references, _PROMISED) or f'event:{event_id}'}"
    stated = said.get("action", "as_kind")
    due_until = _moment(said.get("due_until"))
    if due_until is None and said.get("due_date"):
        due_until = end_of_day(said["due_date"], said["zone"])
    return Promise(
        id=number,
        action=(action or "made") if stated == "as_kind" else stated,
        what=what,
        due_from=_moment(said.get("due_from")),
        due_until=due_until,
    )


@lru_cache(maxsize=4096)
def end_of_day(day: str, zone: str) -> int:
    """The first moment (us) after a day (YYYY-MM-DD) in an IANA zone ("" is UTC). Raises NotAdmittedError."""
    try:
        following = date.fromisoformat(day) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise NotAdmittedError("invalid_value", "promise.due_date", "a day as YYYY-MM-DD was expected") from None
    try:
        place = ZoneInfo(zone) if zone else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotAdmittedError("invalid_value", "promise.zone", "an IANA time zone (Europe/Amsterdam) was expected") from None
    try:
        moment = datetime(following.year, following.month, following.day, tzinfo=place)
        return _moment(int(moment.timestamp()) * _US_PER_S) or 0
    except (ValueError, OverflowError):
        raise NotAdmittedError("invalid_value", "promise.due_date", "a day between 1900 and 2299 was expected") from None


def conversation(part: Part | None, action: str) -> Conversation:
    """A moment of a conversation."""
    if part is None:
        return Conversation(action=action)
    return Conversation(
        action=action,
        queue=part["queue"],
        topic=part["topic"],
        data_kind=part["data_kind"],
        staffed=part["staffed"],
        to_channel=_said(part["to_channel"]),
        to_queue=part["to_queue"],
        context_passed=part["context_passed"],
        outcome=_said(part["outcome"]),
    )


def message(part: Part | None, action: str) -> Message:
    """A message."""
    if part is None:
        return Message(action=action)
    return Message(
        action=action,
        id=part["id"],
        purpose=_said(part["purpose"]),
        campaign=part["campaign"],
        in_reply_to=part["in_reply_to"],
    )


def consent(part: Part | None, action: str) -> Consent:
    """Consent given or withdrawn."""
    if part is None:
        return Consent(action=action)
    return Consent(action=action, purpose=part["purpose"], channels=tuple(part["channels"]))


def order(part: Part | None, action: str) -> Order:
    """An order and its lines."""
    if part is None:
        return Order(action=action)
    lines = tuple(
        OrderLine(product=line["product"], quantity=line["quantity"], amount=line["amount"], currency=line["currency"])
        for line in part["lines"]
    )
    return Order(action=action, lines=lines, amount=part["amount"], currency=part["currency"], status=part["status"])


def web(part: Part | None, action: str, allowed: frozenset[str]) -> Web:
    """A moment on a page or screen; what was searched for only where the channel lets `terms` pass."""
    if part is None:
        return Web(action=action)
    return Web(
        action=action,
        page=part["page"],
        form=part["form"],
        step=part["step"],
        code=part["code"],
        blocking=part["blocking"],
        goal=part["goal"],
        terms=part["terms"] if "terms" in allowed else "",
        device=part["device"],
    )


def visit(part: Part | None, action: str, references: References) -> Visit:
    """A moment in a store; the product is the reference where the part names none."""
    if part is None:
        return Visit(action=action, product=references.product)
    return Visit(
        action=action,
        location=part["location"],
        product=part["product"] or references.product,
        quantity=part["quantity"],
        amount=part["amount"],
        currency=part["currency"],
    )


def rating(part: Part | None) -> Rating:
    """A score on its scale. Raises NotAdmittedError where it is not on it."""
    if part is None:
        raise NotAdmittedError("invalid_value", "rating", "the part `rating` was expected with kind rating_given")
    scale = part["scale"]
    if scale not in SCALES:
        raise NotAdmittedError("invalid_value", "rating.scale", "CSAT, NPS or CES was expected")
    lowest, highest = SCALES[scale]
    score = part["score"]
    if not lowest <= score <= highest:  # also where it is not a number
        raise NotAdmittedError("invalid_value", "rating.score", f"{lowest:g} to {highest:g} was expected on {scale}")
    return Rating(
        scale=scale,
        score=score,
        of_event=part["of_event"],
        of_reference=part["of_reference"],
        of_channel=_said(part["of_channel"]),
        of_journey=part["of_journey"],
    )


def complaint(part: Part | None, action: str, references: References) -> Complaint:
    """A complaint; the product is the reference where the part names none."""
    if part is None:
        return Complaint(action=action, product=references.product)
    return Complaint(action=action, topic=part["topic"], product=part["product"] or references.product)


def indirect(part: Part | None, action: str, references: References, allowed: frozenset[str]) -> Indirect:
    """An advertisement, a search, a review or a recommendation. Raises NotAdmittedError for a score that none can be.

    A review's number is the reference `content` where the part has none; search terms pass only where the channel lets `terms` pass.
    """
    review = references.content if action.startswith("review_") else ""
    if part is None:
        return Indirect(action=action, review=review, product=references.product)
    score, best_score = part["score"], part["best_score"]
    if not 0 < best_score <= BEST_SCORE:  # also where it is not a number
        raise NotAdmittedError("invalid_value", "indirect.best_score", f"a number above 0 and up to {BEST_SCORE:g} was expected")
    if score is not None and not 0 <= score <= best_score:
        raise NotAdmittedError("invalid_value", "indirect.score", "0 to `best_score` was expected")
    return Indirect(
        action=action,
        review=part["review"] or review,
        campaign=part["campaign"],
        creative=part["creative"],
        medium=_said(part["medium"], "unknown"),
        site=part["site"],
        engine=part["engine"],
        terms=part["terms"] if "terms" in allowed else "",
        product=part["product"] or references.product,
        score=score,
        best_score=0.0 if score is None else best_score,
    )


Making = Callable[[Part | None, str, References, str, frozenset[str]], Any]
"""Makes a fact of: the part, the action by the kind, the references, the event's id, the channel's allow-list."""

PARTS: Final[Mapping[str, tuple[str, Making]]] = {
    "offer": ("offers", lambda part, action, references, _id, _allowed: offer(part, action, references)),
    "statement": ("statements", lambda part, action, references, _id, _allowed: statement(part, action, references)),
    "promise": ("promises", lambda part, action, references, event_id, _allowed: promise(part, action, references, event_id)),
    "conversation": ("conversations", lambda part, action, _references, _id, _allowed: conversation(part, action)),
    "message": ("messages", lambda part, action, _references, _id, _allowed: message(part, action)),
    "consent": ("consents", lambda part, action, _references, _id, _allowed: consent(part, action)),
    "order": ("orders", lambda part, action, _references, _id, _allowed: order(part, action)),
    "web": ("pages", lambda part, action, _references, _id, allowed: web(part, action, allowed)),
    "visit": ("visits", lambda part, action, references, _id, _allowed: visit(part, action, references)),
    "rating": ("ratings", lambda part, _action, _references, _id, _allowed: rating(part)),
    "complaint": ("complaints", lambda part, action, references, _id, _allowed: complaint(part, action, references)),
    "indirect": ("indirects", lambda part, action, references, _id, allowed: indirect(part, action, references, allowed)),
}
"""By the part's name in the schemas: the Touchpoint's field that holds it, and what makes it."""
