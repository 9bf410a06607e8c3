"""A campaign of which the desk is told late, on a whole stack: it is seen beforehand, and gone as the desk is told."""

import time

import pytest
from stored import until

from streams.events import ChannelEvent
from streams.publishing import publish
from streams.stack import demonstration_keys, embedded_stack

pytestmark = pytest.mark.stack
MINUTE_US = 60_000_000
UNBRIEFED = "SELECT offer, channel, customers FROM unbriefed"


@pytest.mark.timeout(300)
async def test_an_entry_that_is_published_late_takes_the_row_away(tmp_path):
    begin = time.time_ns() // 1000 - 60 * MINUTE_US

    def told(offer):
        entry = {"channel": "phone", "offer": offer, "subject": "", "attribute": "", "value": "", "known_from": begin - MINUTE_US}
        return ChannelEvent("knowledge", {**entry, "known_until": None, "period": "", "withdrawn": False}, begin)

    def clicked(number):
        who = [{"type": "customer_number", "value": f"1-{number:04}"}]
        offer = {"id": "SPRING", "valid_until": begin + 10_000 * MINUTE_US}
        fields = {"event_id": f"clicked-{number}", "occurred_at": begin, "kind": "offer_clicked", "identifiers": who, "offer": offer}
        return ChannelEvent("website", fields, begin)

    async with embedded_stack(tmp_path, demonstration_keys) as stack:
        await publish(stack.settings, [told("AUTUMN"), *map(clicked, range(3))])
        await until(stack.settings, UNBRIEFED, [("SPRING", "phone", 3)])
        await publish(stack.settings, [told("SPRING")])
        await until(stack.settings, UNBRIEFED, [])
