"""identify: from identifiers to the customer. Reads headers and keys only; a touchpoint's value passes as it came.

Each identifier is a node in the partition of its key. What nodes tell each other travels in `admitted` too, among touchpoints;
when an identifier's customer changes, stitch is told to move its touchpoints.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from streams.delivery.commit import Changes, Output, Position, Work
from streams.journeys.identity.graph import Graph
from streams.journeys.identity.records import Message
from streams.journeys.identity.strength import TYPES, IdentifierType
from streams.processors import identify_state
from streams.processors.identities import IdentityRows
from streams.processors.internal import (
    ADDRESSED,
    CLOCK,
    IDENTITY,
    KIND,
    MOVE,
    MOVED,
    REBUILT,
    Clock,
    account_copy,
    clock_outputs,
    identified_headers,
    partition_of,
    partition_of_identifier,
    read_clock,
    solitary,
)
from streams.processors.node_room import NodeRoom
from streams.processors.watermark import ClockBoard


class IdentifyMemo(msgspec.Struct):
    """What identify keeps with its position: the clocks that it heard, the last word that it passed on, and how much it passed."""

    board: ClockBoard
    clock: Clock | None = None
    passed: int = 0


_memos = msgspec.msgpack.Decoder(IdentifyMemo)
_messages = msgspec.msgpack.Decoder(Message)
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class IdentifyPlan:
    """Where touchpoints go on, where nodes of other partitions are told, what identifiers of each type do, and room for nodes."""

    admitted_topic: str
    identified_topic: str
    partitions: int
    rows: IdentityRows
    types: Mapping[str, IdentifierType] = field(default_factory=lambda: TYPES)
    room: NodeRoom = field(default_factory=NodeRoom)


class IdentifyPartition:
    """identify for one partition of `admitted`."""

    def __init__(self, number: int, plan: IdentifyPlan) -> None:
        self.number, self.plan = number, plan
        self.memo = IdentifyMemo(board=ClockBoard())
        self.graph = Graph(plan.types)
        plan.room.add(self.graph.nodes)

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take in one record of the changelog."""
        identify_state.load(self.graph, key, value)

    def settle(self) -> bool:
        """Everything is in order as it is loaded."""
        return False

    def loaded(self, position: Position) -> None:
        """Take up the clocks of the last commit."""
        if position.memo:
            self.memo = _memos.decode(position.memo)

    async def step(self, work: Work) -> Changes | None:
        """Pass touchpoints on under their customer, settle who is who, then pass on the time that all senders allow."""
        if not work.batches:
            return None
        outputs: list[Output] = []
        memo, plan = self.memo, self.plan
        for batch in work.batches:
            for record in batch.records:
                headers = dict(record.headers)
                kind = headers.get(KIND)
                if kind == CLOCK:
                    memo.board.hear(read_clock(record.value))
                elif kind == IDENTITY:
                    self.graph.hear(_messages.decode(record.value))
                else:
                    self._take(record, headers, outputs)
        self._settle(outputs)
        outputs.extend(plan.rows.rows(self.graph, self.number, work.now_us))
        clock = memo.board.time(self.number, plan.partitions)
        if clock != memo.clock:
            memo.clock = clock
            outputs.extend(clock_outputs(plan.identified_topic, plan.partitions, clock))
        return Changes(state=identify_state.take_changes(self.graph), outputs=outputs, memo=msgspec.msgpack.encode(memo))

    def committed(self, position: Position) -> None:  # noqa: ARG002  # the executor's word to every processor
        """Pack nodes that were not touched lately."""
        self.graph.nodes.rest(self.plan.room.most)

    def _take(self, record: Any, headers: dict[str, bytes], outputs: list[Output]) -> None:
        """One touchpoint: its identifiers were seen together; it goes to the anchor's customer, or on to its next identifier."""
        graph, plan = self.graph, self.plan
        anchor = record.key.decode()
        identifiers = headers["identifiers"].decode().split(" ")
        event_id = headers["event_id"].decode()
        if anchor in identifiers:
            identifiers = identifiers[identifiers.index(anchor) :]
            see = graph.addressed if ADDRESSED in headers else graph.seen
            see(identifiers, int(headers["occurred_at"]), event_id)
        placed = graph.place(anchor)
        self._send_effects(outputs)
        if placed is None:
            following = identifiers[1] if len(identifiers) > 1 else solitary(event_id)
            partition = partition_of_identifier(following, plan.partitions)
            outputs.append(Output(plan.admitted_topic, partition, following.encode(), record.value, record.headers))
            return
        customer, epoch = placed
        if MOVED not in headers and REBUILT not in headers:
            self.memo.passed += 1
        partition = partition_of(customer, plan.partitions)
        assigned = identified_headers(headers, anchor, epoch)
        outputs.append(Output(plan.identified_topic, partition, customer.encode(), record.value, assigned))
        if "account" in headers and MOVED not in headers:
            outputs.append(account_copy(plan.identified_topic, plan.partitions, headers["account"].decode(), record.value))

    def _settle(self, outputs: list[Output]) -> None:
        """Until the nodes of this partition have nothing more to tell each other."""
        self.graph.settle()
        while self.graph.effects:
            self._send_effects(outputs)
            self.graph.settle()

    def _send_effects(self, outputs: list[Output]) -> None:
        """Messages to nodes here are heard at once, the others and the moves are sent, all in their order."""
        graph, plan = self.graph, self.plan
        if not graph.effects:
            return
        index = 0
        while index < len(graph.effects):
            effect = graph.effects[index]
            index += 1
            if isinstance(effect, Message):
                partition = partition_of_identifier(effect.receiver, plan.partitions)
                if partition == self.number:
                    graph.hear(effect)
                else:
                    outputs.append(Output(plan.admitted_topic, partition, None, _encode(effect), [(KIND, IDENTITY)]))
            else:
                partition = partition_of(effect.sender, plan.partitions)
                outputs.append(Output(plan.identified_topic, partition, effect.sender.encode(), _encode(effect), [(KIND, MOVE)]))
        graph.effects.clear()
