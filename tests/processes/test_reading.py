"""Processes from YAML: what is read, and what a wrong file is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from streams.journeys.phases import Plan
from streams.processes import configured_processes, shipped_processes
from streams.processes.reading import load_processes
from streams.settings import SettingsError

PROCESS = """\
processes:
  trial:
    phase: decision
    gap: 90 min
    starts: [page_viewed]
    goals: [order_placed]
    steps:
      - step: seen
        phase: awareness
        moments: [page_viewed]
        channels: website
        within: 2 hours
        target: 80 %
        required: yes
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "processes.yaml"
    path.write_text(text)
    return path


def test_the_shipped_ones():
    assert [process.name for process in shipped_processes()] == [
        "orientation", "purchase", "service", "complaint", "return", "onboarding", "retention",
    ]  # fmt: skip
    plan = Plan(shipped_processes())
    assert plan.holder("case", ("case_open", "statement_made")) == "service"
    assert plan.holder("case", ("complaint_opened",)) == "complaint"
    assert plan.holder("order", ("order_paid",)) == "purchase"
    assert plan.beside == {"order": ("return",)}


def test_what_a_file_says(tmp_path):
    [process] = configured_processes(str(written(tmp_path, PROCESS)))
    [step] = process.steps
    assert (process.name, process.gap_s, process.references, process.takes) == ("trial", 5400, (), "all")
    assert (step.within_s, step.target, step.channels, step.is_required) == (7200, 0.8, ("website",), True)


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("gap: 90 min", "gap: 90", "4: processes.trial.gap: '90' is no duration"),
        ("gap: 90 min", "gap: 0 days", "4: processes.trial.gap"),
        ("phase: decision", "phase: deciding", "3: processes.trial.phase: 'deciding' is none of these; did you mean `decision`?"),
        ("[page_viewed]\n    goals", "[page_views]\n    goals", "5: processes.trial.starts[0]: 'page_views' is no moment"),
        ("[page_viewed]\n    goals", "[]\n    goals", "5: processes.trial.starts: at least one moment"),
        ("channels: website", "channels: telex", "11: processes.trial.steps[0].channels: 'telex' is none of these"),
        ("target: 80 %", "target: most", "13: processes.trial.steps[0].target: 'most' is no share"),
        ("required: yes", "needed: yes", "14: processes.trial.steps[0].needed: there is no `needed` here"),
        ("    gap: 90 min\n", "", "3: processes.trial: `gap` is missing"),
        ("    gap: 90 min\n", "    gap: 1 day\n    takes: own\n", "5: processes.trial.takes: `own` moments are taken out of a reference"),
        ("  trial:", "  Trial!:", "'Trial!' is no name for a process"),
    ],
)
def test_a_wrong_file_is_told_where_and_what_was_expected(tmp_path, was, becomes, told):
    assert was in PROCESS
    path = written(tmp_path, PROCESS.replace(was, becomes))
    with pytest.raises(SettingsError) as caught:
        load_processes(path)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        configured_processes(str(tmp_path / "none.yaml"))


def test_the_command_shows_a_file_s_processes_and_fails_on_a_wrong_one(tmp_path):
    def ran(*arguments):
        return subprocess.run([sys.executable, "-m", "streams.cli", "processes", *arguments], capture_output=True, text=True, check=False)

    right = ran(str(written(tmp_path, PROCESS)))
    assert (right.returncode, right.stdout.splitlines()[0]) == (0, "trial: held by gaps under 90 min; goal order_placed")
    wrong = ran(str(written(tmp_path, PROCESS.replace("80 %", "some"))))
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "processes.yaml:13: processes.trial.steps[0].target" in wrong.stderr
