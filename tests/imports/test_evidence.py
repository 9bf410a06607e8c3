"""What docs/evidence.md says of the real data: every rule's count, and each finding known from the rows of the files alone."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bench.evidence import SETS, chosen
from bench.truth import admitted
from streams.imports import Mapping, read_events
from streams.journeys.customer import Customer
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.processes import shipped_processes
from streams.wording_file import load_wording

ROOT = Path(__file__).parents[2]
LAST_MOMENT_OF_OLIST = 1_537_410_247_000_000  # 2018-09-19 23:24:07 in São Paulo, three hours behind UTC
LATER = 1_600_000_000_000_000
SETTINGS = JourneySettings(shipped_processes(), wording=load_wording())


def events_of(mapping, folder):
    return read_events(Mapping.load(ROOT / "examples" / mapping / "mapping.yaml"), folder).events


def findings(events, until):
    customers = defaultdict(list)
    for arrived in admitted(events):
        customers[arrived.touchpoint.anchor].append(arrived.touchpoint)
    for touchpoints in customers.values():
        held = Customer("someone", SETTINGS, Knowledge())
        for touchpoint in touchpoints:
            held.add(touchpoint)
        yield from held.results(until).inconsistencies


def test_olist_holds_397_broken_promises_and_nothing_else(real_data):
    found = list(findings(events_of("olist", real_data("olist")), LAST_MOMENT_OF_OLIST))
    assert Counter((each.rule, each.status) for each in found) == {("promise_broken", "resolved"): 335, ("promise_broken", "open"): 62}
    said = SETS["olist"](real_data("olist"))
    for each in found:
        assert said[each.subject].endswith(", after the promise" if each.status == "resolved" else "never delivered")


def test_the_incidents_hold_276_reopened_cases_and_nothing_else(real_data):
    """Every case that the rows show reopened, and every tenth of the others."""
    said = SETS["incidents"](real_data("uci_incidents"))
    reopened = {subject: int(rows.partition(":")[0]) for subject, rows in said.items() if not rows.startswith("0:")}
    assert (len(reopened), sum(reopened.values())) == (276, 332)
    cases = {*reopened, *sorted(said.keys() - reopened.keys())[::10]}
    events = [each for each in events_of("incidents", real_data("uci_incidents")) if each.record["statement"]["subject"] in cases]
    found = list(findings(events, LATER))
    assert {each.rule for each in found} == {"case_reopened"}
    assert {each.subject: each.count for each in found} == reopened


@pytest.mark.parametrize(("held", "taken"), [(3, 3), (100, 20)])
def test_the_choice_is_the_same_for_the_same_seed(held, taken):
    every = [{"inconsistency_id": str(number)} for number in range(held)]
    assert chosen(every, 20, 1) == chosen(every, 20, 1)
    assert len(chosen(every, 20, 1)) == taken
