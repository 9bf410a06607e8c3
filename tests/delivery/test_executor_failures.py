"""A partition's commit is whole or forgotten, also where the worker stood still."""

import asyncio

import pytest
from acting import TOPIC, Stage, batch, ticked, until
from aiokafka.errors import KafkaConnectionError

from streams.delivery import executor as module
from streams.delivery.transactions import Fenced
from streams.delivery.transport import Reach

pytestmark = pytest.mark.usefixtures("quick_retries")


# -- commits that fail


@pytest.mark.parametrize("failure", [KafkaConnectionError("gone"), Fenced("taken"), OSError("cut"), RuntimeError("a bug")])
async def test_a_failing_commit_throws_the_memory_away_and_restores(play, failure):
    stage = Stage()
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    await until(lambda: executor.offset(TOPIC) == 2)
    stage.failures = [failure]
    stage.put(executor, batch(2, 4))
    await until(lambda: stage.restores == 2 and executor.position is not None)
    assert executor.offset(TOPIC) == 2
    assert stage.rewinds[-1] == (TOPIC, 2)
    assert stage.processors[0].seen == b"0 1 2 3", "the first memory took them in"
    assert executor.processor is stage.processors[1]
    assert stage.processors[1].seen == b"0 1", "the second one never saw them"
    assert stage.writers[0].closed
    stage.put(executor, batch(2, 4))
    await until(lambda: executor.offset(TOPIC) == 4)
    assert stage.seen == [0, 1, 2, 3]


async def test_the_delay_between_attempts_grows_until_a_commit_succeeds(play):
    stage = Stage()
    stage.failures = [OSError("cut")] * 3
    executor = await play(stage)
    delays = []
    for attempt in range(4):
        delays.append(round(executor._retry_s, 3))
        stage.put(executor, batch(0, 2))
        await until(lambda: stage.restores == attempt + 2 or executor.offset(TOPIC) == 2)  # noqa: B023
        await until(lambda: executor.position is not None)
    assert delays == [0.01, 0.02, 0.04, 0.08], "a restore alone does not make it short again"
    assert executor.offset(TOPIC) == 2
    assert executor._retry_s == 0.01


async def test_the_delay_is_short_again_after_a_while_of_working(play, clock):
    stage = Stage()
    stage.failures = [OSError("cut")]
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    await until(lambda: stage.restores == 2 and executor.position is not None)
    await ticked(stage, executor)
    assert executor._retry_s == 0.02
    clock.passed_s += module.RETRY_MOST_S + 1
    await ticked(stage, executor)
    assert executor._retry_s == 0.01


async def test_who_is_fenced_waits_for_the_groups_word_before_taking_the_partition_back(play, monkeypatch):
    monkeypatch.setattr(module, "FENCED_S", 60.0)
    stage = Stage()
    executor = await play(stage)
    stage.failures = [Fenced("taken")]
    stage.put(executor, batch(0, 2))
    await until(lambda: executor.position is None)
    await asyncio.sleep(0.05)
    assert stage.restores == 1, "to restore is to fence whoever has it now"
    await executor.resume()
    await until(lambda: stage.restores == 2 and executor.position is not None)


async def test_a_processor_that_fails_is_restored_too(play):
    stage = Stage()
    executor = await play(stage)

    async def broken(work):
        raise ValueError("a bug")

    executor.processor.step = broken
    stage.put(executor, batch(0, 2))
    await until(lambda: stage.restores == 2 and executor.position is not None)
    stage.put(executor, batch(0, 2))
    await until(lambda: executor.offset(TOPIC) == 2)
    assert stage.seen == [0, 1]


async def test_stopping_cancels_a_commit_and_leaves_nothing_of_it(play):
    stage = Stage()
    stage.hold = asyncio.Event()
    executor = await play(stage)
    stage.put(executor, batch(0, 2), batch(2, 3))
    await until(lambda: stage.processors[0].seen)
    await executor.stop()
    assert executor.offset(TOPIC) is None, "nothing may be committed to the group for it"
    assert stage.changelog == []
    assert stage.writers[0].closed
    assert stage.acknowledged == 2


# -- a worker that stood still


async def test_after_standing_still_nothing_of_the_memory_is_seen_until_a_commit_succeeds(play, clock):
    stage = Stage(session_s=6.0)
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    await until(lambda: executor.offset(TOPIC) == 2)
    assert executor.processor is stage.processors[0]
    clock.passed_s += 7.0
    assert (executor.position, executor.processor, executor.offset(TOPIC)) == (None, None, None), "somebody else may be ahead"
    commits = len(stage.changelog)
    executor.tick()
    assert executor.position is None, "a tick alone proves nothing"
    await until(lambda: executor.offset(TOPIC) == 2)
    assert len(stage.changelog) == commits + 1, "it committed nothing but its position"
    executor.tick()
    await asyncio.sleep(0.01)
    assert len(stage.changelog) == commits + 1


async def test_after_standing_still_no_time_passes_by_a_word_from_before(play, clock):
    stage = Stage(session_s=6.0)
    stage.handed = {TOPIC: 0}
    stage.reach = lambda partition: Reach(fetched=0, end=0, asked_ms=1_000)
    executor = await play(stage)
    work = stage.processors[0].work
    await ticked(stage, executor)
    assert len(work) == 1
    clock.passed_s += 7.0
    executor.tick()
    await until(lambda: len(work) == 2 and executor.position is not None)
    executor.tick()
    await until(lambda: len(work) == 3)
    assert [each.caught_up for each in work] == [{TOPIC: 1_000}, {}, {TOPIC: 1_000}]


async def test_after_standing_still_a_partition_that_was_taken_over_is_restored(play, clock):
    stage = Stage(session_s=6.0)
    executor = await play(stage)
    clock.passed_s += 7.0
    stage.failures = [Fenced("taken")]
    executor.tick()
    await until(lambda: stage.restores == 2 and executor.position is not None)
    assert executor.processor is stage.processors[1]
