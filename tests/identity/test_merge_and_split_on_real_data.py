"""Two callers of a real service desk are joined by one touchpoint and cut again: the rows are those of a desk that never joined them."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from streams.clickhouse.client import connect
from streams.demo.drain import until_drained
from streams.demo.outcome import checksum
from streams.demo.scenario import mapped
from streams.events import ChannelEvent
from streams.identifiers_file import configured_pseudonyms
from streams.identity_graph import split
from streams.publishing import publish, publish_import
from streams.shipped import folder
from streams.stack import Stack, demonstration_keys, embedded_stack

pytestmark = pytest.mark.stack
LOG = mapped(folder("examples/incidents") / "mapping.yaml", folder("examples/demo-incidents"), "", lambda _said: None).imports[0]
CALLERS = Counter(event.record["identifiers"][0]["value"] for event in LOG.events)
NUMBERS = [caller for caller, _ in CALLERS.most_common(2)]
"""The two callers with most updates."""
BOTH_TOLD_AT = time.time_ns() // 1000 - 3_600_000_000
CUSTOMERS = len(CALLERS)
WITHIN_S = 60


def joining() -> ChannelEvent:
    """A call that gives the numbers of both."""
    identifiers = [{"type": "customer_number", "value": number} for number in NUMBERS]
    record = {"event_id": "both", "occurred_at": BOTH_TOLD_AT, "kind": "agent_said", "identifiers": identifiers}
    return ChannelEvent("phone", record, BOTH_TOLD_AT)


async def rows_with(stack: Stack, customers: int) -> str:
    """The checksum over current rows once there are so many customers and nothing changes any more."""
    client = connect(stack.settings, stack.settings.clickhouse_database)
    before, until = "", time.monotonic() + WITHIN_S
    try:
        while time.monotonic() < until:
            await asyncio.sleep(1)
            state = await stack.state()
            found = client.query("SELECT uniqExact(customer) FROM touchpoints").result_rows[0][0]
            now = checksum(client) if state["drained"] and not state["held"] and found == customers else ""
            if now and now == before:
                return now
            before = now
    finally:
        client.close()
    raise AssertionError(f"{found} customers, not {customers}, after {WITHIN_S} s")


async def cut(stack: Stack) -> None:
    of = configured_pseudonyms(stack.settings).of
    await split(stack.settings, *(f"customer_number:{of('customer_number', number)}" for number in NUMBERS), "split-1")


async def take_log(stack: Stack) -> None:
    published = await publish_import(stack.settings, LOG.events, name=LOG.name)
    await until_drained(stack, published.total, (LOG.name,), lambda _done, _all: None)


@pytest.mark.timeout(300)
async def test_after_a_merge_and_a_split_the_current_rows_are_what_they_would_have_been(tmp_path: Path) -> None:
    async with embedded_stack(tmp_path / "never", demonstration_keys) as stack:
        await take_log(stack)
        await cut(stack)
        await publish(stack.settings, [joining()])
        never_joined = await rows_with(stack, CUSTOMERS)
    async with embedded_stack(tmp_path / "joined", demonstration_keys) as stack:
        await take_log(stack)
        await publish(stack.settings, [joining()])
        joined = await rows_with(stack, CUSTOMERS - 1)
        await cut(stack)
        assert await rows_with(stack, CUSTOMERS) == never_joined
        assert joined != never_joined, "while they were one, the rows told so"
