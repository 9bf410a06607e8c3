"""Rows of knowledge that the topic holds no more: taken out of ClickHouse, and only those."""

import asyncio
import logging

import pytest

from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.forgotten_knowledge import ASKS_EVERY_S, SINCE_MS, take_away
from streams.journeys.knowledge import Knowledge
from streams.processors.knowledge_rows import KNOWLEDGE, row, version_of
from streams.settings import Settings

READ_AT_MS = 1_772_450_000_000
LONG_AGO_MS = READ_AT_MS - 30 * 86_400_000


def entry(channel, offer, **more):
    base = {"channel": channel, "offer": offer, "subject": "", "attribute": "", "value": "", "period": "", "withdrawn": False}
    return base | {"known_from": 1_700_000_000_000_000, "known_until": None} | more


@pytest.fixture
async def stored(inserts, client):
    """Stores rows of entries, each of a record of that time (ms); what the analysts see afterwards."""

    async def store(*entries_and_times):
        client.command(f"TRUNCATE TABLE {inserts._store}.knowledge")
        rows = [row(each, version_of(at, number)) for number, (each, at) in enumerate(entries_and_times)]
        assert await inserts.insert(KNOWLEDGE, rows) == []

    return store


def seen(client):
    return [tuple(each) for each in client.query("SELECT channel, offer FROM knowledge ORDER BY channel, offer").result_rows]


async def swept(installation, inserts, *known):
    taken = []
    count = await take_away(installation, Knowledge(known), READ_AT_MS, taken.append)
    assert count == len(taken)
    assert await inserts.insert(KNOWLEDGE, taken) == []
    return count


async def test_what_the_topic_holds_no_more_goes_and_the_rest_stays(installation, inserts, client, stored):
    held, withdrawn, lost = entry("phone", "SPRING"), entry("store", "WRONG", withdrawn=True), entry("chat", "OLD")
    just_now = entry("app", "NEW")
    await stored((held, LONG_AGO_MS), (withdrawn, LONG_AGO_MS), (lost, LONG_AGO_MS), (just_now, READ_AT_MS - SINCE_MS))
    assert await swept(installation, inserts, held, withdrawn) == 1
    assert seen(client) == [("app", "NEW"), ("phone", "SPRING")]
    assert await swept(installation, inserts, held, withdrawn) == 0, "once"


async def test_an_entry_that_is_published_again_comes_back(installation, inserts, client, stored):
    lost = entry("chat", "OLD", period="p|1")
    await stored((lost, LONG_AGO_MS))
    assert await swept(installation, inserts, entry("phone", "SPRING")) == 1
    assert await inserts.insert(KNOWLEDGE, [row(lost, version_of(READ_AT_MS, 0))]) == []
    assert seen(client) == [("chat", "OLD")]


async def test_where_the_topic_is_empty_all_stays_and_is_told(installation, inserts, client, stored, caplog):
    await stored((entry("chat", "OLD"), LONG_AGO_MS))
    with caplog.at_level(logging.WARNING):
        assert await swept(installation, inserts) == 0
    assert seen(client) == [("chat", "OLD")]
    assert "1 knowledge entries and the topic none: they stay" in caplog.text


async def test_a_clickhouse_that_is_away_is_asked_again(tmp_path, free_port, monkeypatch):
    monkeypatch.setattr("streams.forgotten_knowledge.ASKS_EVERY_S", ASKS_EVERY_S / 20)
    clickhouse = EmbeddedClickHouse(tmp_path / "clickhouse", port=free_port)
    settings = Settings(clickhouse_url=f"http://127.0.0.1:{free_port}")
    with clickhouse:
        client = connect(settings)
        migrate(client, Names.of(settings))
        client.command(f"INSERT INTO {settings.clickhouse_store}.knowledge (channel, offer, version) VALUES ('chat', 'OLD', 1)")
        client.close()
    taken = []
    asking = asyncio.ensure_future(take_away(settings, Knowledge([entry("phone", "SPRING")]), READ_AT_MS, taken.append))
    await asyncio.sleep(0.5)
    assert not asking.done()
    with clickhouse:
        assert await asyncio.wait_for(asking, 60) == 1
    assert len(taken) == 1
