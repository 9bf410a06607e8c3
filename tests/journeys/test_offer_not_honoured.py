"""offer_not_honoured: bought or quoted above the price of a valid offer shown, in a redeeming channel, conditions met."""

import pytest
from journey_story import found, ordered, refused, shown, touch

from streams.journeys.touchpoint import Visit

RULE = "offer_not_honoured"
TERMS = {"products": ("kettle",), "amount": 199_000, "currency": "EUR"}


def seen(hours=0, **terms):
    return shown(hours, event_id="seen", **(TERMS | terms))


def bought(hours=2, amount=249_000, *, action="bought", product="kettle", currency="EUR", quantity=1, channel="store", **more):
    return touch(
        hours, channel, action, Visit(action, product=product, amount=amount, currency=currency, quantity=quantity), event_id="paid", **more
    )


@pytest.mark.parametrize(("action", "severity"), [("bought", "critical"), ("quoted", "warning")])
def test_above_the_offer_s_price_is_found(action, severity):
    [finding] = found(RULE, seen(), bought(action=action))
    assert (finding.founding, finding.evidence, finding.severity) == (("paid",), ("seen", "paid"), severity)
    assert "24.90 EUR" in finding.sentence
    assert "19.90 EUR" in finding.sentence
    assert "two hours before" in finding.sentence


def test_an_order_s_line_is_looked_at_as_well():
    assert len(found(RULE, seen(), ordered(2, lines=[("kettle", 1, 249_000, "EUR")]))) == 1
    assert found(RULE, seen(), ordered(2, lines=[("toaster", 1, 249_000, "EUR")])) == []


def test_an_offer_for_no_product_in_particular_is_for_any():
    assert len(found(RULE, seen(products=()), bought())) == 1


@pytest.mark.parametrize("honoured", [{"amount": 199_000}, {"amount": 150_000}, {"product": "toaster"}, {"currency": "USD"}])
def test_at_its_price_another_product_or_currency_is_none(honoured):
    assert found(RULE, seen(), bought(**honoured)) == []


def test_another_channel_than_those_that_redeem_it_is_none():
    assert found(RULE, seen(redeem_channels=("app",)), bought()) == []
    assert len(found(RULE, seen(redeem_channels=("app", "store")), bought())) == 1


@pytest.mark.parametrize("over", [{"valid_until": 2}, {"valid_from": 3}])
def test_outside_its_time_it_is_none(over):
    assert found(RULE, seen(**over), bought()) == []


def test_shown_only_afterwards_it_is_none():
    assert found(RULE, seen(3), bought(2)) == []


def test_redeemed_before_it_is_none():
    assert found(RULE, seen(), shown(1, action="redeemed"), bought()) == []


def test_a_channel_that_said_it_does_not_apply_is_none():
    assert found(RULE, seen(), refused(1, "not_applicable", channel="store"), bought()) == []


@pytest.mark.parametrize(
    ("conditions", "quantity", "is_found"),
    [
        ({"min_quantity": "2"}, 1, False),
        ({"min_quantity": "2"}, 2, True),
        ({"min_amount": "49.80"}, 1, False),
        ({"min_amount": "49.80"}, 2, True),
        ({"min_amount": "much"}, 2, False),
        ({"on_sundays": "true"}, 2, False),
    ],
)
def test_conditions_are_met_or_it_is_none(conditions, quantity, is_found):
    assert bool(found(RULE, seen(conditions=conditions), bought(quantity=quantity))) is is_found


def test_a_member_is_who_showed_a_loyalty_card():
    terms = {"conditions": {"member_only": "true"}}
    assert found(RULE, seen(**terms), bought()) == []
    assert len(found(RULE, seen(**terms), bought(card=True))) == 1
    assert len(found(RULE, touch(-1, "app", "page_viewed", card=True), seen(**terms), bought())) == 1


def test_quoted_then_bought_above_is_one_cause_and_worse():
    [finding] = found(
        RULE, seen(), touch(1, "store", "quoted", Visit("quoted", product="kettle", amount=249_000, currency="EUR"), event_id="q"), bought()
    )
    assert (finding.founding, finding.count, finding.severity) == (("q",), 2, "critical")


def test_quoted_above_and_sold_at_the_offer_s_price_it_is_resolved():
    [finding] = found(
        RULE, seen(), touch(1, "store", "quoted", Visit("quoted", product="kettle", amount=249_000, currency="EUR")), bought(amount=199_000)
    )
    assert (finding.status, finding.resolved_by) == ("resolved", "paid")
