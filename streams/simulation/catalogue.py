"""What the company sells and offers, and which channel it told of which offer.

The store's system publishes no knowledge at all; phone and chat publish theirs. A campaign is announced to both, or one
of them is forgotten, or told late: that is what goes wrong in the stories about offers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from streams.simulation.clock import DAY, HOUR

CURRENCY: Final = "EUR"
EURO: Final = 10_000
"""Amounts are in ten-thousandths of a euro."""


@dataclass(frozen=True, slots=True)
class Product:
    """Something that is sold; `price` is the list price of one unit, in ten-thousandths of a euro."""

    number: str
    price: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """One offer and whom the company told of it.

    price           of one unit under the offer, ten-thousandths of a euro; None where the offer is no price
    valid_from, valid_until  us
    told            by channel: us, since when it knows the offer
    """

    name: str
    offer: str
    product: Product
    price: int | None
    valid_from: int
    valid_until: int
    told: Mapping[str, int]
    personal: bool = False
    redeem_channels: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)

    def terms(self, **changes: Any) -> dict[str, Any]:
        """The offer with all its terms, as a channel shows it."""
        part: dict[str, Any] = {
            "id": self.offer,
            "products": [self.product.number],
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
            "purpose": self.name,
        }
        if self.price is not None:
            part |= {"amount": self.price, "currency": CURRENCY}
        if self.personal:
            part["personal"] = True
        if self.redeem_channels:
            part["redeem_channels"] = list(self.redeem_channels)
        if self.conditions:
            part["conditions"] = dict(self.conditions)
        return part | changes


@dataclass(frozen=True, slots=True)
class Shop:
    """The company of one simulation; `products` are never under an offer, `everyday` campaigns are announced to all."""

    start: int
    products: tuple[Product, ...]
    campaigns: Mapping[str, Campaign]
    everyday: tuple[Campaign, ...]

    def knowledge(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """What the channels were told, and when (us), in the order of time."""
        told = [(at, channel, campaign.offer) for campaign in self.campaigns.values() for channel, at in campaign.told.items()]
        for at, channel, offer in sorted(told):
            yield at, {"channel": channel, "offer": offer, "known_from": at, "known_until": None}


BOTH: Final = ("phone", "chat")
ENDS_ON_DAY: Final = 9
"""Day on which the short offers end."""
PHONE_TOLD_AT: Final = 12 * DAY + 9 * HOUR
"""When the phone's desk is told of the campaign that it is told of late, after the start."""
HOLDS_FROM_DAY: Final = 16
"""First day of the offer that is announced before it holds."""


def opened(seed: int, start: int) -> Shop:
    """The company of a simulation with this seed, whose first day starts at `start` (us)."""
    random = Random(f"{seed}/shop")  # noqa: S311  -- a story, not a secret
    end = start + 60 * DAY
    short = start + ENDS_ON_DAY * DAY
    campaigns: dict[str, Campaign] = {}

    def offer(
        name: str,
        *told: str,
        late: Mapping[str, int] | None = None,
        valid_from: int = start,
        valid_until: int = end,
        personal: bool = False,
        redeem: tuple[str, ...] = (),
        conditions: Mapping[str, str] | None = None,
    ) -> Campaign:
        number = len(campaigns) + 1
        list_price = random.randrange(30, 250) * EURO + 9500
        campaigns[name] = Campaign(
            name=name,
            offer=f"OFFER-{seed}-{number:02d}",
            product=Product(f"P{100 + number}", list_price),
            price=None if name == "free_delivery" else list_price * random.randrange(60, 86) // 100 // 100 * 100,
            valid_from=valid_from,
            valid_until=valid_until,
            told=dict.fromkeys(told, start) | {channel: start + after for channel, after in (late or {}).items()},
            personal=personal,
            redeem_channels=redeem,
            conditions=conditions or {},
        )
        return campaigns[name]

    everyday = (offer("spring_mail", *BOTH), offer("free_delivery", *BOTH), offer("garden_week", *BOTH), offer("second_half", *BOTH))
    offer("briefed", *BOTH)
    offer("well_briefed", *BOTH, redeem=("website", "app", "phone", "chat", "store"))
    offer("phone_forgotten", "chat")
    offer("phone_unbriefed", "chat", redeem=("website", "app", "phone", "store"))
    offer("chat_forgotten", "phone")
    offer("personal_chat_forgotten", "phone", personal=True)
    offer("phone_told_late", "chat", late={"phone": PHONE_TOLD_AT})
    offer("shown_by_chat", "phone")
    offer("online_only", *BOTH, redeem=("website", "app"))
    offer("short", *BOTH, valid_until=short)
    offer("short_phone_forgotten", "chat", valid_until=short)
    offer("extended", *BOTH, valid_until=short)
    offer("next_weeks", *BOTH, valid_from=start + HOLDS_FROM_DAY * DAY)
    offer("friends", *BOTH)
    offer("three_for_less", *BOTH, conditions={"min_quantity": "3"})
    offer("students", *BOTH, conditions={"student_card": "yes"})
    products = tuple(Product(f"P{number}", random.randrange(8, 300) * EURO + 9900) for number in range(500, 560))
    return Shop(start=start, products=products, campaigns=campaigns, everyday=everyday)
