"""docs/ledger.md is true to the code: a row for every fact, the rules by their names, every time with its default."""

import re
from dataclasses import fields
from pathlib import Path

from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.ledger import Ledger
from streams.journeys.process import DAY_S
from streams.journeys.settings import HOUR_S, JourneySettings
from streams.processes import shipped_processes

DOC = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
FACTS = {
    "offer": "offers",
    "promise": "promises",
    "case": "cases",
    "conversation": "conversations",
    "question": "questions",
    "transfer": "transfers",
    "wait": "waiting",
    "resolution": "resolutions",
    "statement": "statements",
    "consent withdrawn": "opt_outs",
    "complaint": "complaints",
    "rating": "ratings",
    "good moment": "good_moments",
    "failure": "failures",
    "value": "values",
    "member": "is_member",
}
ROWS = {cells[0]: cells for line in DOC.splitlines() if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 6}


def test_every_fact_of_the_ledger_has_a_row():
    assert set(FACTS.values()) == set(Ledger.__struct_fields__)
    assert set(ROWS) - {"fact", "---"} == set(FACTS)


def test_rules_are_named_as_they_are_and_each_reads_something():
    read = {rule for name, cells in ROWS.items() if name in FACTS for rule in cells[3].split(", ")}
    assert read == set(BY_NAME)


def test_times_have_their_defaults():
    settings = JourneySettings(shipped_processes())
    holders = (settings, settings.rules, settings.rules.statements, settings.rules.contacts)
    defaults = {each.name: getattr(holder, each.name) for holder in holders for each in fields(holder)}
    stated = re.findall(r"`(\w+_s)` \((\d+) (day|hour)s?", DOC)
    assert len(stated) >= 16
    for name, count, unit in stated:
        default = defaults[name][""] if name == "answer_valid_s" else defaults[name]
        assert default == int(count) * {"day": DAY_S, "hour": HOUR_S}[unit], name
    assert set(re.findall(r"`(\w+_s)`", DOC)) <= set(defaults)
