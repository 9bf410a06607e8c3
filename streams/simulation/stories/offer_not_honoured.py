"""Stories about offers whose price a channel does not keep.

The rule: bought or quoted above the price of a valid offer shown, in a redeeming channel, conditions met.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.catalogue import ENDS_ON_DAY, EURO, HOLDS_FROM_DAY, Campaign
from streams.simulation.clock import DAY, HOUR
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import Story, Telling

RULE: Final = "offer_not_honoured"


def _price(campaign: Campaign) -> int:
    assert campaign.price is not None
    return campaign.price


def _in_the_store(telling: Telling, name: str, action: str) -> None:
    campaign = telling.campaign(name)
    shown = scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = scenes.visited(telling.diary, telling.time(2, 14))
    priced = scenes.priced_in_store(telling.diary, at, action, campaign.product)
    telling.raises(f"offer:{campaign.offer}", shown, priced, at=at)


def _offer_in_the_app_list_price_on_the_website(telling: Telling) -> None:
    campaign = telling.campaign("online_only")
    shown = scenes.offer_moment(telling.diary, telling.time(0, 18), "app", "shown", campaign)
    at = scenes.checkout(telling.diary, telling.time(1, 19), "website")
    _, order = scenes.ordered(telling.diary, at, "website", campaign.product)
    telling.raises(f"offer:{campaign.offer}", shown, order, at=at)


def _three_bought_at_list_price(telling: Telling) -> None:
    campaign = telling.campaign("three_for_less")
    screen = telling.person.screen
    shown = scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = scenes.checkout(telling.diary, telling.time(1, 12), screen)
    _, order = scenes.ordered(telling.diary, at, screen, campaign.product, quantity=3 + telling.random.randrange(2))
    telling.raises(f"offer:{campaign.offer}", shown, order, at=at)


def _ordered_by_phone(telling: Telling) -> None:
    campaign = telling.campaign("well_briefed")
    shown = scenes.newsletter(telling.diary, telling.time(0, 9), campaign)
    call = Conversation(telling.diary, telling.time(1, 10), "phone", "new_order")
    call.begin()
    call.talk()
    at = call.at
    _, order = scenes.ordered(telling.diary, at, "phone", campaign.product)
    call.pause(10, 30)
    call.end(scenes.RESOLVED)
    telling.raises(f"offer:{campaign.offer}", shown, order, at=at)


def _fewer_than_required(telling: Telling) -> None:
    campaign = telling.campaign("three_for_less")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = scenes.visited(telling.diary, telling.time(1, 13))
    scenes.priced_in_store(telling.diary, at, "quoted", campaign.product, quantity=2)


def _another_currency(telling: Telling) -> None:
    campaign = telling.campaign("briefed")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = scenes.checkout(telling.diary, telling.time(1, 20), "website")
    scenes.ordered(telling.diary, at, "website", campaign.product, price=_price(campaign) + 12 * EURO, currency="CHF")


def _another_product(telling: Telling) -> None:
    campaign = telling.campaign("briefed")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    dearer = [product for product in telling.shop.products if product.price > _price(campaign)]
    at = scenes.visited(telling.diary, telling.time(1, 16))
    product = telling.random.choice(dearer or telling.shop.products)
    scenes.priced_in_store(telling.diary, at, "bought", product)


def _after_its_end(telling: Telling) -> None:
    campaign = telling.campaign("short")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    over = campaign.valid_until + telling.random.randrange(1, 9) * DAY + 15 * HOUR
    at = scenes.visited(telling.diary, telling.diary.around(over))
    scenes.priced_in_store(telling.diary, at, "bought", campaign.product)


def _before_it_holds(telling: Telling) -> None:
    campaign = telling.campaign("next_weeks")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = scenes.visited(telling.diary, telling.time(1, 12))
    scenes.priced_in_store(telling.diary, at, "quoted", campaign.product)


def _bought_before_it_was_shown(telling: Telling) -> None:
    campaign = telling.campaign("briefed")
    at = scenes.visited(telling.diary, telling.time(0, 11))
    scenes.priced_in_store(telling.diary, at, "bought", campaign.product)
    scenes.newsletter(telling.diary, telling.time(1, 8), campaign)


def _list_price_where_it_cannot_be_redeemed(telling: Telling) -> None:
    campaign = telling.campaign("online_only")
    scenes.offer_moment(telling.diary, telling.time(0, 19), telling.person.screen, "shown", campaign)
    at = scenes.visited(telling.diary, telling.time(1, 14))
    scenes.priced_in_store(telling.diary, at, "bought", campaign.product)


def _price_kept(telling: Telling, below: int) -> None:
    campaign = telling.campaign("well_briefed")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    at = scenes.visited(telling.diary, telling.time(1, 15))
    scenes.priced_in_store(telling.diary, at, "bought", campaign.product, amount=_price(campaign) - below)


def _a_condition_nobody_can_check(telling: Telling) -> None:
    campaign = telling.campaign("students")
    screen = telling.person.screen
    scenes.offer_moment(telling.diary, telling.time(0, 9), screen, "shown", campaign)
    at = scenes.checkout(telling.diary, telling.time(1, 9), screen)
    scenes.ordered(telling.diary, at, screen, campaign.product)


def _withdrawn_before(telling: Telling) -> None:
    campaign = telling.campaign("well_briefed")
    scenes.newsletter(telling.diary, telling.time(0, 8), campaign)
    scenes.offer_moment(telling.diary, telling.time(1, 9), "email", "withdrawn", campaign)
    at = scenes.visited(telling.diary, telling.time(2, 10))
    scenes.priced_in_store(telling.diary, at, "quoted", campaign.product)


STORIES: Final = (
    Story(
        "till_takes_the_list_price",
        RULE,
        1,
        "A newsletter offers a price; the store sells at the list price.",
        "Bought above the price of a valid offer shown, in a channel in which it may be redeemed.",
        partial(_in_the_store, name="well_briefed", action="bought"),
    ),
    Story(
        "store_quotes_above_the_offer",
        RULE,
        1,
        "A newsletter offers a price that holds in all channels; the store quotes the list price.",
        "Quoted counts as bought does; no redeeming channels named means all.",
        partial(_in_the_store, name="briefed", action="quoted"),
    ),
    Story(
        "offer_in_the_app_list_price_on_the_website",
        RULE,
        1,
        "The app shows an offer for app and website; the website takes an order at the list price.",
        "Bought above it in a redeeming channel.",
        _offer_in_the_app_list_price_on_the_website,
    ),
    Story(
        "three_bought_at_list_price",
        RULE,
        1,
        "An offer from three pieces on; the customer orders three or four at the list price.",
        "The condition (least quantity) is met.",
        _three_bought_at_list_price,
    ),
    Story(
        "ordered_by_phone_at_list_price",
        RULE,
        1,
        "The phone's desk, told of the offer, takes an order at the list price; the offer is not mentioned.",
        "Bought above it; the conversation refers to no offer, so it is not unknown.",
        _ordered_by_phone,
    ),
    Story(
        "fewer_than_required",
        RULE,
        0,
        "An offer from three pieces on; the store quotes the list price for two.",
        "The condition is not met.",
        _fewer_than_required,
    ),
    Story(
        "another_currency",
        RULE,
        0,
        "The website takes an order in Swiss francs, more of them than the offer has euros.",
        "Amounts of two currencies do not compare.",
        _another_currency,
    ),
    Story(
        "another_product",
        RULE,
        0,
        "The customer buys a dearer product at its list price.",
        "The offer is for another product.",
        _another_product,
    ),
    Story(
        "bought_after_its_end",
        RULE,
        0,
        "The store sells at the list price days after the offer's end.",
        "No longer valid.",
        _after_its_end,
        last_day=ENDS_ON_DAY - 2,
    ),
    Story(
        "quoted_before_it_holds",
        RULE,
        0,
        "The store quotes the list price in the week before the offer holds.",
        "Not valid yet.",
        _before_it_holds,
        last_day=HOLDS_FROM_DAY - 4,
    ),
    Story(
        "bought_before_it_was_shown",
        RULE,
        0,
        "The customer buys at the list price; the newsletter comes the day after.",
        "No offer had been shown when it was bought.",
        _bought_before_it_was_shown,
    ),
    Story(
        "list_price_where_it_cannot_be_redeemed",
        RULE,
        0,
        "An offer for website and app; the store sells at the list price.",
        "The store is no redeeming channel.",
        _list_price_where_it_cannot_be_redeemed,
    ),
    Story(
        "price_kept",
        RULE,
        0,
        "The store sells at the offer's price.",
        "Not above it.",
        partial(_price_kept, below=0),
    ),
    Story(
        "cheaper_than_the_offer",
        RULE,
        0,
        "The store sells at five euros less than the offer's price.",
        "Not above it.",
        partial(_price_kept, below=5 * EURO),
    ),
    Story(
        "a_condition_nobody_can_check",
        RULE,
        0,
        "An offer for students is shown; the customer orders at the list price.",
        "A condition that is not known cannot be checked and counts as not met.",
        _a_condition_nobody_can_check,
    ),
    Story(
        "withdrawn_before_the_quote",
        RULE,
        0,
        "The offer is withdrawn by mail; next day the store quotes the list price.",
        "Withdrawn, it is no longer valid.",
        _withdrawn_before,
    ),
)
