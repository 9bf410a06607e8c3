"""`touchpoints import` as it is called."""

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from streams.commands.import_ import import_

ROOT = Path(__file__).parents[2]
INCIDENTS = ["--mapping", str(ROOT / "examples/incidents/mapping.yaml"), "--data", str(ROOT / "examples/demo-incidents")]
OWN = "name: x\nzone: Europe/Berlin\nsources: {r: r.csv}\nevents:\n"
OWN += "  - {from: r, channel: website, kind: page_viewed, event_id: '{id}', occurred_at: '{at}'}\n"


@pytest.fixture
def sent(monkeypatch):
    """What the command hands to the publisher."""
    calls = []
    module = ModuleType("streams.publishing")

    async def publish_import(settings, events, *, name, until):
        calls.append((list(events), name, until))
        refused = [each.record["event_id"] for each in events if each.record["event_id"] == "misfit"]
        return SimpleNamespace(counts={"website": len(events) - len(refused)}, refused=refused)

    module.publish_import = publish_import
    monkeypatch.setitem(sys.modules, "streams.publishing", module)
    return calls


def call(*arguments: str):
    app = typer.Typer()
    app.command("import")(import_)
    return CliRunner().invoke(app, arguments)


def own(folder: Path, rows: str) -> list[str]:
    (folder / "m.yaml").write_text(OWN)
    (folder / "r.csv").write_text(rows)
    return ["--mapping", str(folder / "m.yaml"), "--data", str(folder)]


def test_check_counts_and_sends_nothing(sent):
    result = call(*INCIDENTS, "--check", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["events"] == found["rows"] == 1563
    assert found["sent"] == found["rows_unmapped"] == 0
    assert found["kinds"] == {
        "email": {"statement_made": 34},
        "phone": {"statement_made": 1431},
        "store": {"statement_made": 13},
        "website": {"statement_made": 85},
    }
    assert sent == []
    assert "1,431" in call(*INCIDENTS, "--check").stdout


def test_sends_all_with_name_and_clock(sent, tmp_path):
    arguments = own(tmp_path, "id,at\n1,2024-05-01\nx,soon\n")
    result = call(*arguments, "--until", "2024-05-02T00:00", "--name", "first", "--json")
    assert result.exit_code == 0
    ((events, name, until),) = sent
    assert [event.record["event_id"] for event in events] == ["1"]
    assert (name, until) == ("first", 1714600800_000_000)
    assert json.loads(result.stdout)["unmapped"] == [
        {"file": "r.csv", "line": 3, "event": "1", "reason": "occurred_at: 'soon' is no time of the format iso"}
    ]
    call(*arguments)
    assert sent[1][1:] == ("x", None)


def test_what_does_not_fit_its_schema_is_not_counted_as_sent(sent, tmp_path):
    arguments = own(tmp_path, "id,at\n1,2024-05-01\nmisfit,2024-05-02\n")
    result = call(*arguments, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["events"], found["sent"], found["refused"]) == (2, 1, ["misfit"])
    assert "1 events do not fit their schema" in call(*arguments).stderr


def test_a_row_that_does_not_map_fails_the_check(sent, tmp_path):
    result = call(*own(tmp_path, "id,at\n1,2024-05-01\nx,soon\n"), "--check")
    assert result.exit_code == 1
    assert "r.csv:3: event 1: occurred_at: 'soon'" in result.stderr
    assert sent == []


def test_nothing_to_send_is_no_success(sent, tmp_path):
    assert call(*own(tmp_path, "id,at\n")).exit_code == 1
    assert sent == []


def test_what_cannot_be_used_is_told(sent, tmp_path):
    result = call(*own(tmp_path, "idd,at\n"))
    assert result.exit_code == 2
    assert "r.csv has no column `id`" in result.stderr
    assert call("--mapping", str(tmp_path / "none.yaml"), "--data", str(tmp_path)).exit_code == 2
    result = call(*own(tmp_path, "id,at\n"), "--until", "soon")
    assert result.exit_code == 2
    assert "Europe/Berlin" in result.stderr
