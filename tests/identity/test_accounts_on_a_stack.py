"""An account's buying journey over two of its customers, on a whole stack: rows, look-up, and one who turns out to be the other."""

import asyncio
import json
import time

import pytest
from stored import rows, until
from typer.testing import CliRunner

from streams.channels.identifiers import Pseudonyms, key_of
from streams.cli import application
from streams.events import ChannelEvent
from streams.publishing import publish
from streams.stack import demonstration_keys, embedded_stack

pytestmark = pytest.mark.stack
MINUTE_US = 60_000_000
ACME = "ACME Ltd"
BUYER, USER = ("customer_number", "1-0001"), ("email", "ulla@acme.example")
EVENTS = "arrayMap(each -> each.event_id, moments)"
OF_ACCOUNT = f"SELECT account, process, reference, status, {EVENTS}, channel_switches, customers FROM account_journeys ORDER BY process"
OWN_ORIENTATIONS = f"SELECT customer, process, status, {EVENTS} AS events FROM journeys WHERE process = 'orientation' ORDER BY events"
OF_THE_ORDER = f"SELECT customer, {EVENTS} AS events FROM {{}} WHERE process = 'purchase' ORDER BY length(events) DESC"
OWN = f"SELECT customer, process, status, {EVENTS} AS events FROM journeys ORDER BY events"


def acted(event_id, names, at, kind, **fields):
    """What somebody of the company did; orders in the store, the rest on the website."""
    who = [{"type": type_, "value": value} for type_, value in names]
    record = {"event_id": event_id, "occurred_at": at, "kind": kind, "identifiers": who, "account": ACME} | fields
    return ChannelEvent("store" if kind in ("advised", "order_collected") else "website", record, at)


def life(begin):
    """Who will use it looks around and asks; who buys compares, orders and pays; who will use it collects."""
    order = {"references": {"order": "7"}}
    yield acted("looked", [USER], begin, "page_viewed")
    yield acted("asked", [USER], begin + MINUTE_US, "advised")
    yield acted("compared", [BUYER], begin + 2 * MINUTE_US, "page_viewed")
    yield acted("ordered", [BUYER], begin + 3 * MINUTE_US, "order_placed", **order)
    yield acted("paid", [BUYER], begin + 4 * MINUTE_US, "order_paid", **order)
    yield acted("collected", [USER], begin + 5 * MINUTE_US, "order_collected", **order)


def said(*arguments):
    result = CliRunner().invoke(application(), list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.timeout(400)
async def test_an_account_s_buying_journey_is_over_both_its_customers_beside_their_own(tmp_path):
    begin = time.time_ns() // 1000 - 60 * MINUTE_US
    pseudonyms = Pseudonyms(key_of(demonstration_keys()["pseudonym_key"]))
    buyer, user = (pseudonyms.of(*each) for each in (BUYER, USER))

    def of_account(customers):
        return [
            (ACME, "orientation", "", "completed", ["looked", "asked", "compared"], 2, customers),
            (ACME, "purchase", "order:7", "completed", ["ordered", "paid", "collected"], 1, customers),
        ]

    async with embedded_stack(tmp_path, demonstration_keys) as stack:
        for each in life(begin):
            await publish(stack.settings, [each])
        await until(stack.settings, OF_ACCOUNT, of_account(sorted((buyer, user))))
        own = [(buyer, "orientation", "completed", ["compared"]), (user, "orientation", "open", ["looked", "asked"])]
        await until(stack.settings, OWN_ORIENTATIONS, own)
        await until(stack.settings, OF_THE_ORDER.format("customer_journeys"), [(buyer, ["ordered", "paid"]), (user, ["collected"])])
        assert rows(stack.settings, OF_THE_ORDER.format("journeys")) == [(buyer, ["ordered", "paid"])], "who has most of it"
        counted = "SELECT account, touchpoints, length(channels), customers, journeys FROM accounts"
        assert rows(stack.settings, counted) == [(ACME, 6, 2, 2, 2)]
        answer = json.loads(await asyncio.to_thread(said, "lookup", ACME, "--type", "account", "--dir", str(tmp_path), "--json"))
        assert (answer["customers_count"], answer["touchpoints"]) == (2, 6)
        assert {(each["process"], each["touchpoints"], each["customers"]) for each in answer["journeys"]} == {
            ("orientation", 3, 2),
            ("purchase", 3, 2),
        }
        # The address turns out to be the buyer's own: nothing changes of the account's journeys but who took part.
        await publish(stack.settings, [acted("login", [BUYER, USER], begin + 6 * MINUTE_US, "page_viewed", account="")])
        await until(stack.settings, OF_ACCOUNT, of_account([buyer]))
        one = [
            (buyer, "orientation", "open", ["login"]),
            (buyer, "orientation", "completed", ["looked", "asked", "compared"]),
            (buyer, "purchase", "completed", ["ordered", "paid", "collected"]),
        ]
        await until(stack.settings, OWN, one)
