"""How large a partition's commits are: filled up, cut, halved where they are too large, down to a record that is refused."""

import asyncio

import pytest
from acting import OTHER, TOPIC, Stage, batch, until

from streams.delivery import executor as module
from streams.delivery.commit import Changes
from streams.delivery.record_batches import TooLarge

pytestmark = pytest.mark.usefixtures("quick_retries")


async def test_a_commit_is_filled_up_from_the_next_batch_whose_rest_comes_with_the_next_one(play):
    stage = Stage(max_records=5, topics=(TOPIC, OTHER))
    executor = await play(stage)
    stage.put(executor, batch(0, 3), batch(0, 4, topic=OTHER), batch(3, 4))
    await until(lambda: executor.offset(TOPIC) == 4 and executor.offset(OTHER) == 4)
    assert stage.commits == [5, 3]
    taken = [[(run.topic, run.start, run.stop) for run in work.batches] for work in stage.processors[-1].work]
    assert taken == [[(TOPIC, 0, 3), (OTHER, 0, 2)], [(OTHER, 2, 4), (TOPIC, 3, 4)]]
    await until(lambda: stage.acknowledged == 3)
    assert not stage.refetches


async def test_a_long_batch_is_cut_into_commits_of_the_largest_size(play):
    stage = Stage(max_records=4)
    executor = await play(stage)
    stage.put(executor, batch(0, 10))
    await until(lambda: executor.offset(TOPIC) == 10)
    assert stage.seen == list(range(10))
    assert max(stage.commits) <= 4
    await until(lambda: stage.acknowledged == 1)


async def test_a_commit_that_is_too_large_is_halved_until_it_fits_then_grows_again(play):
    stage = Stage(max_records=8)
    stage.failures = [TooLarge("8"), TooLarge("4")]
    executor = await play(stage)
    stage.put(executor, batch(0, 8))
    await until(lambda: stage.restores == 2)
    await until(lambda: executor.position is not None)
    stage.put(executor, batch(0, 8))
    await until(lambda: stage.restores == 3)
    await until(lambda: executor.position is not None)
    stage.put(executor, batch(0, 8))
    await until(lambda: executor.offset(TOPIC) == 8)
    assert stage.seen == list(range(8))
    assert stage.commits == [2, 4, 2]


async def test_commits_that_are_too_large_are_halved_without_waiting(play, monkeypatch):
    monkeypatch.setattr(module, "RETRY_FIRST_S", 30.0)
    stage = Stage(max_records=2000)
    stage.failures = [TooLarge("3"), TooLarge("1")]
    executor = await play(stage)
    await feed(stage, executor, 3, lambda: executor.offset(TOPIC) == 3)
    assert stage.restores == 3, "halved from what was tried, not from what is allowed"
    assert stage.seen == [1, 2]


async def test_a_commit_without_records_that_is_too_large_waits_longer_each_time(play):
    stage = Stage()
    stage.failures = [TooLarge("a tick's outputs")] * 2
    executor = await play(stage)
    for restores in (2, 3):

        async def changes_on_tick():
            return Changes({b"clock": b"1"})

        stage.processors[-1].on_tick = changes_on_tick
        executor.tick()
        await until(lambda: stage.restores == restores and executor.position is not None)  # noqa: B023
    assert executor._retry_s == 0.04
    assert executor._size.most == 100


async def feed(stage, executor, stop, done):
    """Fetch again after each restore, as a source does."""
    async with asyncio.timeout(5):
        while not done():
            if executor.position is not None and executor.offset(TOPIC) < stop:
                stage.put(executor, batch(executor.offset(TOPIC), stop))
            await asyncio.sleep(0.02)


def refuses(executor, offset):
    """Let the executor's writers find one record too large, as long as it is published."""
    make = executor.plan.writer

    def writer(number):
        made = make(number)
        commit = made.commit

        async def checked(state, position, outputs):
            if any(output.value == b"%d" % offset for output in outputs):
                raise TooLarge("of one record")
            await commit(state, position, outputs)

        made.commit = checked
        return made

    object.__setattr__(executor.plan, "writer", writer)
    return executor


async def test_a_single_record_that_is_too_large_is_refused_and_the_rest_goes_on(play):
    stage = Stage(max_records=4)
    make = stage.executor
    stage.executor = lambda: refuses(make(), 5)
    executor = await play(stage)
    await feed(stage, executor, 8, lambda: executor.offset(TOPIC) == 8)
    assert stage.seen == [0, 1, 2, 3, 4, 6, 7]
    refused = [work.refused for processor in stage.processors for work in processor.work if work.refused]
    assert refused == [frozenset({(TOPIC, 5)})]


async def test_a_record_stays_refused_though_a_tick_commits_before_it_comes_again(play):
    stage = Stage(max_records=1)
    make = stage.executor
    stage.executor = lambda: refuses(make(), 0)
    executor = await play(stage)
    stage.put(executor, batch(0, 1))
    await until(lambda: stage.restores == 2 and executor.position is not None)
    ticking = stage.processors[-1]

    async def changes_on_tick():
        return Changes({b"clock": b"1"})

    ticking.on_tick = changes_on_tick
    executor.tick()
    await until(lambda: stage.state.get(b"clock") == b"1")
    stage.put(executor, batch(0, 1))
    await until(lambda: executor.offset(TOPIC) == 1)
    assert stage.restores == 2
