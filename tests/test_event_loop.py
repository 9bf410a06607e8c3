"""A worker's event loop: the quick one where there is one, in its threads too; nothing of it stays behind."""

import asyncio
import sys
import threading

import pytest

from streams.event_loop import run_long


async def loops() -> tuple[str, str]:
    """Which package the running loop is from, and one that a thread makes."""
    made: list[str] = []

    def make() -> None:
        loop = asyncio.new_event_loop()
        made.append(type(loop).__module__.partition(".")[0])
        loop.close()

    thread = threading.Thread(target=make)
    thread.start()
    await asyncio.to_thread(thread.join)
    return type(asyncio.get_running_loop()).__module__.partition(".")[0], made[0]


def test_it_is_uvloops_in_threads_too_and_what_was_set_before_is_set_again():
    before = type(asyncio.get_event_loop_policy())
    assert run_long(loops()) == ("uvloop", "uvloop")
    assert type(asyncio.get_event_loop_policy()) is before


def test_without_uvloop_it_is_pythons_own(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert run_long(loops()) == ("asyncio", "asyncio")


def test_what_goes_wrong_is_told():
    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        run_long(fail())
