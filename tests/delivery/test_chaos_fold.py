"""The kill test's judgement finds what a delivery can do wrong."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.chaos_fold import Reference, all_key, differing, judge, told_key


@pytest.fixture
def reference():
    made = Reference()
    for value in (b"1", b"2", b"3"):
        made.add("in", b"k", value)
    return made


def published(reference, *counts):
    everything = (told_key("in"), reference.state[told_key("in")])
    return [*((b"k", reference.prefixes[b"k"][count - 1]) for count in counts), everything]


@pytest.mark.parametrize("counts", [(3,), (1, 3), (1, 2, 3)])
def test_any_rising_run_of_prefixes_that_ends_with_the_last_is_exact(reference, counts):
    assert judge(reference, published(reference, *counts)).exact


@pytest.mark.parametrize(
    ("counts", "wrong"),
    [((1, 1, 3), "repeated"), ((2, 1, 3), "repeated"), ((1, 2), "unfinished"), ((), "unfinished")],
)
def test_what_is_repeated_late_or_missing_is_found(reference, counts, wrong):
    found = judge(reference, published(reference, *counts))
    assert getattr(found, wrong) == [b"k"]


def test_a_lost_or_swapped_record_is_found(reference):
    other = Reference()
    for value in (b"1", b"3", b"2"):
        other.add("in", b"k", value)
    found = judge(reference, published(other, 3))
    assert found.unheard == [b"k", told_key("in")]
    assert sorted(differing(reference.state, other.state)) == sorted([b"k", all_key("in"), told_key("in")])
