"""Stories about prices that two channels state differently.

The rule: same product, variant, currency, unit and price kind, both valid at the time, within 24 h.
"""

from functools import partial
from typing import Any, Final

from streams.simulation import facts
from streams.simulation.catalogue import EURO
from streams.simulation.clock import HOUR, MINUTE
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "price_mismatch"


def _differ(telling: Telling, first: str, second: str, **terms: Any) -> None:
    """Two channels state prices of one product some hours apart that differ, the same terms given."""
    product = telling.product()
    one = facts.priced(telling.diary, telling.time(0, 9), first, product.number, product.price, **terms)
    at = telling.time(0, 13)
    other = facts.priced(telling.diary, at, second, product.number, product.price + 7 * EURO, **terms)
    telling.raises(f"product:{product.number}", one, other, at=at, status=EITHER)


def _next_morning(telling: Telling) -> None:
    product = telling.product()
    one = facts.priced(telling.diary, telling.time(0, 20), telling.person.screen, product.number, product.price)
    at = telling.time(1, 9)
    other = facts.priced(telling.diary, at, "phone", product.number, product.price - 3 * EURO)
    telling.raises(f"product:{product.number}", one, other, at=at, status=EITHER)


def _agree_to_differ(telling: Telling, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Two amounts for one product, four hours apart, that are not the same kind of price."""
    product = telling.product()
    facts.priced(telling.diary, telling.time(0, 9), "website", product.number, product.price, **one)
    facts.priced(telling.diary, telling.time(0, 13), "phone", product.number, product.price - 4 * EURO, **other)


def _agree(telling: Telling) -> None:
    product = telling.product()
    for hour, channel in ((9, "website"), (11, "phone"), (14, "store")):
        facts.priced(telling.diary, telling.time(0, hour), channel, product.number, product.price)


def _another_product(telling: Telling) -> None:
    one, other = telling.product(), telling.product()
    facts.priced(telling.diary, telling.time(0, 9), "website", one.number, one.price)
    facts.priced(telling.diary, telling.time(0, 10), "store", other.number, one.price + EURO)


def _days_apart(telling: Telling) -> None:
    product = telling.product()
    facts.priced(telling.diary, telling.time(0, 9), "website", product.number, product.price)
    facts.priced(telling.diary, telling.time(1, 15), "store", product.number, product.price + 7 * EURO)


def _held_until_noon(telling: Telling) -> None:
    product = telling.product()
    noon = telling.day + 12 * HOUR
    facts.priced(telling.diary, telling.time(0, 9), "website", product.number, product.price, valid_until=noon)
    facts.priced(telling.diary, telling.time(0, 14), "phone", product.number, product.price + 7 * EURO)


def _changed_everywhere(telling: Telling) -> None:
    product = telling.product()
    new = product.price + 7 * EURO
    facts.priced(telling.diary, telling.time(0, 9), "website", product.number, product.price)
    at = telling.time(0, 11)
    facts.priced(telling.diary, at, "website", product.number, new)
    facts.priced(telling.diary, at + 90 * MINUTE, "store", product.number, new)


STORIES: Final = (
    Story(
        "website_and_desk_differ",
        RULE,
        1,
        "The website states a price in the morning, the desk another one after noon.",
        "Same product, currency, unit and price kind, within 24 h.",
        partial(_differ, first="website", second="phone"),
    ),
    Story(
        "app_and_store_differ",
        RULE,
        1,
        "The app states a price, the store another one for the same size.",
        "Same product and variant, within 24 h.",
        partial(_differ, first="app", second="store", variant="L"),
    ),
    Story(
        "member_prices_differ",
        RULE,
        1,
        "Chat and website state different prices for members.",
        "Same price kind, whichever it is.",
        partial(_differ, first="chat", second="website", price_kind="member"),
    ),
    Story(
        "cheaper_by_phone_next_morning",
        RULE,
        1,
        "A price on screen in the evening; next morning the desk says less.",
        "Within 24 h; which one is lower does not matter.",
        _next_morning,
    ),
    Story(
        "list_against_offer_price",
        RULE,
        0,
        "The website states the list price, the desk the offer's price.",
        "Not the same price kind.",
        partial(_agree_to_differ, one={}, other={"price_kind": "offer"}),
    ),
    Story(
        "list_against_member_price",
        RULE,
        0,
        "The website states the list price, the desk the price for members.",
        "Not the same price kind.",
        partial(_agree_to_differ, one={}, other={"price_kind": "member"}),
    ),
    Story(
        "price_of_another_size",
        RULE,
        0,
        "The website states the price of one size, the desk of another.",
        "Not the same variant.",
        partial(_agree_to_differ, one={"variant": "L"}, other={"variant": "S"}),
    ),
    Story(
        "price_in_francs",
        RULE,
        0,
        "The website states a price in euros, the desk in Swiss francs.",
        "Not the same currency.",
        partial(_agree_to_differ, one={}, other={"currency": "CHF"}),
    ),
    Story(
        "price_by_the_metre",
        RULE,
        0,
        "The website states the price of a piece, the desk of a metre.",
        "Not the same unit.",
        partial(_agree_to_differ, one={}, other={"unit": "metre"}),
    ),
    Story(
        "price_agreed",
        RULE,
        0,
        "Website, desk and store state the same price.",
        "They agree.",
        _agree,
    ),
    Story(
        "price_of_another_product",
        RULE,
        0,
        "Website and store state prices of two products.",
        "Not the same product.",
        _another_product,
    ),
    Story(
        "price_of_the_day_before",
        RULE,
        0,
        "The store states another price thirty hours after the website.",
        "Not within 24 h.",
        _days_apart,
    ),
    Story(
        "price_held_until_noon",
        RULE,
        0,
        "The website's price holds until noon; after it the desk states another.",
        "Not both valid at the time.",
        _held_until_noon,
    ),
    Story(
        "price_changed_everywhere",
        RULE,
        0,
        "The website changes its price; then the store states the new one.",
        "A channel's new price takes the place of its old one, and the two channels agree.",
        _changed_everywhere,
    ),
)
