"""The names inside faust-streaming and aiokafka that delivery relies on, checked when a worker starts.

They are pinned in pyproject.toml; this turns a different version into one line instead of a failure at night.
"""

from importlib.metadata import version
from typing import Final

from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.consumer.subscription_state import TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.api import Request
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from faust.transport.drivers import aiokafka as driver

_BATCH_BYTES: Final = 1024
PINNED: Final = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}

_RELIED_ON: Final = (
    (
        driver.AIOKafkaConsumerThread,
        (
            "_create_worker_consumer",
            "_fetch_records",
            "_ensure_consumer",
            "_verify_aiokafka_event_path",
            "call_thread",
            "on_partitions_assigned",
        ),
    ),
    (
        driver.Consumer,
        (
            "_new_consumer_thread",
            "_filter_tps_with_pending_acks",
            "_new_offset",
            "_getmany",
            "verify_event_path",
            "wait_empty",
            "_wait_for_ack",
            "_clean_unacked_messages",
        ),
    ),
    (driver, ("ensure_aiokafka_TP", "server_list")),
    (AIOKafkaClient, ("send", "get_random_node", "bootstrap", "coordinator_lookup", "force_metadata_update", "set_topics")),
    (ClusterMetadata, ("leader_for_partition",)),
    (DefaultRecordBatchBuilder, ("append", "set_producer_state", "build")),
    (Request, ("prepare", "build")),
    (TopicPartitionState, ("has_valid_position", "position", "await_reset")),
    (BatchBuilder, ("append", "close", "size")),
    (BatchBuilder(_BATCH_BYTES, 0), ("_builder", "_relative_offset")),
)


class WrongVersionError(RuntimeError):
    """A library that delivery reaches into is not the one that it was written against."""


def check_names() -> None:
    """Raise WrongVersionError where a pinned library has another version or lacks a name that is relied on."""
    for library, wanted in PINNED.items():
        found = version(library)
        if found != wanted:
            raise WrongVersionError(f"{library} {found} is installed, {wanted} is needed: install from requirements.lock again")
    for owner, names in _RELIED_ON:
        for name in names:
            if not hasattr(owner, name):
                whose = getattr(owner, "__name__", type(owner).__name__)
                raise WrongVersionError(f"{whose} has no {name}: install faust-streaming and aiokafka from requirements.lock again")
