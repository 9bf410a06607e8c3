"""identify and stitch of some partitions, with their topics in memory: what is delivered next is drawn, and restarts come in between."""

from collections import defaultdict
from dataclasses import dataclass

import msgspec

from streams.delivery.batch import Batch
from streams.delivery.commit import Output, Position, Work
from streams.journeys.identity.records import Message
from streams.journeys.touchpoint import Identifier, Touchpoint, encode
from streams.processors.identify import IdentifyPartition, IdentifyPlan
from streams.processors.internal import CLOCK, IDENTITY, KIND, Clock, ImportClock, partition_of_identifier, touchpoint_output
from streams.processors.stitch import StitchPartition
from streams.processors.stitch_plan import StitchPlan

START = 1_772_450_000_000_000
HOUR = 3_600_000_000


@dataclass(frozen=True)
class Record:
    """One record of a topic, as fetched."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int = START // 1000


class Installation:
    """Both processors over `partitions` partitions; `step` gives one of them a batch."""

    def __init__(self, identify: IdentifyPlan, stitch: StitchPlan) -> None:
        self.partitions = identify.partitions
        self.makers = {"admitted": lambda n: IdentifyPartition(n, identify), "identified": lambda n: StitchPartition(n, stitch)}
        self.topics: dict[tuple[str, int], list[Record]] = defaultdict(list)
        self.state: dict[tuple[str, int], dict[bytes, bytes]] = defaultdict(dict)
        self.memos: dict[tuple[str, int], bytes] = {}
        self.done: dict[tuple[str, int], int] = defaultdict(int)
        self.processors = {(topic, n): make(n) for topic, make in self.makers.items() for n in range(self.partitions)}
        self.published: list[Output] = []
        self.now = START + 1000 * HOUR

    def publish(self, output: Output) -> None:
        if output.topic not in self.makers:
            self.published.append(output)
            return
        topic = self.topics[output.topic, output.partition]
        topic.append(Record(output.topic, output.partition, len(topic), output.key, output.value or b"", tuple(output.headers)))

    def see(self, touchpoint: Touchpoint) -> None:
        anchor = touchpoint.anchor
        self.publish(
            touchpoint_output("admitted", partition_of_identifier(anchor, self.partitions), anchor, touchpoint, encode(touchpoint))
        )

    def split(self, left: str, right: str, number: str) -> None:
        for sender, receiver in ((left, right), (right, left)):
            message = Message("split", sender, receiver, event_id=number)
            partition = partition_of_identifier(receiver, self.partitions)
            self.publish(Output("admitted", partition, None, msgspec.msgpack.encode(message), [(KIND, IDENTITY)]))

    def time(self, hours: int) -> None:
        for sender in range(self.partitions):
            for partition in range(self.partitions):
                value = msgspec.msgpack.encode(Clock(sender, START + hours * HOUR, {"old": ImportClock(START, ended=True, until=None)}))
                self.publish(Output("admitted", partition, None, value, [(KIND, CLOCK)]))

    @property
    def waiting(self) -> list[tuple[str, int]]:
        """Partitions that have something to take."""
        return [each for each in sorted(self.processors) if self.done[each] < len(self.topics[each])]

    async def step(self, which: tuple[str, int], most: int) -> None:
        records = self.topics[which][self.done[which] : self.done[which] + most]
        self.now += 1_000_000
        batch = Batch(which[0], which[1], self.done[which], self.done[which] + len(records), records)
        changes = await self.processors[which].step(Work(batches=[batch], tick=False, now_us=self.now))
        self.done[which] += len(records)
        if changes is None:
            return
        for key, value in changes.state.items():
            if value is None:
                self.state[which].pop(key, None)
            else:
                self.state[which][key] = value
        self.memos[which] = changes.memo or self.memos.get(which, b"")
        for output in changes.outputs:
            self.publish(output)
        self.processors[which].committed(Position({}))

    def restart(self, which: tuple[str, int]) -> None:
        """Another worker takes the partition over, from what was committed."""
        heir = self.makers[which[0]](which[1])
        for key, value in self.state[which].items():
            heir.load(key, value)
        while heir.settle():
            pass
        heir.loaded(Position({}, memo=self.memos.get(which, b"")))
        self.processors[which] = heir

    async def drain(self) -> None:
        steps = 0
        while waiting := self.waiting:
            await self.step(waiting[0], 1000)
            steps += 1
            assert steps < 20_000, "it settles"

    def held(self) -> dict[str, str]:
        """By event id: the customer in whose fold it is."""
        found: dict[str, str] = {}
        for (topic, _), stitch in self.processors.items():
            if topic == "identified":
                for holding in (each for customer in stitch.state.customers() for each in stitch.state.holdings(customer)):
                    assert not holding.is_awaited, "every hand-over is complete"
                    for event_id in stitch.state.held_under(holding):
                        assert not holding.is_gone, "what has gone holds nothing"
                        assert event_id not in found, "a touchpoint is in one place"
                        found[event_id] = holding.customer
        return found


def touch(event_id: str, names: tuple[str, ...], at_hours: int, **parts: object) -> Touchpoint:
    """A touchpoint with identifiers `type:pseudonym`, from strong to weak."""
    at = START + at_hours * HOUR
    return Touchpoint(
        event_id=event_id,
        occurred_at=at,
        corrected_at=at,
        received_at=START + 2000 * HOUR,  # a touchpoint that links is put off by a second, and by none of its way
        channel="website",
        anchor=names[0],
        identifiers=tuple(Identifier(*name.split(":")) for name in names),
        **({"kind": "page_viewed", "content_hash": 1} | parts),  # type: ignore[arg-type]
    )
