"""Whole workers of delivery on Apache Kafka: what they refuse to go on with, and what they pass to each other."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import aiokafka
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.api import Request

from streams.delivery.changelog import read_partition
from streams.delivery.commit import POSITION_KEY, decode_position
from streams.delivery.topic_ids import topic_ids

PROGRAM = Path(__file__).with_name("passing_worker.py")


class Group:
    """Workers of one consumer group, and what they have committed."""

    def __init__(self, servers, name, folder, partitions):
        self.servers, self.name, self.folder, self.partitions = servers, name, folder, partitions
        self.source, self.other, self.changelog = f"{name}in", f"{name}in-too", f"{name}changelog"
        self.workers = []

    def start(self):
        err = (self.folder / f"{len(self.workers)}.err").open("w")
        out = (self.folder / f"{len(self.workers)}.out").open("w")
        asked = ["--servers", self.servers, "--id", self.name.rstrip("-"), "--topics", self.source, self.other]
        worker = subprocess.Popen(
            [sys.executable, str(PROGRAM), *asked, "--partitions", str(self.partitions)],
            stdout=out,
            stderr=err,
        )
        self.workers.append(worker)
        return worker

    def end(self):
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()

    def said(self, words, worker=None):
        """Lines with these words that workers said on their error streams, or one of them."""
        names = range(len(self.workers)) if worker is None else [worker]
        said = [line for name in names for line in (self.folder / f"{name}.err").read_text(errors="replace").splitlines()]
        return [line for line in said if words in line]

    def commits(self, worker):
        """How often a worker has committed."""
        return (self.folder / f"{worker}.out").read_text().count("commit")

    async def send(self, topic, values):
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=self.servers)
        await producer.start()
        try:
            for number, (key, value) in enumerate(values):
                await producer.send(topic, value, key=key, partition=number % self.partitions)
            await producer.flush()
        finally:
            await producer.stop()

    async def state(self):
        """By partition: what is committed, and the position."""
        found = []
        for number in range(self.partitions):
            held = {
                record.key: record.value
                async for run in read_partition(self.servers, self.changelog, number, "read_committed")
                for record in run
            }
            position = decode_position(held.pop(POSITION_KEY)) if POSITION_KEY in held else None
            found.append((held, position))
        return found

    async def until(self, condition, seconds=90.0):
        """Wait until the committed state is as wanted."""
        async with asyncio.timeout(seconds):
            while not condition(await self.state()):  # noqa: ASYNC110  # other processes change it
                await asyncio.sleep(0.3)

    async def make_anew(self, topic):
        """Delete a topic and create it under its name."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            await admin.delete_topics([topic])
            await asyncio.sleep(1.0)
            await admin.create_topics([NewTopic(topic, self.partitions, 1)])
            await asyncio.sleep(0.5)
        finally:
            await admin.close()

    async def delete_below(self, topic, position):
        """Delete the first records of a topic's first partition, as retention does."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=position)})
        finally:
            await admin.close()


@pytest.fixture
async def group(kafka, make_topics, topic_prefix, tmp_path):
    """Makes a group on topics of so many partitions; ends its workers."""
    made = []

    async def make(partitions):
        name = f"{topic_prefix.rstrip('.')}-"
        group = Group(kafka.bootstrap, name, tmp_path, partitions)
        await make_topics(kafka.bootstrap, group.source, group.other, f"{name}changelog", partitions=partitions)
        made.append(group)
        return group

    yield make
    for each in made:
        each.end()


def offset(state, topic, number=0):
    position = state[number][1]
    return None if position is None else position.offsets.get(topic)


# -- topics made anew


@pytest.mark.kafka
@pytest.mark.timeout(240)
@pytest.mark.parametrize("records", [2, 9], ids=["ends before the position", "ends beyond the position"])
async def test_a_source_that_was_made_anew_stops_its_partition_with_one_line(group, records):
    own = await group(1)
    await own.send(own.source, [(b"k%d" % number, b"0") for number in range(5)])
    first = own.start()
    await own.until(lambda state: offset(state, own.source) == 5)
    first.terminate()
    first.wait(30)
    before = await own.state()
    assert before[0][1].topic_ids.keys() == {own.source, own.other}, "the state knows which topics it is of"

    await own.make_anew(own.source)
    await own.send(own.source, [(b"new%d" % number, b"0") for number in range(records)])
    second = own.start()
    async with asyncio.timeout(90):
        while not own.said(" deleted and made anew", 1):
            assert second.poll() is None
            await asyncio.sleep(0.2)
    await own.send(own.other, [(b"other", b"0")])
    await asyncio.sleep(2.0)
    (line,) = own.said("deleted and made anew")
    assert own.source in line
    assert "TOUCHPOINTS_PREFIX" in line, "it says what to do"
    assert await own.state() == before, "nothing is taken from it any more"
    assert second.poll() is None, "other partitions go on"


# -- what partitions hand over to each other through their own source


HOPS = 3
SEEDS = 2000


def as_passed_on(state):
    """How often each record of the test was seen, by key and hops left, in all partitions."""
    seen = Counter()
    for held, _ in state:
        for key, count in held.items():
            seen[key] += int(count)
    return seen


@pytest.mark.kafka
@pytest.mark.timeout(300)
async def test_what_a_role_publishes_into_its_own_source_is_taken_up_exactly_once_though_a_worker_is_killed(group):
    own = await group(2)
    own.start()
    own.start()
    await own.send(own.source, [(b"first", b"%d" % HOPS)])
    await own.until(lambda state: as_passed_on(state)[b"first 0"] == 1)
    keys = [b"k%04d" % number for number in range(SEEDS)]
    sending = asyncio.ensure_future(own.send(own.source, [(key, b"%d" % HOPS) for key in keys[: SEEDS // 2]]))
    await own.send(own.other, [(key, b"%d" % HOPS) for key in keys[SEEDS // 2 :]])
    await sending
    commits = own.commits(0)
    async with asyncio.timeout(60):
        while own.commits(0) < commits + 3:  # noqa: ASYNC110  # another process commits
            await asyncio.sleep(0.01)
    own.workers[0].kill()  # in the middle of passing on
    assert any(count < SEEDS for count in as_left(as_passed_on(await own.state())).values()), "there was something left to lose"
    own.start()

    wanted = Counter({key + b" %d" % left: 1 for key in [b"first", *keys] for left in range(HOPS + 1)})
    try:
        await own.until(lambda state: as_passed_on(state).total() >= wanted.total(), 120)
    finally:
        found = as_passed_on(await own.state())
    assert wanted - found == Counter(), "nothing is lost"
    assert found - wanted == Counter(), "nothing is taken up twice"
    records = [
        record.key + b" " + record.value
        for number in range(own.partitions)
        async for run in read_partition(own.servers, own.source, number, "read_committed")
        for record in run
    ]
    passed = Counter(record for record in records if not record.endswith(b" %d" % HOPS))
    assert passed == Counter({key: 1 for key in wanted if not key.endswith(b" %d" % HOPS)}), "published exactly once"


def as_left(seen):
    """How many keys were seen with so many hops left."""
    return Counter(int(key.rpartition(b" ")[2]) for key in seen)


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_records_that_retention_takes_from_a_worker_that_lags_stop_its_partition(group):
    own = await group(1)
    await own.send(own.source, [(b"k%d" % number, b"0") for number in range(5)])
    worker = own.start()
    await own.until(lambda state: offset(state, own.source) == 5)
    before = await own.state()
    worker.send_signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(0.5)  # until the fetch that it had asked for is answered
        await own.send(own.source, [(b"k%d" % number, b"0") for number in range(5, 10)])
        await own.delete_below(own.source, 8)
    finally:
        worker.send_signal(signal.SIGCONT)
    async with asyncio.timeout(60):
        while not own.said(" to retention"):
            assert worker.poll() is None
            await asyncio.sleep(0.2)
    (line,) = own.said(" to retention")
    assert "lost 3 records below the state's position 5" in line
    assert await own.state() == before, "what came after the lost ones is not taken as if nothing were missing"


@pytest.fixture
async def asking():
    """Asks brokers for topic ids."""
    clients = []

    async def ask(servers, *topics):
        client = AIOKafkaClient(bootstrap_servers=servers)
        clients.append(client)
        await client.bootstrap()
        return await topic_ids(client, topics)

    yield ask
    for each in clients:
        await each.close()


@pytest.mark.kafka
async def test_kafka_tells_ids_and_a_topic_made_anew_has_another(group, asking):
    own = await group(1)
    before = await asking(own.servers, own.source, own.other, f"{own.name}missing")
    assert before.keys() == {own.source, own.other}
    await own.make_anew(own.source)
    after = await asking(own.servers, own.source, own.other)
    assert after[own.other] == before[own.other]
    assert after[own.source] != before[own.source]


@pytest.mark.stack
async def test_asking_the_embedded_broker_for_ids_harms_nothing(embedded_broker, make_topics, topic_prefix, asking):
    topic = f"{topic_prefix}in"
    await make_topics(embedded_broker.bootstrap, topic)
    first = await asking(embedded_broker.bootstrap, topic)
    assert await asking(embedded_broker.bootstrap, topic) == first


class OldBroker:
    """A client of a broker that knows metadata up to a version before ids."""

    def __init__(self, versions):
        self.versions = versions

    def get_random_node(self):
        return 1

    async def send(self, node, request: Request):
        request.prepare(self.versions)
        raise AssertionError("it must not be sent")


@pytest.mark.parametrize("versions", [{3: (0, 9)}, {}], ids=["older", "unknown"])
async def test_ids_are_unknown_where_the_broker_does_not_know_the_request(versions):
    assert await topic_ids(OldBroker(versions), ["in"]) == {}
