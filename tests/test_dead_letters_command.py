"""`touchpoints dead-letters`: what it wants to be told, and what it says where it cannot."""

import pytest
import typer
from typer.testing import CliRunner

from streams.commands.dead_letters import dead_letters


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command("dead-letters")(dead_letters)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("replay",), "say which: ids, --reason, --channel or --since"),
        (("show",), "name one letter"),
        (("show", "a" * 32, "b" * 32), "name one letter"),
        (("show", "12"), "32 hexadecimal digits were expected"),
        (("list", "--since", "yesterday"), "neither like 12h nor a time with an offset"),
        (("list", "--since", "2026-03-02T10:15:00"), "neither like 12h nor a time with an offset"),
    ],
)
def test_what_is_missing_or_wrong_is_named_before_anything_is_asked(run, arguments, told):
    answer = run(*arguments)
    assert answer.exit_code == 2
    assert told in " ".join(answer.output.replace("│", " ").split())
