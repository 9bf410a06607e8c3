"""`touchpoints simulate` writes files that other commands read."""

import json
import sys
from types import SimpleNamespace

import typer
from typer.testing import CliRunner

from streams.commands.simulate import simulate as command
from streams.simulation import simulate
from streams.simulation.truth import read

app = typer.Typer()
app.command()(command)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_events_and_truth_are_written(tmp_path):
    result = run("--customers", 60, "--seed", 2, "--truth", tmp_path / "truth.jsonl", "--out", tmp_path / "events", "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.splitlines()[-1])
    lines = {path.stem: path.read_text().splitlines() for path in (tmp_path / "events").iterdir()}
    assert {channel: len(events) for channel, events in lines.items()} == summary["channels"]
    assert sum(map(len, lines.values())) == summary["events"] == len(simulate(60, 2))
    assert tuple(read(tmp_path / "truth.jsonl")) == simulate(60, 2).truth


def test_what_is_written_is_what_publish_reads(tmp_path):
    from streams.channels.preview import Preview, Right

    run("--customers", 30, "--seed", 2, "--out", tmp_path)
    for path in tmp_path.iterdir():
        preview = Preview(path.stem, b"a key for this test alone")
        for line in path.read_text().splitlines():
            answer = preview.of(json.loads(line), 1_800_000_000_000_000)
            assert isinstance(answer, Right), (path.name, line, answer)


def test_a_day_that_is_none_is_refused():
    result = run("--customers", 5, "--start", "3 March")
    assert result.exit_code == 2
    assert "2025-03-03" in result.output


def test_files_and_publishing_exclude_each_other(tmp_path):
    assert run("--customers", 5, "--out", tmp_path, "--publish").exit_code == 2


def test_publishing_sends_everything_as_one_import_that_ends_with_the_scenario(monkeypatch):
    sent = []

    async def publish_import(settings, events, *, name, until):
        sent.append((name, until, list(events)))
        return SimpleNamespace(counts={"chat": 1}, refused=[])

    monkeypatch.setitem(sys.modules, "streams.publishing", SimpleNamespace(publish_import=publish_import))
    result = run("--customers", 20, "--seed", 4, "--publish")
    assert result.exit_code == 0, result.output
    simulation = simulate(20, 4)
    assert sent == [("simulation-20-4", simulation.until, list(simulation.events()))]
