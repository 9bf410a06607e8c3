"""The command line: quick, helpful, and one line where the world outside is wrong."""

import os
import resource
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from streams.cli import COMMANDS, application
from streams.settings import Settings
from streams.topics import topics_of

APPLICATION = application()
NAMES = [command.name for command in APPLICATION.registered_commands]


def touchpoints(*arguments, **environment):
    """The program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from streams.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={name: value for name, value in os.environ.items() if not name.startswith("TOUCHPOINTS_")} | environment,
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_command_helps_with_an_example(name):
    answer = CliRunner().invoke(APPLICATION, [name, "--help"])
    assert answer.exit_code == 0
    assert "Example:" in answer.output
    assert f"touchpoints {name}" in " ".join(answer.output.split())


def test_help_names_every_command():
    answer = touchpoints("--help")
    assert answer.returncode == 0
    for name in NAMES:
        assert f"\n  {name} " in answer.stdout
    assert set(NAMES) <= {name for name, _, _ in COMMANDS}


def test_help_loads_nothing_heavy():
    heavy = "{'faust', 'aiokafka', 'chdb', 'fastavro', 'rich.console', 'clickhouse_connect', 'aiohttp'}"
    code = f"import sys; from streams.cli import application; application(); print({heavy} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_help_is_quick():
    """By processor time, beside that of a Python that starts and imports a little: 2.3 times as much."""
    bare = [sys.executable, "-c", "import argparse, asyncio, logging"]
    help_ = [sys.executable, "-c", "from streams.cli import main; main()", "--help"]
    assert least_cpu_s(help_) < 5 * least_cpu_s(bare)


def least_cpu_s(command):
    took_s = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(took_s)


@pytest.mark.parametrize("arguments", [("topics",), ("tail", "chat"), ("simulate", "--customers", "1", "--publish")])
def test_a_broker_that_is_away_is_one_line(tmp_path, free_port, arguments):
    answer = touchpoints(*arguments, TOUCHPOINTS_BROKERS=f"127.0.0.1:{free_port}", TOUCHPOINTS_FOLDER=str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr.startswith("no broker answers at 127.0.0.1")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


def test_a_wrong_setting_is_one_line_and_the_traceback_is_there_for_who_wants_it(tmp_path):
    wrong = {"TOUCHPOINTS_PARTITIONS": "four", "TOUCHPOINTS_FOLDER": str(tmp_path)}
    answer = touchpoints("topics", **wrong)
    assert (answer.returncode, answer.stderr) == (1, "TOUCHPOINTS_PARTITIONS is 'four'; a number was expected\n")
    assert "Traceback" in touchpoints("topics", TOUCHPOINTS_DEBUG="1", **wrong).stderr


def test_a_mistake_of_ours_is_not_hidden(monkeypatch):
    from streams import cli

    assert not cli.is_told(ValueError("a mistake"))
    assert cli.is_told(ConnectionRefusedError("away"))


def test_a_channel_that_does_not_exist_is_named():
    answer = touchpoints("tail", "fax")
    assert answer.returncode == 2
    assert "website, app, chat" in answer.stderr


@pytest.mark.stack
def test_topics_creates_and_lists(embedded_broker, topic_prefix, tmp_path):
    environment = {
        "TOUCHPOINTS_BROKERS": embedded_broker.bootstrap,
        "TOUCHPOINTS_PREFIX": topic_prefix,
        "TOUCHPOINTS_FOLDER": str(tmp_path),
    }
    first, second = touchpoints("topics", **environment), touchpoints("topics", **environment)
    assert first.returncode == second.returncode == 0, first.stderr
    for name in topics_of(Settings(prefix=topic_prefix)):
        assert f"created  {name}" in first.stdout
        assert f"exists   {name}" in second.stdout
