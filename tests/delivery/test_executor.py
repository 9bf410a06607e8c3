"""A partition's executor: what it takes and what it refuses, one commit at a time, with ticks in between."""

import asyncio

import pytest
from acting import OTHER, TOPIC, Stage, at_work, batch, bundle, position_of, ticked, until

from streams.delivery import arrivals
from streams.delivery import executor as module
from streams.delivery.commit import Changes, Output, Position

pytestmark = pytest.mark.usefixtures("quick_retries")


# -- batches and the position


async def test_batches_that_join_the_position_are_committed_with_it(play):
    stage = Stage()
    executor = await play(stage)
    stage.put(executor, batch(0, 3), batch(3, 5))
    await until(lambda: executor.offset(TOPIC) == 5)
    assert stage.seen == [0, 1, 2, 3, 4]
    assert position_of(stage).offsets == {TOPIC: 5}
    assert [output.value for output in stage.published] == [b"0", b"1", b"2", b"3", b"4"]
    await until(lambda: stage.acknowledged == 2)


async def test_a_batch_past_the_position_is_refused_and_fetched_again_once(play):
    stage = Stage()
    executor = await play(stage)
    stage.rewinds.clear()
    stage.put(executor, batch(4, 6), batch(6, 8), batch(8, 9))
    await until(lambda: stage.acknowledged == 3)
    assert stage.rewinds == [(TOPIC, 0)]
    assert stage.refetches == 1
    assert stage.seen == []
    stage.put(executor, batch(0, 9))
    await until(lambda: executor.offset(TOPIC) == 9)
    assert stage.seen == list(range(9))


async def test_a_rewind_that_got_lost_is_asked_for_again_later(play, clock):
    stage = Stage()
    executor = await play(stage)
    stage.rewinds.clear()
    stage.put(executor, batch(4, 6))
    await until(lambda: stage.refetches == 1)
    clock.passed_s += arrivals.REWIND_AGAIN_S
    stage.put(executor, batch(6, 8))
    await until(lambda: stage.refetches == 2)
    assert stage.rewinds == [(TOPIC, 0), (TOPIC, 0)]


async def test_a_tick_asks_again_where_a_rewind_was_answered_by_nothing(play, clock):
    stage = Stage()
    executor = await play(stage)
    stage.rewinds.clear()
    stage.put(executor, batch(4, 6))
    await until(lambda: stage.refetches == 1)
    asked = []
    for _ in range(7):  # one such time after the rewind, and two after the second one: each time it has longer
        clock.passed_s += arrivals.REWIND_AGAIN_S / 2
        await ticked(stage, executor)
        asked.append(stage.refetches)
    assert asked == [1, 2, 2, 2, 2, 3, 3]
    assert stage.rewinds == [(TOPIC, 0)] * 3


async def test_a_tick_asks_again_for_what_was_handed_over_and_never_came(play, clock):
    stage = Stage(topics=(TOPIC, OTHER))
    executor = await play(stage)
    stage.rewinds.clear()
    stage.handed = {TOPIC: 3, OTHER: 2}
    await ticked(stage, executor)
    assert stage.rewinds == [], "it may be on its way"
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    clock.passed_s += arrivals.REWIND_AGAIN_S
    await ticked(stage, executor)
    assert stage.refetches == 1
    assert stage.rewinds == [(OTHER, 0)], "what came is not asked for again"


async def test_a_tick_does_not_ask_again_for_what_waits_for_its_turn(play, clock):
    stage = Stage(topics=(TOPIC, OTHER), max_records=3)
    executor = await play(stage)
    stage.rewinds.clear()
    stage.handed = {TOPIC: 3, OTHER: 2}
    stage.hold = asyncio.Event()
    executor.put(bundle(batch(0, 3), batch(0, 2, topic=OTHER)), lambda: None)
    await until(lambda: stage.processors[0].seen)
    stage.hold.set()
    for _ in range(4):
        clock.passed_s += arrivals.REWIND_AGAIN_S
        executor.tick()
    await until(lambda: executor.offset(OTHER) == 2)
    assert stage.rewinds == [], "it was long at work on the other topic"


async def test_ticks_ask_for_nothing_where_everything_came(play, clock):
    stage = Stage()
    executor = await at_work(play, stage)
    stage.handed = {TOPIC: 3}
    for _ in range(4):
        clock.passed_s += arrivals.REWIND_AGAIN_S
        await ticked(stage, executor)
    assert stage.rewinds == []


async def test_what_lies_before_the_position_is_skipped_and_what_straddles_it_is_trimmed(play):
    stage = Stage()
    executor = await play(stage)
    stage.put(executor, batch(0, 4))
    await until(lambda: executor.offset(TOPIC) == 4)
    stage.put(executor, batch(1, 3), batch(2, 4), batch(2, 6))
    await until(lambda: executor.offset(TOPIC) == 6)
    assert stage.seen == [0, 1, 2, 3, 4, 5]
    await until(lambda: stage.acknowledged == 4)


async def test_each_source_topic_has_a_position_of_its_own(play):
    stage = Stage(topics=(TOPIC, OTHER))
    executor = await play(stage)
    stage.put(executor, batch(0, 2), batch(3, 4, topic=OTHER), batch(2, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    assert executor.offset(OTHER) == 0
    assert stage.rewinds[-1] == (OTHER, 0)
    stage.put(executor, batch(0, 4, topic=OTHER))
    await until(lambda: executor.offset(OTHER) == 4)
    assert position_of(stage).offsets == {TOPIC: 3, OTHER: 4}


async def test_what_comes_before_the_restore_is_done_waits_and_is_dropped_as_the_source_is_sought(play):
    stage = Stage()
    restoring = asyncio.Event()
    read = stage.read

    async def slowly(number):
        await restoring.wait()
        async for records in read(number):
            yield records

    stage.read = slowly
    executor = stage.executor()
    executor.start()
    stage.put(executor, batch(7, 9))
    await asyncio.sleep(0.02)
    assert not stage.bundles[0].is_taken, "it is filled, until no more is fetched"
    restoring.set()
    await until(lambda: stage.acknowledged == 1)
    assert (stage.rewinds, stage.refetches, stage.seen) == ([(TOPIC, 0)], 0, [])
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    await executor.stop()


async def test_what_is_fetched_while_it_works_is_taken_up_as_one(play):
    stage = Stage()
    stage.hold = asyncio.Event()
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    await until(lambda: stage.processors[0].seen)
    filled = bundle(batch(2, 3))
    executor.put(filled, lambda: None)
    for at in range(3, 40):
        filled.add([batch(at, at + 1)])
    stage.hold.set()
    await until(lambda: executor.offset(TOPIC) == 40)
    assert stage.commits == [2, 38]
    assert filled.is_taken


async def test_before_a_rebalance_only_what_is_in_work_is_finished_and_the_rest_is_fetched_again(play):
    stage = Stage(max_records=2)
    stage.hold = asyncio.Event()
    executor = await play(stage)
    stage.put(executor, *(batch(at, at + 2) for at in range(0, 40, 2)))
    await until(lambda: stage.processors[0].seen)
    executor.drop_waiting()
    assert stage.acknowledged == 19, "nobody waits for them"
    assert executor.lag_s(TOPIC, 10_000.0) == 0, "nothing of them is kept"
    stage.hold.set()
    await until(lambda: stage.acknowledged == 20)
    assert stage.seen == [0, 1]
    await executor.resume()
    assert stage.rewinds[-1] == (TOPIC, 2)
    stage.put(executor, batch(2, 4))
    await until(lambda: stage.seen == [0, 1, 2, 3])


async def test_a_tick_in_between_does_not_make_records_wait(play):
    stage = Stage(lingering=lambda _since_s, _took_s, _partitions: 60.0)
    executor = await play(stage)
    executor.tick()
    await asyncio.sleep(2 * module.GATHERS_S)
    stage.put(executor, batch(0, 2))
    await until(lambda: executor.offset(TOPIC) == 2)


async def test_how_long_it_lingers_follows_from_the_partitions_that_the_worker_has_by_then(play):
    asked = []

    def lingering_s(_since_s, _took_s, partitions):
        asked.append(partitions)
        return 0.0

    stage = Stage(lingering=lingering_s, held=lambda: 1 if asked else 4)
    executor = await play(stage)
    for start in (0, 2, 4):
        stage.put(executor, batch(start, start + 2))
        await until(lambda reached=start + 2: executor.offset(TOPIC) == reached)
    assert asked[:2] == [4, 1]


# -- ticks


async def test_ticks_wait_for_the_commit_under_way(play):
    stage = Stage()
    stage.hold = asyncio.Event()
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    processor = stage.processors[0]
    await until(lambda: processor.seen)
    for _ in range(3):
        executor.tick()
    await asyncio.sleep(0.02)
    assert processor.ticks == 0
    stage.hold.set()
    await until(lambda: processor.ticks == 1)
    assert executor.offset(TOPIC) == 2
    assert stage.commits == [2], "a tick that changes nothing commits nothing"


async def test_a_tick_that_changes_something_keeps_the_position(play):
    stage = Stage()
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    await until(lambda: executor.offset(TOPIC) == 2)

    async def changes_on_tick():
        return Changes({b"deadline": b"fired"}, [Output("out", 0, b"k", b"broken")], memo=b"counts")

    stage.processors[0].on_tick = changes_on_tick
    executor.tick()
    await until(lambda: stage.state.get(b"deadline") == b"fired")
    assert position_of(stage) == Position({TOPIC: 2}, {}, b"counts")
    stage.put(executor, batch(2, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    assert position_of(stage).memo == b"counts", "a memo stands until there is another"
