"""The views on journeys as wholes and on contacts, on a few rows whose answers can be worked out by hand."""

from typing import Any

import pytest

from streams.clickhouse.blocks import TOUCHPOINTS
from streams.clickhouse.client import InsertClient
from streams.journeys.touchpoint import Complaint, Conversation, References, encode

pytestmark = pytest.mark.stack

HOUR = 3_600_000_000
NOON = 1_700_049_600_000_000  # 2023-11-15 12:00:00


@pytest.fixture(scope="module")
async def rows(installation, touchpoint, tables, output) -> None:
    """Three journeys of one customer, one with scores, and the contacts of two."""

    def journey(name: str, process: str, status: str, *moments: tuple[str, str, str], **fields: Any) -> bytes:
        shown = [
            {"event_id": f"{name}{number}", "at": NOON, "channel": channel, "kind": step, "step": step, "phase": phase}
            for number, (channel, step, phase) in enumerate(moments)
        ]
        return output("journey", journey_id=name, process=process, status=status, moments=shown, touchpoints=len(shown), **fields)

    def scores(lowest: float | None, whole: float | None) -> list[dict[str, Any]]:
        return [{"scale": "CSAT", "touchpoints": 1, "lowest": lowest, "last": lowest, "journey": whole}]

    web, app, lost = ("website", "seen", "awareness"), ("app", "seen", "awareness"), ("app", "pay", "decision")
    journeys = [
        journey("w1", "purchase", "completed", web, web, lost, customer="ada", started_at=NOON, ratings=scores(5, 2), duration_s=10.0, buyer_touchpoints=3),
        journey("w2", "purchase", "dropped", web, lost, customer="bob", ratings=scores(4, 4), unplanned=[{"step": "pay", "channel": "app"}], duration_s=30.0),
        journey("w3", "purchase", "completed", app, customer="cleo", ratings=scores(None, 1)),
        journey("w4", "service", "open", ("phone", "asked", "service"), customer="ada", started_at=NOON + HOUR, delight_touchpoints=1),
    ]  # fmt: skip

    def contact(name: str, hours: float, channel: str = "phone", conversation: str = "", who: str = "ada", **parts: Any) -> bytes:
        parts.setdefault("conversations", (Conversation("started", topic="invoice"),))
        references = References(conversation=conversation)
        anchor = f"customer_number:{who}"
        return encode(
            touchpoint(
                name, at=NOON + int(hours * HOUR), channel=channel, direction="inbound", anchor=anchor, references=references, **parts
            )
        )

    touchpoints = [
        contact("c1", 0, conversation="k1"),
        contact("c2", 0.5, conversation="k1", conversations=(Conversation("customer_said", topic="invoice"),)),
        contact("c3", 24, "chat", "k2"),
        contact("c4", 24 * 10, "chat", "k3", conversations=(Conversation("started", topic="delivery"),)),
        contact("c5", 0, "email", who="bob", conversations=(), complaints=(Complaint("opened", topic="invoice"),)),
    ]
    journeys += [
        journey("a1", "purchase", "completed", web, app, customer="", account="ACME"),
        journey("a2", "purchase", "superseded", web, customer="", account="ACME"),
    ]
    journeys += [
        journey("shared", "return", "completed", web, customer="gil", reference="order:7", started_at=NOON),
        journey("shared", "return", "open", app, lost, customer="hal", reference="order:7", started_at=NOON + HOUR),
        journey("shared", "return", "superseded", app, lost, web, customer="ira", reference="order:7"),
        journey("alike", "return", "completed", web, customer="kit", reference="order:8", started_at=NOON),
        journey("alike", "return", "dropped", web, customer="jan", reference="order:8", started_at=NOON),
        journey("alike", "return", "open", web, customer="gil", reference="order:8", started_at=NOON + HOUR),
    ]
    touchpoints += [
        encode(touchpoint(f"a1{number}", anchor=f"customer_number:{who}", account="ACME", channel="store"))
        for number, who in enumerate(("dora", "eve"))
    ]
    touchpoints += [
        encode(
            touchpoint(name, anchor="customer_number:flo", channel="app", received_at=NOON + late * HOUR, corrected_at=NOON, replay=replay)
        )
        for name, late, replay in (("late", 49, ""), ("soon", 48, ""), ("imported", 9000, "old"))
    ]
    async with InsertClient(installation) as inserts:
        assert await inserts.insert(tables["journey"], journeys) == []
        assert await inserts.insert(TOUCHPOINTS, touchpoints) == []


@pytest.fixture
def ask(rows, client):
    def rows_of(text: str) -> list[tuple[Any, ...]]:
        return client.query(text).result_rows

    return rows_of


def test_the_end_to_end_journey_holds_the_processes_in_order_and_what_has_none(ask):
    assert ask("SELECT touchpoints, without_process, channels, journeys, processes, open, completed, buyer_touchpoints, delight_touchpoints"
               " FROM end_to_end_journeys WHERE customer = 'ada'") == [(4, 0, ["chat", "phone"], 2, ["purchase", "service"], 1, 1, 3, 1)]  # fmt: skip
    assert ask("SELECT touchpoints, without_process, journeys FROM end_to_end_journeys WHERE customer = 'bob'") == [(1, -1, 1)]


def test_journeys_whose_touchpoints_rate_well_and_which_rate_badly(ask):
    assert ask("SELECT process, scale, n, both_well, touchpoints_well_journey_not, lowest_mean, journey_mean, example"
               " FROM journey_versus_touchpoints") == [("purchase", "CSAT", 2, 1, 1, 4.5, 3.0, "w1")]  # fmt: skip


def test_contact_reasons_count_conversations_and_cases(ask):
    assert ask("SELECT topic, channel, contacts, customers, complaints FROM contact_reasons ORDER BY ALL") == [
        ("delivery", "chat", 1, 1, 0), ("invoice", "chat", 1, 1, 0), ("invoice", "email", 1, 1, 1), ("invoice", "phone", 1, 1, 0),
    ]  # fmt: skip


def test_contacts_that_were_repeated_within_a_week(ask):
    assert ask("SELECT channel, contacts, repeated, share_repeated, repeated_elsewhere FROM repeat_contacts ORDER BY channel") == [
        ("chat", 2, 0, 0.0, 0), ("email", 1, 0, 0.0, 0), ("phone", 1, 1, 1.0, 1),
    ]  # fmt: skip


def test_paths_with_the_share_that_they_cover(ask):
    assert ask("SELECT path, journeys, share, covered, share_completed FROM journey_paths WHERE process = 'purchase' ORDER BY covered") == [
        ("website > app", 2, 0.6667, 0.6667, 0.5), ("app", 1, 0.3333, 1.0, 1.0),
    ]  # fmt: skip


def test_the_map_shows_what_was_planned_and_where_journeys_are_lost(ask):
    assert ask("SELECT phase, channel, step, is_planned, touchpoints, journeys, dropped, priority FROM touchpoint_map"
               " WHERE process = 'purchase' ORDER BY priority, phase, channel") == [
        ("decision", "app", "pay", 0, 1, 1, 1, 1),
        ("awareness", "app", "seen", 1, 1, 1, 0, 2), ("awareness", "website", "seen", 1, 3, 2, 0, 2), ("decision", "app", "pay", 1, 1, 1, 0, 2),
    ]  # fmt: skip


def test_an_account_s_journey_names_its_customers_and_is_counted_apart_from_theirs(ask):
    assert ask("SELECT journey_id, account, status, touchpoints, customers, customers_count FROM account_journeys") == [
        ("a1", "ACME", "completed", 2, ["dora", "eve"], 2)
    ]
    assert ask("SELECT account, touchpoints, customers, channels, journeys, open, completed, dropped FROM accounts") == [
        ("ACME", 2, 2, ["store"], 1, 0, 1, 0)
    ]
    assert ask("SELECT count() FROM journeys WHERE account = 'ACME'") == [(0,)]


def test_a_journey_of_several_customers_counts_once_and_is_that_of_the_one_with_most_of_it(ask):
    """Of as many touchpoints: whoever began first, then the first by customer. That of a customer who is another one now is nobody's."""
    shared = "SELECT journey_id, customer, status FROM {} WHERE process = 'return' ORDER BY ALL"
    assert ask(shared.format("journeys")) == [("alike", "jan", "dropped"), ("shared", "hal", "open")]
    assert ask(shared.format("customer_journeys")) == [
        ("alike", "gil", "open"), ("alike", "jan", "dropped"), ("alike", "kit", "completed"),
        ("shared", "gil", "completed"), ("shared", "hal", "open"),
    ]  # fmt: skip


def test_a_touchpoint_is_late_beyond_the_horizon_and_one_of_an_import_never(ask):
    assert ask("SELECT event_id, customer, late_s FROM late_touchpoints") == [("late", "flo", 49 * 3600)]
