"""record: blocks into ClickHouse, refused rows as dead letters, and no position before its rows are there."""

import asyncio

import msgspec
import pytest
from fetched import NOW, Fetched, batch, work

from streams.avro.sealing import Sealed
from streams.clickhouse.blocks import TOUCHPOINTS, Table
from streams.clickhouse.client import PermanentInsertError, Refused, TransientInsertError
from streams.clickhouse.following import Following
from streams.delivery.commit import Position
from streams.processors.internal import CLOCK, KIND, TOUCHPOINT
from streams.processors.record import GATHERS_S, RecordMemo, RecordPartition, RecordPlan, Sink

JOURNEYS = Table("journeys", "Avro", ("journey_id",), b"".join)
IDENTITIES = Table("identities", "Avro", ("type", "pseudonym"), b"".join)


class ClickHouse:
    """Stands in for the client: keeps what is inserted, refuses values that begin with `bad`, and is away while `away`."""

    def __init__(self):
        self.blocks = []
        self.attempts = 0
        self.is_there = asyncio.Event()
        self.is_there.set()
        self.error = None
        self.opened = asyncio.Event()
        self.opened.set()

    def go_away(self):
        self.is_there.clear()

    def come_back(self):
        self.is_there.set()

    async def insert(self, table, values):
        self.attempts += 1
        await asyncio.sleep(0)
        if not self.is_there.is_set():
            raise TransientInsertError("ClickHouse is away")
        await self.opened.wait()
        if self.error is not None:
            raise self.error
        self.blocks.append((table.name, list(values)))
        return [Refused(index, "not a row") for index, value in enumerate(values) if value.startswith(b"bad")]


@pytest.fixture
async def clickhouse():
    return ClickHouse()


@pytest.fixture
async def sink(clickhouse):
    return Sink(clickhouse)


@pytest.fixture
async def partition(sink, dead_letters):
    return RecordPartition(0, plan_of(sink, dead_letters))


async def loaded_at_once():
    pass


def plan_of(sink, dead_letters, following=None):
    tables = {"identified": TOUCHPOINTS, "journeys": JOURNEYS, "identities": IDENTITIES}
    return RecordPlan(tables, sink, following or Following(loaded_at_once), dead_letters)


def touchpoint(value, offset=0, channel=b"chat"):
    return Fetched(value, b"c", ((KIND, TOUCHPOINT), ("channel", channel)), topic="identified", offset=offset)


def clock(offset):
    return Fetched(b"clock", None, ((KIND, CLOCK),), topic="identified", offset=offset)


def journey(value, offset=0):
    return Fetched(value, b"c", topic="journeys", offset=offset)


def identity(value, offset=0):
    return Fetched(value, b"email:p", topic="identities", offset=offset)


def memo_of(changes):
    return msgspec.msgpack.decode(changes.memo, type=RecordMemo)


async def turns(number=20):
    for _ in range(number):
        await asyncio.sleep(0)


async def gathered():
    """What comes together has been put together and is under way."""
    await asyncio.sleep(1.5 * GATHERS_S)


# -- the sink --------------------------------------------------------------


async def test_what_gathers_while_a_block_is_under_way_goes_as_one_block(sink, clickhouse):
    clickhouse.opened.clear()
    first = asyncio.ensure_future(sink.insert(JOURNEYS, [b"1"]))
    await gathered()
    others = [asyncio.ensure_future(sink.insert(JOURNEYS, values)) for values in ([b"2", b"3"], [b"4"], [b"5"])]
    await turns()
    assert not any(each.done() for each in (first, *others))
    clickhouse.opened.set()
    assert await asyncio.gather(first, *others) == [[], [], [], []]
    assert clickhouse.blocks == [("journeys", [b"1"]), ("journeys", [b"2", b"3", b"4", b"5"])]


async def test_each_table_has_blocks_of_its_own(sink, clickhouse):
    await asyncio.gather(sink.insert(JOURNEYS, [b"1"]), sink.insert(TOUCHPOINTS, [b"2"]), sink.insert(JOURNEYS, [b"3"]))
    assert sorted(clickhouse.blocks) == [("journeys", [b"1", b"3"]), ("touchpoints", [b"2"])]


async def test_refusals_find_their_way_back_to_whoever_gave_the_row(sink, clickhouse):
    clickhouse.opened.clear()
    blocking = asyncio.ensure_future(sink.insert(JOURNEYS, [b"0"]))
    await gathered()
    given = ([b"1", b"bad 2"], [b"3"], [b"bad 4", b"5", b"bad 6"])
    waiting = [asyncio.ensure_future(sink.insert(JOURNEYS, values)) for values in given]
    await turns()
    clickhouse.opened.set()
    await blocking
    answers = await asyncio.gather(*waiting)
    assert [[each.index for each in refused] for refused in answers] == [[1], [], [0, 2]]
    assert len(clickhouse.blocks) == 2


async def test_what_partitions_give_at_about_the_same_time_goes_as_one_block(sink, clickhouse):
    first = asyncio.ensure_future(sink.insert(JOURNEYS, [b"1"]))
    await turns()
    second = asyncio.ensure_future(sink.insert(JOURNEYS, [b"2"]))
    assert await asyncio.gather(first, second) == [[], []]
    assert clickhouse.blocks == [("journeys", [b"1", b"2"])]


async def test_nothing_to_insert_asks_nobody(sink, clickhouse):
    assert await sink.insert(JOURNEYS, []) == []
    assert clickhouse.attempts == 0


async def test_an_error_that_no_row_explains_reaches_everyone_who_waits_and_the_next_block_is_tried(sink, clickhouse):
    clickhouse.error = PermanentInsertError("no such table: run touchpoints migrate")
    answers = await asyncio.gather(sink.insert(JOURNEYS, [b"1"]), sink.insert(JOURNEYS, [b"2"]), return_exceptions=True)
    assert [type(each) for each in answers] == [PermanentInsertError, PermanentInsertError]
    clickhouse.error = None
    assert await sink.insert(JOURNEYS, [b"3"]) == []
    assert clickhouse.blocks == [("journeys", [b"3"])]


async def test_one_who_gave_up_waiting_leaves_the_others_alone(sink, clickhouse):
    clickhouse.opened.clear()
    waiting = [asyncio.ensure_future(sink.insert(JOURNEYS, [value])) for value in (b"1", b"2", b"3")]
    await turns()
    waiting[1].cancel()
    clickhouse.opened.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert (answers[0], answers[2]) == ([], [])
    assert isinstance(answers[1], asyncio.CancelledError)


# -- the partition ---------------------------------------------------------


async def test_rows_go_into_their_tables_and_clocks_into_none(partition, clickhouse):
    changes = await partition.step(
        work(batch(touchpoint(b"t1"), clock(1), touchpoint(b"t2", 2, b"phone")), batch(journey(b"j1")), batch(touchpoint(b"t3", 3)))
    )
    assert sorted(clickhouse.blocks) == [("journeys", [b"j1"]), ("touchpoints", [b"t1", b"t2", b"t3"])]
    memo = memo_of(changes)
    assert memo.written == {"touchpoints": 3, "journeys": 1}
    assert memo.touchpoints == {"chat": 2, "phone": 1}
    assert (memo.refused, changes.outputs) == ({}, [])


async def test_a_run_of_clocks_alone_moves_the_position_and_asks_nobody(partition, clickhouse):
    changes = await partition.step(work(batch(clock(0), clock(1))))
    assert changes is not None
    assert clickhouse.attempts == 0


async def test_a_row_that_cannot_be_stored_becomes_a_dead_letter_and_the_others_are_stored(partition, sealing, read_output):
    changes = await partition.step(work(batch(touchpoint(b"t1", 7), clock(8), touchpoint(b"bad", 9), touchpoint(b"t2", 10))))
    (output,) = changes.outputs
    letter = read_output("dead_letter", output.value)
    assert (letter["reason"], letter["detail"], letter["field"]) == ("malformed", "not a row", "touchpoints")
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("identified", 0, 9)
    assert sealing.open(Sealed(letter["key_id"], letter["sealed"])).value == b"bad"
    assert memo_of(changes).refused == {"touchpoints": 1}
    assert memo_of(changes).written == {"touchpoints": 3}


async def test_the_position_waits_until_clickhouse_has_the_rows(partition, clickhouse):
    clickhouse.go_away()
    step = asyncio.ensure_future(partition.step(work(batch(touchpoint(b"t1")))))
    await gathered()
    await turns(50)
    assert not step.done(), "nothing may be committed while ClickHouse is away"
    assert clickhouse.attempts > 1
    assert clickhouse.blocks == []
    clickhouse.come_back()
    changes = await asyncio.wait_for(step, 5)
    assert clickhouse.blocks == [("touchpoints", [b"t1"])], "once, after it came back"
    assert memo_of(changes).written == {"touchpoints": 1}


async def test_one_table_that_is_not_stored_holds_the_position_though_the_other_is(partition, clickhouse):
    clickhouse.error = PermanentInsertError("no such table")
    with pytest.raises(PermanentInsertError):
        await partition.step(work(batch(touchpoint(b"t1")), batch(journey(b"j1"))))
    assert partition.memo.written == {}


async def test_partitions_share_blocks_and_keep_their_own_counts(sink, clickhouse, dead_letters):
    clickhouse.opened.clear()
    partitions = [RecordPartition(number, plan_of(sink, dead_letters)) for number in range(3)]
    steps = [asyncio.ensure_future(each.step(work(batch(touchpoint(b"t%d" % each.number))))) for each in partitions]
    await turns()
    clickhouse.opened.set()
    for changes in await asyncio.gather(*steps):
        assert memo_of(changes).written == {"touchpoints": 1}
    assert sorted(value for _, values in clickhouse.blocks for value in values) == [b"t0", b"t1", b"t2"]
    assert len(clickhouse.blocks) < 3


async def test_counts_outlive_a_restart(partition, sink, dead_letters):
    changes = await partition.step(work(batch(touchpoint(b"t1"))))
    heir = RecordPartition(0, plan_of(sink, dead_letters))
    heir.loaded(Position({}, memo=changes.memo))
    assert memo_of(await heir.step(work(batch(touchpoint(b"t2", 1))))).touchpoints == {"chat": 2}


# -- views that follow -------------------------------------------------------


async def test_a_commit_of_identities_says_that_views_follow_them(partition):
    assert not memo_of(await partition.step(work(batch(identity(b"i1"))))).is_behind


async def test_views_that_take_long_hold_no_commit_and_a_tick_tells_when_they_follow(sink, dead_letters):
    loaded = asyncio.Event()
    async with Following(loaded.wait) as following:
        partition = RecordPartition(0, plan_of(sink, dead_letters, following))
        assert memo_of(await partition.step(work(batch(identity(b"i1"))))).is_behind
        assert memo_of(await partition.step(work(batch(touchpoint(b"t1"))))).is_behind
        assert await partition.step(work(tick=True, now_us=NOW)) is None
        loaded.set()
        await turns()
        assert not memo_of(await partition.step(work(tick=True, now_us=NOW))).is_behind
        assert await partition.step(work(tick=True, now_us=NOW)) is None


async def test_who_takes_over_asks_for_what_the_former_worker_left_behind(sink, dead_letters):
    loaded = asyncio.Event()
    async with Following(loaded.wait) as following:
        heir = RecordPartition(0, plan_of(sink, dead_letters, following))
        heir.loaded(Position({}, memo=msgspec.msgpack.encode(RecordMemo(is_behind=True))))
        assert await heir.step(work(tick=True, now_us=NOW)) is None
        loaded.set()
        await turns()
        assert not memo_of(await heir.step(work(tick=True, now_us=NOW))).is_behind


async def test_a_tick_alone_is_no_commit(partition):
    assert await partition.step(work(tick=True, now_us=NOW)) is None
