"""What is fetched while a partition works: nothing is lost of it, and it comes in order."""

import itertools

from acting import batch
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.held import Held

FIRST, SECOND, OTHER = TP("a", 0), TP("a", 1), TP("b", 0)


def of(source, start, stop):
    return batch(start, stop, topic=source.topic)


def ranges(batches):
    return [(each.topic, each.start, each.stop) for each in batches]


def test_a_partition_has_one_bundle_of_all_its_topics_which_is_filled_until_it_is_taken():
    held = Held(10)
    opened = held.add({FIRST: [of(FIRST, 0, 3)], OTHER: [of(OTHER, 7, 8)], SECOND: [batch(5, 6, topic="a")]})
    assert list(opened) == [FIRST, SECOND]
    [bundle] = opened[FIRST]
    assert held.add({FIRST: [of(FIRST, 3, 7)]}) == {}, "it is on its way already"
    assert bundle.records == 8
    taken = bundle.take()
    assert ranges(taken) == [("a", 0, 7), ("b", 7, 8)]
    assert [record.offset for record in taken[0].records] == list(range(7))
    [following] = held.add({FIRST: [of(FIRST, 7, 9)]})[FIRST]
    assert following is not bundle
    assert ranges(following.take()) == [("a", 7, 9)]


def test_a_hole_stays_visible():
    held = Held(10)
    [bundle] = held.add({FIRST: [of(FIRST, 0, 3)]})[FIRST]
    held.add({FIRST: [of(FIRST, 4, 7)]})
    assert ranges(bundle.take()) == [("a", 0, 3), ("a", 4, 7)]


def test_a_source_with_enough_for_a_commit_is_full_until_it_is_taken():
    held = Held(3)
    assert not held.full(FIRST)
    [bundle] = held.add({FIRST: [of(FIRST, 0, 2)]})[FIRST]
    assert not held.full(FIRST)
    held.add({FIRST: [of(FIRST, 2, 4)]})
    assert held.full(FIRST)
    assert not held.full(OTHER)
    bundle.take()
    assert not held.full(FIRST)


def test_what_is_fetched_again_goes_into_another_bundle():
    held = Held(3)
    [bundle] = held.add({FIRST: [of(FIRST, 0, 2)], OTHER: [of(OTHER, 0, 1)]})[FIRST]
    held.drop(FIRST)
    [again] = held.add({FIRST: [of(FIRST, 0, 2)]})[FIRST]
    held.drop(OTHER)
    assert (ranges(bundle.take()), ranges(again.take())) == ([], [("a", 0, 2)]), "what was on its way is from before, too"


def test_what_is_somebody_elses_is_not_filled_any_more():
    held = Held(3)
    held.add({FIRST: [of(FIRST, 0, 2)], SECOND: [of(SECOND, 0, 2)]})
    held.keep([FIRST])
    assert list(held.add({FIRST: [of(FIRST, 2, 3)], SECOND: [of(SECOND, 2, 3)]})) == [SECOND]
    held.clear()
    assert list(held.add({FIRST: [of(FIRST, 3, 4)]})) == [FIRST]


def test_faust_takes_it_for_a_record():
    held = Held(3)
    [bundle] = held.add({FIRST: [of(FIRST, 4, 9)]})[FIRST]
    assert (bundle.topic, bundle.partition, bundle.offset, bundle.timestamp) == ("a", 0, 8, 8)
    assert bundle.value is bundle


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=20), st.integers(1, 7))
def test_every_record_comes_once_in_order_and_no_batch_is_too_large(fetches, most):
    held, at, opened, taken = Held(most), 0, [], []
    for size, takes in fetches:
        new = held.add({FIRST: [of(FIRST, begin, min(begin + most, at + size)) for begin in range(at, at + size, most)]})
        opened += new.get(FIRST, [])
        at += size
        if takes:
            taken += opened.pop(0).take()
            assert not opened, "there is one at a time"
    for bundle in opened:
        taken += bundle.take()
    assert [record.offset for each in taken for record in each.records] == list(range(at))
    assert all(len(each.records) <= most for each in taken)
    assert all(first.stop == second.start for first, second in itertools.pairwise(taken))
