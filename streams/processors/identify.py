"""identify: from identifiers to the customer. Reads headers and keys only; a touchpoint's value passes as it came.

The anchor alone decides who the customer is: his id is the anchor's pseudonym.
"""

from dataclasses import dataclass

import msgspec

from streams.delivery.commit import Changes, Output, Position, Work
from streams.processors.internal import CLOCK, KIND, Clock, clock_outputs, header, partition_of, read_clock
from streams.processors.watermark import ClockBoard


class IdentifyMemo(msgspec.Struct):
    """What identify keeps with its position: the clocks that it heard, the last word that it passed on, and how much it passed."""

    board: ClockBoard
    clock: Clock | None = None
    passed: int = 0


_memos = msgspec.msgpack.Decoder(IdentifyMemo)


@dataclass(frozen=True, slots=True)
class IdentifyPlan:
    """Where touchpoints go on."""

    identified_topic: str
    partitions: int


def customer_of(anchor: str) -> str:
    """The customer whom an anchor (`type:pseudonym`) points to: 32 hexadecimal digits."""
    return anchor.partition(":")[2]


class IdentifyPartition:
    """identify for one partition of `admitted`."""

    def __init__(self, number: int, plan: IdentifyPlan) -> None:
        self.number, self.plan = number, plan
        self.memo = IdentifyMemo(board=ClockBoard())

    def load(self, key: bytes, value: bytes | None) -> None:
        """There is no state beside the memo."""

    def loaded(self, position: Position) -> None:
        """Take up the clocks of the last commit."""
        if position.memo:
            self.memo = _memos.decode(position.memo)

    async def step(self, work: Work) -> Changes | None:
        """Pass touchpoints on under their customer, then the time that all senders allow."""
        outputs: list[Output] = []
        memo, plan = self.memo, self.plan
        for batch in work.batches:
            for record in batch.records:
                if header(record, KIND) == CLOCK:
                    memo.board.hear(read_clock(record.value))
                    continue
                customer = customer_of(record.key.decode())
                partition = partition_of(customer, plan.partitions)
                outputs.append(Output(plan.identified_topic, partition, customer.encode(), record.value, record.headers))
        memo.passed += len(outputs)
        clock = memo.board.time(self.number, plan.partitions)
        if clock != memo.clock:
            memo.clock = clock
            outputs.extend(clock_outputs(plan.identified_topic, plan.partitions, clock))
        if not work.batches:
            return None
        return Changes(outputs=outputs, memo=msgspec.msgpack.encode(memo))

    def committed(self, position: Position) -> None:
        """Nothing waits for the commit."""
