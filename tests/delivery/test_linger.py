"""How long a partition waits for more work before it takes up what is there."""

import pytest

from streams.delivery.lingering import LONGEST_LINGER_S, SHARED_BY, SHORTEST_LINGER_S, apart, on_the_beat


@pytest.mark.parametrize(
    ("took_s", "lingers_s"),
    [(0.0, 0.02), (0.03, 0.02), (0.2, 0.1), (60.0, LONGEST_LINGER_S)],
)
def test_slow_commits_make_room_for_more_work_and_quick_ones_do_not_wait(took_s, lingers_s):
    assert apart(0.02)(60.0, took_s, SHARED_BY) == lingers_s


@pytest.mark.parametrize(
    ("since_s", "lingers_s"),
    [(0.0, 0.3), (0.1, 0.2), (0.29, SHORTEST_LINGER_S), (5.0, SHORTEST_LINGER_S)],
)
def test_work_that_gathered_while_the_last_was_done_does_not_wait_again(since_s, lingers_s):
    assert apart(0.3)(since_s, 0.0, SHARED_BY) == pytest.approx(lingers_s)


@pytest.mark.parametrize(("partitions", "lingers_s"), [(1, 0.075), (2, 0.15), (4, 0.3), (12, 0.3)])
def test_the_fewer_partitions_a_worker_has_the_sooner_each_takes_up_work(partitions, lingers_s):
    assert apart(0.3)(0.0, 0.0, partitions) == pytest.approx(lingers_s)


def test_the_only_partition_of_a_worker_does_not_wait_longer_than_its_share_after_a_commit():
    assert apart(0.04)(60.0, 0.0, 1) == pytest.approx(0.01)


@pytest.mark.parametrize(("now_s", "lingers_s"), [(100.0, 0.5), (100.2, 0.3), (100.49, 0.01)])
def test_partitions_on_a_beat_take_up_work_at_the_same_moments(now_s, lingers_s):
    assert on_the_beat(0.5, lambda: now_s)(0.0, 60.0, 1) == pytest.approx(lingers_s)
