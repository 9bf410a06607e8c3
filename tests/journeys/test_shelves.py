"""Shelves hold what a dict would."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.journeys.shelves import Shelves

keys = st.binary(max_size=3) | st.integers(0, 10_000).map(lambda each: each.to_bytes(16, "big"))


@settings(deadline=None)
@given(st.lists(st.tuples(keys, st.none() | st.binary(max_size=60)), max_size=300), st.integers(1, 200))
def test_as_a_dict(changes: list[tuple[bytes, bytes | None]], shelf_bytes: int) -> None:
    shelves, expected = Shelves(shelf_bytes), {}
    for key, value in changes:
        if value is None:
            shelves.drop(key)
            expected.pop(key, None)
        else:
            shelves.put(key, value)
            expected[key] = value
        assert shelves.get(key) == value
    assert dict(shelves.items()) == expected
    assert set(shelves) == set(expected)
    assert len(shelves) == len(expected)


def test_shelves_stay_small_however_many_they_are() -> None:
    shelves = Shelves(500)
    for each in range(20_000):
        shelves.put(each.to_bytes(16, "big"), b"x" * 40)
    assert max(map(len, shelves._shelves)) < 5000
