"""Faust's Kafka transport, with fetches turned into batches and positions taken from the state.

Three subclasses at Faust's own extension points. What is committed to the consumer group is the position that a
partition's state has reached, never what was acknowledged.
"""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import aiokafka
from aiokafka.consumer.subscription_state import TopicPartitionState
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.delivery.batch import BatchScheduler, BatchSchema, split
from streams.delivery.held import Held
from streams.delivery.topic_ids import topic_ids

FETCH_WAIT_MS = 100
"""How long the broker may hold a fetch that finds less than it should: bounds how old the word "caught up" can be."""
FETCH_BYTES = 16_384
"""A fetch that finds less is held: answering each few records costs broker and worker more than the records do."""

LOOKS_AGAIN_S = 0.03
"""How often to look whether a source that held enough was taken up, and more of it should be fetched."""
APART_S = 0.02
"""Fetches are so far apart: asking the fetching thread, and handing over a bundle, costs about as much as thirty records do."""

COLLECTS_EVERY_S = 30.0
"""How long to wait for what is in work before garbage is collected: a batch that was dropped in a circle of references never ends."""


class Reach(NamedTuple):
    """How far a source partition has been fetched, by the broker's last answer.

    fetched     first position that no batch has covered yet
    end         last stable offset at that answer
    asked_ms    when the answer came, milliseconds since 1970
    """

    fetched: int
    end: int
    asked_ms: int


class BatchConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust is untyped
    """The thread that fetches: every fetch of a partition becomes batches that say which positions they cover."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._next: dict[Any, int] = {}
        self._astray: set[Any] = set()

    def _create_worker_consumer(self, transport: "BatchTransport") -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = RangePartitionAssignor
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            # equal partition counts and one subscription: every topic's partition n goes to the same worker
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=None,
            max_poll_interval_ms=int((conf.broker_max_poll_interval or 1000.0) * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            fetch_min_bytes=FETCH_BYTES,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            isolation_level=transport.isolation,
        )

    async def _fetch_records(  # the signature is Faust's
        self, consumer: Any, active_partitions: Any, timeout: float | None = None, max_records: int | None = None
    ) -> Any:
        fetched = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        for partition, records in list(fetched.items()):
            if partition in self._astray:
                del fetched[partition]
            elif partition.topic in self.transport.batched and records:
                first = records[0].offset
                start = min(self._next.get(partition, first), first)
                self._next[partition] = records[-1].offset + 1
                fetched[partition] = list(split(partition.topic, partition.partition, start, records, self.transport.max_batch))
        return fetched

    async def seek_to(self, partition: TP, position: int) -> None:
        """Fetch `partition` from `position` on, where it is (still) assigned."""
        await self.call_thread(self._seek_to, partition, position)

    async def _seek_to(self, partition: TP, position: int) -> None:
        consumer = self._ensure_consumer()
        key = driver.ensure_aiokafka_TP(partition)
        if key in consumer.assignment():
            consumer.seek(key, position)
            self._next[key] = position
            self._astray.discard(key)
            self._watch(consumer, key)

    def _watch(self, consumer: Any, key: Any) -> None:
        """Notice when the broker no longer has the position: aiokafka goes on at the first record that is left, and says nothing."""
        state = consumer._subscription.subscription.assignment.state_value(key)  # noqa: SLF001  # checked at start, see names.py

        def await_reset(strategy: int) -> None:
            self._astray.add(key)
            TopicPartitionState.await_reset(state, strategy)

        state.await_reset = await_reset

    def astray(self, partition: TP) -> bool:
        """Whether the broker no longer had the position that was fetched from: until a seek, nothing of it is handed over."""
        return driver.ensure_aiokafka_TP(partition) in self._astray

    async def begins(self, *partitions: TP) -> Mapping[TP, int]:
        """First offset that the broker still has, of each partition."""
        return await self.call_thread(self._begins, partitions)  # type: ignore[no-any-return]

    async def _begins(self, partitions: tuple[TP, ...]) -> Mapping[TP, int]:
        found = await self._ensure_consumer().beginning_offsets([driver.ensure_aiokafka_TP(each) for each in partitions])
        return {TP(key.topic, key.partition): offset for key, offset in found.items()}

    async def ends(self, *partitions: TP) -> Mapping[TP, int]:
        """End of each partition as the broker lists it (some brokers list it short of the last batch)."""
        return await self.call_thread(self._ends, partitions)  # type: ignore[no-any-return]

    async def _ends(self, partitions: tuple[TP, ...]) -> Mapping[TP, int]:
        found = await self._ensure_consumer().end_offsets([driver.ensure_aiokafka_TP(each) for each in partitions])
        return {TP(key.topic, key.partition): offset for key, offset in found.items()}

    async def topic_ids(self, *topics: str) -> Mapping[str, str]:
        """The broker's ids of topics by name, those that it tells."""
        return await self.call_thread(self._topic_ids, topics)  # type: ignore[no-any-return]

    async def _topic_ids(self, topics: tuple[str, ...]) -> Mapping[str, str]:
        return await topic_ids(self._ensure_consumer()._client, topics)  # noqa: SLF001  # as in every version that names.py lets pass

    def reach(self, partition: TP) -> Reach | None:
        """How far `partition` is fetched; None where the broker has not answered yet. Reads counters only: safe across threads."""
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001  # checked at start, see names.py
        assignment = subscription.assignment if subscription is not None else None
        key = driver.ensure_aiokafka_TP(partition)
        if assignment is None or key not in assignment.tps:
            return None
        state = assignment.state_value(key)
        end = state.lso if state.lso is not None and state.lso >= 0 else state.highwater
        if end is None or state.timestamp is None or not state.has_valid_position:
            return None
        # records that were fetched but not handed over yet keep the fetcher's position behind the end
        return Reach(fetched=state.position, end=end, asked_ms=state.timestamp)

    def handed_over(self, partition: TP) -> int:
        """First position behind everything that was made into batches; 0 before the first."""
        return self._next.get(driver.ensure_aiokafka_TP(partition), 0)

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        """Forget what was handed over under the last assignment."""
        self._next.clear()
        self._astray.clear()
        await super().on_partitions_assigned(assigned, generation_id)


class BatchConsumer(driver.Consumer):  # type: ignore[misc]  # Faust is untyped
    """Faust's consumer; commits the positions of the state."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._held = Held(self.transport.max_batch)
        self._fetched_s = time.monotonic()

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def batch_thread(self) -> BatchConsumerThread:
        """The fetching thread."""
        return self._thread  # type: ignore[no-any-return]

    async def rewind(self, partition: TP, position: int) -> None:
        """Fetch `partition` again from `position`."""
        await self._thread.seek_to(partition, position)
        self._held.drop(partition)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        await self._keep_apart()
        held, batched = self._held, self.transport.batched
        # Faust pauses and resumes by changing the set of active partitions in place: it stays Faust's, what is full is left out here
        active = active_partitions or set()
        fetchable = {each for each in active if not held.full(each)}
        if not fetchable:
            return {}
        fetched = await super()._getmany(fetchable, timeout if len(fetchable) == len(active) else LOOKS_AGAIN_S)
        held.keep(self.assignment())
        opened = held.add({source: fetched.pop(source) for source in list(fetched) if source.topic in batched})
        for source in opened:
            self._read_offset[source] = None  # what is handed over is not a record: Faust would drop one that follows a rewound one
        return fetched | opened

    async def wait_empty(self) -> None:
        """Return once all that is in work is done with, and commit; partitions are taken away, or the worker stops.

        What waits for its turn is not worked off: whoever has the partition then fetches it again, and the group does not wait for long.
        Faust's own collects all garbage for each batch that ends. Over a large state that takes a second, in which nothing else
        goes on in the process, other roles lose their sessions, and their partitions are taken away in turn.
        """
        self.transport.drop_waiting()
        self._held.clear()
        collected_s = time.monotonic()
        while not self.should_stop and self._unacked_messages:
            await self._wait_for_ack(timeout=1)
            self._clean_unacked_messages()
            if time.monotonic() - collected_s >= COLLECTS_EVERY_S:
                gc.collect()
                collected_s = time.monotonic()
        await self.commit_and_end_transactions()

    async def _keep_apart(self) -> None:
        early_s = self._fetched_s + APART_S - time.monotonic()
        if early_s > 0:
            await self.sleep(early_s)
        self._fetched_s = time.monotonic()

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Whether fetching of a partition stands still. What Faust's streams have seen of it says nothing: bundles hold many topics."""
        self._thread._verify_aiokafka_event_path(now, tp)  # noqa: SLF001  # checked at start, see names.py

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        """What may be committed: each source that is assigned, whichever bundles its batches came in."""
        return (each for each in self.assignment() if topics is None or each in topics or each.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        if tp.topic not in self.transport.batched:
            return super()._new_offset(tp)  # type: ignore[no-any-return]
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self.transport.position_of(tp)  # type: ignore[no-any-return]


class BatchTransport(driver.Transport):  # type: ignore[misc]  # Faust is untyped
    """Faust's Kafka transport for batched topics.

    batched      full names of the topics that come as batches
    position_of  what to commit for a partition of them: the position of its state, None where there is none yet
    drop_waiting lets go of what was handed over and is not in work yet
    isolation    read_committed where the broker has transactions
    max_batch    records in a batch at most
    """

    Consumer = BatchConsumer

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.batched: set[str] = set()
        self.position_of: Callable[[TP], int | None] = lambda _: None
        self.drop_waiting: Callable[[], None] = lambda: None
        self.isolation = "read_committed"
        self.max_batch = 2000


def install(app: Any, *, isolation: str, max_batch: int) -> BatchTransport:
    """Give `app` the batching transport, for fetches in batches of at most `max_batch` records."""
    transport = BatchTransport(app.conf.broker_consumer, app)
    transport.isolation = isolation
    transport.max_batch = max_batch
    app.transport = transport
    return transport


def batched_topics(app: Any, names: tuple[str, ...]) -> Any:
    """One Faust topic object over all `names`, whose stream yields batches."""
    app.transport.batched.update(names)
    schema = BatchSchema(key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    return app.topic(*names, schema=schema)


__all__ = ["BatchConsumer", "BatchScheduler", "BatchTransport", "Reach", "batched_topics", "install"]
