"""Which findings are checked by hand against the rows, for docs/evidence.md."""

import pytest

from bench.evidence import chosen


@pytest.mark.parametrize(("held", "taken"), [(3, 3), (100, 20)])
def test_the_choice_is_the_same_for_the_same_seed(held, taken):
    every = [{"inconsistency_id": str(number)} for number in range(held)]
    assert chosen(every, 20, 1) == chosen(every, 20, 1)
    assert len(chosen(every, 20, 1)) == taken
