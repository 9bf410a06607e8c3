"""The checksum of a demonstration covers every current row, whatever it lacks, and nothing that a second run has otherwise."""

import pytest
from conftest import NOON, SECOND

from streams.demo.outcome import checksum

pytestmark = pytest.mark.stack


async def test_every_current_row_counts_and_times_of_processing_do_not(inserts, client, tables, output):
    seen = [checksum(client)]

    async def after(name, **fields):
        assert await inserts.insert(tables[name], [output(name, **fields)]) == []
        seen.append(checksum(client))
        return seen[-1]

    opened = await after("journey", journey_id="j", status="open")
    assert await after("journey", journey_id="j", status="open", version=2, detected_at=NOON + SECOND) == opened
    seen.pop()
    await after("journey", journey_id="j", status="open", version=3, last_at=NOON + SECOND)
    await after("journey", journey_id="j", status="completed", version=4, ended_at=NOON + SECOND)
    raised = await after("inconsistency", inconsistency_id="i", status="open")
    assert await after("inconsistency", inconsistency_id="i", status="open", version=2, published_at=NOON + SECOND) == raised
    seen.pop()
    await after("inconsistency", inconsistency_id="i", status="open", version=3, subject="order:O1")
    assert len(set(seen)) == len(seen), "each change shows"
    assert await after("inconsistency", inconsistency_id="i", status="retracted", version=4) == seen[3]
    assert await after("journey", journey_id="k", status="open", customer="", account="ACME") not in seen[:-1], "an account's too"
