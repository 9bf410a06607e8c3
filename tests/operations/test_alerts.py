"""Every alert is named, labelled, tested both ways and explained; promtool runs its tests."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.metrics import LABEL_VALUES, STATE_METRICS, Metrics

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES_FILE = FOLDER / "touchpoints.rules.yml"
TEST_FILES = sorted(FOLDER.glob("*.tests.yml"))
RULES: list[dict[str, Any]] = [rule for group in yaml.safe_load(RULES_FILE.read_text())["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
BY_ALERT = pytest.mark.parametrize("name", ALERTS)


def run_promtool(*arguments: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        lacks = "the alert rules' tests need promtool; on Debian: apt-get install prometheus"
        if os.environ.get("CI") == "true":
            pytest.fail(lacks, pytrace=False)
        pytest.skip(lacks)
    answer = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.tools
def test_promtool_takes_the_rules():
    run_promtool("check", "rules", str(RULES_FILE))


@pytest.mark.tools
@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_the_alerts_fire_on_what_they_should_and_on_nothing_else(path: Path):
    run_promtool("test", "rules", str(path))


def expectations(name: str) -> list[bool]:
    tests = [test for path in TEST_FILES for test in yaml.safe_load(path.read_text())["tests"]]
    return [bool(check["exp_alerts"]) for test in tests for check in test["alert_rule_test"] if check["alertname"] == name]


@BY_ALERT
def test_an_alert_has_a_test_that_fires_it(name: str):
    assert True in expectations(name)


@BY_ALERT
def test_an_alert_has_a_test_in_which_something_else_or_nothing_happens(name: str):
    """Either a moment at which it must not fire, or series beside the firing ones that must not fire with them."""
    bystanders = [
        test
        for path in TEST_FILES
        for test in yaml.safe_load(path.read_text())["tests"]
        for check in test["alert_rule_test"]
        if check["alertname"] == name and len(test["input_series"]) > len(check["exp_alerts"]) > 0
    ]
    assert False in expectations(name) or bystanders


@BY_ALERT
def test_an_alert_is_in_camel_case_and_has_severity_team_and_channel(name: str):
    assert re.fullmatch(r"Touchpoints([A-Z][a-z]+)+", name)
    labels = ALERTS[name]["labels"]
    assert labels["severity"] in {"critical", "warning"}
    assert labels["team"] in {"operations", "channel"}
    assert "channel" in labels or re.search(r"by \((?:\w+, )*channel\b", ALERTS[name]["expr"]), (
        "the channel is a label of the rule or of its expression"
    )


@BY_ALERT
def test_an_alert_says_what_happens_and_where_its_runbook_is(name: str):
    notes = ALERTS[name]["annotations"]
    assert set(notes) == {"summary", "description", "runbook"}
    assert notes["runbook"] == f"docs/operations.md#{name.lower()}"


@BY_ALERT
def test_a_runbook_says_what_it_means_what_to_look_at_and_what_to_do(name: str):
    chapters = re.split(r"^### ", (ROOT / "docs" / "operations.md").read_text(), flags=re.MULTILINE)
    (runbook,) = [chapter for chapter in chapters if chapter.startswith(name + "\n")]
    for part in ("**Means.**", "**Look.**", "**Do.**"):
        assert part in runbook, f"the runbook of {name} has no {part}"


def test_no_runbook_is_left_over():
    headings = re.findall(r"^### (Touchpoints\w+)$", (ROOT / "docs" / "operations.md").read_text(), flags=re.MULTILINE)
    assert sorted(headings) == sorted(ALERTS)


def test_rules_use_metrics_and_labels_that_exist():
    exposed = {metric.name for metric in STATE_METRICS} | {rule["record"] for rule in RULES if "record" in rule}
    for family in Metrics().registry.collect():
        exposed |= {family.name, family.name + "_bucket", family.name + "_total"}
    for rule in RULES:
        used = set(re.findall(r"\b(?:touchpoints|process)[_:][\w:]+", rule["expr"]))
        assert used, rule
        assert used <= exposed, f"{rule} uses what /metrics does not have"
        for label, value in re.findall(r'(\w+)="([^"]*)"', rule["expr"]):
            assert value in LABEL_VALUES[label], f"{rule} asks for {label}={value}, which never occurs"


def test_no_alert_is_on_a_single_finding():
    for rule in ALERTS.values():
        assert "touchpoints_inconsistencies_total" not in rule["expr"]
