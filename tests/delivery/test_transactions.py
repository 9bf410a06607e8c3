"""Transactions against brokers that move, are busy, refuse, or do not answer: what is asked again, as what, and what is raised."""

import struct
from types import SimpleNamespace

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError, NotCoordinatorError, OutOfOrderSequenceNumber, RequestTimedOutError

from streams.delivery import transaction_requests as requests
from streams.delivery import transactions as module
from streams.delivery.commit import Output
from streams.delivery.record_batches import TooLarge
from streams.delivery.transactions import FEATURE, BusyError, Fenced, Transactions

OUT, LOG = ("out", 0), ("log", 0)
FINE, BUSY, NOT_COORDINATOR, NOT_LEADER, TOO_LARGE, OUT_OF_ORDER = 0, 51, 16, 6, 10, 45
EPOCH_AND_SEQUENCE = struct.Struct(">hi")
EPOCH_AT = 51
"""Of a record batch: https://kafka.apache.org/documentation/#recordbatch."""


class Brokers:
    """A client of a cluster that writes everything, but for what it is told to answer instead."""

    def __init__(self, version=2):
        self.version, self.epoch = version, 0
        self.instead = {requests.PRODUCE: [], requests.END: [], requests.ADD_PARTITIONS: []}
        self.leaders = {OUT: 1, LOG: 1}
        self.lookups = self.refreshed = 0
        self.asked = []
        self.cluster = SimpleNamespace(leader_for_partition=lambda target: self.leaders.get(tuple(target)))

    async def bootstrap(self):
        pass

    async def close(self):
        pass

    async def set_topics(self, topics):
        pass

    async def force_metadata_update(self):
        self.refreshed += 1
        self.leaders = {OUT: 1, LOG: 1}

    async def coordinator_lookup(self, kind, key):
        self.lookups += 1
        return 1

    async def send(self, node, request):
        key = getattr(request, "API_KEY", None)
        if key == requests.API_VERSIONS:
            return {FEATURE: self.version}
        if key not in self.instead:
            return SimpleNamespace(error_code=FINE, producer_id=7, producer_epoch=self.epoch)
        self.asked.append((key, request.encode()))
        told = self.instead[key].pop(0) if self.instead[key] else FINE
        if isinstance(told, Exception):
            raise told
        if key == requests.END:
            return self._ended(told)
        sent = [target for target in (OUT, LOG) if requests._text(target[0]) in request.encode()]
        return told if isinstance(told, dict) else dict.fromkeys(sent, told)

    def _ended(self, code):
        if code or self.version == 1:
            return requests.Ended(code, None)
        self.epoch += 1
        return requests.Ended(code, requests.Producer(7, self.epoch))

    def written(self):
        """The bodies of what was to be written."""
        return [body for key, body in self.asked if key == requests.PRODUCE]

    def kinds(self):
        return [key for key, _ in self.asked]


def epochs_and_sequences(body):
    """Of each record batch in a request to write: whose it is stands behind the producer's id."""
    producer = struct.pack(">q", 7)
    at, found = body.find(producer), []
    while at >= 0:
        found.append(EPOCH_AND_SEQUENCE.unpack_from(body, at + len(producer)))
        at = body.find(producer, at + 1)
    return found


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.setattr(module, "FIRST_SLEEP_S", 0.001)

    async def begin(brokers):
        monkeypatch.setattr(module, "AIOKafkaClient", lambda **_: brokers)
        transactions = Transactions("anywhere:1", "id")
        await transactions.open()
        return transactions

    return begin


async def commit(transactions, outputs=2):
    batches = transactions.batches()
    batches.add([Output("log", 0, b"k", b"state")])
    batches.add([Output("out", 0, b"k", b"v")] * outputs)
    await transactions.write(batches)
    await transactions.end()


async def test_version_2_takes_two_requests_and_begins_each_epoch_anew(opened):
    brokers = Brokers()
    transactions = await opened(brokers)
    await commit(transactions)
    await commit(transactions)
    assert brokers.kinds() == [requests.PRODUCE, requests.END] * 2
    assert [epochs_and_sequences(body) for body in brokers.written()] == [[(0, 0), (0, 0)], [(1, 0), (1, 0)]]


async def test_before_it_partitions_are_added_and_sequences_go_on(opened):
    brokers = Brokers(version=1)
    transactions = await opened(brokers)
    await commit(transactions)
    await commit(transactions)
    assert brokers.kinds() == [requests.ADD_PARTITIONS, requests.PRODUCE, requests.END] * 2
    assert [epochs_and_sequences(body) for body in brokers.written()] == [[(0, 0), (0, 0)], [(0, 1), (0, 2)]]


@pytest.mark.parametrize("passing", [RequestTimedOutError(), KafkaConnectionError(), NOT_LEADER, BUSY, 19], ids=str)
async def test_what_was_not_written_is_written_again_as_it_was(opened, passing):
    brokers = Brokers()
    brokers.instead[requests.PRODUCE] = [passing, passing]
    await commit(await opened(brokers))
    first, second, third = brokers.written()
    assert first == second == third, "the same sequences: a broker that has it already writes it once"
    assert brokers.kinds()[-1] == requests.END


async def test_only_the_partition_that_was_refused_is_written_again(opened):
    brokers = Brokers()
    brokers.instead[requests.PRODUCE] = [{LOG: FINE, OUT: NOT_LEADER}]
    await commit(await opened(brokers))
    assert [len(epochs_and_sequences(body)) for body in brokers.written()] == [2, 1]
    assert brokers.refreshed == 1


async def test_a_batch_that_the_broker_has_already_counts_as_written(opened):
    brokers = Brokers()
    brokers.instead[requests.PRODUCE] = [{LOG: FINE, OUT: 46}]
    await commit(await opened(brokers))
    assert brokers.kinds() == [requests.PRODUCE, requests.END]


@pytest.mark.parametrize("leader", [None, -1])
async def test_a_partition_without_a_leader_is_written_when_it_has_one(opened, leader):
    brokers = Brokers()
    brokers.leaders = {LOG: 1, OUT: leader}
    await commit(await opened(brokers))
    assert [len(epochs_and_sequences(body)) for body in brokers.written()] == [1, 1]


@pytest.mark.parametrize("code", [47, 90])
@pytest.mark.parametrize("key", [requests.PRODUCE, requests.END, requests.ADD_PARTITIONS])
async def test_whoever_has_an_older_epoch_is_fenced(opened, key, code):
    brokers = Brokers(version=1)
    brokers.instead[key] = [code]
    with pytest.raises(Fenced, match="id"):
        await commit(await opened(brokers))
    assert brokers.kinds()[-1] == key, "nothing is asked after it"


async def test_an_error_that_does_not_pass_says_where(opened):
    brokers = Brokers()
    brokers.instead[requests.PRODUCE] = [{LOG: FINE, OUT: OUT_OF_ORDER}]
    with pytest.raises(OutOfOrderSequenceNumber, match="id: out, partition 0: error 45"):
        await commit(await opened(brokers))
    assert requests.END not in brokers.kinds()


async def test_an_error_that_nobody_has_named_yet_is_raised_with_its_number(opened):
    brokers = Brokers()
    brokers.instead[requests.PRODUCE] = [120]
    with pytest.raises(KafkaError, match="error 120"):
        await commit(await opened(brokers))
    assert requests.END not in brokers.kinds()


async def test_a_batch_too_large_for_the_broker_is_the_executors_business(opened):
    brokers = Brokers()
    brokers.instead[requests.PRODUCE] = [{LOG: FINE, OUT: TOO_LARGE}]
    with pytest.raises(TooLarge):
        await commit(await opened(brokers))


@pytest.mark.parametrize("moved", [NOT_COORDINATOR, KafkaConnectionError(), RequestTimedOutError()], ids=str)
async def test_an_end_is_asked_again_of_the_coordinator_that_there_is_now(opened, moved):
    brokers = Brokers()
    brokers.instead[requests.END] = [moved]
    await commit(await opened(brokers))
    assert brokers.kinds() == [requests.PRODUCE, requests.END, requests.END]
    assert brokers.lookups == 2


async def test_a_coordinator_that_still_ends_the_one_before_is_asked_again(opened):
    brokers = Brokers(version=1)
    brokers.instead[requests.ADD_PARTITIONS] = [BUSY, {LOG: FINE, OUT: BUSY}]
    await commit(await opened(brokers))
    assert brokers.kinds() == [requests.ADD_PARTITIONS] * 3 + [requests.PRODUCE, requests.END]
    assert brokers.lookups == 1


@pytest.mark.parametrize(
    ("key", "code", "error"),
    [
        (requests.PRODUCE, NOT_LEADER, KafkaError),
        (requests.PRODUCE, RequestTimedOutError(), KafkaConnectionError),
        (requests.END, NOT_COORDINATOR, NotCoordinatorError),
        (requests.ADD_PARTITIONS, BUSY, BusyError),
    ],
)
async def test_it_is_not_asked_for_ever(opened, monkeypatch, key, code, error):
    monkeypatch.setattr(module, "ASKS_AGAIN_FOR_S", 0.0)
    brokers = Brokers(version=1)
    brokers.instead[key] = [code] * 9
    with pytest.raises(error):
        await commit(await opened(brokers))
    assert brokers.kinds().count(key) == 1


async def test_more_than_one_batch_for_a_partition_go_one_after_the_other(opened):
    brokers = Brokers()
    transactions = await opened(brokers)
    batches = transactions.batches()
    batches.add([Output("out", 0, b"%d" % number, bytes(400_000)) for number in range(5)])
    batches.add([Output("log", 0, b"k", b"state")])
    await transactions.write(batches)
    assert [sorted(epochs_and_sequences(body)) for body in brokers.written()] == [[(0, 0), (0, 0)], [(0, 2)], [(0, 4)]]
