"""Which offers that customers hold a channel does not know of, on a few rows that can be worked out by hand."""

from typing import Any

import pytest

from streams.clickhouse.blocks import TOUCHPOINTS
from streams.clickhouse.client import InsertClient
from streams.journeys.knowledge import Key
from streams.journeys.touchpoint import Offer, encode
from streams.processors.knowledge_rows import KNOWLEDGE, forgotten, row, version_of

pytestmark = pytest.mark.stack

HOUR = 3_600_000_000
NOON = 1_700_049_600_000_000  # 2023-11-15 12:00:00
UNBRIEFED = "SELECT offer, channel, customers FROM unbriefed ORDER BY customers DESC, offer, channel"


def entry(channel: str, offer: str, version: int, **fields: Any) -> bytes:
    base = {"channel": channel, "offer": offer, "subject": "", "attribute": "", "period": "", "value": ""}
    return row({**base, "known_from": NOON - HOUR, "known_until": None, "withdrawn": False, **fields}, version)


@pytest.fixture(scope="module")
async def rows(installation, touchpoint) -> None:
    """Two desks that publish what they know, the store that does not; the last touchpoint is at 18:00."""

    def said(name: str, who: str, offer: str, action: str = "clicked", *, at: int = 0, channel: str = "website", **parts: Any) -> bytes:
        parts.setdefault("valid_until", NOON + 100 * HOUR)
        given = (Offer(offer, action, **parts),)
        return encode(touchpoint(name, at=NOON + at * HOUR, customer=who, channel=channel, offers=given))

    touchpoints = [
        *(said(f"s{who}", who, "SPRING") for who in ("ada", "bob", "cleo")),
        said("ack", "cleo", "SPRING", "acknowledged", at=1, channel="phone"),
        said("once", "dora", "SPRING", "shown"),
        said("used1", "eve", "SPRING"),
        said("used2", "eve", "SPRING", "redeemed", at=2),
        said("twice1", "ada", "DESK", "shown", redeem_channels=("phone", "store")),
        said("twice2", "ada", "DESK", "shown", at=1, redeem_channels=("phone", "store")),
        said("ended", "ada", "OLD", valid_until=NOON + 5 * HOUR),
        said("own", "bob", "OWN", "shown", channel="chat", personal=True, redeem_channels=("chat",)),
        said("wrong", "bob", "WRONG", redeem_channels=("chat",)),
        said("later", "bob", "LATER", redeem_channels=("chat",), valid_until=None),
        said("known", "bob", "KNOWN", redeem_channels=("chat",)),
        encode(touchpoint("last", at=NOON + 6 * HOUR, customer="bob", channel="phone")),
    ]
    knowledge = [
        entry("chat", "SPRING", 1),
        entry("phone", "ELSE", 1),
        entry("chat", "WRONG", 1),
        entry("chat", "WRONG", 2, withdrawn=True),
        entry("chat", "LATER", 1, known_from=NOON + 7 * HOUR),
        entry("chat", "KNOWN", 2),
        entry("chat", "KNOWN", 1, withdrawn=True),
        entry("social", "ELSE", 1),
        forgotten(Key("social", "ELSE", "", "", ""), 2),
    ]
    async with InsertClient(installation) as inserts:
        assert await inserts.insert(TOUCHPOINTS, touchpoints) == []
        assert await inserts.insert(KNOWLEDGE, knowledge) == []
        assert await inserts.insert(KNOWLEDGE, knowledge) == []


def test_a_row_for_each_offer_held_and_channel_that_publishes_and_was_not_told(rows, client):
    assert client.query(UNBRIEFED).result_rows == [
        ("SPRING", "phone", 2), ("DESK", "phone", 1), ("LATER", "chat", 1), ("WRONG", "chat", 1),
    ]  # fmt: skip


def test_a_row_says_since_when_until_when_and_when_one_of_them_was_in_touch(rows, client):
    said = "SELECT toUnixTimestamp64Micro(held_since), toUnixTimestamp64Micro(valid_until), toUnixTimestamp64Micro(last_contact_at) FROM unbriefed"
    assert client.query(f"{said} WHERE offer = 'SPRING'").result_rows == [(NOON, NOON + 100 * HOUR, NOON + 6 * HOUR)]
    assert client.query(f"{said} WHERE offer = 'LATER'").result_rows == [(NOON, None, NOON)]


def test_knowledge_holds_the_last_entry_of_each_key_less_what_was_withdrawn_or_deleted(rows, client):
    assert client.query("SELECT channel, offer FROM knowledge ORDER BY channel, offer").result_rows == [
        ("chat", "KNOWN"), ("chat", "LATER"), ("chat", "SPRING"), ("phone", "ELSE"),
    ]  # fmt: skip


def test_a_later_record_has_the_greater_version_also_where_offsets_begin_anew():
    assert version_of(1000, 7) < version_of(1000, 8) < version_of(1001, 0)
