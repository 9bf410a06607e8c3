"""When nearly everybody is due at once, some are judged in each commit, one commit after the other, and the rows are those of one."""

import pytest
from stitching import START, Stitched, of, promised, touch

from streams.conservation import is_behind
from streams.journeys.touchpoint import Order, References
from streams.processors import accounts, stitch
from streams.processors.stitch_state import DUE_AT_ONCE

CUSTOMERS = [f"{each:032x}" for each in range(7)]


@pytest.fixture
def three_at_once(monkeypatch):
    monkeypatch.setattr(stitch, "DUE_AT_ONCE", 3)
    monkeypatch.setattr(accounts, "DUE_AT_ONCE", 3)


async def promising(plan, read_output, customers=CUSTOMERS):
    """Each of the customers has a promise that is due in ten hours."""
    stitched = Stitched(plan, read_output)
    for customer in customers:
        await stitched.take_at(1, promised(0, due=10), customer=customer)
    return stitched


async def test_some_are_judged_in_each_commit_until_all_are(plan, read_output, three_at_once):
    stitched = await promising(plan, read_output)
    assert not stitched.is_unfinished
    broken = [len(of("inconsistency", await stitched.take_at(20)))]
    while stitched.is_unfinished:
        broken.append(len(of("inconsistency", await stitched.go_on())))
    assert broken == [3, 3, 1]
    assert await stitched.tick() == []
    at_once = await promising(plan, read_output)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stitch, "DUE_AT_ONCE", DUE_AT_ONCE)
        await at_once.take_at(20)
    assert not at_once.is_unfinished
    assert at_once.current == stitched.current


async def test_that_nobody_is_left_is_committed_where_their_number_comes_out_even(plan, read_output, three_at_once):
    """`touchpoints verify` asks the last commit."""
    stitched = await promising(plan, read_output, CUSTOMERS[:6])
    await stitched.take_at(20)
    while stitched.is_unfinished:
        await stitched.go_on()
    assert not is_behind([("stitch", stitched.memo)])


async def test_what_comes_in_between_is_judged_as_it_comes(plan, read_output, three_at_once):
    stitched = await promising(plan, read_output)
    await stitched.take_at(20)
    kept = stitched.record(promised(9, None, action="kept"), CUSTOMERS[6])
    rows = of("inconsistency", await stitched.take(kept))
    assert [row["customer"] for row in rows] == CUSTOMERS[3:6], "the last one's promise is kept before he is judged"
    assert stitched.is_unfinished
    assert of("inconsistency", await stitched.go_on()) == []
    assert not stitched.is_unfinished


async def test_whoever_takes_over_goes_on(plan, read_output, three_at_once):
    stitched = await promising(plan, read_output)
    await stitched.take_at(20)
    heir = stitched.restored()
    broken = []
    while heir.is_unfinished:
        broken.append(len(of("inconsistency", await heir.go_on())))
    assert broken == [3, 1]


async def test_accounts_are_judged_some_at_a_time_too(plan, read_output, three_at_once):
    stitched = Stitched(plan, read_output)
    for name in "ABCDE":
        part = {"orders": (Order("placed"),), "references": References(order=name), "account": name}
        await stitched.take(stitched.of_account(touch(START, "order_placed", f"placed-{name}", 1, "", **part)))
    await stitched.take_at(1)
    dropped = [len(of("journey", await stitched.take_at(100_000)))]
    while stitched.is_unfinished:
        dropped.append(len(of("journey", await stitched.go_on())))
    assert dropped == [3, 2]
