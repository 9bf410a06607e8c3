"""The requests of Kafka's transactions, spelled out: aiokafka's own cost several times as much, and know no transactions of version 2.

All are of the flexible versions, which brokers answer since Kafka 2.8. Sent by aiokafka's client, by the interface of its requests.
The layouts are Kafka's: https://kafka.apache.org/protocol (Produce 9 to 12, AddPartitionsToTxn 3, EndTxn 3 to 5, ApiVersions 3).
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final, NamedTuple, Self

from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.api import RequestHeader_v2, ResponseHeader_v0, ResponseHeader_v1

from streams.delivery.record_batches import Target

PRODUCE, API_VERSIONS, ADD_PARTITIONS, END = 0, 18, 24, 26

Versions = tuple[int, int]
"""The first and the last of some versions of one layout."""

BEFORE_2: Final[Mapping[int, Versions]] = {PRODUCE: (9, 11), ADD_PARTITIONS: (3, 3), END: (3, 4)}
"""Of transactions before version 2; the highest that the broker speaks is spoken."""
OF_2: Final[Mapping[int, Versions]] = {PRODUCE: (12, 12), END: (5, 5)}
"""Versions by which a broker knows that it has to add partitions itself, and to raise the epoch at the end (KIP-890)."""

ALL_IN_SYNC: Final = -1
_NO_TAGS: Final = b"\x00"
_CONTINUES, _SEVEN_BITS = 0x80, 0x7F
_FINALIZED_FEATURES: Final = 2

_produce_head = struct.Struct(">hi").pack
_partition = struct.Struct(">i").pack
_producer = struct.Struct(">qh")
_answer_of_partition = struct.Struct(">ihqqq").unpack_from
_int16, _int32 = struct.Struct(">h").unpack_from, struct.Struct(">i").unpack_from


class Producer(NamedTuple):
    """Who writes: the id and epoch that the coordinator gave out."""

    number: int
    epoch: int


class BrokerTooOldError(IncompatibleBrokerVersion):  # type: ignore[misc]  # aiokafka is untyped
    """The broker does not speak a version that is needed."""


def varint(number: int) -> bytes:
    """Unsigned, seven bits a byte, least significant first."""
    if number < _CONTINUES:
        return number.to_bytes(1, "big")
    encoded = bytearray()
    while number >= _CONTINUES:
        encoded.append(number & _SEVEN_BITS | _CONTINUES)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return varint(len(encoded) + 1) + encoded


class _Answer:
    """Reads an answer from its beginning. Raises IndexError or struct.error where it ends before."""

    __slots__ = ("_at", "_body")

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._body[self._at]
            self._at += 1
            number |= (byte & _SEVEN_BITS) << shift
            if byte < _CONTINUES:
                return number
            shift += 7

    def items(self) -> range:
        """As many as a list has that begins here; a list that is missing has none."""
        return range(self.varint() - 1)

    def text(self) -> str:
        length = self.varint() - 1
        if length <= 0:
            return ""
        self._at += length
        return self._body[self._at - length : self._at].decode()

    def tags(self) -> dict[int, bytes]:
        found = {}
        for _ in range(self.varint()):
            tag, length = self.varint(), self.varint()
            found[tag] = self._body[self._at : self._at + length]
            self._at += length
        return found

    def int16(self) -> int:
        self._at += 2
        return int(_int16(self._body, self._at - 2)[0])

    def int32(self) -> int:
        self._at += 4
        return int(_int32(self._body, self._at - 4)[0])

    def partition(self) -> tuple[int, int]:
        """Number and error of a partition that was written; its offsets and times are of no interest."""
        number, error_code, _, _, _ = _answer_of_partition(self._body, self._at)
        self._at += 30
        for _ in self.items():
            self.int32()
            self.text()
            self.tags()
        self.text()
        self.tags()
        return number, error_code

    def producer(self) -> Producer:
        self._at += _producer.size
        return Producer(*_producer.unpack_from(self._body, self._at - _producer.size))


class Ended(NamedTuple):
    """Answer to the end of a transaction: an error, and who writes from here on where the broker raises the epoch."""

    error_code: int
    producer: Producer | None


def _written(body: bytes) -> dict[Target, int]:
    answer = _Answer(body)
    errors = {}
    for _ in answer.items():
        topic = answer.text()
        for _ in answer.items():
            number, errors[topic, number] = answer.partition()
        answer.tags()
    return errors


def _added(body: bytes) -> dict[Target, int]:
    answer = _Answer(body)
    answer.int32()
    errors = {}
    for _ in answer.items():
        topic = answer.text()
        for _ in answer.items():
            number = answer.int32()
            errors[topic, number] = answer.int16()
            answer.tags()
        answer.tags()
    return errors


def _ended(body: bytes) -> Ended:
    answer = _Answer(body)
    answer.int32()
    return Ended(answer.int16(), None)


def _ended_with_producer(body: bytes) -> Ended:
    answer = _Answer(body)
    answer.int32()
    return Ended(answer.int16(), answer.producer())


def _features(body: bytes) -> Mapping[str, int]:
    answer = _Answer(body)
    answer.int16()
    for _ in answer.items():
        for _ in ("key", "first version", "last version"):
            answer.int16()
        answer.tags()
    answer.int32()
    finalized = _Answer(answer.tags().get(_FINALIZED_FEATURES, b"\x00"))
    found = {}
    for _ in finalized.items():
        name = finalized.text()
        found[name] = finalized.int16()
        finalized.int16()
        finalized.tags()
    return found


class _Answers:
    """What aiokafka decodes an answer by."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[bytes], Any]) -> None:
        self._read = read

    def decode(self, rest: BytesIO) -> Any:
        return self._read(rest.read())


_WRITTEN, _ADDED, _FEATURES = _Answers(_written), _Answers(_added), _Answers(_features)
_ENDED, _ENDED_WITH_PRODUCER = _Answers(_ended), _Answers(_ended_with_producer)


class TransactionRequest:
    """A request as aiokafka's client sends it."""

    __slots__ = ("API_KEY", "API_VERSION", "RESPONSE_TYPE", "_body", "_versions")

    def __init__(self, key: int, versions: Versions, body: bytes, answers: _Answers) -> None:
        self.API_KEY, self._versions, self._body, self.RESPONSE_TYPE = key, versions, body, answers
        self.API_VERSION = versions[1]

    def prepare(self, versions: Mapping[int, Versions]) -> Self:
        """Itself, in the last of its versions that the broker speaks. Raises BrokerTooOldError where it speaks none of them."""
        first, last = self._versions
        least, most = versions.get(self.API_KEY, (0, -1))
        self.API_VERSION = min(last, most)
        if max(first, least) > self.API_VERSION:
            needed = f"{first}" if first == last else f"one of {first} to {last}"
            raise BrokerTooOldError(
                f"the broker speaks versions {least} to {most} of request {self.API_KEY}, {needed} is needed: Kafka 2.8 or newer"
            )
        return self

    def build_request_header(self, correlation_id: int, client_id: str) -> Any:
        """The header of the flexible versions."""
        return RequestHeader_v2(self, correlation_id=correlation_id, client_id=client_id)

    def parse_response_header(self, answer: BytesIO) -> Any:
        """The header of the flexible versions; what a broker speaks is answered with the oldest, so that anybody can read it."""
        return (ResponseHeader_v0 if self.API_KEY == API_VERSIONS else ResponseHeader_v1).decode(answer)

    def encode(self) -> bytes:
        """The request without its header."""
        return self._body

    def __repr__(self) -> str:
        return f"request {self.API_KEY} of version {self.API_VERSION}, {len(self._body)} bytes"


def features() -> TransactionRequest:
    """Asks which features the cluster has settled on: their highest versions by name."""
    return TransactionRequest(API_VERSIONS, (3, 3), _text("touchpoint-streams") + _text("1") + _NO_TAGS, _FEATURES)


def _by_topic(targets: Iterable[Target]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for topic, partition in targets:
        found.setdefault(topic, []).append(partition)
    return found


def produce(versions: Versions, transactional_id: str, timeout_ms: int, batches: Mapping[Target, bytes | bytearray]) -> TransactionRequest:
    """Writes one record batch to each of some partitions. Answered by an error code for each, 0 where it is written."""
    topics = _by_topic(batches)
    parts: list[bytes | bytearray] = [_text(transactional_id), _produce_head(ALL_IN_SYNC, timeout_ms), varint(len(topics) + 1)]
    for topic, partitions in topics.items():
        parts += _text(topic), varint(len(partitions) + 1)
        for partition in partitions:
            records = batches[topic, partition]
            parts += _partition(partition), varint(len(records) + 1), records, _NO_TAGS
        parts.append(_NO_TAGS)
    parts.append(_NO_TAGS)
    return TransactionRequest(PRODUCE, versions, b"".join(parts), _WRITTEN)


def add_partitions(transactional_id: str, producer: Producer, targets: Sequence[Target]) -> TransactionRequest:
    """Adds partitions to the transaction. Answered by an error code for each."""
    topics = _by_topic(targets)
    parts = [_text(transactional_id), _producer.pack(*producer), varint(len(topics) + 1)]
    for topic, partitions in topics.items():
        parts += _text(topic), varint(len(partitions) + 1), *map(_partition, partitions), _NO_TAGS
    parts.append(_NO_TAGS)
    return TransactionRequest(ADD_PARTITIONS, BEFORE_2[ADD_PARTITIONS], b"".join(parts), _ADDED)


def commit(versions: Versions, transactional_id: str, producer: Producer) -> TransactionRequest:
    """Ends the transaction: all that was written in it counts. Answered by Ended."""
    body = _text(transactional_id) + _producer.pack(*producer) + b"\x01" + _NO_TAGS
    return TransactionRequest(END, versions, body, _ENDED_WITH_PRODUCER if versions == OF_2[END] else _ENDED)
