"""Views follow new identities for a bounded share of the time, and whoever waits knows when."""

import asyncio
import time

import pytest

from streams.clickhouse.client import PermanentInsertError, TransientInsertError
from streams.clickhouse.following import REFUSED_REST_S, Following


class Dictionary:
    """Stands in for ClickHouse: notes when it is loaded; may take its time, and may refuse."""

    def __init__(self):
        self.loads = []
        self.takes_s = 0.0
        self.errors = []

    async def load(self):
        self.loads.append(time.monotonic())
        if self.errors:
            raise self.errors.pop(0)
        await asyncio.sleep(self.takes_s)


@pytest.fixture
def dictionary():
    return Dictionary()


async def test_what_was_written_before_the_loading_began_is_followed_when_it_ends(dictionary):
    async with Following(dictionary.load) as following:
        assert await following.reached(following.ask(), 1.0)
        assert len(dictionary.loads) == 1


async def test_what_is_written_while_it_is_loaded_is_followed_by_the_next_loading(dictionary):
    dictionary.takes_s = 0.05
    async with Following(dictionary.load, rests=0.0) as following:
        first = following.ask()
        await asyncio.sleep(0.02)
        second, third = following.ask(), following.ask()
        assert await following.reached(first, 1.0)
        assert not await following.reached(second, 0.0), "that loading began before it was written"
        assert await following.reached(third, 1.0)
        assert len(dictionary.loads) == 2, "one loading for all that gathered"


async def test_it_rests_in_proportion_to_what_a_loading_takes(dictionary):
    dictionary.takes_s = 0.05
    async with Following(dictionary.load, rests=4.0) as following:
        await following.reached(following.ask(), 1.0)
        assert not await following.reached(following.ask(), 0.05), "who is in a hurry goes on without"
        assert await following.reached(following.ask(), 5.0)
    first, second = dictionary.loads
    assert second - first >= 5 * dictionary.takes_s


async def test_a_clickhouse_that_is_away_is_asked_until_it_is_back(dictionary):
    dictionary.errors = [TransientInsertError("away"), TransientInsertError("still away")]
    async with Following(dictionary.load) as following:
        assert await following.reached(following.ask(), 1.0)
    assert len(dictionary.loads) == 3


async def test_a_refusal_is_said_and_nobody_waits_for_it(dictionary, caplog):
    dictionary.errors = [PermanentInsertError("ClickHouse refuses to reload customer_of: not enough privileges")]
    async with Following(dictionary.load) as following:
        assert not await following.reached(following.ask(), 0.05)
    assert f"not enough privileges; views show customers as they were; trying again in {REFUSED_REST_S:.0f} s" in caplog.text
    assert len(dictionary.loads) == 1
