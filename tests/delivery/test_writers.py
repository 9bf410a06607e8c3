"""What a writer promises, kept by both: on Kafka by transactions, on the embedded broker by one record batch and an outbox."""

import asyncio
from typing import NamedTuple

import pytest
from acting import Stage, batch, restored, until

from streams.delivery import transactions
from streams.delivery import writer as module
from streams.delivery.changelog import read_partition
from streams.delivery.commit import OUTBOX_KEY, POSITION_KEY, Output, Position, decode_outbox, decode_position, encode_outbox
from streams.delivery.record_batches import RECORD_BATCH_BYTES, TooLarge
from streams.delivery.transactions import Fenced
from streams.delivery.writer import PlainWriter, TransactionalWriter

TRANSACTIONAL = ("kafka", TransactionalWriter, "read_committed")
PLAIN = ("embedded_broker", PlainWriter, "read_uncommitted")


class Broker(NamedTuple):
    servers: str
    writer: type
    isolation: str
    changelog: str
    out: str

    def make(self):
        return self.writer(self.servers, self.changelog, 0)

    async def read(self, topic):
        return [record async for run in read_partition(self.servers, topic, 0, self.isolation) for record in run]

    async def held(self):
        """Changelog as a restore sees it, the outbox aside."""
        return {record.key: record.value for record in await self.read(self.changelog) if record.key != OUTBOX_KEY}

    async def published(self):
        return [(record.key, record.value, list(record.headers)) for record in await self.read(self.out)]

    async def leave_open(self, writer, key, value):
        """Write to the changelog in a transaction that nobody ends."""
        batches = writer._transactions.batches()
        batches.add([Output(self.changelog, 0, key, value)])
        await writer._transactions.write(batches)

    def output(self, value, key=b"k"):
        return Output(self.out, 0, key, value, [("kind", b"h")])


async def stage_on(request, make_topics, prefix, kind, version=2):
    name, writer, isolation = kind
    if version == 1:
        request.getfixturevalue("monkeypatch").setattr(transactions, "FEATURE", "none that a cluster has")
    servers = request.getfixturevalue(name).bootstrap
    broker = Broker(servers, writer, isolation, f"{prefix}changelog", f"{prefix}out")
    await make_topics(servers, broker.changelog, broker.out)
    return broker


@pytest.fixture(
    params=[
        pytest.param((TRANSACTIONAL, 2), marks=pytest.mark.kafka, id="transactional"),
        pytest.param((TRANSACTIONAL, 1), marks=pytest.mark.kafka, id="transactional-before-kafka-4"),
        pytest.param((PLAIN, 2), marks=pytest.mark.stack, id="plain"),
    ]
)
async def broker(request, make_topics, topic_prefix):
    return await stage_on(request, make_topics, topic_prefix, *request.param)


@pytest.fixture(params=[2, 1], ids=["kafka-4", "before-kafka-4"])
async def transactional(request, make_topics, topic_prefix):
    return await stage_on(request, make_topics, topic_prefix, TRANSACTIONAL, request.param)


@pytest.fixture
async def plain(request, make_topics, topic_prefix):
    return await stage_on(request, make_topics, topic_prefix, PLAIN)


# -- both


async def test_state_position_and_outputs_are_there_after_a_commit(broker):
    writer = broker.make()
    await writer.open()
    await writer.commit({b"a": b"1", b"b": b"2"}, Position({"in": 2}), [broker.output(b"x"), broker.output(b"y")])
    await writer.commit({b"a": None}, Position({"in": 3}, memo=b"m"), [])
    await writer.close()
    held = await broker.held()
    assert decode_position(held.pop(POSITION_KEY)) == Position({"in": 3}, memo=b"m")
    assert held == {b"a": None, b"b": b"2"}
    assert await broker.published() == [(b"k", b"x", [("kind", b"h")]), (b"k", b"y", [("kind", b"h")])]


async def test_the_position_is_the_last_record_of_a_commit(broker):
    writer = broker.make()
    await writer.open()
    await writer.commit({b"a": b"1"}, Position({"in": 1}), [broker.output(b"x")])
    await writer.close()
    assert [record.key for record in await broker.read(broker.changelog)][-1] == POSITION_KEY


async def test_a_commit_that_is_too_large_leaves_nothing(broker, monkeypatch):
    monkeypatch.setattr(module, "PLAIN_BATCH_BYTES", RECORD_BATCH_BYTES)
    writer = broker.make()
    await writer.open()
    await writer.commit({b"a": b"1"}, Position({"in": 1}), [])
    with pytest.raises(TooLarge):
        await writer.commit({b"a": b"2", b"b": bytes(1_200_000)}, Position({"in": 2}), [broker.output(b"x")])
    await writer.close()
    again = broker.make()
    await again.open()
    held = await broker.held()
    await again.close()
    assert decode_position(held[POSITION_KEY]) == Position({"in": 1})
    assert held[b"a"] == b"1"
    assert b"b" not in held
    assert await broker.published() == []


async def test_a_closed_writer_commits_nothing(broker):
    writer = broker.make()
    await writer.open()
    await writer.close()
    await writer.close()
    with pytest.raises(Fenced):
        await writer.commit({b"a": b"1"}, Position({"in": 1}), [])
    assert await broker.held() == {}


# -- transactions


@pytest.mark.kafka
async def test_a_commit_larger_than_one_record_batch_is_still_one_transaction(transactional):
    writer = transactional.make()
    await writer.open()
    state = {b"key-%04d" % number: bytes(1000) for number in range(3000)}
    await writer.commit(state, Position({"in": 9}), [transactional.output(bytes(1000), b"%d" % number) for number in range(1500)])
    await writer.close()
    held = await transactional.held()
    assert held.keys() == state.keys() | {POSITION_KEY}
    assert [key for key, _, _ in await transactional.published()] == [b"%d" % number for number in range(1500)]


@pytest.mark.kafka
async def test_whoever_opens_a_partition_fences_who_wrote_it_before(transactional):
    zombie, owner = transactional.make(), transactional.make()
    await zombie.open()
    await zombie.commit({b"a": b"1"}, Position({"in": 1}), [transactional.output(b"1")])
    await owner.open()
    with pytest.raises(Fenced):
        await zombie.commit({b"a": b"zombie"}, Position({"in": 2}), [transactional.output(b"zombie")])
    await owner.commit({b"a": b"2"}, Position({"in": 2}), [transactional.output(b"2")])
    await zombie.close()
    await owner.close()
    assert (await transactional.held())[b"a"] == b"2"
    assert [value for _, value, _ in await transactional.published()] == [b"1", b"2"]


@pytest.mark.kafka
async def test_a_transaction_that_was_left_open_is_aborted_by_the_next_owner(transactional):
    frozen, owner = transactional.make(), transactional.make()
    await frozen.open()
    await transactional.leave_open(frozen, b"a", b"half")
    await owner.open()
    assert await asyncio.wait_for(transactional.held(), 10) == {}, "a restore neither sees it nor waits for it"
    await owner.commit({b"a": b"whole"}, Position({"in": 1}), [])
    with pytest.raises(Fenced):
        await frozen._transactions.end()
    await frozen.close()
    await owner.close()
    assert (await transactional.held())[b"a"] == b"whole"


@pytest.mark.kafka
async def test_a_restore_ends_while_somebody_elses_transaction_is_open(transactional):
    writer, other = transactional.make(), TransactionalWriter(transactional.servers, transactional.changelog, 99)
    await writer.open()
    await writer.commit({b"a": b"1"}, Position({"in": 1}), [])
    await other.open()
    await transactional.leave_open(other, b"b", b"open")
    assert (await asyncio.wait_for(transactional.held(), 10)).keys() == {b"a", POSITION_KEY}
    await other.close()
    await writer.close()


# -- the outbox


@pytest.mark.stack
async def test_an_outbox_is_in_the_commit_and_emptied_by_the_next_one(plain):
    writer = plain.make()
    await writer.open()
    outputs = [plain.output(b"x"), Output(plain.out, 0, None, None)]
    await writer.commit({b"a": b"1"}, Position({"in": 1}), outputs)
    await writer.commit({b"a": b"2"}, Position({"in": 2}), [])
    await writer.commit({b"a": b"3"}, Position({"in": 3}), [])
    await writer.close()
    outboxes = [decode_outbox(record.value) for record in await plain.read(plain.changelog) if record.key == OUTBOX_KEY]
    assert [[output.value for output in outbox] for outbox in outboxes] == [[b"x", None], []]
    assert outboxes[0][0].headers == [("kind", b"h")] or outboxes[0][0].headers == [["kind", b"h"]]


@pytest.mark.stack
async def test_what_a_commit_did_not_come_to_publish_is_published_on_restore(plain, monkeypatch):
    writer = plain.make()
    await writer.open()

    async def killed(outputs):
        raise OSError("killed between the commit and the publishing")

    monkeypatch.setattr(writer, "publish", killed)
    with pytest.raises(OSError, match="killed"):
        await writer.commit({b"seen": b"0"}, Position({"in": 1}), [plain.output(b"0")])
    await writer.close()
    assert await plain.published() == []

    stage = Stage()
    stage.read = lambda number: read_partition(plain.servers, plain.changelog, number, plain.isolation)
    make = stage.executor()
    object.__setattr__(make.plan, "writer", lambda number: plain.make())
    await restored(make)
    assert [value for _, value, _ in await plain.published()] == [b"0"]
    assert make.offset("in") == 1
    stage.put(make, batch(1, 2))
    await until(lambda: make.offset("in") == 2)
    await make.stop()
    held = await plain.held()
    assert held[b"seen"] == b"0 1"


async def test_a_restore_publishes_the_outbox_before_it_works():
    stage = Stage()
    stage.changelog = [(OUTBOX_KEY, encode_outbox([Output("out", 0, b"k", b"late", [("h", b"1")])]))]
    executor = stage.executor()
    await restored(executor)
    assert [output.value for output in stage.writers[0].republished] == [b"late"]
    await executor.stop()
