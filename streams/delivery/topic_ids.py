"""The broker's ids of topics: a topic that was deleted and made anew has another one.

aiokafka asks for metadata in version 5; ids came with version 10, which is spelled out here with aiokafka's own types.
A broker that knows no such version, or no ids, leaves them unknown.
"""

import uuid
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any, Final

from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

_METADATA: Final = 3
_WITH_IDS: Final = 10
_UUID_BYTES: Final = 16
_NO_ID: Final = bytes(_UUID_BYTES)


class Uuid(AbstractType[bytes]):  # type: ignore[misc]  # aiokafka is untyped
    """Sixteen bytes; all zero where there is none."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        """The bytes as they are."""
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        """The next sixteen bytes; raises ValueError where the answer ends before."""
        found = data.read(_UUID_BYTES)
        if len(found) != _UUID_BYTES:
            raise ValueError(f"a topic id has {_UUID_BYTES} bytes, {len(found)} were left in the broker's answer")
        return found


class TopicIdsResponse(Response):  # type: ignore[misc]  # aiokafka is untyped
    """Metadata, version 10."""

    API_KEY = _METADATA
    API_VERSION = _WITH_IDS
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(("node_id", Int32), ("host", CompactString()), ("port", Int32), ("rack", CompactString()), ("tags", TaggedFields)),
        ),
        ("cluster_id", CompactString()),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", CompactString()),
                ("topic_id", Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class TopicIdsRequestStruct(RequestStruct):  # type: ignore[misc]  # aiokafka is untyped
    """Metadata, version 10."""

    FLEXIBLE_VERSION = True
    API_KEY = _METADATA
    API_VERSION = _WITH_IDS
    RESPONSE_TYPE = TopicIdsResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("topic", CompactString()), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class TopicIdsRequest(Request[TopicIdsRequestStruct]):  # type: ignore[misc]  # aiokafka is untyped
    """Asks for the ids of some topics, and creates none of them."""

    API_KEY = _METADATA

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[TopicIdsRequestStruct]) -> TopicIdsRequestStruct:
        """The request as it is sent."""
        return request_struct_class([(_NO_ID, topic, {}) for topic in self._topics], False, False, False, {})


async def topic_ids(client: Any, topics: Iterable[str]) -> Mapping[str, str]:
    """Ids of `topics` by name, those that the broker tells. Raises KafkaError, TimeoutError.

    client      a client of aiokafka's that knows at least one broker
    """
    node = client.get_random_node()
    if node is None:
        return {}
    try:
        answer = await client.send(node, TopicIdsRequest(topics))
    except (IncompatibleBrokerVersion, NotImplementedError):  # what aiokafka raises where the broker has no such version
        return {}
    return {
        topic: str(uuid.UUID(bytes=topic_id)) for error_code, topic, topic_id, *_ in answer.topics if not error_code and topic_id != _NO_ID
    }
