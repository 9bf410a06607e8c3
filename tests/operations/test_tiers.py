"""What a machine lacks is told in one line and skipped; where nothing may be missing the same line fails the test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LACKING = {
    "TOUCHPOINTS_REGISTRY_APP": (
        "tests/avro/test_real_registry.py::test_what_is_no_schema_is_refused_by_the_registry_and_told",
        "make registry-app",
    ),
    "TOUCHPOINTS_KAFKA_LIBS": (
        "tests/operations/test_local_brokers.py::test_kafka_refuses_topics_that_nobody_created",
        "make kafka-jars",
    ),
    "TOUCHPOINTS_TEST_DATA": (
        "tests/imports/test_real_data.py::test_incidents_reopened",
        "its mapping in examples/ says where to fetch it",
    ),
}
"""By what says where a tier is: a test that needs it, and the advice."""


@pytest.mark.parametrize(("ci", "status", "word"), [("", 0, "SKIPPED"), ("true", 1, "ERROR")])
def test_a_missing_tier_is_skipped_with_advice_and_never_missing_in_ci(tmp_path, ci, status, word):
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-rsE", "--tb=no", "-p", "no:cacheprovider", *(test for test, _ in LACKING.values())],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"CI": ci, **dict.fromkeys(LACKING, str(tmp_path))},
    )
    assert answer.returncode == status, answer.stdout
    for _, advice in LACKING.values():
        assert [line for line in answer.stdout.splitlines() if line.startswith(f"{word} ") and advice in line]
