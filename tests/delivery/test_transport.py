"""What is fetched of the partitions that Faust holds active, and when it is handed over."""

import pytest
from acting import batch
from faust.transport.consumer import ThreadDelegateConsumer
from faust.types import TP

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
    made = app.transport.create_consumer(ignored, on_partitions_revoked=ignored, on_partitions_assigned=ignored)
    app.transport.wants_more = lambda partition: True
    return made


async def test_a_partition_that_was_paused_while_it_was_assigned_again_is_active_after_it_is_resumed(consumer):
    consumer._set_active_tps({FIRST, SECOND})
    consumer.pause_partitions({FIRST, SECOND})
    consumer._set_active_tps({FIRST, SECOND})  # a second rebalance, before the first one's recovery was over
    assert consumer._get_active_partitions() == set()
    consumer.resume_partitions({FIRST, SECOND})
    assert consumer._get_active_partitions() == {FIRST, SECOND}


async def test_what_is_fetched_waits_for_a_partition_that_is_at_work_up_to_a_commits_worth(consumer, monkeypatch):
    asked = []

    async def getmany(self, active_partitions, timeout):
        asked.append(active_partitions)
        at = 10 * (len(asked) - 1)
        return {each: [batch(at, at + 10, topic="in")] for each in active_partitions}

    monkeypatch.setattr(ThreadDelegateConsumer, "_getmany", getmany)
    monkeypatch.setattr(consumer, "assignment", lambda: {FIRST, SECOND})
    consumer.transport.wants_more = lambda partition: partition == SECOND
    handed_over = await consumer._getmany({FIRST, SECOND}, 1.0)
    assert [each.start for each in handed_over[SECOND]] == [0]
    assert FIRST not in handed_over
    await consumer._getmany({FIRST, SECOND}, 1.0)
    assert asked == [{FIRST, SECOND}, {SECOND}]
    consumer.transport.wants_more = lambda partition: True
    handed_over = await consumer._getmany({FIRST}, 1.0)
    assert len(asked) == 2, "an empty set would mean every partition"
    assert [(each.start, each.stop) for each in handed_over[FIRST]] == [(0, 10)]


async def test_what_was_held_when_a_partition_is_fetched_again_is_forgotten(consumer, monkeypatch):
    async def getmany(self, active_partitions, timeout):
        return {FIRST: [batch(5, 9, topic="in")]} if len(sought) == 0 else {}

    async def seek_to(partition, position):
        sought.append((partition, position))

    sought = []
    monkeypatch.setattr(ThreadDelegateConsumer, "_getmany", getmany)
    monkeypatch.setattr(consumer, "assignment", lambda: {FIRST, SECOND})
    monkeypatch.setattr(consumer._thread, "seek_to", seek_to)
    consumer.transport.wants_more = lambda partition: False
    await consumer._getmany({FIRST, SECOND}, 1.0)
    await consumer.rewind(FIRST, 0)
    consumer.transport.wants_more = lambda partition: True
    assert await consumer._getmany({FIRST, SECOND}, 1.0) == {}
    assert sought == [(FIRST, 0)]
