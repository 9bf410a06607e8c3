"""A late login, told step by step on a whole stack: before, after, cut again, and after a restart."""

import asyncio
import json
import time
from decimal import Decimal

import pytest
from stored import rows, until
from typer.testing import CliRunner

from streams.cli import application
from streams.events import ChannelEvent
from streams.publishing import publish
from streams.stack import demonstration_keys, embedded_stack

pytestmark = pytest.mark.stack
MINUTE_US = 60_000_000


def event(event_id, at, channel, kind, identifiers, **fields):
    given = [{"type": type_, "value": value} for type_, value in identifiers]
    return ChannelEvent(channel, {"event_id": event_id, "occurred_at": at, "kind": kind, "identifiers": given, **fields}, at)


CUSTOMERS = "SELECT count(), uniqExact(customer) FROM touchpoints"
JOURNEYS = "SELECT process, touchpoints FROM journeys ORDER BY process, touchpoints"


@pytest.mark.timeout(300)
async def test_a_late_login_takes_along_what_was_done_before_it_and_a_cut_gives_it_back(tmp_path):
    begin = time.time_ns() // 1000 - 60 * MINUTE_US
    cookie, number, address = ("cookie", "ck-1"), ("customer_number", "1-0001"), ("email", "ada@example.com")
    async with embedded_stack(tmp_path, demonstration_keys) as stack:
        offer = {"id": "SPRING", "amount": Decimal("10.00"), "currency": "EUR", "personal": True, "valid_until": begin + 10_000 * MINUTE_US}
        anonymous = [
            event("w1", begin, "website", "page_viewed", [cookie]),
            event("w2", begin + MINUTE_US, "website", "offer_clicked", [cookie], offer=offer),
        ]
        await publish(stack.settings, anonymous)
        await until(stack.settings, CUSTOMERS, [(2, 1)])
        desk = event(
            "p1",
            begin + 30 * MINUTE_US,
            "phone",
            "offer_refused",
            [number],
            offer={"id": "SPRING", "reason": "unknown"},
            references={"offer": "SPRING", "case": "CASE-1"},
        )
        await publish(stack.settings, [desk, event("m1", begin + 2 * MINUTE_US, "email", "message_received", [address, number])])
        await until(stack.settings, CUSTOMERS, [(4, 2)])
        assert rows(stack.settings, "SELECT count() FROM inconsistencies") == [(0,)], (
            "the desk refused somebody who was never seen with the offer"
        )
        await publish(stack.settings, [event("w3", begin + 40 * MINUTE_US, "website", "page_viewed", [cookie, number])])
        await until(stack.settings, CUSTOMERS, [(5, 1)])
        await until(stack.settings, "SELECT rule, evidence[1] FROM inconsistencies", [("offer_unknown", "w2")])
        shown = await asyncio.to_thread(said, "identity", "show", "customer_number:1-0001", "--dir", str(tmp_path), "--json")
        assert {(link["event_id"], link["cut"]) for link in shown["links"]} == {("w3", "none"), ("m1", "none"), ("p1", "none")}
        assert sum(name.startswith("case:") for name in shown["customers"]) == 1, "a case belongs to whom it is about"
        assert len(set(shown["customers"].values())) == 1
        await asyncio.to_thread(said, "identity", "split", "cookie:ck-1", "customer_number:1-0001", "--dir", str(tmp_path), "--json")
        await until(stack.settings, CUSTOMERS, [(5, 2)])
        await until(stack.settings, "SELECT count() FROM inconsistencies", [(0,)])
        await until(stack.settings, JOURNEYS, [("orientation", 1), ("orientation", 2), ("service", 1), ("service", 1)])
    async with embedded_stack(tmp_path) as stack:
        await stack.until_rebuilt()
        await until(stack.settings, CUSTOMERS, [(5, 2)])
        await until(stack.settings, "SELECT count() FROM inconsistencies", [(0,)])
        await until(stack.settings, JOURNEYS, [("orientation", 1), ("orientation", 2), ("service", 1), ("service", 1)])


def said(*arguments: str):
    result = CliRunner().invoke(application(), list(arguments))
    assert result.exit_code == 0, result.output
    return json.loads(result.output.splitlines()[-1])
