"""`python -m bench.truth`: exact for each choice of stories, and its exit code says where it is not."""

import pytest

from bench import truth
from streams.journeys.settings import JourneySettings
from streams.processes import shipped_processes
from streams.wording_file import load_wording


@pytest.mark.parametrize("rules", ["first", "all"])
def test_every_rule_that_is_applied_is_exact(rules):
    assert truth.main(["500", "1", "--rules", rules, "--only", "clean"]) == 0


def test_a_rule_whose_stories_are_not_told_would_be_a_miss(monkeypatch):
    monkeypatch.setattr(truth, "settings_of", lambda _: JourneySettings(shipped_processes(), wording=load_wording()))
    assert truth.main(["500", "1", "--rules", "first", "--only", "clean"]) == 1
