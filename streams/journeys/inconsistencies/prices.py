"""offer_not_honoured: bought or quoted above the price of a valid offer that the customer was shown, in a channel that may redeem
it, its conditions met.

Example: the app shows the kettle at 19.90 until Sunday; on Saturday the store takes 24.90.
Looked at: store visits quoted and bought, and the lines of an order placed; the price is for one unit, in the offer's currency.
Conditions: min_quantity (units), min_amount (of the whole purchase), member_only (a loyalty card was seen); one that is not known,
or cannot be read, counts as not met.
Settings: offer_kept_s.
Near misses: another currency or product; another channel than those that redeem it; before or after its time, or redeemed already;
the channel said that it is not applicable or already used; a condition not met; at the offer's price or below.
Founding fact: the first such price of that channel; which showing was the first may change. One finding per customer, offer and channel,
`count` says how often. A quote is a warning, a purchase is critical. Resolved when the channel sells or quotes at the offer's price
after all.
Of several such offers for a product the one with the lowest price counts.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from streams.journeys.inconsistencies.findings import CRITICAL, DESK, Suspicion
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import amount, phrase
from streams.journeys.ledger import OfferFact
from streams.journeys.touchpoint import AMOUNT_SCALE, Order

NAME: Final = "offer_not_honoured"
_UNIT: Final = 10**AMOUNT_SCALE


class Price(NamedTuple):
    """One price that the customer was given: for one unit, in ten-thousandths; `total` is of the whole purchase."""

    product: str
    amount: int
    currency: str
    quantity: int
    total: int
    bought: bool


class OfferNotHonoured(Rule):
    """Compares each price that the customer is given with the offers that he holds."""

    name = NAME
    parts = ("visits", "orders")

    def observe(self, scene: Scene) -> None:
        """Every price of the touchpoint."""
        for price in _prices(scene):
            offer = self._best(price, scene)
            if offer is not None and offer.amount is not None:
                if price.amount > offer.amount:
                    self._overcharge(offer, offer.amount, price, scene)
                else:
                    self._honour(offer, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """Both prices, and when the lower one was shown."""
        variant = "valid_until" if suspicion.told["until"] else "sentence"
        return Told(DESK, often(variant, suspicion), "pay_back" if suspicion.told["did"] == "sold" else "quote")

    def _best(self, price: Price, scene: Scene) -> OfferFact | None:
        """The cheapest offer that applies to the price."""
        applying = [each for each in scene.ledger.offers.values() if _applies(each, price, scene)]
        return min(applying, key=lambda each: (each.amount or 0, each.id), default=None)

    def _overcharge(self, offer: OfferFact, offered: int, price: Price, scene: Scene) -> None:
        channel, event_id = scene.touchpoint.channel, scene.touchpoint.event_id
        key = f"{NAME}|{channel}"
        if key in offer.found:
            suspicion = scene.touch(scene.suspicions[offer.found[key]])
            if event_id not in suspicion.evidence:
                suspicion.count += 1
            suspicion.resolved_at, suspicion.resolved_by = None, ""
            suspicion.show(event_id)
        else:
            suspicion = scene.suspect(NAME, (event_id,), scene.at, about=f"offer:{offer.id}")
            suspicion.show_against(offer.shown.event_id)
            offer.found[key] = suspicion.inconsistency_id
            suspicion.first = scene.side_of(offer.shown, _shown_at(offer, offered))
            did = "sold" if price.bought else "quoted"
            suspicion.second = scene.side(phrase(did, product=price.product, price=amount(price.amount, price.currency)))
            suspicion.told = {
                "offer": offer.id,
                "price": amount(offered, offer.currency),
                "difference": amount(price.amount - offered, price.currency),
                "did": did,
                "until": "" if offer.valid_until is None else str(offer.valid_until),
            }
        scene.relate(suspicion, f"price:{price.product}|{channel}")
        if price.bought:
            suspicion.severity = scene.severity(NAME, CRITICAL)
            suspicion.told["did"] = "sold"

    def _honour(self, offer: OfferFact, scene: Scene) -> None:
        found = offer.found.get(f"{NAME}|{scene.touchpoint.channel}")
        if found is not None:
            scene.touch(scene.suspicions[found]).resolve(scene.at, scene.touchpoint.event_id)


def _shown_at(offer: OfferFact, offered: int) -> str:
    price = amount(offered, offer.currency)
    if offer.valid_until is None:
        return phrase("showed_at", offer=offer.id, price=price)
    return phrase("showed_until_at", offer=offer.id, until=offer.valid_until, price=price)


def _prices(scene: Scene) -> Iterator[Price]:
    touchpoint = scene.touchpoint
    for visit in touchpoint.visits:
        product = visit.product or touchpoint.references.product
        if visit.action in ("quoted", "bought") and visit.amount is not None and product:
            total = visit.amount * visit.quantity
            yield Price(product, visit.amount, visit.currency, visit.quantity, total, visit.action == "bought")
    for order in touchpoint.orders:
        if order.action == "placed":
            for line in order.lines:
                if line.amount is not None:
                    yield Price(line.product, line.amount, line.currency or order.currency, line.quantity, _total(order), bought=True)


def _total(order: Order) -> int:
    if order.amount is not None:
        return order.amount
    return sum(line.amount * line.quantity for line in order.lines if line.amount is not None)


def _applies(offer: OfferFact, price: Price, scene: Scene) -> bool:
    channel = scene.touchpoint.channel
    return (
        offer.amount is not None
        and offer.currency == price.currency
        and (not offer.products or price.product in offer.products)
        and offer.is_valid(scene.at)
        and offer.is_redeemable(channel)
        and channel not in offer.denied
        and all(_is_met(name, value, price, scene) for name, value in offer.conditions.items())
    )


def _is_met(name: str, value: str, price: Price, scene: Scene) -> bool:
    """Whether a condition is met; one that is not known, or cannot be read, is not."""
    if name == "member_only":
        seen = scene.ledger.is_member or any(each.type == "loyalty_card" for each in scene.touchpoint.identifiers)
        return seen or value.casefold() in ("false", "no", "0")
    try:
        least = Decimal(value)
    except InvalidOperation:
        return False
    if name == "min_quantity":
        return price.quantity >= least
    return name == "min_amount" and price.total >= least * _UNIT
