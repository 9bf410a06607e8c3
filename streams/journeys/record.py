"""How a touchpoint enters the ledger, after the rules have seen the ledger without it. Promises and cases enter by their rules."""

from streams.journeys.contacts import record_contacts
from streams.journeys.ledger import ConversationFact, GoodMoment, Ledger, OfferFact
from streams.journeys.marks import Mark
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Offer, Touchpoint

_KNOWING = ("shown", "clicked", "acknowledged", "redeemed", "extended", "withdrawn")
_HONEST = ("not_applicable", "already_used")


def record(touchpoint: Touchpoint, ledger: Ledger, settings: JourneySettings) -> None:
    """Enter what the touchpoint showed, told and was told."""
    if touchpoint.offers:
        for offer in touchpoint.offers:
            _record_offer(offer, touchpoint, ledger, settings)
    if touchpoint.references.conversation:
        _record_conversation(touchpoint, ledger, settings)
    if touchpoint.conversations or touchpoint.statements or touchpoint.complaints:
        record_contacts(touchpoint, ledger, settings)
    if touchpoint.ratings or touchpoint.kind in settings.good_kinds or touchpoint.kind == "conversation_ended":
        _record_good_moment(touchpoint, ledger, settings)
    if not ledger.is_member:
        for identifier in touchpoint.identifiers:
            if identifier.type == "loyalty_card":
                ledger.is_member = True


def speaks_of(touchpoint: Touchpoint, settings: JourneySettings) -> bool:
    """Whether an offer in the touchpoint is the customer's word, not the channel's."""
    return touchpoint.kind in settings.referring_kinds


def _record_offer(offer: Offer, touchpoint: Touchpoint, ledger: Ledger, settings: JourneySettings) -> None:
    at, channel = touchpoint.corrected_at, touchpoint.channel
    action = offer.action
    if action == "shown" and speaks_of(touchpoint, settings):
        return
    fact = ledger.offer(offer.id, at, settings)
    if fact is None:
        if action not in ("shown", "clicked"):
            return
        fact = ledger.offers[offer.id] = OfferFact(id=offer.id, shown=Mark(touchpoint.event_id, at, channel))
    if action in _KNOWING:
        fact.told.setdefault(channel, at)
    if action in ("shown", "clicked", "extended"):
        _take_terms(offer, touchpoint, fact)
    _follow_offer(offer, fact, at, channel, touchpoint.event_id)


def _follow_offer(offer: Offer, fact: OfferFact, at: int, channel: str, event_id: str) -> None:
    match offer.action:
        case "shown":
            fact.times_shown += 1
        case "clicked":
            fact.clicked = True
        case "redeemed":
            fact.redeemed_at = at if fact.redeemed_at is None else fact.redeemed_at
        case "withdrawn":
            fact.withdrawn_at = at
            if fact.valid_until is None:
                fact.ended_by = Mark(event_id, at, channel)
        case "extended":
            fact.withdrawn_at = None
        case "refused" if offer.reason in _HONEST and channel not in fact.denied:
            fact.denied.append(channel)


def _take_terms(offer: Offer, touchpoint: Touchpoint, fact: OfferFact) -> None:
    """The terms last shown count, each as far as it is stated; of several ends the last one counts."""
    products = offer.products or ((touchpoint.references.product,) if touchpoint.references.product else ())
    fact.products = products or fact.products
    if offer.amount is not None:
        fact.amount, fact.currency = offer.amount, offer.currency
    if offer.valid_from is not None:
        fact.valid_from = offer.valid_from
    if offer.valid_until is not None and (fact.valid_until is None or offer.valid_until > fact.valid_until):
        fact.valid_until = offer.valid_until
        fact.ended_by = Mark(touchpoint.event_id, touchpoint.corrected_at, touchpoint.channel)
    fact.personal = fact.personal or offer.personal
    fact.redeem_channels = offer.redeem_channels or fact.redeem_channels
    fact.conditions = offer.conditions or fact.conditions


def _record_conversation(touchpoint: Touchpoint, ledger: Ledger, settings: JourneySettings) -> None:
    number = touchpoint.references.conversation
    fact = ledger.conversation(number, touchpoint.corrected_at, settings)
    if fact is None:
        fact = ledger.conversations[number] = ConversationFact(id=number, last_at=touchpoint.corrected_at, first_at=touchpoint.corrected_at)
    fact.last_at = touchpoint.corrected_at
    _take_subjects(touchpoint, fact)
    spoken = {offer.id for offer in touchpoint.offers}
    if touchpoint.references.offer:
        spoken.add(touchpoint.references.offer)
    for offer_id in sorted(spoken):
        fact.offers.setdefault(offer_id, Mark(touchpoint.event_id, touchpoint.corrected_at, touchpoint.channel))
    for offer in touchpoint.offers:
        if offer.action == "refused" and offer.id not in fact.denied:
            fact.denied.append(offer.id)
    for offer_id in settled_by(touchpoint, settings):
        if offer_id not in fact.settled:
            fact.settled.append(offer_id)


def _take_subjects(touchpoint: Touchpoint, fact: ConversationFact) -> None:
    references = touchpoint.references
    fact.channel = touchpoint.channel
    fact.order = references.order or fact.order
    fact.case = references.case or fact.case
    fact.product = references.product or fact.product
    if touchpoint.direction == "inbound":
        fact.is_inbound = True
    for conversation in touchpoint.conversations:
        if conversation.action == "broken":
            fact.is_broken = True
        if conversation.topic and conversation.topic not in fact.topics:
            fact.topics.append(conversation.topic)


def settled_by(touchpoint: Touchpoint, settings: JourneySettings) -> list[str]:
    """Offers to which the touchpoint answers: acknowledged, redeemed, shown by the channel, or refused for an honest reason."""
    return [
        offer.id
        for offer in touchpoint.offers
        if offer.action in ("acknowledged", "redeemed", "extended", "withdrawn")
        or (offer.action == "shown" and not speaks_of(touchpoint, settings))
        or (offer.action == "refused" and offer.reason not in settings.refusal_reasons)
    ]


def _record_good_moment(touchpoint: Touchpoint, ledger: Ledger, settings: JourneySettings) -> None:
    channel, said = touchpoint.channel, ""
    if touchpoint.kind in settings.good_kinds:
        said = touchpoint.kind.replace("_", " ")
    elif any(each.action == "ended" and each.outcome == "resolved" for each in touchpoint.conversations):
        said = "a conversation that solved it"
    for rating in touchpoint.ratings:
        least = {"CSAT": settings.good_csat, "NPS": settings.good_nps, "CES": settings.good_ces}.get(rating.scale)
        if least is not None and rating.score >= least:
            said = f"{rating.scale} {rating.score:g}"
            channel = rating.of_channel or channel
    if said:
        ledger.good_moments.append(GoodMoment(touchpoint.event_id, touchpoint.corrected_at, channel, said))
