"""What the pipeline stores: idempotent by key and version, whole or not at all, readable as it travelled."""

from decimal import Decimal

import msgspec
import pytest
from aiohttp import web

from streams.clickhouse.blocks import TOUCHPOINTS
from streams.clickhouse.client import InsertClient, PermanentInsertError, TransientInsertError, connect_async
from streams.clickhouse.recorded import recorded
from streams.journeys.touchpoint import (
    Complaint,
    Consent,
    Conversation,
    Message,
    Offer,
    Order,
    OrderLine,
    Promise,
    Rating,
    References,
    Statement,
    Touchpoint,
    Visit,
    Web,
    encode,
)
from streams.settings import Settings

NOON = 1_700_049_600_000_000

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def _empty(installation: Settings, client) -> None:
    for table in ("touchpoints", "journey_rows", "inconsistencies", "dead_letters", "identities"):
        client.command(f"TRUNCATE TABLE {installation.clickhouse_store}.{table}")


def everything(touchpoint) -> Touchpoint:
    """A touchpoint with every part, every time and every amount, some of them negative or missing."""
    return touchpoint(
        "e'1",
        at=-5,
        occurred_at=NOON + 123_456,
        sequence=-3,
        account="acme",
        references=References(order="o1", case="k1"),
        attributes={"a": 'b"\n'},
        offers=(Offer("o", "shown", ("p1", "p2"), 125_000, "EUR", NOON, None, True, ("store",), {"c": "d"}), Offer("o2", "clicked")),
        statements=(Statement("product:p", "price", amount=-5, stated_for=NOON, quantity=3),),
        promises=(Promise("p", "made", due_until=NOON + 7),),
        conversations=(Conversation("started", queue="q", staffed=False),),
        messages=(Message("sent", campaign="x"),),
        consents=(Consent("given", "marketing", ("email", "phone")),),
        orders=(Order("placed", (OrderLine("p", 2, 99_999_999_999_990_000, "EUR"), OrderLine("q")), None),),
        pages=(Web("page_viewed", blocking=True),),
        visits=(Visit("quoted", amount=1),),
        ratings=(Rating("NPS", 7.0),),
        complaints=(Complaint("opened", "late"),),
        content_hash=2**64 - 2,
    )


async def test_a_touchpoint_comes_back_equal(installation, inserts: InsertClient, touchpoint):
    given = [everything(touchpoint), *(touchpoint(f"f{number}") for number in range(7))]
    assert await inserts.insert(TOUCHPOINTS, [encode(each) for each in given]) == []
    reader = await connect_async(installation)
    runs = [run async for run in recorded(reader, installation.clickhouse_store, rows_at_once=3)]
    await reader.close()
    assert [each for run in runs for each in run] == given
    assert [len(run) for run in runs] == [3, 3, 2]


async def test_the_same_touchpoints_twice_are_once(inserts: InsertClient, client, touchpoint):
    values = [encode(touchpoint(f"e{number}")) for number in range(100)]
    for _ in range(2):
        await inserts.insert(TOUCHPOINTS, values)
    assert client.query("SELECT count() FROM touchpoints").result_rows == [(100,)]


async def test_of_two_contents_the_smaller_hash_counts_in_any_order(inserts: InsertClient, client, touchpoint):
    small, large = touchpoint("e1", kind="small", content_hash=5), touchpoint("e1", kind="large", content_hash=2**64 - 1)
    for order in ([small, large], [large, small]):
        for each in order:
            await inserts.insert(TOUCHPOINTS, [encode(each)])
        assert client.query("SELECT kind FROM touchpoints WHERE event_id = 'e1'").result_rows == [("small",)]
    await inserts.insert(TOUCHPOINTS, [encode(large), encode(small)])
    assert client.query("SELECT count(), any(kind) FROM touchpoints").result_rows == [(1, "small")]


async def test_a_deleted_touchpoint_stays_deleted_when_it_comes_again(installation, inserts: InsertClient, client, touchpoint):
    value = encode(touchpoint("e1"))
    await inserts.insert(TOUCHPOINTS, [value])
    client.command(f"INSERT INTO {installation.clickhouse_store}.touchpoints (event_id, content_hash, is_deleted) VALUES ('e1', 0, 1)")
    assert client.query("SELECT count() FROM touchpoints").result_rows == [(0,)]
    await inserts.insert(TOUCHPOINTS, [value])
    assert client.query("SELECT count() FROM touchpoints").result_rows == [(0,)]


async def test_the_highest_version_counts_whatever_comes_last(inserts: InsertClient, client, tables, output):
    rows = [
        output("inconsistency", inconsistency_id="i", version=version, status=status)
        for version, status in ((1, "open"), (3, "resolved"), (2, "open"))
    ]
    for row in rows:
        await inserts.insert(tables["inconsistency"], [row])
    assert client.query("SELECT status, count() FROM inconsistencies GROUP BY status").result_rows == [("resolved", 1)]
    assert client.query("SELECT count() FROM inconsistencies_history").result_rows == [(3,)]
    await inserts.insert(tables["inconsistency"], [output("inconsistency", inconsistency_id="i", version=4, status="retracted")])
    assert client.query("SELECT count() FROM inconsistencies").result_rows == [(0,)]


async def test_an_old_journeys_update_shows_though_its_start_moved(inserts: InsertClient, client, tables, output):
    moment = {"event_id": "e1", "at": NOON, "channel": "chat", "kind": "customer_said", "step": "ask", "phase": "service"}
    first = output("journey", journey_id="j", version=1, started_at=NOON, channels=["chat"], moments=[moment])
    earlier = output("journey", journey_id="j", version=2, started_at=NOON - 90 * 86_400_000_000, process="service")
    await inserts.insert(tables["journey"], [first])
    await inserts.insert(tables["journey"], [earlier])
    assert client.query("SELECT process, toString(toDate(started_at)) FROM journeys").result_rows == [("service", "2023-08-17")]
    assert client.query("SELECT moments FROM journeys_history WHERE version = 1").result_rows[0][0][0]["channel"] == "chat"


async def test_a_dead_letters_bytes_are_kept_and_not_shown(installation, inserts: InsertClient, client, tables, output):
    await inserts.insert(tables["dead_letter"], [output("dead_letter", dead_letter_id="d", event_id="jane@example.org")])
    store = installation.clickhouse_store
    assert client.raw_query(f"SELECT hex(sealed) FROM {store}.dead_letters", fmt="TSV") == b"00736563726574FF\n"
    for view in ("dead_letters", "dead_letters_history"):
        columns = client.query(f"SELECT * FROM {view}").column_names
        assert not {"sealed", "key_id", "event_id"} & set(columns)
        assert {"reason", "field", "channel", "content_hash"} <= set(columns)


async def test_the_row_at_fault_is_named_and_every_other_one_is_stored(inserts: InsertClient, client, touchpoint):
    values = [encode(touchpoint(f"e{number}")) for number in range(50)]
    fields = msgspec.msgpack.decode(encode(touchpoint("x2")))
    fields[7] = "not a number"
    values[17] = msgspec.msgpack.encode(fields)
    values[31] = b"\xc1\x00"
    refused = await inserts.insert(TOUCHPOINTS, values)
    assert [each.index for each in refused] == [17, 31]
    assert all(each.reason for each in refused)
    assert client.query("SELECT count() FROM touchpoints").result_rows == [(48,)]


async def test_a_touchpoint_with_fewer_fields_in_a_part_is_filled_up(inserts: InsertClient, client, touchpoint):
    fields = msgspec.msgpack.decode(encode(touchpoint("e1", ratings=(Rating("CSAT", 4.0),))))
    fields[TOUCHPOINTS.columns.index("ratings")] = [["CSAT", 4]]
    assert await inserts.insert(TOUCHPOINTS, [encode(touchpoint("e2")), msgspec.msgpack.encode(fields)]) == []
    assert client.query("SELECT score FROM ratings").result_rows == [(4.0,)]


async def test_an_amount_keeps_its_ten_thousandths(inserts: InsertClient, client, touchpoint):
    await inserts.insert(TOUCHPOINTS, [encode(touchpoint("e1", offers=(Offer("o", "shown", amount=125_001, currency="EUR"),)))])
    assert client.query("SELECT offers[1].amount FROM touchpoints").result_rows == [(Decimal("12.5001"),)]


async def test_a_merge_changes_who_a_touchpoint_belongs_to_and_no_touchpoint(installation, inserts: InsertClient, client, touchpoint):
    await inserts.insert(TOUCHPOINTS, [encode(touchpoint("e1", customer="c1")), encode(touchpoint("e2", customer="c2"))])
    by_event = "SELECT event_id, customer FROM touchpoints ORDER BY event_id"
    assert client.query(by_event).result_rows == [("e1", "c1"), ("e2", "c2")]
    insert = f"INSERT INTO {installation.clickhouse_store}.identities (type, pseudonym, version, customer, epoch, assigned_at) VALUES"
    client.command(f"{insert} ('login', 'c2', 1, 'c1', 1, now())")
    await inserts.follow_identities()
    assert client.query(by_event).result_rows == [("e1", "c1"), ("e2", "c1")]
    assert client.query("SELECT uniqExact(version) FROM touchpoints_history WHERE event_id = 'e2'").result_rows == [(1,)]


async def test_a_store_that_was_never_migrated_is_said_at_once(clickhouse_url: str, touchpoint):
    settings = Settings(clickhouse_url=clickhouse_url, clickhouse_store="nothing_here")
    async with InsertClient(settings, patience_s=30.0) as inserts:
        with pytest.raises(PermanentInsertError, match="touchpoints migrate"):
            await inserts.insert(TOUCHPOINTS, [encode(touchpoint("e1"))])
        assert inserts.retries == 0


async def test_a_clickhouse_that_is_away_is_tried_again_and_then_said(free_port: int, touchpoint):
    settings = Settings(clickhouse_url=f"http://127.0.0.1:{free_port}")
    async with InsertClient(settings, patience_s=0.6) as inserts:
        with pytest.raises(TransientInsertError, match="has not stored rows of touchpoints"):
            await inserts.insert(TOUCHPOINTS, [encode(touchpoint("e1"))])
        assert inserts.retries >= 2


async def test_an_overloaded_clickhouse_gets_the_same_block_again(free_port: int, touchpoint):
    received: list[bytes] = []

    async def answer(request: web.Request) -> web.Response:
        received.append(await request.read())
        if len(received) == 1:
            return web.Response(status=502, text="bad gateway")
        if len(received) == 2:
            headers = {"X-ClickHouse-Exception-Code": "252"}
            return web.Response(status=500, text="Code: 252. DB::Exception: Too many parts. (TOO_MANY_PARTS) (version 1)", headers=headers)
        return web.Response(text="")

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", free_port).start()
    try:
        async with InsertClient(Settings(clickhouse_url=f"http://127.0.0.1:{free_port}"), patience_s=10.0) as inserts:
            assert await inserts.insert(TOUCHPOINTS, [encode(touchpoint("e1"))]) == []
            assert inserts.retries == 2
    finally:
        await runner.cleanup()
    assert received == [encode(touchpoint("e1"))[3:]] * 3
