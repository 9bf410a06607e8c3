"""How long a partition waits for more work before it commits."""

import pytest

from streams.delivery.executor import LONGEST_LINGER_S, lingering_s


@pytest.mark.parametrize(
    ("least_s", "took_s", "lingers_s"),
    [
        (0.02, 0.0, 0.02),
        (0.02, 0.03, 0.02),
        (0.02, 0.2, 0.1),
        (0.02, 60.0, LONGEST_LINGER_S),
        (0.5, 60.0, 0.5),
    ],
)
def test_slow_commits_make_room_for_more_work_and_quick_ones_do_not_wait(least_s, took_s, lingers_s):
    assert lingering_s(least_s, took_s) == lingers_s
