"""`touchpoints inconsistencies`: a list by what they have in common, and one in full, on the real engine."""

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.commands.inconsistencies import inconsistencies
from streams.journeys.touchpoint import References
from streams.settings import Settings
from tests.web.conftest import HOUR, NOON

pytestmark = pytest.mark.stack

DAY = 24 * HOUR
app = typer.Typer()
app.command()(inconsistencies)


@pytest.fixture(scope="module", autouse=True)
def store(record: Any, touchpoint: Any) -> None:
    ada = ("login", "ada")
    one = {"rule": "offer_unknown", "customer": "c" * 32, "subject": "offer:SPRING", "first_channel": "website", "second_channel": "phone",
           "first_at": NOON, "first_said": "showed offer SPRING", "second_at": NOON + 2 * HOUR, "second_said": "said that it is unknown",
           "evidence": ["it's-shown", "it's-\\-refused", "not recorded"], "severity": "warning", "opened_at": NOON + 2 * HOUR, "remedy": "Honour it."}  # fmt: skip
    record(
        touchpoint("it's-\\-refused", ada, at=NOON + 2 * HOUR, channel="phone", kind="offer_refused", references=References(offer="SPRING")),
        touchpoint("it's-shown", ada, kind="offer_shown", references=References(offer="SPRING")),
        ("inconsistency", one | {"inconsistency_id": "abcd01", "version": 1, "status": "open", "sentence": "At first.", "detected_at": NOON + 2 * HOUR}),
        ("inconsistency", one | {"inconsistency_id": "abcd01", "version": 2, "status": "resolved", "sentence": "The phone denied it.", "count": 2,
                                 "detected_at": NOON + 3 * HOUR, "resolved_at": NOON + 3 * HOUR, "resolved_by": "e9"}),
        ("inconsistency", {"inconsistency_id": "abcd02", "customer": "d" * 32, "rule": "promise_broken", "status": "open", "severity": "critical", "first_channel": "store",
                           "opened_at": NOON + 10 * DAY, "sentence": "It has not come."}),
        ("inconsistency", {"inconsistency_id": "ffff", "customer": "e" * 32, "rule": "price_mismatch", "status": "open", "version": 1, "sentence": "They differ."}),
        ("inconsistency", {"inconsistency_id": "ffff", "customer": "e" * 32, "rule": "price_mismatch", "status": "retracted", "version": 2, "opened_at": 0}),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def running(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("clickhouse_url", "clickhouse_database", "clickhouse_store"):
        monkeypatch.setenv(f"TOUCHPOINTS_{name.upper()}", getattr(settings, name))


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def listed(*arguments: str) -> list[str]:
    code, said, _ = run("list", *arguments, "--json")
    assert code == 0
    answer = json.loads(said)
    return [each["inconsistency_id"] for each in answer["inconsistencies"]]


def test_a_list_has_current_ones_the_latest_first():
    assert listed() == ["abcd02", "abcd01"]
    assert listed("--limit", "1") == ["abcd02"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("--rule", "offer_unknown"), ["abcd01"]),
        (("--status", "open"), ["abcd02"]),
        (("--severity", "critical"), ["abcd02"]),
        (("--channel", "phone"), ["abcd01"]),
        (("--customer", "c" * 32), ["abcd01"]),
        (("--subject", "offer:SPRING"), ["abcd01"]),
        (("--since", "7d"), ["abcd02"]),
        (("--rule", "offer_unknown", "--status", "open"), []),
    ],
)
def test_a_list_is_of_what_they_have_in_common(condition: tuple[str, ...], expected: list[str]):
    assert listed(*condition) == expected


@pytest.mark.parametrize(
    "wrong", [("--rule", "offer_unknwn"), ("--status", "shut"), ("--channel", "fax"), ("--severity", "bad"), ("--since", "soon")]
)
def test_a_word_that_none_can_have_is_a_slip(wrong: tuple[str, ...]):
    code, _, said = run("list", *wrong)
    assert code == 2
    assert wrong[1] in said


def test_for_a_person_a_list_tells_what_happened():
    code, said, _ = run("list", "--rule", "offer_unknown")
    assert code == 0
    for part in ("abcd01", "offer_unknown (warning, resolved)", "The phone denied it.", "1 of 1"):
        assert part in said
    assert "none" in run("list", "--rule", "stock_mismatch")[1]


def test_one_is_told_in_full_by_the_beginning_of_its_id():
    code, said, _ = run("show", "ABCD01")
    assert code == 0
    places = [said.index(each) for each in ("WARNING  offer_unknown, resolved", "The phone denied it.", "Honour it.", "Evidence", "it's-shown",
                                            "two hours later", "it's-\\-refused", "1 more that are not recorded", "How it came to be", "open (warning)",
                                            "resolved (warning), 2 times")]  # fmt: skip
    assert places == sorted(places)


def test_one_for_programs_has_evidence_and_versions():
    answer = json.loads(run("show", "abcd01", "--json")[1])
    assert [each["event_id"] for each in answer["evidence"]] == ["it's-shown", "it's-\\-refused"]
    assert [(each["version"], each["status"], each["count"]) for each in answer["versions"]] == [(1, "open", 1), (2, "resolved", 2)]
    assert (answer["sentence"], answer["resolved_by"], answer["second_channel"]) == ("The phone denied it.", "e9", "phone")


def test_one_that_was_retracted_is_told_as_it_was():
    answer = json.loads(run("show", "ffff", "--json")[1])
    assert (answer["status"], answer["sentence"]) == ("retracted", "They differ.")


@pytest.mark.parametrize(("wanted", "expected"), [("abcd", "several"), ("0123", "no inconsistency"), ("ab", "too short")])
def test_an_id_must_be_one_s(wanted: str, expected: str):
    code, _, said = run("show", wanted)
    assert code == 1
    assert expected in said


def test_show_takes_an_id_and_list_takes_none():
    assert run("show")[0] == 2
    assert run("list", "abcd01")[0] == 2
