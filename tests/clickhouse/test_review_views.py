"""What a customer wrote and what others read meet by the review's number, on a few rows that can be worked out by hand."""

from typing import Any

import pytest

from streams.channels.catalogue import CHANNELS
from streams.clickhouse.blocks import TOUCHPOINTS
from streams.clickhouse.client import InsertClient
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Indirect, Order, OrderLine, References, Visit, encode

pytestmark = pytest.mark.stack

DAY = 86_400 * 1_000_000
NOON = 1_700_049_600 * 1_000_000  # 2023-11-15 12:00:00


@pytest.fixture(scope="module")
async def rows(installation, touchpoint, tables, output) -> None:
    """Ann writes R1 on a lamp, Ben R2 on a desk; Cas, Dee and Eva read R1; R3 was written before our time."""
    sent = iter(range(100))

    def moment(customer: str, days: float, channel: str, kind: str, content: str = "", **fields: Any) -> bytes:
        references = References(content=content, **fields.pop("about", {}))
        at = NOON + int(days * DAY)
        return encode(touchpoint(f"e{next(sent)}", at=at, customer=customer, channel=channel, kind=kind, references=references, **fields))

    def wrote(customer: str, days: float, review: str, score: float | None, product: str, *, channel: str = "review") -> bytes:
        said = Indirect("review_written", review=review, product=product, score=score, best_score=0.0 if score is None else 5.0)
        return moment(customer, days, channel, "review_written", review, indirects=(said,))

    def read(customer: str, days: float, review: str, channel: str = "review", product: str = "") -> bytes:
        return moment(customer, days, channel, "review_read", review, indirects=(Indirect("review_read", review=review, product=product),))

    def ordered(customer: str, days: float, product: str) -> bytes:
        return moment(customer, days, "website", "order_placed", orders=(Order("placed", lines=(OrderLine(product),)),))

    touchpoints = [
        wrote("ann", 0, "R1", 2.0, "lamp"),
        wrote("ann", 1, "R1", 4.0, "lamp"),  # thought better of
        wrote("ben", 0, "R2", None, "desk", channel="social"),
        moment("ann", 2, "website", "page_viewed", "R1"),  # looks at her own
        read("cas", 3, "R1"),
        moment("cas", 4, "app", "page_viewed", "R1"),
        ordered("cas", 2, "lamp"),  # before reading
        ordered("cas", 10, "desk"),
        ordered("cas", 16, "lamp"),
        read("dee", 3, "R1", "social"),
        moment("dee", 20, "store", "bought", visits=(Visit("bought", product="lamp"),)),  # too late for 14 days
        moment("eva", 5, "website", "page_viewed", "R1"),
        moment("eva", 6, "website", "page_viewed", "ARTICLE-7"),  # content, and no review
        moment("eva", 6, "store", "bought", about={"product": "lamp"}, visits=(Visit("bought"),)),
        read("eva", 7, "R3", product="chair"),
    ]
    journeys = [
        output(
            "journey", journey_id="j1", status="dropped", process="orientation", customer="dee", started_at=NOON + 4 * DAY, touchpoints=1
        ),
        output("journey", journey_id="j2", status="open", process="service", customer="eva", started_at=NOON + 6 * DAY, touchpoints=1),
        output(
            "journey", journey_id="j3", status="dropped", process="orientation", customer="eva", started_at=NOON + 4 * DAY, touchpoints=1
        ),
    ]
    async with InsertClient(installation) as inserts:
        assert await inserts.insert(TOUCHPOINTS, touchpoints) == []
        assert await inserts.insert(tables["journey"], journeys) == []


@pytest.fixture
def ask(rows, client):
    def rows_of(text: str) -> list[tuple[Any, ...]]:
        return client.query(text).result_rows

    return rows_of


def days(name: str) -> str:
    return f"intDiv(dateDiff('second', toDateTime64({NOON // 1_000_000}, 6, 'UTC'), {name}), 86400)"


def test_a_review_is_one_row_with_its_last_score_and_its_first_time(ask):
    assert ask(f"SELECT review, customer, {days('written_at')}, channel, product, score, best_score FROM reviews ORDER BY review") == [
        ("R1", "ann", 0, "review", "lamp", 4.0, 5.0),
        ("R2", "ben", 0, "social", "desk", None, 0.0),
    ]


def test_readers_are_those_who_read_it_as_a_review_or_on_a_page_and_did_not_write_it(ask):
    assert ask(f"SELECT review, customer, {days('read_at')}, reads, channels FROM review_readers ORDER BY ALL") == [
        ("R1", "cas", 3, 2, ["app", "review"]),
        ("R1", "dee", 3, 1, ["social"]),
        ("R1", "eva", 5, 1, ["website"]),
        ("R3", "eva", 7, 1, ["review"]),
    ]


def test_what_a_reader_did_next_is_the_first_of_its_kind_after_reading(ask):
    found = ask(
        f"SELECT customer, {days('oriented_at')}, {days('bought_at')}, {days('bought_product_at')}"
        " FROM review_readers WHERE review = 'R1' ORDER BY customer"
    )
    assert found == [("cas", None, 10, 16), ("dee", 4, 20, 20), ("eva", None, 6, 6)]


def test_a_page_without_the_product_takes_it_from_those_who_name_it(ask):
    assert ask("SELECT DISTINCT review, product FROM review_readers ORDER BY review") == [("R1", "lamp"), ("R3", "chair")]


def test_the_reach_of_each_review_written_also_where_nobody_read_it(ask):
    found = ask(
        "SELECT review, product, score, written_in, readers, all_reads, read_in, oriented_14d, bought_14d, bought_product_14d"
        " FROM review_reach ORDER BY review"
    )
    assert found == [
        ("R1", "lamp", 4.0, "review", 3, 4, ["app", "review", "social", "website"], 1, 2, 2),
        ("R2", "desk", None, "social", 0, 0, [], 0, 0, 0),
    ]


async def test_what_is_direct_and_what_is_digital(client, inserts, touchpoint):
    given = {
        "d1": ("website", "page_viewed", "", True, True),
        "d2": ("store", "visited", "", True, False),
        "d3": ("occasion", "visited", "", True, False),
        "d4": ("social", "message_received", "", True, True),
        "d5": ("social", "recommendation_heard", "social", False, True),
        "d6": ("advertisement", "advertisement_seen", "outdoor", False, False),
        "d7": ("advertisement", "offer_shown", "", False, True),
        "d8": ("search", "searched", "search", False, True),
        "d9": ("occasion", "recommended", "", False, False),
    }
    values = [
        encode(touchpoint(name, customer="x", channel=channel, kind=kind, indirects=(Indirect(kind, medium=medium),) if medium else ()))
        for name, (channel, kind, medium, _, _) in given.items()
    ]
    assert await inserts.insert(TOUCHPOINTS, values) == []
    found = client.query("SELECT event_id, is_direct, is_digital FROM touchpoints WHERE customer = 'x'").result_rows
    assert {name: (bool(direct), bool(digital)) for name, direct, digital in found} == {name: each[3:] for name, each in given.items()}


async def test_what_the_views_call_direct_is_what_journeys_count_as_direct(client, inserts, touchpoint):
    kinds = sorted({(channel.name, kind) for channel in CHANNELS.values() for kind in channel.kinds})
    values = [encode(touchpoint(f"k{n}", customer="y", channel=channel, kind=kind)) for n, (channel, kind) in enumerate(kinds)]
    assert await inserts.insert(TOUCHPOINTS, values) == []
    plan = JourneySettings(()).plan
    found = client.query("SELECT channel, kind, is_direct FROM touchpoints WHERE customer = 'y'").result_rows
    assert {(channel, kind): bool(direct) for channel, kind, direct in found} == {each: not plan.is_indirect(*each) for each in kinds}
