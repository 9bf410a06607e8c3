"""A short kill test on Apache Kafka; the long one is `make chaos`."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.kafka
@pytest.mark.timeout(240)
def test_workers_that_are_killed_frozen_and_woken_leave_exact_state_and_outputs(kafka):
    ran = subprocess.run(
        [sys.executable, "-m", "bench.chaos", "--events", "8000", "--seconds", "25", "--seed", "3", "--kafka", kafka.bootstrap],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    summary = ran.stdout.strip().splitlines()[-1]
    assert summary.startswith("EXACT: 8,000 events")
    assert "published exactly once" in summary


@pytest.mark.parametrize(("red_at", "all_red"), [(1, True), (3, True), (4, False)])
async def test_a_guarantee_that_is_off_has_to_turn_one_of_three_runs_red(monkeypatch, capsys, red_at, all_red):
    monkeypatch.syspath_prepend(str(PROJECT))
    chaos = importlib.import_module("bench.chaos")
    seeds = []

    async def run(servers, *, events, seconds, seed, without):
        if without == "fencing":
            seeds.append(seed)
        return without == "fencing" and len(seeds) < red_at

    monkeypatch.setattr(chaos, "run", run)
    assert await chaos.all_off("", 5) is all_red
    assert seeds == list(range(5, 5 + min(red_at, 3))), "each run deals other blows"
    said = capsys.readouterr().out
    assert ("without fencing: STILL GREEN" in said) is not all_red
    assert "without serial: red, as it must be (run 1)" in said
