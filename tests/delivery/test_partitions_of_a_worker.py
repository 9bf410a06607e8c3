"""The partitions that a worker owns for one processor, as Faust assigns them."""

from types import SimpleNamespace

import pytest
from faust.types import TP

from streams.delivery import store as module
from streams.delivery.lingering import at_once
from streams.delivery.store import PartitionStore


class Standing:
    """An executor that only stands there."""

    def __init__(self, plan):
        self.plan = plan

    def start(self):
        """It has nothing to do."""

    async def resume(self):
        """It never stopped."""

    async def stop(self):
        """It never began."""


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setattr(module, "PartitionExecutor", Standing)
    connected = []
    app = SimpleNamespace(
        on_partitions_assigned=SimpleNamespace(connect=lambda heard, weak: connected.append(heard)),
        transport=SimpleNamespace(position_of=None, drop_waiting=None),
    )
    made = PartitionStore(
        app, ("a", "b"), "changelog", lambda _: None, servers="", transactional=True, lingering=at_once, max_records=1, session_s=1.0
    )
    (made.assign,) = connected
    return made


async def test_every_executor_knows_how_many_partitions_the_worker_has_by_now(store):
    await store.assign(None, [TP(topic, number) for topic in "ab" for number in range(3)])
    plans = [each.plan for each in store]
    assert [plan.held() for plan in plans] == [3, 3, 3]
    await store.assign(None, [TP(topic, 1) for topic in "ab"])
    assert [plan.held() for plan in plans] == [1, 1, 1]
    assert store.executor(0) is None
    await store.close()
