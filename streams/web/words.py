"""A touchpoint in one line of words: what happened, what it said, and what it was about."""

from collections.abc import Iterator

from streams.journeys.inconsistencies.wording import moment, money
from streams.journeys.touchpoint import Touchpoint

_NAMED = ("order", "case", "offer", "product")


def what(touchpoint: Touchpoint) -> str:
    """For example `order placed, 129.00 EUR (order A-1001)`."""
    said = [touchpoint.kind.replace("_", " "), *dict.fromkeys(filter(None, _said(touchpoint)))]
    references = touchpoint.references
    about = [f"{name} {number}" for name in _NAMED if (number := getattr(references, name))]
    about += [f"review {indirect.review}" for indirect in touchpoint.indirects if indirect.review]
    return ", ".join(said) + (f" ({', '.join(about)})" if about else "")


def _said(touchpoint: Touchpoint) -> Iterator[str]:
    yield from _conversed(touchpoint)
    for offer in touchpoint.offers:
        yield "" if offer.amount is None else money(offer.amount, offer.currency)
        yield "personal" if offer.personal else ""
        yield f"reason {offer.reason.replace('_', ' ')}" if offer.reason else ""
    for promise in touchpoint.promises:
        yield promise.what
        yield "" if promise.due_until is None else f"by {moment(promise.due_until)}"
    for statement in touchpoint.statements:
        value = statement.value if statement.amount is None else money(statement.amount, statement.currency)
        yield " ".join(filter(None, (f"{statement.attribute} of {statement.subject}:", value, statement.unit)))
    for order in touchpoint.orders:
        yield "" if order.amount is None else money(order.amount, order.currency)
        yield order.status
    for visit in touchpoint.visits:
        yield visit.product if visit.product != touchpoint.references.product else ""
        yield "" if visit.amount is None else money(visit.amount, visit.currency)
        yield visit.location
    for page in touchpoint.pages:
        yield page.form or page.page
        yield f"step {page.step}" if page.step else ""
        yield f"error {page.code}" if page.code else ""
    for indirect in touchpoint.indirects:
        yield f"{indirect.score:g} of {indirect.best_score:g}" if indirect.score is not None else ""
        yield indirect.campaign
        yield indirect.site or indirect.engine
    for rating in touchpoint.ratings:
        yield f"{rating.scale} {rating.score:g}"
        yield f"for {rating.of_channel}" if rating.of_channel else ""


def _conversed(touchpoint: Touchpoint) -> Iterator[str]:
    for conversation in touchpoint.conversations:
        yield conversation.topic or conversation.data_kind
        yield f"to {conversation.to_queue or conversation.to_channel}" if conversation.to_queue or conversation.to_channel else ""
        yield conversation.outcome
    for complaint in touchpoint.complaints:
        yield complaint.topic
    for message in touchpoint.messages:
        yield message.purpose
        yield message.campaign
    for consent in touchpoint.consents:
        yield consent.purpose
        yield f"for {', '.join(consent.channels)}" if consent.channels else ""
