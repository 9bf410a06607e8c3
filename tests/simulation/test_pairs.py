"""Pairs are counted right without being enumerated."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.simulation.pairs import pair_score

small = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=12)


@given(small)
def test_counts_are_those_of_all_pairs_looked_at_one_by_one(rows):
    found = [(str(index), customer) for index, (customer, _) in enumerate(rows)]
    truth = [(str(index), person) for index, (_, person) in enumerate(rows)]
    pairs = list(combinations(rows, 2))
    same_customer = [one[1] == other[1] for one, other in pairs if one[0] == other[0]]
    same_person = [one[0] == other[0] for one, other in pairs if one[1] == other[1]]
    score = pair_score(found, truth)
    assert score.precision == pytest.approx(sum(same_customer) / len(same_customer) if same_customer else 1.0)
    assert score.recall == pytest.approx(sum(same_person) / len(same_person) if same_person else 1.0)


def test_what_was_not_found_lowers_recall_and_what_is_no_truth_is_left_out():
    score = pair_score([("1", "a"), ("2", "a"), ("9", "a")], [("1", "x"), ("2", "x"), ("3", "x")])
    assert (score.events, score.precision, score.recall) == (3, 1.0, 1 / 3)
    assert (score.customers, score.people, score.joined, score.parted) == (2, 1, 0, 1)
    assert (score.largest_customer, score.largest_person) == (2, 3)


def test_nothing_scores_full_marks():
    score = pair_score([], [])
    assert (score.precision, score.recall, score.largest_customer, score.largest_person) == (1.0, 1.0, 0, 0)
