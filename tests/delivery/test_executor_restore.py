"""How a partition's executor goes on from what is committed, and when it must not."""

import asyncio

import pytest
from acting import TOPIC, Remembering, Stage, at_work, batch, ticked, until
from aiokafka.errors import KafkaConnectionError

from streams.delivery import executor as module

pytestmark = pytest.mark.usefixtures("quick_retries")


async def test_the_next_owner_goes_on_where_the_state_stands(play):
    stage = Stage()
    first = await play(stage)
    stage.put(first, batch(0, 3))
    await until(lambda: first.offset(TOPIC) == 3)
    await first.stop()
    second = await play(stage)
    assert second.offset(TOPIC) == 3
    assert stage.rewinds[-1] == (TOPIC, 3)
    assert stage.processors[1].seen == b"0 1 2"


async def test_a_writer_is_opened_before_the_changelog_is_read(play):
    stage = Stage()
    order = []
    read = stage.read

    async def noted(number):
        order.append(stage.writers[-1].opened)
        async for each in read(number):
            yield each

    stage.read = noted
    await play(stage)
    assert order == [True]


async def test_a_source_that_was_never_read_begins_at_the_first_record_it_still_has(play):
    stage = Stage()
    stage.begins = {TOPIC: 7}
    executor = await play(stage)
    assert executor.offset(TOPIC) == 7


async def test_resuming_after_a_rebalance_seeks_to_the_position_again(play):
    stage = Stage()
    executor = await at_work(play, stage)
    await executor.resume()
    assert stage.rewinds == [(TOPIC, 3)]


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        ({"begins": {TOPIC: 9}}, "lost 6 records below the state's position 3"),
        ({"ends": {TOPIC: 2}}, "ends at 2, before the state's position 3"),
        ({"ids": {TOPIC: "another"}}, "was deleted and made anew"),
    ],
    ids=["retention", "cut", "made anew"],
)
async def test_a_source_that_does_not_fit_the_state_stops_the_partition_with_one_line(play, caplog, happened, words):
    stage = Stage()
    stage.ids = {TOPIC: "one"}
    first = await play(stage)
    stage.put(first, batch(0, 3))
    await until(lambda: first.offset(TOPIC) == 3)
    await first.stop()
    for name, value in happened.items():
        setattr(stage, name, value)
    second = stage.executor()
    second.start()
    await until(lambda: second.stopped_because)
    critical = [line.message for line in caplog.records if line.levelname == "CRITICAL"]
    assert len(critical) == 1
    assert words in critical[0]
    assert "restore" in critical[0], "it says what to do"
    assert "\n" not in critical[0]
    stage.put(second, batch(3, 4))
    assert second.offset(TOPIC) is None
    restores = stage.restores
    await asyncio.sleep(0.05)
    assert stage.restores == restores, "it does not try again"
    assert stage.seen == [0, 1, 2]
    await second.stop()


@pytest.mark.parametrize(
    ("happened", "words"),
    [({"begins": {TOPIC: 9}, "strayed": {TOPIC}}, "lost 6 records"), ({"ids": {TOPIC: "another"}}, "was deleted and made anew")],
    ids=["retention", "made anew"],
)
async def test_a_source_that_stops_to_fit_while_the_partition_works_stops_it_too(play, clock, happened, words):
    stage = Stage()
    stage.ids = {TOPIC: "one"}
    executor = await play(stage)
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    for name, value in happened.items():
        setattr(stage, name, value)
    if not stage.strayed:
        await ticked(stage, executor)
        assert not executor.stopped_because, "the broker is not asked on every tick"
        clock.passed_s += module.LOOK_AGAIN_S
    executor.tick()
    await until(lambda: executor.stopped_because)
    assert words in executor.stopped_because
    await until(lambda: stage.writers[-1].closed)
    stage.put(executor, batch(3, 12))
    await asyncio.sleep(0.02)
    assert not stage.bundles[1].is_taken, "it holds what it can, and no more is fetched"
    executor.drop_waiting()
    assert stage.acknowledged == 2
    assert executor.position is None
    assert stage.seen == [0, 1, 2]


async def test_a_source_that_went_astray_and_fits_is_sought_to_the_position(play):
    stage = Stage()
    executor = await at_work(play, stage)
    stage.strayed = {TOPIC}
    executor.tick()
    await until(lambda: stage.rewinds == [(TOPIC, 3)])


async def test_a_broker_that_does_not_answer_about_the_sources_costs_no_memory(play, clock):
    stage = Stage()
    executor = await play(stage)
    asked = []

    async def gone(partitions):
        asked.append(partitions)
        raise KafkaConnectionError("gone")

    stage.bounds = gone
    clock.passed_s += module.LOOK_AGAIN_S
    executor.tick()
    await until(lambda: asked)
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    assert stage.restores == 1


async def test_ends_are_not_believed_where_the_broker_lists_them_short(play):
    stage = Stage(ends_known=False)
    first = await play(stage)
    stage.put(first, batch(0, 3))
    await until(lambda: first.offset(TOPIC) == 3)
    await first.stop()
    stage.ends = {TOPIC: 2}
    second = await play(stage)
    assert second.offset(TOPIC) == 3


async def test_partitions_of_one_turn_are_read_back_one_after_the_other():
    turn, reading, go_on = asyncio.Lock(), [], asyncio.Event()
    stages = [Stage(turn=turn), Stage(turn=turn)]

    def read_slowly(stage):
        async def read(number):
            reading.append(stage)
            await go_on.wait()
            reading.remove(stage)
            for each in ():
                yield each

        return read

    for stage in stages:
        stage.read = read_slowly(stage)
    executors = [stage.executor() for stage in stages]
    try:
        for executor in executors:
            executor.start()
        await until(lambda: reading)
        await asyncio.sleep(0.02)
        assert reading == stages[:1]
        go_on.set()
        await until(lambda: all(executor.position is not None for executor in executors))
    finally:
        for executor in executors:
            await executor.stop()


async def test_what_was_read_back_is_put_in_order_before_it_counts(play):
    class Settling(Remembering):
        left = 3

        def settle(self):
            assert not self.positions, "before it is said to be loaded"
            self.left -= 1
            return self.left > 0

    stage = Stage()
    stage.processor = Settling
    executor = await play(stage)
    assert executor.processor.left == 0
