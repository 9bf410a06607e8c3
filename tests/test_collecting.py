"""A worker looks for garbage by the clock, and does not stand still for it in between."""

import asyncio
import gc
import weakref

import pytest

from streams import collecting


class Circle:
    def __init__(self):
        self.itself = self


@pytest.fixture(autouse=True)
def thresholds():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


async def test_what_refers_to_itself_goes_when_its_time_has_come(monkeypatch):
    monkeypatch.setattr(collecting, "EVERY_S", 0.01)
    circle = weakref.ref(Circle())
    assert circle() is not None
    collecting_on = asyncio.ensure_future(collecting.collect_by_the_clock())
    for _ in range(500):
        await asyncio.sleep(0.01)
        if circle() is None:
            break
    collecting_on.cancel()
    assert circle() is None


async def test_in_between_a_million_young_objects_are_not_looked_at():
    collecting_on = asyncio.ensure_future(collecting.collect_by_the_clock())
    await asyncio.sleep(0)
    looked = []
    gc.callbacks.append(lambda phase, _: looked.append(phase))
    kept = [[] for _ in range(1_000_000)]
    gc.callbacks.pop()
    collecting_on.cancel()
    assert len(kept) == 1_000_000
    assert not looked


def test_a_command_looks_rarely():
    collecting.collect_rarely()
    assert gc.get_threshold()[0] == collecting.RARELY
