"""The whole pipeline, from published bytes to rows: the demonstration, an import repeated, and a real shop's export."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.clickhouse.client import connect
from streams.clickhouse.reading import reached, read
from streams.demo.drain import until_drained
from streams.demo.outcome import outcome
from streams.demo.scenario import out_of_order, simulated
from streams.events import ChannelEvent
from streams.journeys.inconsistencies.retelling import Words
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.publishing import publish, publish_import
from streams.settings import Settings
from streams.stack import demonstration_keys, embedded_stack
from streams.web.findings import Wanted, found
from streams.wording_file import load_wording

ROOT = Path(__file__).parents[1]
RULES = set(BY_NAME)

pytestmark = pytest.mark.stack


def demo(*arguments):
    """Exit status, the lines of standard output, and the object on the last one."""
    ran = subprocess.run([sys.executable, "-m", "streams.cli", "demo", *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.stdout.strip(), ran.stderr[-2000:]
    lines = ran.stdout.splitlines()
    return ran.returncode, lines, json.loads(lines[-1])


def quiet(_done, _all):
    """Nobody watches."""


def asked(folder, sql):
    """Rows of a kept stack's views, as text."""
    with reached(Settings.load(folder), folder) as settings:
        return json.loads(read(settings, sql, "JSONCompactStrings", {}).body)["data"]


@pytest.mark.timeout(240)
def test_the_demo_finds_all_that_its_stories_planted_and_nothing_else(tmp_path):
    status, lines, result = demo("--customers", "400", "--seed", "3", "--json", "--keep", str(tmp_path))
    assert status == 0, result
    assert len(lines) == 1, "the object stands alone"
    counts = ("received", "recorded", "dead", "duplicate", "in_flight", "journeys")
    assert all(isinstance(result[name], int) for name in counts)
    assert result["received"] > 0
    assert result["received"] == result["recorded"] + result["dead"] + result["duplicate"] + result["in_flight"]
    assert (result["in_flight"], result["difference"]) == (0, 0)
    assert 0 < result["dead"] <= result["truth"]["identity_conflict"]["planted"], "the other contents under one event id, and nothing else"
    assert result["journeys"] > 0
    assert len(result["checksum"]) == 16
    assert result["seconds"] > 0
    assert set(result["inconsistencies"]) == RULES
    assert all(set(each) == {"open", "resolved"} for each in result["inconsistencies"].values())
    assert set(result["truth"]) == RULES
    for rule, score in result["truth"].items():
        assert score["planted"] > 0, rule
        assert (score["precision"], score["recall"]) == (1.0, 1.0), rule
    desk_of_another_language_reads(tmp_path, sum(sum(each.values()) for each in result["inconsistencies"].values()))


def desk_of_another_language_reads(folder, number):
    """Every finding carries what its words are made of."""
    with reached(Settings.load(folder), folder) as settings:
        (english, _), (dutch, counted) = (found(settings, Wanted(most=2 * number), wording) for wording in (None, load_wording("nl")))
    assert counted == len(dutch) == number
    for one, other in zip(english, dutch, strict=True):
        assert one["sentence"] != other["sentence"]
        assert one["remedy"] != other["remedy"]
    assert {name: one[name] for name in one if name not in Words._fields} == {
        name: other[name] for name in one if name not in Words._fields
    }


@pytest.mark.timeout(240)
async def test_an_import_published_twice_leaves_the_same_rows_and_counts_every_event_as_a_duplicate(tmp_path):
    (scenario,) = simulated(30, 4).imports
    async with embedded_stack(tmp_path, demonstration_keys) as stack:

        async def publish_and_wait(already):
            published = await publish_import(stack.settings, scenario.events, name=scenario.name, until=scenario.until)
            state = await until_drained(stack, already + published.total, (scenario.name,), quiet)
            client = connect(stack.settings, stack.settings.clickhouse_database)
            try:
                return published.total, state["conservation"], outcome(client)
            finally:
                client.close()

        total, line, once = await publish_and_wait(0)
        _, again, twice = await publish_and_wait(total)
    assert total > 0
    assert line == {"received": total, "recorded": total, "dead": 0, "duplicate": 0, "in_flight": 0, "difference": 0}
    assert again == {"received": 2 * total, "recorded": total, "dead": 0, "duplicate": total, "in_flight": 0, "difference": 0}
    assert twice.checksum == once.checksum
    assert (twice.journeys, twice.inconsistencies, twice.channels) == (once.journeys, once.inconsistencies, once.channels)
    assert sum(twice.channels.values()) == total


@pytest.mark.timeout(240)
async def test_events_that_come_up_to_two_days_late_leave_the_same_rows(tmp_path):
    ordered = simulated(30, 5)

    async def came(folder, scenario):
        (each,) = scenario.imports
        async with embedded_stack(folder, demonstration_keys) as stack:
            published = await publish_import(stack.settings, each.events, name=each.name, until=each.until)
            state = await until_drained(stack, published.total, (each.name,), quiet)
            client = connect(stack.settings, stack.settings.clickhouse_database)
            try:
                return state["conservation"], outcome(client)
            finally:
                client.close()

    line, expected = await came(tmp_path / "ordered", ordered)
    late = out_of_order(ordered, 48 * 3_600_000_000, 1)
    assert late.imports[0].events != ordered.imports[0].events
    line_late, found = await came(tmp_path / "late", late)
    assert line_late == line
    assert expected.inconsistencies
    assert (found.journeys, found.inconsistencies, found.channels) == (expected.journeys, expected.inconsistencies, expected.channels)
    assert found.checksum == expected.checksum


@pytest.mark.timeout(240)
def test_a_shop_s_export_gives_every_order_a_journey_and_every_late_parcel_a_broken_promise(tmp_path, real_data):
    arguments = ("--mapping", "examples/olist/mapping.yaml", "--data", str(real_data("olist")), "--until", "2018-09-19T23:24:07")
    status, _, result = demo(*arguments, "--json", "--keep", str(tmp_path))
    assert status == 0, result
    assert result["inconsistencies"] == {"promise_broken": {"open": 62, "resolved": 335}}
    assert result["journeys"] == 4000
    assert result["received"] == result["recorded"] + result["dead"] + result["duplicate"]
    assert (result["in_flight"], result["difference"]) == (0, 0)
    assert asked(tmp_path, "SELECT count() FROM ratings") == [["3986"]]
    assert asked(tmp_path, "SELECT process, count() FROM journeys GROUP BY process") == [["purchase", "4000"]]


@pytest.mark.timeout(240)
async def test_a_stack_started_again_over_its_folder_knows_what_it_knew_and_an_update_to_an_old_journey_shows(tmp_path):
    (scenario,) = simulated(30, 4).imports

    def rows(settings, sql):
        client = connect(settings, settings.clickhouse_database)
        try:
            return client.query(sql).result_rows
        finally:
            client.close()

    def came(settings):
        client = connect(settings, settings.clickhouse_database)
        try:
            return outcome(client)
        finally:
            client.close()

    async with embedded_stack(tmp_path, demonstration_keys) as stack:
        published = await publish_import(stack.settings, scenario.events, name=scenario.name, until=scenario.until)
        await until_drained(stack, published.total, (scenario.name,), quiet)
        before = came(stack.settings)
    async with embedded_stack(tmp_path) as stack:
        assert stack.rebuilt == published.total
        await stack.until_rebuilt()
        assert came(stack.settings).checksum == before.checksum
        old = "SELECT journey_id, reference, touchpoints FROM journeys WHERE process = 'purchase' ORDER BY started_at LIMIT 1"
        journey_id, reference, count = rows(stack.settings, old)[0]
        order = reference.partition(":")[2]
        placed = next(event.record for event in scenario.events if event.record.get("references", {}).get("order") == order)
        now = time.time_ns() // 1000
        update = {
            "event_id": "changed-at-last",
            "occurred_at": now,
            "kind": "order_changed",
            "identifiers": placed["identifiers"],
            "references": {"order": order},
        }
        await publish(stack.settings, [ChannelEvent("website", update, now)])
        found = count
        while found != count + 1:
            await asyncio.sleep(0.25)
            ((found,),) = rows(stack.settings, f"SELECT touchpoints FROM journeys WHERE journey_id = '{journey_id}'")
