"""The analysts' views on a few rows whose answers can be worked out by hand."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streams.clickhouse.blocks import TOUCHPOINTS
from streams.clickhouse.client import InsertClient
from streams.journeys.touchpoint import Complaint, Conversation, Identifier, Message, Rating, References, encode

pytestmark = pytest.mark.stack

SECOND = 1_000_000
MINUTE = 60 * SECOND
NOON = 1_700_049_600 * SECOND  # 2023-11-15 12:00:00


@pytest.fixture(scope="module")
async def rows(installation, touchpoint, tables, output) -> None:
    """Three purchases, one service journey, one superseded; inconsistencies; conversations; ratings."""

    def moments(*given: tuple[str, str, str, float]) -> list[dict[str, Any]]:
        return [
            {"event_id": f"m{number}", "at": NOON + int(after * SECOND), "channel": channel, "kind": "k", "step": step, "phase": phase}
            for number, (channel, step, phase, after) in enumerate(given)
        ]

    def journey(name: str, status: str, given: list[dict[str, Any]], process: str = "purchase", **fields: Any) -> bytes:
        channels = list(dict.fromkeys(moment["channel"] for moment in given))
        switches = sum(a["channel"] != b["channel"] for a, b in pairwise(given))
        last = given[-1]
        return output(
            "journey",
            journey_id=name,
            status=status,
            process=process,
            customer=name,
            moments=given,
            channels=channels,
            channel_switches=switches,
            touchpoints=len(given),
            last_step=last["step"],
            last_channel=last["channel"],
            **fields,
        )

    view, order, pay = ("website", "view", "awareness", 0), ("website", "order", "decision", 10), ("app", "pay", "decision", 40)
    journeys = [
        journey("j1", "completed", moments(view, order, pay)),
        journey("j2", "dropped", moments(view, ("phone", "order", "decision", 30))),
        journey("j3", "open", moments(view)),
        journey("j4", "completed", moments(("chat", "ask", "service", 0), ("chat", "", "service", 5)), "service"),
        journey("j5", "superseded", moments(view, order, pay), superseded_by="j1"),
    ]

    def finding(name: str, customer: str, **fields: Any) -> bytes:
        base = {"rule": "offer_unknown", "first_channel": "website", "second_channel": "app", "subject": "offer:1", "severity": "warning"}
        return output("inconsistency", inconsistency_id=name, customer=customer, **(base | fields))

    findings = [
        finding("i1", "a", opened_at=NOON, sentence="first"),
        finding("i2", "b", opened_at=NOON + MINUTE, severity="critical", sentence="second", remedy="brief the app team"),
        finding("i3", "b", opened_at=NOON + 2 * MINUTE, status="resolved"),
        finding("i4", "a", subject="offer:2"),
        finding("i5", "c", status="retracted"),
        finding("i6", "c", status="superseded"),
        finding("i7", "c", rule="promise_broken", first_channel="", second_channel="website", subject="order:9"),
    ]

    def contact(name: str, conversation: str, after_s: float, channel: str = "chat", direction: str = "inbound", **parts: Any) -> bytes:
        at = NOON + int(after_s * SECOND)
        references = References(conversation=conversation) if conversation.startswith("v") else References(case=conversation)
        return encode(touchpoint(name, at=at, channel=channel, direction=direction, references=references, **parts))

    started, answered, said = (Conversation(action) for action in ("started", "answered", "agent_said"))

    def rating(name: str, scale: str, score: float, of_channel: str = "") -> bytes:
        return encode(touchpoint(name, channel="survey", ratings=(Rating(scale, float(score), of_channel=of_channel),)))

    touchpoints = [
        contact("t1", "v1", 0, conversations=(started,)),
        contact("t2", "v1", 20, direction="outbound", conversations=(answered,)),
        contact("t3", "v1", 50, direction="outbound", conversations=(said,)),
        contact("t4", "v2", 0, conversations=(started,)),
        contact("t5", "v2", 1, direction="outbound", conversations=(Conversation("transferred"),)),
        contact("t6", "k1", 0, channel="email", messages=(Message("received"),)),
        contact("t7", "k1", 3600, channel="phone", direction="outbound", conversations=(said,)),
        contact("t8", "k2", 0, channel="email", complaints=(Complaint("opened"),)),
        contact("t9", "v3", 0, direction="outbound", messages=(Message("sent"),)),
        contact("t10", "v4", -30, direction="outbound", messages=(Message("sent"),)),
        contact("t11", "v4", 0, conversations=(started,)),
        contact("t12", "v4", 40, direction="outbound", conversations=(answered,)),
        *(rating(f"n{number}", "NPS", score, "chat") for number, score in enumerate((10, 9, 8, 6, 0))),
        *(rating(f"s{number}", "CSAT", score) for number, score in enumerate((5, 4, 3, 1))),
        rating("c0", "CES", 2), rating("c1", "CES", 7),
        encode(touchpoint("w1", at=NOON + 3600 * SECOND, channel="store", anchor="order:o1", identifiers=(Identifier("order", "o1"),))),
        encode(touchpoint("w2", at=NOON, channel="store")),
        encode(touchpoint("w3", at=NOON + MINUTE, channel="store")),
    ]  # fmt: skip
    async with InsertClient(installation) as inserts:
        assert await inserts.insert(tables["journey"], journeys) == []
        assert await inserts.insert(tables["inconsistency"], findings) == []
        assert await inserts.insert(TOUCHPOINTS, touchpoints) == []


@pytest.fixture
def ask(rows, client):
    def rows_of(text: str) -> list[tuple[Any, ...]]:
        return client.query(text).result_rows

    return rows_of


def test_transitions_between_channels_and_phases(ask):
    assert ask("SELECT came_from, went_to, transitions, journeys, waiting_time_median_s FROM transitions"
               " WHERE process = 'purchase' AND dimension = 'channel' ORDER BY ALL") == [
        ("website", "app", 1, 1, 30.0), ("website", "phone", 1, 1, 30.0), ("website", "website", 1, 1, 10.0),
    ]  # fmt: skip
    assert ask("SELECT came_from, went_to, transitions, waiting_time_median_s FROM transitions"
               " WHERE process = 'purchase' AND dimension = 'phase' ORDER BY ALL") == [
        ("awareness", "decision", 2, 20.0), ("decision", "decision", 1, 30.0),
    ]  # fmt: skip


def test_funnel_counts_each_journey_once_per_step(ask):
    assert ask("SELECT position, step, journeys, share_of_all, completed, share_completed FROM funnel WHERE process = 'purchase' ORDER BY 1") == [
        (1, "view", 3, 1.0, 1, 0.3333), (2, "order", 2, 0.6667, 1, 0.5), (3, "pay", 1, 0.3333, 1, 1.0),
    ]  # fmt: skip


def test_drop_off_is_where_the_goal_was_not_reached(ask):
    assert ask(
        "SELECT step, journeys, dropped, drop_off_rate, most_often_in_channel FROM drop_off WHERE process = 'purchase' AND dropped > 0"
    ) == [("order", 2, 1, 0.5, "phone")]
    assert ask("SELECT sum(dropped) FROM drop_off") == [(1,)]


def test_waiting_times_from_step_to_step(ask):
    assert ask("SELECT process, from_step, to_step, n, median_s, longest_s FROM waiting_times ORDER BY ALL") == [
        ("purchase", "order", "pay", 1, 30.0, 30.0), ("purchase", "view", "order", 2, 20.0, 30.0), ("service", "ask", "k", 1, 5.0, 5.0),
    ]  # fmt: skip


def test_channel_switches_and_how_journeys_end(ask):
    assert ask("SELECT channel_switches, journeys, share, share_completed, share_dropped, touchpoints_mean FROM channel_switches"
               " WHERE process = 'purchase' ORDER BY 1") == [(0, 1, 0.3333, 0.0, 0.0, 1.0), (1, 2, 0.6667, 0.5, 0.5, 2.5)]  # fmt: skip


def test_satisfaction_keeps_the_scales_apart(ask):
    assert ask("SELECT scale, channel, n, nps, csat, ces FROM satisfaction ORDER BY scale") == [
        ("CES", "survey", 2, None, None, 4.5),
        ("CSAT", "survey", 4, None, 0.5, None),
        ("NPS", "chat", 5, 0.0, None, None),  # two promoters, two detractors
    ]


def test_time_to_answer_in_the_same_conversation_or_case_whatever_the_channel(ask):
    assert ask("SELECT channel, contacts, answered, share_answered, median_s FROM time_to_answer ORDER BY channel") == [
        ("chat", 3, 2, 0.6667, 30.0),  # 20 s, 40 s (not the message before it); a transfer is no answer
        ("email", 2, 1, 0.5, 3600.0),  # answered by phone
    ]


def test_inconsistency_rates_against_journeys_with_both_channels(ask):
    assert ask("SELECT rule, first_channel, second_channel, inconsistencies, still_open, customers, journeys_with_both, per_1000_journeys"
               " FROM inconsistency_rates ORDER BY rule") == [
        ("offer_unknown", "website", "app", 4, 3, 2, 1, 4000.0), ("promise_broken", "", "website", 1, 1, 1, 3, 333.33),
    ]  # fmt: skip


def test_disruptions_hold_open_findings_of_one_cause_together(ask):
    assert ask("SELECT subject, inconsistencies, customers, severity, example_id, remedy FROM disruptions"
               " WHERE rule = 'offer_unknown' ORDER BY subject") == [
        ("offer:1", 2, 2, "critical", "i2", "brief the app team"), ("offer:2", 1, 1, "warning", "i4", ""),
    ]  # fmt: skip


def test_current_findings_are_neither_retracted_nor_superseded(ask):
    assert ask("SELECT groupArray(inconsistency_id) FROM (SELECT inconsistency_id FROM inconsistencies ORDER BY 1)") == [
        (["i1", "i2", "i3", "i4", "i7"],)
    ]
    assert ask("SELECT count() FROM inconsistencies_history") == [(7,)]
    assert ask("SELECT count() FROM journeys WHERE journey_id = 'j5'") == [(0,)]


def test_coverage_per_channel_and_day(ask):
    assert ask("SELECT toString(day), touchpoints, share_tied, silent_hours FROM coverage WHERE channel = 'store'") == [
        ("2023-11-15", 3, 0.6667, 22)
    ]


def test_every_view_is_documented_with_a_query_that_runs(ask, client, installation):
    text = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text()
    queries = [block.partition("```")[0] for block in text.split("```sql\n")[1:]]
    assert queries
    for query in queries:
        client.raw_query(query.strip().rstrip(";"), parameters={"customer": "c1", "event": "t1"}, fmt="Null")
    for (view,) in ask("SELECT name FROM system.tables WHERE database = currentDatabase() AND NOT endsWith(name, '_history')"):
        assert f"`{view}`" in text, f"docs/analysts.md says nothing of {view}"


def test_a_condition_on_an_anchor_reads_few_granules_through_the_view(ask):
    plan = "\n".join(line for (line,) in ask("EXPLAIN indexes = 1 SELECT * FROM touchpoints WHERE anchor = 'login:c1'"))
    assert "by_anchor" in plan
