"""Times and amounts as people say them."""

import pytest

from streams.journeys.inconsistencies.wording import apart, moment, money, times


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (20, "less than a minute"),
        (60, "one minute"),
        (1500, "25 minutes"),
        (7200, "two hours"),
        (86_400, "one day"),
        (115_200, "32 hours"),
        (300_000, "three days"),
    ],
)
def test_the_time_between_two_times(seconds, said):
    assert apart(0, seconds * 1_000_000) == said


def test_amounts_and_days_and_counts():
    assert [money(249_000, "EUR"), money(5, "EUR"), money(-10_000, "")] == ["24.90 EUR", "0.0005 EUR", "-1.00"]
    assert moment(1_537_315_200_000_000) == "19 September 2018"
    assert moment(1_537_399_447_000_000) == "19 September 2018, 23:24 UTC"
    assert [times(1), times(2), times(3)] == ["once", "twice", "three times"]
