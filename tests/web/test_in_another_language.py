"""What was found, told in the language of the desk that asks, on the real engine: as the row carries it, else as it was published."""

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.commands.inconsistencies import inconsistencies
from streams.commands.lookup import lookup
from streams.journeys.inconsistencies.retelling import Made, written
from streams.journeys.inconsistencies.telling import phrase
from streams.settings import Settings
from tests.web.conftest import HOUR, KEY, NOON, PSEUDONYMS

pytestmark = pytest.mark.stack

ADA = PSEUDONYMS.of("login", "ada")
DUTCH = "De telefoon zei dat aanbieding SPRING onbekend is, terwijl de website die twee uur eerder had getoond en ze geldig was."

app = typer.Typer()
app.command("lookup")(lookup)
app.command("inconsistencies")(inconsistencies)


@pytest.fixture(scope="module", autouse=True)
def store(record: Any, touchpoint: Any) -> None:
    made = Made(
        phrase("showed", offer="SPRING"), phrase("denied", offer="SPRING", reason="unknown"), ("valid",), "remedy", {"offer": "SPRING"}
    )
    base = {"rule": "offer_unknown", "status": "open", "customer": ADA, "first_channel": "website", "first_at": NOON, "first_said": "showed it",
            "second_channel": "phone", "second_at": NOON + 2 * HOUR, "second_said": "denied it", "opened_at": NOON + 2 * HOUR}  # fmt: skip
    record(
        touchpoint("a1", ("login", "ada")),
        ("inconsistency", base | {"inconsistency_id": "aaaa1", "sentence": "As published.", "remedy": "Do it.", "told": written(made)}),
        ("inconsistency", base | {"inconsistency_id": "bbbb2", "sentence": "Before this.", "remedy": "Leave it.", "opened_at": NOON}),
    )


@pytest.fixture(autouse=True)
def running(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("clickhouse_url", "clickhouse_database", "clickhouse_store"):
        monkeypatch.setenv(f"TOUCHPOINTS_{name.upper()}", getattr(settings, name))
    monkeypatch.setenv("TOUCHPOINTS_PSEUDONYM_KEY", KEY)


def answer(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("command", [("lookup", "ada"), ("inconsistencies", "list")])
def test_a_desk_reads_it_in_its_own_language(command: tuple[str, ...]):
    told = [(each["sentence"], each["remedy"]) for each in answer(*command, "--language", "nl")["inconsistencies"]]
    assert told[0][0] == DUTCH
    assert told[0][1].startswith("Geef deze klant aanbieding SPRING alsnog")
    assert told[1] == ("Before this.", "Leave it."), "a row of an earlier version carries nothing"
    assert [each["sentence"] for each in answer(*command)["inconsistencies"]] == ["As published.", "Before this."]


def test_one_is_shown_with_both_sides_in_that_language():
    dutch = answer("inconsistencies", "show", "aaaa1", "--language", "nl")
    assert (dutch["sentence"], dutch["second_said"]) == (DUTCH, "zei dat aanbieding SPRING onbekend is")
    assert "told" not in dutch
    assert answer("inconsistencies", "show", "aaaa1")["second_said"] == "denied it"


@pytest.mark.parametrize("command", [("lookup", "ada"), ("inconsistencies", "list")])
def test_a_language_that_is_none_is_a_slip(command: tuple[str, ...]):
    done = CliRunner().invoke(app, [*command, "--language", "xx"])
    assert done.exit_code == 2
    assert "no wording in 'xx'; en, nl, or a file's name" in done.stderr
