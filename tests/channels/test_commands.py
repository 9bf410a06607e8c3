"""A channel team's first event: `touchpoints schemas` and `touchpoints publish`."""

import json

import pytest
import typer
from typer.testing import CliRunner

from streams.avro.examples import KNOWLEDGE, TYPICAL, example
from streams.channels.preview import NAMES, Preview, Right
from streams.commands.publish import TRIAL_KEY, publish, publish_lines
from streams.commands.schemas import schemas

NOW = 1_772_450_000_000_000


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TOUCHPOINTS_PSEUDONYM_KEY", raising=False)
    app = typer.Typer()
    app.command("publish")(publish)
    app.command("schemas")(schemas)
    return lambda *arguments, given="": CliRunner().invoke(app, list(arguments), input=given)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_can_be_published_as_it_is_shown(run, name):
    shown = run("schemas", "example", name)
    assert shown.exit_code == 0
    tried = run("publish", name, "-", "--dry-run", given=shown.stdout)
    assert tried.exit_code == 0, tried.output


def test_a_dry_run_shows_the_touchpoint_with_pseudonyms_alone(run):
    tried = run("publish", "phone", "-", "--dry-run", given=json.dumps(example("phone")))
    touchpoint = json.loads(tried.stdout)
    assert touchpoint["kind"] == "offer_refused"
    assert touchpoint["direction"] == "outbound"
    assert touchpoint["offers"][0]["amount"] == "79.9000"
    assert "kim@example.com" not in tried.stdout
    assert [each["type"] for each in touchpoint["identifiers"]] == ["customer_number", "email"]


def test_each_wrong_field_is_named_with_its_line_and_the_exit_code_says_so(run, tmp_path):
    wrong = example("chat") | {"kind": "offer_show", "sequence": "one"}
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, [example("chat"), wrong])))
    tried = run("publish", "chat", str(path), "--dry-run")
    assert tried.exit_code == 1
    assert "line 2: kind: one of" in tried.stderr
    assert "line 2: sequence: a whole number was expected, a text was given" in tried.stderr
    assert "line 1:" not in tried.stderr
    assert "1 right" in tried.stderr
    assert "1 wrong" in tried.stderr


def test_what_only_admit_would_refuse_is_told_before_it_is_published(run):
    tried = run(
        "publish", "survey", "-", "--dry-run", "--json", given=json.dumps(example("survey") | {"rating": {"scale": "NPS", "score": 11}})
    )
    assert tried.exit_code == 1
    outcome = json.loads(tried.stdout.splitlines()[-1])
    assert outcome["right"] == outcome["published"] == 0
    assert outcome["wrong"][0]["fields"][0]["path"] == "rating.score"
    assert "invalid_value" in outcome["wrong"][0]["fields"][0]["expected"]


@pytest.mark.parametrize("entry", [{"channel": "fax", "offer": "1"}, {"channel": "chat"}, {"channel": "chat", "subject": "product:P1"}])
def test_knowledge_says_who_knows_what(run, entry):
    tried = run("publish", "knowledge", "-", "--dry-run", given=json.dumps(entry | {"known_from": "2026-03-01T00:00:00Z"}))
    assert tried.exit_code == 1


def test_an_unknown_channel_and_a_missing_file_are_told(run, monkeypatch):
    unknown = run("publish", "fax", "-", "--dry-run")
    assert unknown.exit_code == 2
    assert "website, app, chat" in unknown.stderr
    assert run("publish", "chat", "nowhere.json", "--dry-run").exit_code == 2
    monkeypatch.setenv("TOUCHPOINTS_PSEUDONYM_KEY", "secret")
    bad_key = run("publish", "chat", "-", "--dry-run")
    assert bad_key.exit_code == 2
    assert "TOUCHPOINTS_PSEUDONYM_KEY" in bad_key.stderr


def test_right_events_are_handed_on_as_they_come_and_wrong_ones_left_out():
    sent = []
    lines = [json.dumps(example("chat")) + "\n", "{oops\n", json.dumps(example("chat", "customer_said")) + "\n"]
    outcome = publish_lines(Preview("chat", TRIAL_KEY), lines, sent.extend, dry_run=False, clock=lambda: NOW)
    assert [(event.channel, event.record["kind"]) for event in sent] == [("chat", "conversation_started"), ("chat", "customer_said")]
    assert outcome.right == 2
    assert [each["place"] for each in outcome.wrong] == ["line 2"]


@pytest.mark.parametrize("name", [*TYPICAL, KNOWLEDGE])
def test_an_event_is_published_at_its_own_time(name):
    answer = Preview(name, TRIAL_KEY).of(example(name), NOW)
    assert isinstance(answer, Right)
    assert answer.event.at == answer.event.record["known_from" if name == KNOWLEDGE else "occurred_at"]


def test_a_schema_is_shown_as_its_file_has_it(run, registry):
    shown = run("schemas", "show", "chat")
    assert json.loads(shown.stdout) == registry.current("chat").definition
    assert run("schemas", "show", "chats").exit_code == 2
    assert run("schemas", "show").exit_code == 2
    assert run("schemas", "example", "journey").exit_code == 2
    assert run("schemas", "example", "chat", "--kind", "page_viewed").exit_code == 2


def test_the_shipped_schemas_pass_the_check(run):
    assert run("schemas", "check").exit_code == 0
    assert json.loads(run("schemas", "check", "--json").stdout) == {"flaws": []}
    assert run("schemas", "check", "nothing").exit_code == 2


def test_a_flawed_schema_is_told_and_not_released(run, tmp_path, monkeypatch):
    import shutil

    from streams.shipped import folder

    root = tmp_path / "schemas"
    shutil.copytree(folder("schemas"), root)
    monkeypatch.setattr("streams.shipped.folder", lambda _name: root)
    definition = json.loads((root / "chat.avsc").read_text())
    definition["fields"].append({"name": "mood", "type": "string"})
    (root / "chat.avsc").write_text(json.dumps(definition))
    for action in ("check", "release"):
        told = run("schemas", action, "chat")
        assert told.exit_code == 1
        assert "schemas/chat.avsc: mood: has no doc" in told.stderr
    assert not (root / "released/chat/2.avsc").exists()
    definition["fields"][-1] |= {"doc": "How the customer feels.", "default": ""}
    (root / "chat.avsc").write_text(json.dumps(definition))
    assert "chat: released as 2" in run("schemas", "release", "chat").stdout
