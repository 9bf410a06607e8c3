"""What is fetched: of the partitions that Faust holds active, those that want more."""

import pytest
from faust.transport.consumer import ThreadDelegateConsumer
from faust.types import TP

from streams.delivery.application import Role, build

FIRST, SECOND = TP("in", 0), TP("in", 1)


async def ignored(*_):
    """What happens is nobody's business here."""


@pytest.fixture
async def consumer():
    """A worker's consumer that was never started."""
    role = Role("reader", ("in",), "changelog", lambda _number: None, 0.0, 10)
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


async def test_nothing_is_fetched_of_a_partition_that_has_enough(consumer, monkeypatch):
    asked = []

    async def getmany(self, active_partitions, timeout):
        asked.append(active_partitions)
        return {}

    monkeypatch.setattr(ThreadDelegateConsumer, "_getmany", getmany)
    consumer.transport.wants_more = lambda partition: partition == SECOND
    await consumer._getmany({FIRST, SECOND}, 1.0)
    assert asked == [{SECOND}]
    consumer.transport.wants_more = lambda partition: False
    assert await consumer._getmany({FIRST, SECOND}, 1.0) == {}
    assert asked == [{SECOND}], "an empty set would mean every partition"
