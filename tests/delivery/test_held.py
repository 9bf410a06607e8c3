"""What is fetched while a partition works: nothing is lost of it, and it comes in order."""

import itertools

from acting import batch
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.held import Held

FIRST, SECOND = ("a", 0), ("a", 1)


def test_runs_that_follow_each_other_are_one_batch():
    held = Held(10)
    held.add({FIRST: [batch(0, 3)], SECOND: [batch(5, 6)]})
    held.add({FIRST: [batch(3, 7)]})
    taken = held.take(lambda source: source == FIRST)
    assert [(each.start, each.stop, [record.offset for record in each.records]) for each in taken[FIRST]] == [(0, 7, list(range(7)))]
    assert SECOND not in taken
    assert held.take(lambda _: True).keys() == {SECOND}
    assert not held


def test_a_hole_stays_visible():
    held = Held(10)
    held.add({FIRST: [batch(0, 3)]})
    held.add({FIRST: [batch(4, 7)]})
    assert [(each.start, each.stop) for each in held.take(lambda _: True)[FIRST]] == [(0, 3), (4, 7)]


def test_a_source_with_enough_for_a_commit_is_full():
    held = Held(3)
    assert not held.full(FIRST)
    held.add({FIRST: [batch(0, 2)]})
    assert not held.full(FIRST)
    held.add({FIRST: [batch(2, 4)]})
    assert held.full(FIRST)


def test_what_is_fetched_again_or_is_somebody_elses_is_not_held():
    held = Held(3)
    held.add({FIRST: [batch(0, 2)], SECOND: [batch(0, 2)]})
    held.drop(FIRST)
    held.keep([FIRST])
    assert not held


@given(st.lists(st.integers(1, 5), max_size=20), st.integers(1, 7))
def test_every_record_comes_once_in_order_and_no_batch_is_too_large(sizes, most):
    held, at = Held(most), 0
    for size in sizes:
        held.add({FIRST: [batch(begin, min(begin + most, at + size)) for begin in range(at, at + size, most)]})
        at += size
    taken = held.take(lambda _: True).get(FIRST, [])
    assert [record.offset for each in taken for record in each.records] == list(range(at))
    assert all(len(each.records) <= most for each in taken)
    assert all(first.stop == second.start for first, second in itertools.pairwise(taken))
