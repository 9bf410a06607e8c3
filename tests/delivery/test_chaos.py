"""A short kill test on Apache Kafka; the long one is `make chaos`."""

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
