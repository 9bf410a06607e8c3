"""The two real data sets, and the excerpt that ships: what their files say is what the events and the findings say.

Each is read once. docs/evidence.md holds what is checked of the findings by hand.
"""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import fastavro
import pytest

from bench.evidence import SETS
from bench.truth import admitted
from streams.imports import MappedImport, Mapping, read_events
from streams.journeys.customer import Customer
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.processes import shipped_processes
from streams.wording_file import load_wording

ROOT = Path(__file__).parents[2]
MIDNIGHT_IN_SAO_PAULO = 3  # hours UTC; 2 in summer time
LAST_MOMENT_OF_OLIST = 1_537_410_247_000_000  # 2018-09-19 23:24:07 in São Paulo, three hours behind UTC
LATER = 1_600_000_000_000_000
SETTINGS = JourneySettings(shipped_processes(), wording=load_wording())
SCHEMAS = {
    name: fastavro.parse_schema(json.loads((ROOT / "schemas" / f"{name}.avsc").read_text()))
    for name in ("website", "email", "phone", "store", "survey")
}


def read(mapping: str, folder: Path) -> tuple[Mapping, MappedImport]:
    loaded = Mapping.load(ROOT / "examples" / mapping / "mapping.yaml")
    return loaded, read_events(loaded, folder)


def encoded(event) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, SCHEMAS[event.channel], dict(event.record), strict_allow_default=True)
    return stream.getvalue()


def fold_order(event) -> tuple:
    return event.at, event.record["source"], event.record["sequence"], event.record["event_id"]


@pytest.fixture(scope="module")
def olist(real_data: Callable[[str], Path]) -> tuple[Mapping, MappedImport]:
    return read("olist", real_data("olist"))


@pytest.fixture(scope="module")
def incidents(real_data: Callable[[str], Path]) -> MappedImport:
    return read("incidents", real_data("uci_incidents"))[1]


def test_olist_counts(olist):
    _, mapped = olist
    assert mapped.kinds == {
        ("email", "order_cancelled"): 40,
        ("email", "order_delivered"): 3898,
        ("email", "order_shipped"): 3939,
        ("survey", "rating_given"): 3986,
        ("website", "order_paid"): 3994,
        ("website", "order_placed"): 4000,
    }
    assert 3898 + 3939 + 3994 + 4000 == 15_831
    assert mapped.rows == 4000 + 3986
    assert mapped.rows_unmapped == mapped.rows_without_event == 0
    events = mapped.events
    assert len({event.record["event_id"] for event in events}) == len(events)
    assert len({event.record["identifiers"][0]["value"] for event in events}) == 3998
    assert list(events) == sorted(events, key=fold_order)


def test_olist_promises(olist):
    mapping, mapped = olist
    until = mapping.until("2018-09-19T23:24:07")
    assert until == max(event.at for event in mapped.events)
    due: dict[str, int] = {}
    ended: dict[str, tuple[str, int]] = {}
    for event in mapped.events:
        promise = event.record.get("promise")
        if promise is None:
            continue
        order = event.record["references"]["order"]
        if promise["action"] == "made":
            due[order] = promise["due_until"]
        else:
            assert order in due, "a promise ends after it was made"
            assert order not in ended
            ended[order] = promise["action"], event.at
    late = sum(action == "kept" and at > due[order] for order, (action, at) in ended.items())
    withdrawn = [order for order, (action, _) in ended.items() if action == "withdrawn"]
    assert len(due) == 4000
    assert late == 335
    assert sum(at <= until for order, at in due.items() if order not in ended) == 62
    assert len(withdrawn) == 40
    assert all(ended[order][1] < due[order] for order in withdrawn)
    hours = Counter(datetime.fromtimestamp(at / 1e6, UTC).hour for at in due.values())
    assert set(hours) == {MIDNIGHT_IN_SAO_PAULO, MIDNIGHT_IN_SAO_PAULO - 1}, "as given: the first moment of the day in the shop's zone"


def test_olist_reviews_and_lines(olist):
    _, mapped = olist
    ratings = [event.record for event in mapped.events if event.channel == "survey"]
    assert Counter(record["rating"]["score"] for record in ratings) == {5: 2293, 4: 765, 1: 454, 3: 337, 2: 137}
    assert all(record["rating"]["of_reference"] == f"order:{record['references']['order']}" for record in ratings)
    placed = [event.record for event in mapped.events if event.record["kind"] == "order_placed"]
    assert sum(len(record["order"]["lines"]) for record in placed) == 4519
    assert all(record["order"]["amount"] is not None for record in placed)


def test_olist_is_what_the_schemas_take(olist):
    assert all(encoded(event) for event in olist[1].events[::23])


def test_incidents(incidents):
    events = incidents.events
    assert len(events) == 141_712
    assert incidents.rows_unmapped == incidents.rows_without_event == 0
    assert Counter(event.channel for event in events) == {"phone": 140_480, "website": 995, "email": 220, "store": 17}
    assert sum(event.record["attributes"].get("medium") == "voice_menu" for event in events) == 18
    assert len({event.record["event_id"] for event in events}) == 141_712
    assert len({event.record["references"]["case"] for event in events}) == 24_918
    callers = {identifier["value"] for event in events for identifier in event.record["identifiers"]}
    assert len(callers) == 5_244  # and the unknown one
    assert sum(event.record["identifiers"] == [] for event in events) == 29
    assert list(events) == sorted(events, key=fold_order)
    assert all(encoded(event) for event in events[::997])


def reopenings(events) -> dict[str, int]:
    states: dict[str, str] = {}
    counts: dict[str, int] = defaultdict(int)
    for event in events:
        case, state = event.record["references"]["case"], event.record["statement"]["value"]
        if states.get(case) in ("Resolved", "Closed") and state not in ("Resolved", "Closed"):
            counts[case] += 1
        states[case] = state
    return counts


def test_incidents_reopened(incidents):
    counts = reopenings(incidents.events)
    assert (len(counts), sum(counts.values())) == (276, 332)


def test_the_shipped_excerpt():
    _, mapped = read("incidents", ROOT / "examples" / "demo-incidents")
    counts = reopenings(mapped.events)
    assert len(mapped.events) == 1563
    assert len({event.record["references"]["case"] for event in mapped.events}) == 300
    assert (len(counts), sum(counts.values())) == (9, 10)
    assert mapped.rows_unmapped == 0
    assert sum(path.stat().st_size for path in (ROOT / "examples" / "demo-incidents").iterdir()) < 200_000


def findings(events, until):
    customers = defaultdict(list)
    for arrived in admitted(events):
        customers[arrived.touchpoint.anchor].append(arrived.touchpoint)
    for touchpoints in customers.values():
        held = Customer("someone", SETTINGS, Knowledge())
        for touchpoint in touchpoints:
            held.add(touchpoint)
        yield from held.results(until).inconsistencies


def test_olist_holds_397_broken_promises_and_nothing_else(olist, real_data):
    found = list(findings(olist[1].events, LAST_MOMENT_OF_OLIST))
    assert Counter((each.rule, each.status) for each in found) == {("promise_broken", "resolved"): 335, ("promise_broken", "open"): 62}
    said = SETS["olist"](real_data("olist"))
    for each in found:
        assert said[each.subject].endswith(", after the promise" if each.status == "resolved" else "never delivered")


def test_the_incidents_hold_276_reopened_cases_and_nothing_else(incidents, real_data):
    """Every case that the rows show reopened, and every tenth of the others."""
    said = SETS["incidents"](real_data("uci_incidents"))
    reopened = {subject: int(rows.partition(":")[0]) for subject, rows in said.items() if not rows.startswith("0:")}
    assert (len(reopened), sum(reopened.values())) == (276, 332)
    cases = {*reopened, *sorted(said.keys() - reopened.keys())[::10]}
    events = [each for each in incidents.events if each.record["statement"]["subject"] in cases]
    found = list(findings(events, LATER))
    assert {each.rule for each in found} == {"case_reopened"}
    assert {each.subject: each.count for each in found} == reopened
