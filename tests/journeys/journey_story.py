"""Words for the tests: touchpoints of one customer, told by the hour."""

from itertools import count

from streams.journeys.customer import Customer
from streams.journeys.inconsistencies.findings import in_conversation
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import (
    Complaint,
    Consent,
    Conversation,
    Identifier,
    Indirect,
    Message,
    Offer,
    Order,
    OrderLine,
    Promise,
    Rating,
    References,
    Statement,
    Touchpoint,
    Visit,
    Web,
)
from streams.processes import shipped_processes
from streams.wording_file import load_wording

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_700_000_000_000_000
LATER = START + 3650 * DAY
SETTINGS = JourneySettings(shipped_processes(), wording=load_wording())
_PARTS = {
    Offer: "offers",
    Statement: "statements",
    Promise: "promises",
    Conversation: "conversations",
    Order: "orders",
    Web: "pages",
    Visit: "visits",
    Rating: "ratings",
    Complaint: "complaints",
    Message: "messages",
    Consent: "consents",
    Indirect: "indirects",
}
_OUTBOUND = (
    "offer_shown",
    "agent_said",
    "promise_made",
    "promise_moved",
    "promise_kept",
    "statement_made",
    "message_sent",
    "offer_refused",
    "agent_asked",
    "conversation_answered",
    "conversation_picked_up",
    "conversation_transferred",
    "complaint_closed",
    "advertisement_seen",
)
_numbers = count(1)


def at(hours: float) -> int:
    """A time, in hours after the story's start."""
    return START + round(hours * HOUR)


def touch(hours: float, channel: str, kind: str, *parts, event_id: str = "", card: bool = False, direction: str = "", **more) -> Touchpoint:
    references = {name: more.pop(name) for name in References.__struct_fields__ if name in more}
    fields = {}
    for part in parts:
        fields.setdefault(_PARTS[type(part)], []).append(part)
    time = at(hours)
    return Touchpoint(
        event_id=event_id or f"e{next(_numbers)}",
        occurred_at=time,
        corrected_at=time,
        received_at=time,
        channel=channel,
        kind=kind,
        direction=direction or ("outbound" if kind in _OUTBOUND else "inbound"),
        identifiers=(Identifier("loyalty_card", "c" * 32),) if card else (),
        references=References(**references),
        **{name: tuple(values) for name, values in fields.items()},
        **more,
    )


def shown(hours: float, offer: str = "O", channel: str = "website", action: str = "shown", *, event_id: str = "", **terms) -> Touchpoint:
    for name in ("valid_from", "valid_until"):
        if name in terms:
            terms[name] = at(terms[name])
    return touch(hours, channel, f"offer_{action}", Offer(offer, action, **terms), event_id=event_id, offer=offer)


def refused(hours: float, reason: str = "unknown", offer: str = "O", channel: str = "phone", **more) -> Touchpoint:
    return touch(hours, channel, "offer_refused", Offer(offer, "refused", reason=reason), offer=offer, **more)


def talk(hours: float, action: str, channel: str = "phone", conversation: str = "V", **more):
    kind = action if action.startswith(("customer", "agent")) else f"conversation_{action}"
    part = Conversation(action, **{name: more.pop(name) for name in list(more) if name in Conversation.__struct_fields__})
    return touch(hours, channel, kind, part, conversation=conversation, **more)


def mailed(hours: float, purpose: str = "marketing", channel: str = "email", **more) -> Touchpoint:
    part = Message("sent", id=more.pop("message", ""), purpose=purpose, campaign=more.pop("campaign", ""), in_reply_to=more.pop("to", ""))
    return touch(hours, channel, "message_sent", part, **more)


def wrote(hours: float, message: str = "", channel: str = "email", kind: str = "message_received", **more) -> Touchpoint:
    return touch(hours, channel, kind, Message(kind.removeprefix("message_"), id=message, purpose="service"), **more)


def consented(hours: float, action: str = "withdrawn", channel: str = "website", purpose: str = "marketing", channels=(), **more):
    return touch(hours, channel, f"consent_{action}", Consent(action, purpose=purpose, channels=tuple(channels)), **more)


def complained(hours: float, action: str = "opened", channel: str = "website", case: str = "C", **more) -> Touchpoint:
    return touch(hours, channel, f"complaint_{action}", Complaint(action, topic="damaged"), case=case, **more)


def promised(
    hours: float, action: str = "made", due: float | None = None, *, promise: str = "P", what: str = "delivery", channel="website", **more
):
    part = Promise(promise, action, what=what, due_until=None if due is None else at(due))
    return touch(hours, channel, f"promise_{action}", part, **more)


def ordered(hours: float, action: str = "placed", order: str = "1", *, channel: str = "website", lines=(), parts=(), **more) -> Touchpoint:
    lines = tuple(OrderLine(*line) for line in lines)
    return touch(hours, channel, f"order_{action}", Order(action, lines=lines), *parts, order=order, **more)


def status(hours: float, value: str, case: str = "7", *, channel: str = "phone", **more) -> Touchpoint:
    return touch(hours, channel, "statement_made", Statement(f"case:{case}", "status", value), case=case, **more)


def stated(hours: float, attribute: str, value: str = "", subject: str = "product:P1", *, channel: str = "website", kind="", **more):
    fields = {name: more.pop(name) for name in list(more) if name in Statement.__struct_fields__}
    for name in ("stated_for", "valid_until"):
        if name in fields:
            fields[name] = at(fields[name])
    return touch(hours, channel, kind or "statement_made", Statement(subject, attribute, value, **fields), **more)


def priced(hours: float, amount: float, channel: str = "website", **more) -> Touchpoint:
    return stated(hours, "price", channel=channel, amount=round(amount * 10_000), **({"currency": "EUR", "price_kind": "list"} | more))


def customer(*touchpoints: Touchpoint, knowledge: Knowledge | None = None, settings: JourneySettings = SETTINGS) -> Customer:
    held = Customer("someone", settings, knowledge or Knowledge())
    for touchpoint in touchpoints:
        held.add(touchpoint)
    return held


def found(rule: str, *touchpoints: Touchpoint, now: float | None = None, **more):
    """The findings of a rule, when the watermark is `now` hours after the start (long after, if not given)."""
    results = customer(*touchpoints, **more).results(LATER if now is None else at(now))
    return [each for each in results.inconsistencies if each.rule == rule]


def founding_facts(touchpoint: Touchpoint) -> tuple[str, str]:
    """The founding facts that a touchpoint is part of: itself, and its conversation in its channel where it has one."""
    return touchpoint.event_id, in_conversation(touchpoint.channel, touchpoint.references.conversation, touchpoint.event_id)


def knows(channel: str, offer: str, since: float, until: float | None = None, *, withdrawn: bool = False, period: str = "") -> dict:
    return {
        "channel": channel,
        "offer": offer,
        "known_from": at(since),
        "known_until": None if until is None else at(until),
        "withdrawn": withdrawn,
        "period": period,
    }
