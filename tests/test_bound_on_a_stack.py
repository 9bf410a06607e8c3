"""A customer above the bound on a whole stack: his rows, a touchpoint from before the cut, the look-up, and a rebuild."""

import asyncio
import json
import time
from decimal import Decimal

import pytest
from stored import rows, until
from typer.testing import CliRunner

from streams.cli import application
from streams.events import ChannelEvent
from streams.publishing import end_import, publish
from streams.stack import Stack, demonstration_keys, embedded_stack

pytestmark = pytest.mark.stack
HOUR_US = 3_600_000_000
WHO = "customer_number:1-0001"
COUNT = 200
PROCESSING = "detected_at, ingested_at"


def event(number, at, channel, kind, **fields):
    who = [{"type": "customer_number", "value": "1-0001"}]
    return ChannelEvent(channel, {"event_id": f"e{number}", "occurred_at": at, "kind": kind, "identifiers": who, **fields}, at)


def life(begin):
    """One touchpoint in six hours: visits, chats that nobody answers, and promises, every second one not kept."""
    for number in range(COUNT):
        at, five = begin + 6 * number * HOUR_US, number // 5
        match number % 5:
            case 0:
                yield event(number, at, "chat", "conversation_queued", references={"conversation": f"V{five}"})
            case 1:
                due = {"id": f"P{five}", "what": "delivery", "due_until": at + 30 * HOUR_US}
                yield event(number, at, "phone", "promise_made", promise=due, references={"case": f"C{number // 50}"})
            case 2 if five % 2:
                yield event(number, at, "phone", "promise_kept", promise={"id": f"P{five}"}, references={"case": f"C{number // 50}"})
            case 3:
                offer = {"id": f"O{five}", "amount": Decimal("10.00"), "currency": "EUR", "personal": True}
                yield event(number, at, "website", "offer_clicked", offer=offer)
            case _:
                yield event(number, at, "website", "page_viewed")


def late(begin):
    """From before the cut: the first promise was kept after all."""
    return event(COUNT, begin + 20 * HOUR_US, "phone", "promise_kept", promise={"id": "P0"}, references={"case": "C0"})


def told(stack: Stack):
    """All that is published, less what belongs to the processing."""
    journeys = rows(stack.settings, f"SELECT * EXCEPT ({PROCESSING}) FROM journeys ORDER BY journey_id")
    return journeys, rows(stack.settings, f"SELECT * EXCEPT ({PROCESSING}, published_at) FROM inconsistencies ORDER BY inconsistency_id")


async def quiet(stack: Stack):
    """What is told, once nothing comes any more."""
    before = None
    while True:
        await stack.until_rebuilt()
        now = told(stack)
        if now == before:
            return now
        before = now
        await asyncio.sleep(0.5)


async def lived(stack: Stack, begin: int):
    await publish(stack.settings, life(begin), replay="life")
    await end_import(stack.settings, "life", None)
    await until(stack.settings, "SELECT count() FROM touchpoints", [(COUNT,)])
    return await quiet(stack)


def said(*arguments: str):
    result = CliRunner().invoke(application(), list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.timeout(400)
async def test_rows_are_those_of_an_unbounded_run_and_a_late_touchpoint_counts_with_a_rebuild(tmp_path, monkeypatch):
    begin = time.time_ns() // 1000 - 60 * 24 * HOUR_US
    async with embedded_stack(tmp_path / "unbounded", demonstration_keys) as stack:
        whole = await lived(stack, begin)
        await publish(stack.settings, [late(begin)])
        await until(stack.settings, "SELECT count() FROM touchpoints", [(COUNT + 1,)])
        with_late = await quiet(stack)
        assert rows(stack.settings, "SELECT count() FROM truncated_customers") == [(0,)]
    assert {row[2] for row in whole[1]} | {row[1] for row in whole[1]} >= {"promise_broken"}
    assert with_late != whole
    monkeypatch.setenv("TOUCHPOINTS_CUSTOMER_TOUCHPOINTS", "50")
    folder = tmp_path / "bounded"
    async with embedded_stack(folder, demonstration_keys) as stack:
        assert await lived(stack, begin) == whole
        ((dropped, late_ones, needs_rebuild),) = rows(stack.settings, "SELECT dropped, late, needs_rebuild FROM truncated_customers")
        assert (dropped >= COUNT - 50, late_ones, needs_rebuild) == (True, 0, False)
        await publish(stack.settings, [late(begin)])
        await until(stack.settings, "SELECT late, needs_rebuild FROM truncated_customers", [(1, True)])
        await until(stack.settings, "SELECT count() FROM touchpoints", [(COUNT + 1,)])
        assert await quiet(stack) == whole, "recorded, and folded only with a rebuild"
        answer = json.loads(await asyncio.to_thread(said, "lookup", "1-0001", "--dir", str(folder), "--json"))
        assert (answer["needs_rebuild"], answer["touchpoints"]) == (True, COUNT + 1)
        shown = await asyncio.to_thread(said, "lookup", "1-0001", "--dir", str(folder))
        assert "is only in ClickHouse; some of it is in nothing below" in " ".join(shown.split())
        outcome = json.loads((await asyncio.to_thread(said, "rebuild", WHO, "--dir", str(folder), "--json")).splitlines()[-1])
        assert outcome["touchpoints"] == COUNT + 1
        assert (len(outcome["inconsistencies"]["opened"]), len(outcome["journeys"]["opened"]), outcome["journeys"]["gone"]) == (0, 0, [])
        assert len(outcome["inconsistencies"]["gone"]) == 1, "the promise was kept in time"
        assert await quiet(stack) == with_late
        assert rows(stack.settings, "SELECT late, needs_rebuild FROM truncated_customers") == [(0, False)]
        told_again = await asyncio.to_thread(said, "rebuild", WHO, "--dir", str(folder))
        assert f"folded again from {COUNT + 1} recorded touchpoints" in told_again
        assert "inconsistencies: 0 new, 0 gone, 0 otherwise" in told_again
        nobody = await asyncio.to_thread(CliRunner().invoke, application(), ["rebuild", "email:nobody@example.com", "--dir", str(folder)])
        assert (nobody.exit_code, "points to no customer" in nobody.output) == (2, True)
        verdict = json.loads(await asyncio.to_thread(said, "verify", "--dir", str(folder), "--json"))
        assert (verdict["sound"], verdict["rows"], verdict["difference"]) == (True, COUNT + 1, 0)
        await publish(stack.settings, [event(COUNT + 1, begin + 21 * HOUR_US, "website", "page_viewed")])
        await until(stack.settings, "SELECT count() FROM truncated_customers WHERE needs_rebuild", [(1,)])
    async with embedded_stack(folder) as stack:
        await stack.until_rebuilt()
        assert rows(stack.settings, "SELECT count() FROM truncated_customers WHERE needs_rebuild") == [(0,)], "all history is folded"
        await publish(stack.settings, [event(COUNT + 2, begin + 6 * COUNT * HOUR_US, "website", "page_viewed")])
        await until(stack.settings, "SELECT dropped >= 150, needs_rebuild FROM truncated_customers", [(True, False)])
