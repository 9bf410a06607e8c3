"""One event id with two contents under two customers: what the row, both journeys, the findings and `touchpoints verify` say (decision 7)."""

import asyncio
import json
import re
import time
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from streams.channels.identifiers import Pseudonyms, key_of
from streams.cli import application
from streams.clickhouse.client import connect
from streams.events import ChannelEvent
from streams.publishing import publish
from streams.stack import demonstration_keys, embedded_stack

pytestmark = pytest.mark.stack
MINUTE_US = 60_000_000
(RUNBOOK,) = re.findall(
    r'touchpoints query "([^"]+uniqExact\(customer\) > 1[^"]+)"',
    (Path(__file__).resolve().parents[1] / "docs" / "operations.md").read_text(),
)
NUMBERS = ("1-0001", "1-0002")


def asked(number, at):
    record = {
        "event_id": "same",
        "occurred_at": at,
        "kind": "conversation_started",
        "identifiers": [{"type": "customer_number", "value": number}],
        "references": {"case": f"CASE-{number}"},
    }
    return ChannelEvent("chat", record, at)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_the_smaller_content_is_the_row_both_journeys_stay_and_verify_says_so(tmp_path, order, monkeypatch):
    monkeypatch.setenv("TOUCHPOINTS_ROWS_COUNTED_EVERY_S", "0.5")
    at = 1_750_000_000_000_000
    events = [asked(number, at + place * MINUTE_US) for place, number in enumerate(NUMBERS)]
    pseudonyms = Pseudonyms(key_of(demonstration_keys()["pseudonym_key"]))
    customers = [pseudonyms.of("customer_number", number) for number in NUMBERS]
    async with embedded_stack(tmp_path, demonstration_keys) as stack:
        for place in order:
            await publish(stack.settings, [events[place]])
            await without_row(stack, int(place == order[1]))
        journeys = await until(stack, "SELECT customer, reference, touchpoints FROM journeys ORDER BY reference", 2)
        assert journeys == [(customer, f"case:CASE-{number}", 1) for customer, number in zip(customers, NUMBERS, strict=True)]
        for _ in range(240):
            verdict = await asyncio.to_thread(verified, tmp_path)
            if verdict["drained"] and verdict["received"] == len(events):
                break
            await asyncio.sleep(0.25)
        rows = await until(stack, "SELECT event_id, customer FROM touchpoints", 1)
        (kept,) = rows
        (smaller,) = await until(stack, "SELECT customer, content_hash FROM touchpoints_history ORDER BY content_hash LIMIT 1", 1)
        assert kept == ("same", smaller[0]), "whichever came first"
        assert (verdict["recorded"], verdict["rows"], verdict["without_row"], verdict["difference"]) == (2, 1, 1, 0)
        assert verdict["dead"] == verdict["duplicate"] == 0, "each is the only one of its customer"
        assert not verdict["sound"]
        told = await asyncio.to_thread(CliRunner().invoke, application(), ["verify", "--dir", str(tmp_path)])
        assert told.exit_code == 1
        assert "1 recorded touchpoints have no row: lost, or under an event id that another customer's has" in told.output
        (found,) = await until(stack, RUNBOOK, 1)
        assert (found[0], sorted(found[1])) == ("same", sorted(customers)), "the runbook's query names it"
        conflicts = await until(stack, "SELECT count() FROM inconsistencies WHERE rule = 'identity_conflict'", 1)
        assert conflicts == [(0,)], "nobody sees both of them"


async def without_row(stack, count):
    """Return once the worker's metric says so many."""
    end = time.monotonic() + 60
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{stack.worker_url}/metrics") as response:
                told = await response.text()
            if f"touchpoints_recorded_without_row {count:.1f}" in told.splitlines():
                return
            assert time.monotonic() < end, [line for line in told.splitlines() if "without_row" in line]
            await asyncio.sleep(0.25)


def verified(folder):
    result = CliRunner().invoke(application(), ["verify", "--dir", str(folder), "--json"])
    return json.loads(result.output.splitlines()[-1])


async def until(stack, sql, count):
    """The rows of a query once there are that many."""
    client = await asyncio.to_thread(connect, stack.settings, stack.settings.clickhouse_database)
    end = time.monotonic() + 60
    try:
        while len(rows := (await asyncio.to_thread(client.query, sql)).result_rows) != count:
            assert time.monotonic() < end, f"{sql} gives {rows}, not {count} rows"
            await asyncio.sleep(0.25)
        return list(rows)
    finally:
        client.close()
