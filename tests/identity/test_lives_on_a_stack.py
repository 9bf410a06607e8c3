"""One cookie, two customers, more than a lifetime apart, on a whole stack: the second is not told the first's offers."""

import asyncio
import time
from decimal import Decimal

import pytest
from stored import rows, until
from test_identity_on_a_stack import event, said

from streams.publishing import publish
from streams.stack import demonstration_keys, embedded_stack

pytestmark = pytest.mark.stack
MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
COOKIE, ADA, BOB = ("cookie", "ck-1"), ("customer_number", "1-0001"), ("customer_number", "1-0002")
SECOND = "SELECT event_id, customer = (SELECT any(customer) FROM touchpoints WHERE event_id = 'p-b') FROM touchpoints ORDER BY event_id"


def offer(name, begin):
    return {"id": name, "amount": Decimal("10.00"), "currency": "EUR", "personal": True, "valid_until": begin + 2000 * DAY_US}


def refused(event_id, at, name):
    fields = {"offer": {"id": name, "reason": "unknown"}, "references": {"offer": name, "case": f"CASE-{name}"}}
    return event(event_id, at, "phone", "offer_refused", [BOB], **fields)


@pytest.mark.timeout(300)
async def test_a_cookie_that_comes_back_after_years_is_somebody_elses(tmp_path, monkeypatch):
    file = tmp_path / "identifiers.yaml"
    file.write_text("types:\n  cookie: {lifetime: 200d}\n")
    monkeypatch.setenv("TOUCHPOINTS_IDENTIFIERS", str(file))
    now = time.time_ns() // 1000 - 60 * MINUTE_US
    before = now - 500 * DAY_US
    folder = ("--dir", str(tmp_path))
    events = [
        event("w-a", before, "website", "offer_clicked", [COOKIE], offer=offer("SPRING", before)),
        event("l-a", before + MINUTE_US, "website", "page_viewed", [COOKIE, ADA]),
        event("w-b", now, "website", "offer_clicked", [COOKIE], offer=offer("AUTUMN", before)),
        event("l-b", now + MINUTE_US, "website", "page_viewed", [COOKIE, BOB]),
        refused("p-a", now + 2 * MINUTE_US, "SPRING"),
        refused("p-b", now + 3 * MINUTE_US, "AUTUMN"),
    ]
    seconds = [("l-a", 0), ("l-b", 1), ("p-a", 1), ("p-b", 1), ("w-a", 0), ("w-b", 1)]
    async with embedded_stack(tmp_path, demonstration_keys) as stack:
        await publish(stack.settings, events)
        await until(stack.settings, SECOND, seconds)
        await until(stack.settings, "SELECT rule, subject, evidence[1] FROM inconsistencies", [("offer_unknown", "offer:AUTUMN", "w-b")])
        last = await asyncio.to_thread(said, "identity", "show", "cookie:ck-1", *folder, "--json")
        assert (last["life"]["number"], last["life"]["of"], last["life"]["first_at"]) == (2, 2, now)
        assert {each["event_id"] for each in last["links"]} >= {"l-b"}
        first = await asyncio.to_thread(said, "identity", "show", "cookie:ck-1", "--life", "1", *folder, "--json")
        assert {each["event_id"] for each in first["links"]} == {"l-a"}
        assert not set(first["customers"].values()) & set(last["customers"].values())
        named = await asyncio.to_thread(said, "identity", "show", "--pseudonyms", first["life"]["periods"][0], *folder, "--json")
        assert named["life"] == first["life"]
        found = await asyncio.to_thread(said, "lookup", "ck-1", *folder, "--json")
        assert found["customer"] in last["customers"].values(), "a look-up does not go by who had it before"
        assert (await asyncio.to_thread(said, "identity", "shared", *folder, "--json"))["shared"] == []
        await asyncio.to_thread(said, "identity", "split", "cookie:ck-1", "customer_number:1-0002", *folder, "--json")
        await until(stack.settings, SECOND, [*seconds[:5], ("w-b", 0)])
        await until(stack.settings, "SELECT count() FROM inconsistencies", [(0,)])
    async with embedded_stack(tmp_path) as stack:
        await stack.until_rebuilt()
        await until(stack.settings, SECOND, [*seconds[:5], ("w-b", 0)])
        assert rows(stack.settings, "SELECT count() FROM inconsistencies") == [(0,)]
