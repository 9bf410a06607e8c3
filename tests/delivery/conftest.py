import asyncio

import pytest
from acting import Clock, restored
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.delivery import arrivals, executor

LOOKS, LOOKS_EVERY_S = 600, 0.05


def _is_led(topic, partitions):
    """Whether the broker leads all of the topic's partitions, as it tells."""
    return len(topic["partitions"]) == partitions and all(each["leader"] >= 0 and not each["error_code"] for each in topic["partitions"])


@pytest.fixture
def make_topics():
    """Creates topics on a broker, and returns once it leads them."""

    async def make(servers, *topics, partitions=1):
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1) for name in topics])
            for _ in range(LOOKS):
                if all(_is_led(each, partitions) for each in await admin.describe_topics(list(topics))):
                    break
                await asyncio.sleep(LOOKS_EVERY_S)
            else:
                pytest.fail(f"the broker does not lead {', '.join(topics)}")
        finally:
            await admin.close()

    return make


@pytest.fixture
def quick_retries(monkeypatch):
    """An executor tries again soon."""
    monkeypatch.setattr(executor, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(executor, "FENCED_S", 0.01)


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock of an executor and of its arrivals."""
    made = Clock()
    for each in (executor, arrivals):
        monkeypatch.setattr(each, "time", made)
    return made


@pytest.fixture
async def play():
    """Makes an executor on a stage, restored; stops it in the end."""
    playing = []

    async def begin(stage):
        made = stage.executor()
        playing.append(made)
        await restored(made)
        return made

    yield begin
    for each in playing:
        await each.stop()
