"""A campaign that the desk was not told of, on a whole stack: one disruption that opens, grows and closes, recorded once."""

import time
from decimal import Decimal

import pytest
from stored import rows, until

from streams.events import ChannelEvent
from streams.publishing import publish
from streams.stack import demonstration_keys, embedded_stack

pytestmark = pytest.mark.stack
MINUTE_US = 60_000_000
LIFE = "SELECT status, customers, times FROM disruptions_history ORDER BY version"


@pytest.mark.timeout(300)
async def test_it_opens_with_the_tenth_customer_grows_with_the_twentieth_and_closes_as_the_desk_learns(tmp_path):
    begin = time.time_ns() // 1000 - 60 * MINUTE_US

    def event(number, after, channel, kind, **offer):
        at = begin + after * MINUTE_US
        who = [{"type": "customer_number", "value": f"1-{number:04}"}]
        given = {"id": "SPRING", **offer}
        fields = {"event_id": f"{kind}-{number}", "occurred_at": at, "kind": kind, "identifiers": who, "offer": given}
        return ChannelEvent(channel, fields | {"references": {"offer": "SPRING"}}, at)

    def refused(number):
        held = {"amount": Decimal("10.00"), "currency": "EUR", "personal": True, "valid_until": begin + 10_000 * MINUTE_US}
        return [
            event(number, 0, "website", "offer_clicked", **held),
            event(number, 10, "phone", "offer_refused", reason="unknown"),
        ]

    async with embedded_stack(tmp_path, demonstration_keys) as stack:
        for number in range(10):
            await publish(stack.settings, refused(number))
        await until(stack.settings, LIFE, [("opened", 10, 1)])
        for number in range(10, 20):
            await publish(stack.settings, refused(number))
        await until(stack.settings, LIFE, [("opened", 10, 1), ("grown", 20, 1)])
        await publish(stack.settings, refused(3))
        learned = [event(number, 20, "phone", "offer_acknowledged") for number in range(16)]
        for each in learned:
            await publish(stack.settings, [each])
        await until(stack.settings, LIFE, [("opened", 10, 1), ("grown", 20, 1), ("closed", 4, 1)])
        (life,) = rows(stack.settings, "SELECT rule, subject, first_channel, second_channel, status, most_customers FROM disruption_life")
        assert life == ("offer_unknown", "offer:SPRING", "website", "phone", "closed", 20)
        assert rows(stack.settings, "SELECT count() FROM rule_failures") == [(0,)]
