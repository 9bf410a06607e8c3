"""One touchpoint: a moment of contact between a customer and the company, in one channel, at one time.

This is the record that admit makes of a channel's event and that everything after it reads. It is also the row that
ClickHouse stores: the fields below, in this order, are the columns of `touchpoints`. Append new fields at the end, with a
default; never reorder or remove one.

Times are microseconds since 1970 (UTC); amounts are in ten-thousandths of the currency's unit; "" stands for none.
"""

from typing import Final

import msgspec

AMOUNT_SCALE: Final = 4
"""Decimal digits of every amount: 12.50 EUR is 125000. Same as `decimal(18, 4)` in the schemas and in ClickHouse."""


class Fact(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """Base of every record that a touchpoint holds: immutable, compact on the wire, appended to and never reordered."""


class Identifier(Fact, frozen=True):
    """A typed pseudonym that points to a person: HMAC-SHA256 of the normalised value, 32 hexadecimal digits, maybe with its period."""

    type: str
    pseudonym: str


class References(Fact, frozen=True):
    """Numbers of the things that the touchpoint refers to."""

    order: str = ""
    offer: str = ""
    case: str = ""
    product: str = ""
    conversation: str = ""
    content: str = ""


class Offer(Fact, frozen=True):
    """What happened to an offer: action is shown, clicked, acknowledged, refused, redeemed, withdrawn or extended."""

    id: str
    action: str
    products: tuple[str, ...] = ()
    amount: int | None = None
    currency: str = ""
    valid_from: int | None = None
    valid_until: int | None = None
    personal: bool = False
    redeem_channels: tuple[str, ...] = ()
    conditions: dict[str, str] = {}
    purpose: str = ""
    reason: str = ""


class Statement(Fact, frozen=True):
    """Something stated as a fact: a subject's attribute has a value."""

    subject: str
    attribute: str
    value: str = ""
    unit: str = ""
    stated_for: int | None = None
    valid_until: int | None = None
    amount: int | None = None
    currency: str = ""
    quantity: int = 1
    price_kind: str = ""
    variant: str = ""
    location: str = ""


class Promise(Fact, frozen=True):
    """A promise made, moved, kept or withdrawn; it is broken when `due_until` passes first."""

    id: str
    action: str
    what: str = ""
    due_from: int | None = None
    due_until: int | None = None


class Conversation(Fact, frozen=True):
    """A moment of a conversation: started, queued, answered, customer_said, agent_asked, customer_gave, agent_said,
    transferred, picked_up, ended or broken.
    """

    action: str
    queue: str = ""
    topic: str = ""
    data_kind: str = ""
    staffed: bool = True
    to_channel: str = ""
    to_queue: str = ""
    context_passed: bool = False
    outcome: str = ""


class Message(Fact, frozen=True):
    """A message sent, received, replied, opened, clicked or bounced."""

    action: str
    id: str = ""
    purpose: str = ""
    campaign: str = ""
    in_reply_to: str = ""


class Consent(Fact, frozen=True):
    """Consent given or withdrawn."""

    action: str
    purpose: str = ""
    channels: tuple[str, ...] = ()


class OrderLine(Fact, frozen=True):
    """One line of an order; the amount is for one unit."""

    product: str
    quantity: int = 1
    amount: int | None = None
    currency: str = ""


class Order(Fact, frozen=True):
    """An order placed, paid, shipped, delivered, collected, changed, cancelled or returned."""

    action: str
    lines: tuple[OrderLine, ...] = ()
    amount: int | None = None
    currency: str = ""
    status: str = ""


class Web(Fact, frozen=True):
    """A moment on a page or screen: page_viewed, form_submitted, form_abandoned, checkout_step, error_shown, searched."""

    action: str
    page: str = ""
    form: str = ""
    step: str = ""
    code: str = ""
    blocking: bool = False
    goal: bool = False
    terms: str = ""
    device: str = ""


class Visit(Fact, frozen=True):
    """A moment in a store: visited, advised, quoted or bought; the amount is for one unit."""

    action: str
    location: str = ""
    product: str = ""
    quantity: int = 1
    amount: int | None = None
    currency: str = ""


class Rating(Fact, frozen=True):
    """A score on CSAT (1 to 5), NPS (0 to 10) or CES (1 to 7)."""

    scale: str
    score: float
    of_event: str = ""
    of_reference: str = ""
    of_channel: str = ""
    of_journey: str = ""


class Complaint(Fact, frozen=True):
    """A complaint opened or closed; its number is the reference `case`."""

    action: str
    topic: str = ""
    product: str = ""


class Indirect(Fact, frozen=True):
    """Something between the customer and others than the company: advertisement_seen, advertisement_clicked, searched,
    result_clicked, review_read, review_written, recommended or recommendation_heard.

    A review's number is the same for who wrote it and who read it; its score is from 0 to `best_score`.
    """

    action: str
    review: str = ""
    campaign: str = ""
    creative: str = ""
    medium: str = ""
    site: str = ""
    engine: str = ""
    terms: str = ""
    product: str = ""
    score: float | None = None
    best_score: float = 0.0


class Touchpoint(Fact, frozen=True):
    """One admitted touchpoint.

    event_id        the source's number: the same event sent twice has the same one
    occurred_at     us, as the source's clock had it
    corrected_at    us, the same without the source's clock error: the time that everything downstream uses
    received_at     us, when it reached the broker
    direction       inbound, outbound or unknown
    replay          name of the import that published it; "" for live traffic
    anchor          the strongest identifier, as `type:pseudonym`: key of the internal topics
    content_hash    64 bits over the content as published: tells a duplicate from a conflict, the smaller one counts
    """

    event_id: str
    occurred_at: int
    corrected_at: int
    received_at: int
    channel: str
    kind: str
    source: str = ""
    sequence: int = 0
    direction: str = "unknown"
    replay: str = ""
    anchor: str = ""
    identifiers: tuple[Identifier, ...] = ()
    account: str = ""
    session: str = ""
    references: References = References()
    attributes: dict[str, str] = {}
    offers: tuple[Offer, ...] = ()
    statements: tuple[Statement, ...] = ()
    promises: tuple[Promise, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    messages: tuple[Message, ...] = ()
    consents: tuple[Consent, ...] = ()
    orders: tuple[Order, ...] = ()
    pages: tuple[Web, ...] = ()
    visits: tuple[Visit, ...] = ()
    ratings: tuple[Rating, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    content_hash: int = 0
    indirects: tuple[Indirect, ...] = ()


type_order: Final = ("customer_number", "login", "loyalty_card", "email", "phone", "device", "cookie", "order", "case", "conversation")
"""Identifier types from strong to weak; ties of a touchpoint's anchor go by this order, then by pseudonym."""


class _Named(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The start of an encoded touchpoint."""

    event_id: str


_encoder = msgspec.msgpack.Encoder()
_named = msgspec.msgpack.Decoder(_Named)
_decoder = msgspec.msgpack.Decoder(Touchpoint)


def encode(touchpoint: Touchpoint) -> bytes:
    """The touchpoint as one MessagePack array, as it travels on the internal topics."""
    return _encoder.encode(touchpoint)


def decode(value: bytes) -> Touchpoint:
    """The touchpoint of `encode`'s bytes; raises msgspec.DecodeError where they are none."""
    return _decoder.decode(value)


def event_id_of(value: bytes) -> str:
    """The event id of `encode`'s bytes, which are not decoded beyond it; raises msgspec.DecodeError where they are none."""
    return _named.decode(value).event_id


FoldOrder = tuple[int, str, int, str]
"""A touchpoint's place: corrected time (us), source, the source's own order, event id."""


def fold_order(touchpoint: Touchpoint) -> FoldOrder:
    """The order in which a customer's touchpoints are folded: the same whatever order they arrived in."""
    return touchpoint.corrected_at, touchpoint.source, touchpoint.sequence, touchpoint.event_id
