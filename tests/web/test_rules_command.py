"""`touchpoints rules`: what each rule says, and a rule tried on recorded touchpoints with other settings."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.clickhouse.reading import read
from streams.commands.rules import rules
from streams.journeys.inconsistencies.rules import RULES
from streams.journeys.touchpoint import Conversation, Offer, References
from streams.rules_explained import explained
from streams.settings import Settings
from tests.web.conftest import HOUR, NOON

DAY = 24 * HOUR
app = typer.Typer()
app.command()(rules)


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("rule", [each.name for each in RULES])
def test_every_rule_is_explained_by_its_file_s_head(rule: str):
    told = explained(rule)
    assert told.gist
    assert not told.gist.startswith(("Example", rule))
    for label in ("Example: ", "Near misses: ", "Settings: ", "Founding fact"):
        assert sum(label in paragraph for paragraph in told.words) == 1, label
    others = {each.name for each in RULES} - {rule}
    assert not any(paragraph.startswith(f"{other}:") for paragraph in told.words for other in others)


def test_rules_are_listed_with_those_that_are_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = tmp_path / "rules.yaml"
    own.write_text("rules: {price_mismatch: {enabled: no, within: 2h}}\n")
    monkeypatch.setenv("TOUCHPOINTS_RULES", str(own))
    listed = json.loads(run("list", "--json")[1])["rules"]
    assert [each["rule"] for each in listed if not each["enabled"]] == ["price_mismatch"]
    assert len(listed) == len(RULES)
    said = run("explain", "price_mismatch")[1]
    assert "within: 2h" in said
    assert "Gives way to offer_not_honoured" in said


def test_a_rule_that_there_is_none_of_is_a_slip():
    code, _, said = run("explain", "price_mismach")
    assert code == 2
    assert "price_mismatch" in said


@pytest.mark.stack
class TestOnHistory:
    @pytest.fixture(scope="class", autouse=True)
    def store(self, record: Any, touchpoint: Any) -> None:
        def life(customer: str, days_apart: int, since: int) -> list[Any]:
            """A question about an order that is resolved, and the customer back about it some days after."""
            ada, order = ("login", customer), f"O-{customer}"
            talks = [(since, "started", "", f"T-{customer}"), (since + HOUR, "ended", "resolved", f"T-{customer}"),
                     (since + HOUR + days_apart * DAY, "started", "", f"U-{customer}"), (since + 2 * HOUR + days_apart * DAY, "ended", "resolved", f"U-{customer}")]  # fmt: skip
            return [
                touchpoint(f"{customer}-{number}", ada, at=at, channel="phone", kind=f"conversation_{action}", direction="inbound",
                           references=References(order=order, conversation=talk), conversations=(Conversation(action, outcome=outcome),))
                for number, (at, action, outcome, talk) in enumerate(talks)
            ]  # fmt: skip

        record(
            *life("two", 2, NOON),
            *life("five", 5, NOON),
            *life("nine", 9, NOON),
            *life("late", 2, NOON + 60 * DAY),
            touchpoint(
                "x1", ("login", "other"), kind="offer_shown", offers=(Offer("SPRING", "shown"),), references=References(offer="SPRING")
            ),
        )

    @pytest.fixture(autouse=True)
    def running(self, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("clickhouse_url", "clickhouse_database", "clickhouse_store"):
            monkeypatch.setenv(f"TOUCHPOINTS_{name.upper()}", getattr(settings, name))
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".touchpoints").mkdir()
        (tmp_path / ".touchpoints" / "knowledge.json").write_text("{}")

    def tried(self, *arguments: str) -> dict[str, Any]:
        code, said, error = run("try", "contact_repeated", *arguments, "--json")
        assert code == 0, error
        return json.loads(said)

    @pytest.mark.parametrize(("within", "appear", "vanish", "stay"), [("7d", 0, 0, 3), ("3d", 0, 1, 2), ("1d", 0, 3, 0), ("10d", 1, 0, 3)])
    def test_what_would_appear_vanish_and_stay(self, within: str, appear: int, vanish: int, stay: int):
        answer = self.tried("--set", f"within={within}")
        assert (answer["appear"], answer["vanish"], answer["stay"], answer["customers"], answer["touchpoints"]) == (
            appear,
            vanish,
            stay,
            5,
            17,
        )

    def test_what_would_appear_is_told(self):
        [finding] = self.tried("--set", "within=10d")["appearing"]
        assert finding["subject"] == "order:O-nine"
        assert "nine days later" in finding["sentence"]

    def test_a_severity_changes_those_that_stay(self):
        answer = self.tried("--set", "severity=critical")
        assert (answer["appear"], answer["vanish"], answer["change"], answer["stay"]) == (0, 0, 3, 0)

    def test_since_looks_at_late_findings_of_customers_who_were_there(self):
        answer = self.tried("--set", "within=1d", "--since", "30d")
        assert (answer["vanish"], answer["customers"], answer["touchpoints"]) == (1, 1, 4)

    def test_nothing_live_is_touched(self, settings: Settings):
        count = "SELECT count() FROM inconsistencies_history"
        before = read(settings, count).body
        self.tried("--set", "enabled=no")
        assert read(settings, count).body == before

    def test_for_a_person(self):
        code, said, _ = run("try", "contact_repeated", "--set", "within=3d")
        assert code == 0
        for part in (
            "contact_repeated with within: 3d",
            "17 touchpoints of 5 customers",
            "1 would vanish",
            "2 would stay",
            "Would vanish, for example",
        ):
            assert part in said

    @pytest.mark.parametrize(
        ("wrong", "expected"),
        [
            ("within=soon", "no length of time"),
            ("wihin=3d", "did you mean `within`"),
            ("within", "a setting and its value"),
            ("within: 3d", "its value"),
        ],
    )
    def test_a_setting_that_cannot_be_is_named(self, wrong: str, expected: str):
        done = CliRunner().invoke(app, ["try", "contact_repeated", "--set", wrong])
        assert done.exit_code != 0
        assert expected in (done.stderr + str(done.exception))

    def test_nothing_to_try_is_a_slip(self):
        assert run("try", "contact_repeated")[0] == 2
