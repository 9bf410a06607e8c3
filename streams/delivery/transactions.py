"""One transactional id's transactions: each is written, then ended, and whoever opens the id next fences who had it before.

Against a cluster with transactions of version 2 (Kafka 4, KIP-890) that is two requests: the broker adds what is written to the
transaction by itself, and gives out a new epoch at each end. Before that partitions are added by a request of their own.

A request that may yet succeed is asked again, within bounds: the coordinator knows an end that was asked for twice, a partition a batch
that was written twice. After any other failure the id has to be opened again, which settles what became of the transaction.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    NotCoordinatorError,
    RequestTimedOutError,
    StaleMetadata,
    for_code,
)
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition

from streams.delivery import transaction_requests as requests
from streams.delivery.record_batches import RECORD_BATCH_BYTES, NewBatch, RecordBatches, Target, TooLarge

TIMEOUT_MS: Final = 60_000
"""After this long the coordinator aborts a transaction that nobody has ended."""
ASKS_AGAIN_FOR_S: Final = 60.0
"""No longer: by then the transaction is aborted."""
ANSWERS_WITHIN_MS: Final = 30_000
FIRST_SLEEP_S, LONGEST_SLEEP_S = 0.02, 0.5
"""The most frequent reason to ask again is that the coordinator still ends the transaction before, which takes milliseconds."""
FEATURE: Final = "transaction.version"

_DUPLICATE, _OLD_EPOCH, _BUSY, _FENCED = 46, 47, 51, 90
_WRITTEN: Final = frozenset({0, _DUPLICATE})
_LOST: Final = frozenset({_OLD_EPOCH, _FENCED})
_TOO_LARGE: Final = frozenset({10, 18})
_LED_ELSEWHERE: Final = frozenset({3, 5, 6, 56, 74, 75, 100})
_PASSING: Final = _LED_ELSEWHERE | {7, 13, 14, 15, 16, 19, 20, _BUSY}
"""Of a partition: its leader has changed or is to be found, too few replicas are in sync, the coordinator could not be asked."""
_UNANSWERED: Final = (NodeNotReadyError, RequestTimedOutError, KafkaConnectionError, StaleMetadata)
_COORDINATOR_MOVED: Final = (*_UNANSWERED, CoordinatorNotAvailableError, NotCoordinatorError)

_MAGIC: Final = 2
_SEQUENCES: Final = 2**31


class Fenced(Exception):  # noqa: N818  # a state of affairs, not an error of anybody's
    """Another worker has opened this partition's writer since: the partition is not ours any more."""


class BusyError(KafkaError):  # type: ignore[misc]  # aiokafka is untyped
    """The coordinator still ends the transaction before."""


class _Patience:
    """How long a request that may yet succeed is asked again."""

    def __init__(self) -> None:
        self._until_s = time.monotonic() + ASKS_AGAIN_FOR_S
        self._sleep_s = FIRST_SLEEP_S

    async def after(self, error: Exception) -> None:
        """Sleep before the next attempt; raises `error` where the time is over."""
        if time.monotonic() >= self._until_s:
            raise error
        await asyncio.sleep(self._sleep_s * random.uniform(0.5, 1.5))  # noqa: S311  # nobody gains by guessing it
        self._sleep_s = min(2 * self._sleep_s, LONGEST_SLEEP_S)


def _error(code: int, what: str) -> Exception:
    if code in _LOST:
        return Fenced(what)
    if code in _TOO_LARGE:
        return TooLarge(f"{what}: the broker takes no record batch as large as that")
    if code == _BUSY:
        return BusyError(what)
    error: Exception = for_code(code)(f"{what}: error {code}")
    return error


class Transactions:
    """The transactions of one transactional id, one after the other.

    Whatever asks the brokers raises Fenced, or KafkaError where they refuse or do not answer; nothing is done by it after that but close().
    """

    def __init__(self, servers: str, transactional_id: str) -> None:
        self.transactional_id = transactional_id
        self._client = AIOKafkaClient(bootstrap_servers=servers, request_timeout_ms=ANSWERS_WITHIN_MS)
        self._topics: set[str] = set()
        self._coordinator: int | None = None
        self._producer = requests.Producer(-1, -1)
        self._sequences: dict[Target, int] = {}
        self._versions = requests.BEFORE_2

    async def open(self) -> None:
        """Take the id over: whoever had it is fenced, what he left open is aborted."""
        await self._client.bootstrap()
        given = await self._ask_coordinator(InitProducerIdRequest(self.transactional_id, TIMEOUT_MS), lambda answer: [answer.error_code])
        self._producer = requests.Producer(given.producer_id, given.producer_epoch)
        found = await self._ask_coordinator(requests.features(), lambda _: ())
        self._versions = requests.OF_2 if found.get(FEATURE, 0) >= 2 else requests.BEFORE_2  # noqa: PLR2004  # its name

    async def close(self) -> None:
        """Let go of the connections; a transaction that is open stays so until the id is opened again."""
        await self._client.close()

    def batches(self) -> RecordBatches:
        """Empty record batches for a transaction."""
        return RecordBatches(self._new_batch)

    def _new_batch(self) -> NewBatch:
        builder = DefaultRecordBatchBuilder(_MAGIC, 0, 1, *self._producer, 0, RECORD_BATCH_BYTES)
        return NewBatch(builder, builder.append)

    async def write(self, batches: RecordBatches) -> None:
        """Write these in the transaction. Raises TooLarge where the broker refuses one for its size."""
        rounds = batches.rounds()
        targets = list(rounds[0])  # the first has a batch for each of them
        await self._know(topic for topic, _ in targets)
        if self._versions is requests.BEFORE_2:
            await self._ask_coordinator(requests.add_partitions(self.transactional_id, self._producer, targets), dict.values)
        for filling_of in rounds:
            await self._write({target: self._closed(target, filling.batch, filling.count) for target, filling in filling_of.items()})

    async def end(self) -> None:
        """End the transaction: from here on it is there as a whole for whoever reads what is committed."""
        request = requests.commit(self._versions[requests.END], self.transactional_id, self._producer)
        ended = await self._ask_coordinator(request, lambda answer: [answer.error_code])
        if ended.producer is not None and ended.producer != self._producer:
            self._producer = ended.producer
            self._sequences.clear()

    def _closed(self, target: Target, builder: Any, count: int) -> bytearray:
        sequence = self._sequences.get(target, 0)
        self._sequences[target] = (sequence + count) % _SEQUENCES
        builder.set_producer_state(*self._producer, sequence)
        built: bytearray = builder.build()
        return built

    # -- the coordinator

    async def _ask_coordinator(self, request: Any, errors: Callable[[Any], Iterable[int]]) -> Any:
        """Its answer, as soon as that holds no error that passes."""
        patience = _Patience()
        while True:
            try:
                if self._coordinator is None:
                    self._coordinator = await self._client.coordinator_lookup(CoordinationType.TRANSACTION, self.transactional_id)
                answer = await self._client.send(self._coordinator, request)
                for code in errors(answer):
                    if code:
                        raise _error(code, self.transactional_id)
            except _COORDINATOR_MOVED as error:
                self._coordinator = None
                await self._client.force_metadata_update()
                await patience.after(error)
            except (CoordinatorLoadInProgressError, BusyError) as error:
                await patience.after(error)
            else:
                return answer

    # -- the partitions' leaders

    async def _know(self, topics: Iterable[str]) -> None:
        new = set(topics) - self._topics
        if new:
            self._topics |= new
            await self._client.set_topics(self._topics)

    async def _write(self, left: dict[Target, bytearray]) -> None:
        """Write one batch to each of some partitions, those that failed for a reason that passes again."""
        patience = _Patience()
        while True:
            by_node = self._by_leader(left)
            codes = await self._write_to_all(by_node)
            for target in [target for target in left if codes.get(target) in _WRITTEN]:
                del left[target]
            if not left:
                return
            refused = {target: codes.get(target) for target in left}
            for (topic, partition), code in refused.items():
                if code is not None and code not in _PASSING:
                    raise _error(code, f"{self.transactional_id}: {topic}, partition {partition}")
            if not refused.keys() <= codes.keys() or _LED_ELSEWHERE.intersection(codes.values()):
                await self._client.force_metadata_update()
            (topic, partition), code = next(iter(refused.items()))
            what = f"{self.transactional_id}: {topic}, partition {partition} could not be written"
            await patience.after(_error(code, what) if code else KafkaConnectionError(what))

    def _by_leader(self, batches: Mapping[Target, bytearray]) -> Mapping[int, Mapping[Target, bytearray]]:
        by_node: dict[int, dict[Target, bytearray]] = {}
        for target, batch in batches.items():
            leader = self._client.cluster.leader_for_partition(TopicPartition(*target))
            if leader is not None and leader >= 0:
                by_node.setdefault(leader, {})[target] = batch
        return by_node

    async def _write_to_all(self, by_node: Mapping[int, Mapping[Target, bytearray]]) -> Mapping[Target, int]:
        if len(by_node) == 1:  # tasks cost as much again
            ((node, batches),) = by_node.items()
            return await self._write_to(node, batches)
        answers = await asyncio.gather(*(self._write_to(node, batches) for node, batches in by_node.items()))
        return {target: code for answer in answers for target, code in answer.items()}

    async def _write_to(self, node: int, batches: Mapping[Target, bytearray]) -> Mapping[Target, int]:
        """Error codes by partition; none where there was no answer."""
        request = requests.produce(self._versions[requests.PRODUCE], self.transactional_id, ANSWERS_WITHIN_MS, batches)
        try:
            answer: Mapping[Target, int] = await self._client.send(node, request)
        except _UNANSWERED:
            return {}
        return answer
