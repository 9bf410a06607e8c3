"""The embedded broker stops with advice before it has taken all of the machine's memory."""

import asyncio
import os

import pytest

from streams.broker.memory import ENDS_AT, MIB, MemoryWatch, resident_bytes
from streams.demo.scenario import simulated
from streams.publishing import PublishError, publish_import
from streams.settings import Settings
from streams.stack import StackError, demonstration_keys, embedded_stack
from streams.stack_folder import FULL_FILE, full_advice


async def settled(condition, within_s=20.0):
    until = asyncio.get_running_loop().time() + within_s
    while not condition():
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.05)


def test_the_memory_of_a_process_is_measured_here_and_without_proc(monkeypatch):
    before = resident_bytes(os.getpid())
    assert before > 10 * MIB
    monkeypatch.setattr("streams.broker.memory.Path.read_text", lambda _: (_ for _ in ()).throw(FileNotFoundError()))
    assert resident_bytes(os.getpid()) == pytest.approx(before, rel=0.3)
    assert resident_bytes(2**22 + 1) == 0


@pytest.mark.parametrize(
    ("held_mib", "is_full", "is_ended"),
    [(99, False, False), (100, True, False), (100 * ENDS_AT - 1, True, False), (100 * ENDS_AT, True, True)],
)
async def test_at_the_limit_publishers_are_told_and_beyond_it_the_broker_ends(tmp_path, monkeypatch, held_mib, is_full, is_ended):
    monkeypatch.setattr("streams.broker.memory.resident_bytes", lambda _: int(held_mib * MIB))
    monkeypatch.setattr("streams.broker.memory.POLL_S", 0.01)
    ended, settings = [], Settings(folder=tmp_path)
    async with MemoryWatch(1, 100, tmp_path / FULL_FILE, lambda: ended.append(True)) as watch:
        await asyncio.sleep(0.1)
        assert bool(full_advice(settings)) == is_full
        assert (watch.ended, ended) == (is_ended, [True] * is_ended)
        assert full_advice(settings) in ("", watch.advice)
    assert full_advice(settings) == "", "a stack that starts again begins empty"


async def test_a_publisher_elsewhere_is_told_in_one_line_what_to_do(tmp_path):
    assert full_advice(Settings()) == ""
    (tmp_path / FULL_FILE).write_text("the advice")
    assert full_advice(Settings(folder=tmp_path)) == "the advice"


@pytest.mark.stack
@pytest.mark.timeout(240)
async def test_a_stack_at_its_limit_takes_no_more_events_and_ends_where_it_goes_on_growing(tmp_path, monkeypatch):
    (scenario,) = simulated(100, 4).imports
    monkeypatch.setenv("TOUCHPOINTS_BROKER_MEMORY_MIB", "500")
    async with embedded_stack(tmp_path, demonstration_keys) as stack:
        assert stack.memory.advice.startswith("the embedded broker keeps everything in memory and has reached its limit of 500 MiB")
        monkeypatch.setattr("streams.broker.memory.ENDS_AT", 1000)
        monkeypatch.setattr(stack.memory, "_limit_bytes", resident_bytes(stack.memory._pid) + MIB)
        told = ""
        for number in range(200):
            try:
                await publish_import(stack.settings, scenario.events, name=f"again {number}")
            except PublishError as error:
                told = str(error)
                break
        assert told == stack.memory.advice
        assert not (await stack.state())["stopped"], "what it took goes on to be recorded"
        monkeypatch.setattr("streams.broker.memory.ENDS_AT", 0.5)
        await settled(lambda: stack.memory.ended)
        with pytest.raises(StackError, match=r"takes no more events; use Apache Kafka.*TOUCHPOINTS_BROKERS.*fewer events.*MEMORY_MIB"):
            await stack.state()
        with pytest.raises(PublishError, match=r"limit of 500 MiB"):
            await publish_import(stack.settings, scenario.events, name="too late")
