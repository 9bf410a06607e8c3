"""The bytes of a transaction's requests and answers."""

from io import BytesIO

import pytest
from aiokafka.protocol.types import CompactBytes, CompactString, UnsignedVarInt32
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery import transaction_requests as requests
from streams.delivery.transaction_requests import BrokerTooOldError, Ended, Producer


@given(st.integers(0, 2**31 - 1))
def test_a_varint_is_what_aiokafka_reads(number):
    assert UnsignedVarInt32.decode(BytesIO(requests.varint(number))) == number


TOPICS = st.dictionaries(st.text(min_size=1, max_size=20), st.lists(st.integers(0, 9), min_size=1, unique=True, max_size=4), max_size=4)


@given(TOPICS, st.integers(0, 120))
def test_what_was_written_is_read_by_topic_and_partition(topics, code):
    body = requests.varint(len(topics) + 1)
    for topic, partitions in topics.items():
        body += CompactString().encode(topic) + requests.varint(len(partitions) + 1)
        for partition in partitions:
            body += partition.to_bytes(4, "big") + code.to_bytes(2, "big") + bytes(24)
            body += b"\x02" + bytes(4) + CompactString().encode("no key") + b"\x00"  # one record that was refused
            body += CompactString().encode("refused") + b"\x01\x00\x02ab"  # a message and a tag
        body += b"\x00"
    answer = requests.produce(requests.OF_2[requests.PRODUCE], "id", 1, {}).RESPONSE_TYPE.decode(BytesIO(body + bytes(5)))
    assert answer == {(topic, partition): code for topic, partitions in topics.items() for partition in partitions}


@given(TOPICS)
def test_a_request_to_write_holds_each_batch_with_its_length(topics):
    batches = {(topic, partition): b"batch of %d" % partition for topic, partitions in topics.items() for partition in partitions}
    body = BytesIO(requests.produce(requests.OF_2[requests.PRODUCE], "the id", 30_000, batches).encode())
    assert CompactString().decode(body) == "the id"
    assert (int.from_bytes(body.read(2), "big", signed=True), int.from_bytes(body.read(4), "big")) == (-1, 30_000)
    found = {}
    for _ in range(UnsignedVarInt32.decode(body) - 1):
        topic = CompactString().decode(body)
        for _ in range(UnsignedVarInt32.decode(body) - 1):
            partition = int.from_bytes(body.read(4), "big")
            found[topic, partition] = CompactBytes.decode(body)
            assert body.read(1) == b"\x00"
        assert body.read(1) == b"\x00"
    assert body.read() == b"\x00"
    assert found == batches


def test_the_end_of_version_5_says_who_writes_from_here_on():
    body = bytes(4) + b"\x00\x00" + (9).to_bytes(8, "big") + (3).to_bytes(2, "big") + b"\x00"
    assert requests.commit(requests.OF_2[requests.END], "id", Producer(9, 2)).RESPONSE_TYPE.decode(BytesIO(body)) == Ended(
        0, Producer(9, 3)
    )
    assert requests.commit(requests.BEFORE_2[requests.END], "id", Producer(9, 2)).RESPONSE_TYPE.decode(BytesIO(body)) == Ended(0, None)


@pytest.mark.parametrize("versions", [{}, {requests.PRODUCE: (0, 8)}, {requests.PRODUCE: (13, 20)}])
def test_a_broker_that_does_not_speak_it_is_named_as_too_old(versions):
    with pytest.raises(BrokerTooOldError, match=r"versions .* of request 0, 12 is needed: Kafka 2\.8 or newer"):
        requests.produce(requests.OF_2[requests.PRODUCE], "id", 1, {}).prepare(versions)
    spoken = requests.produce(requests.OF_2[requests.PRODUCE], "id", 1, {})
    assert spoken.prepare({requests.PRODUCE: (3, 13)}) is spoken


@pytest.mark.parametrize(("spoken", "version"), [((0, 9), 9), ((3, 10), 10), ((3, 13), 11)])
def test_an_older_broker_is_asked_in_the_last_version_that_it_speaks(spoken, version):
    asked = requests.produce(requests.BEFORE_2[requests.PRODUCE], "id", 1, {})
    assert version == asked.prepare({requests.PRODUCE: spoken}).API_VERSION
    assert asked.build_request_header(7, "client").encode()[:4] == b"\x00\x00" + version.to_bytes(2, "big")


def test_a_broker_from_before_the_flexible_versions_is_refused():
    with pytest.raises(BrokerTooOldError, match=r"versions 0 to 8 of request 0, one of 9 to 11 is needed: Kafka 2\.8 or newer"):
        requests.produce(requests.BEFORE_2[requests.PRODUCE], "id", 1, {}).prepare({requests.PRODUCE: (0, 8)})
