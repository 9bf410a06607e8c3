"""A partition's executor: what it takes, what it refuses, and that a commit is whole or forgotten."""

import asyncio
import time

import pytest
from acting import OTHER, TOPIC, Remembering, Stage, batch, restored, until
from aiokafka.errors import KafkaConnectionError

from streams.delivery import arrivals
from streams.delivery import executor as module
from streams.delivery.commit import Changes, Output, Position, decode_position
from streams.delivery.transport import Reach
from streams.delivery.writer import Fenced, TooLarge


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch):
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(module, "FENCED_S", 0.01)


class Clock:
    """The monotonic clock of a test: it moves when it is told to."""

    def __init__(self):
        self.passed_s = 0.0
        self.time, self.time_ns = time.time, time.time_ns

    def monotonic(self):
        return self.passed_s


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    for each in (module, arrivals):
        monkeypatch.setattr(each, "time", made)
    return made


@pytest.fixture
async def play():
    """Makes an executor on a stage, restored; stops it in the end."""
    playing = []

    async def begin(stage):
        executor = stage.executor()
        playing.append(executor)
        await restored(executor)
        return executor

    yield begin
    for executor in playing:
        await executor.stop()


async def ticked(stage, executor):
    """A tick, and all that the executor does on it."""
    ticks = stage.processors[-1].ticks
    executor.tick()
    await until(lambda: stage.processors[-1].ticks > ticks)
    await asyncio.sleep(0.01)


def position_of(stage):
    return decode_position(stage.changelog[-1][1])


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


async def test_a_tick_does_not_ask_again_for_what_is_held_until_the_partition_wants_it(play, clock):
    stage = Stage(topics=(TOPIC, OTHER))
    executor = await play(stage)
    stage.rewinds.clear()
    stage.handed, stage.held = {TOPIC: 3, OTHER: 2}, {OTHER}
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    for _ in range(4):
        clock.passed_s += arrivals.REWIND_AGAIN_S
        await ticked(stage, executor)
    assert stage.rewinds == [], "it was long at work on the other topic"
    stage.held.clear()
    await ticked(stage, executor)
    clock.passed_s += arrivals.REWIND_AGAIN_S
    await ticked(stage, executor)
    assert stage.rewinds == [(OTHER, 0)], "it was given to the partition, and got lost on the way"


async def test_ticks_ask_for_nothing_where_everything_came(play, clock):
    stage = Stage()
    executor = await play(stage)
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    stage.rewinds.clear()
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


async def test_batches_that_come_before_the_restore_is_done_are_dropped_and_the_source_is_sought_after(play):
    stage = Stage()
    early = stage.executor()
    stage.put(early, batch(0, 3))
    assert stage.acknowledged == 1
    executor = await play(stage)
    await until(lambda: stage.rewinds)
    assert stage.rewinds == [(TOPIC, 0)]
    assert executor.offset(TOPIC) == 0


async def test_no_more_is_handed_over_while_it_works(play):
    stage = Stage()
    stage.hold = asyncio.Event()
    executor = await play(stage)
    await until(lambda: executor.wants_more)
    stage.put(executor, *(batch(at, at + 1) for at in range(30)))
    await until(lambda: stage.processors[0].seen)
    stage.put(executor, *(batch(at, at + 1) for at in range(30, 40)))
    assert not executor.wants_more
    stage.hold.set()
    await until(lambda: executor.offset(TOPIC) == 40)
    await until(lambda: executor.wants_more)


async def test_before_a_rebalance_only_what_is_in_work_is_finished_and_the_rest_is_fetched_again(play):
    stage = Stage(max_records=2)
    stage.hold = asyncio.Event()
    executor = await play(stage)
    stage.put(executor, *(batch(at, at + 2) for at in range(0, 40, 2)))
    await until(lambda: stage.processors[0].seen)
    executor.drop_waiting()
    assert stage.acknowledged == 19, "nobody waits for them"
    stage.hold.set()
    await until(lambda: stage.acknowledged == 20)
    assert stage.seen == [0, 1]
    await executor.resume()
    assert stage.rewinds[-1] == (TOPIC, 2)
    stage.put(executor, batch(2, 4))
    await until(lambda: stage.seen == [0, 1, 2, 3])


async def test_a_tick_in_between_does_not_make_records_wait(play):
    stage = Stage(lingering=lambda _since_s, _took_s: 60.0)
    executor = await play(stage)
    executor.tick()
    await asyncio.sleep(2 * module.HANDED_OVER_S)
    stage.put(executor, batch(0, 2))
    await until(lambda: executor.offset(TOPIC) == 2)


# -- size


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
    assert not executor.wants_more
    assert stage.changelog == []
    assert stage.writers[0].closed
    assert stage.acknowledged == 2


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


# -- a worker that stood still


async def test_after_standing_still_nothing_of_the_memory_is_seen_until_a_commit_succeeds(play, clock):
    stage = Stage(session_s=6.0)
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    await until(lambda: executor.offset(TOPIC) == 2)
    assert executor.processor is stage.processors[0]
    clock.passed_s += 7.0
    assert (executor.position, executor.processor, executor.offset(TOPIC)) == (None, None, None), "somebody else may be ahead"
    assert executor.wants_more, "the next commit decides whose it is"
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
    executor.tick()
    await until(lambda: len(work) == 1 and executor.wants_more)
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


# -- restore


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
    executor = await play(stage)
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    stage.rewinds.clear()
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
    assert not second.wants_more
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
    assert stage.acknowledged == 2
    assert (executor.position, executor.wants_more) == (None, False)
    assert stage.seen == [0, 1, 2]


async def test_a_source_that_went_astray_and_fits_is_sought_to_the_position(play):
    stage = Stage()
    executor = await play(stage)
    stage.put(executor, batch(0, 3))
    await until(lambda: executor.offset(TOPIC) == 3)
    stage.rewinds.clear()
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
