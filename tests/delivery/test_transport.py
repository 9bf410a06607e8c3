"""What is fetched of the partitions that Faust holds active, and when it is handed over."""

import asyncio
import gc

import pytest
from acting import batch
from faust.transport.consumer import ThreadDelegateConsumer
from faust.types import TP

from streams.delivery import transport
from streams.delivery.application import Role, build
from streams.delivery.lingering import at_once

FIRST, SECOND = TP("in", 0), TP("in", 1)


async def ignored(*_):
    """What happens is nobody's business here."""


@pytest.fixture
async def consumer():
    """A worker's consumer that was never started."""
    role = Role("reader", ("in",), "changelog", lambda _number: None, at_once, 10)
    app = build(role, servers="127.0.0.1:1", partitions=2, transactional=True, session_timeout_s=6).app
    return app.transport.create_consumer(ignored, on_partitions_revoked=ignored, on_partitions_assigned=ignored)


async def test_a_partition_that_was_paused_while_it_was_assigned_again_is_active_after_it_is_resumed(consumer):
    consumer._set_active_tps({FIRST, SECOND})
    consumer.pause_partitions({FIRST, SECOND})
    consumer._set_active_tps({FIRST, SECOND})  # a second rebalance, before the first one's recovery was over
    assert consumer._get_active_partitions() == set()
    consumer.resume_partitions({FIRST, SECOND})
    assert consumer._get_active_partitions() == {FIRST, SECOND}


async def test_what_is_fetched_is_handed_over_once_and_filled_up_to_a_commits_worth(consumer, monkeypatch):
    asked = []

    async def getmany(self, active_partitions, timeout):
        asked.append((active_partitions, timeout))
        at = 10 * (len(asked) - 1)
        return {each: [batch(at, at + 10, topic="in")] for each in active_partitions}

    monkeypatch.setattr(ThreadDelegateConsumer, "_getmany", getmany)
    monkeypatch.setattr(consumer, "assignment", lambda: {FIRST, SECOND})
    handed_over = await consumer._getmany({FIRST, SECOND}, 1.0)
    assert handed_over.keys() == {FIRST, SECOND}
    [first], [second] = handed_over[FIRST], handed_over[SECOND]
    second.take()
    handed_over = await consumer._getmany({FIRST, SECOND}, 1.0)
    assert handed_over.keys() == {SECOND}, "the other one holds enough"
    assert asked == [({FIRST, SECOND}, 1.0), ({SECOND}, transport.LOOKS_AGAIN_S)]
    assert await consumer._getmany({FIRST, SECOND}, 1.0) == {}
    assert len(asked) == 2, "an empty set would mean every partition"
    assert [(each.start, each.stop) for each in first.take()] == [(0, 10)]
    assert (await consumer._getmany({FIRST}, 1.0)).keys() == {FIRST}


async def test_what_was_held_when_a_partition_is_fetched_again_is_forgotten(consumer, monkeypatch):
    async def getmany(self, active_partitions, timeout):
        return {FIRST: [batch(0 if sought else 5, 9, topic="in")]}

    async def seek_to(partition, position):
        sought.append((partition, position))

    sought = []
    monkeypatch.setattr(ThreadDelegateConsumer, "_getmany", getmany)
    monkeypatch.setattr(consumer, "assignment", lambda: {FIRST, SECOND})
    monkeypatch.setattr(consumer._thread, "seek_to", seek_to)
    [before] = (await consumer._getmany({FIRST, SECOND}, 1.0))[FIRST]
    await consumer.rewind(FIRST, 0)
    [after] = (await consumer._getmany({FIRST, SECOND}, 1.0))[FIRST]
    assert sought == [(FIRST, 0)]
    assert (before.take(), [each.start for each in after.take()]) == ([], [0])


async def test_every_source_that_is_assigned_is_committed_to_the_group_whichever_bundles_it_came_in(consumer, monkeypatch):
    monkeypatch.setattr(consumer, "assignment", lambda: {FIRST, SECOND})
    consumer.transport.position_of = lambda source: 7 + source.partition
    sources = consumer._filter_tps_with_pending_acks()
    assert {each: consumer._new_offset(each) for each in sources} == {FIRST: 7, SECOND: 8}
    assert list(consumer._filter_tps_with_pending_acks({SECOND})) == [SECOND]


class InWork:
    """A message as far as waiting for its end asks: whether it is acknowledged."""

    acked = False


async def test_waiting_for_what_is_in_work_does_not_collect_garbage_at_each_end(consumer, monkeypatch):
    async def committed(**_):
        ended.append(len(consumer._unacked_messages))

    async def end_one_by_one():
        for each in in_work:
            await asyncio.sleep(0.005)
            each.acked = True
            if consumer._waiting_for_ack is not None and not consumer._waiting_for_ack.done():
                consumer._waiting_for_ack.set_result(None)

    ended, collections, dropped = [], [], []
    consumer.transport.drop_waiting = lambda: dropped.append(1)
    in_work = [InWork() for _ in range(20)]
    consumer._unacked_messages.update(in_work)
    monkeypatch.setattr(consumer, "commit", committed)
    monkeypatch.setattr(gc, "collect", lambda *_: collections.append(1))
    await asyncio.gather(consumer.wait_empty(), end_one_by_one())
    assert ended == [0], "committed once, after the last"
    assert dropped == [1], "what waits for its turn is let go of first"
    assert not collections, "over a large state each takes a second, and the sessions of all roles with it"


async def test_what_was_dropped_in_a_circle_of_references_is_not_waited_for_for_ever(consumer, monkeypatch):
    async def committed(**_):
        """Nothing to commit to."""

    monkeypatch.setattr(consumer, "commit", committed)
    monkeypatch.setattr("streams.delivery.transport.COLLECTS_EVERY_S", 0.5)
    gc.disable()
    try:
        dropped = InWork()
        dropped.itself = dropped
        consumer._unacked_messages.add(dropped)
        del dropped
        await asyncio.wait_for(consumer.wait_empty(), 10)
    finally:
        gc.enable()
