"""Simulated people's touchpoints, and the state that identify and stitch make of them: one partition of each, without a broker.

Touchpoints are as varied as the simulation's; beyond it, they arrive some seconds after they happened, and the ids of those from screens
are random, as software makes them: what cannot be compressed in life cannot be here.
"""

import asyncio
import random
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from bench.truth import admitted
from streams.avro.registry import FileRegistry
from streams.avro.sealing import Sealing
from streams.delivery.batch import Batch
from streams.delivery.commit import POSITION_KEY, Changes, Output, Position, Work, encode_position
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint, encode
from streams.processes import shipped_processes
from streams.processors.dead_letters import DeadLetters, OutputEncoder
from streams.processors.disruptions import DisruptionPlan
from streams.processors.failures import RuleFailures
from streams.processors.hand_over import Sender
from streams.processors.identify import IdentifyPartition, IdentifyPlan
from streams.processors.identities import IdentityRows
from streams.processors.internal import CLOCK, KIND, Clock, touchpoint_output
from streams.processors.outputs import Publisher
from streams.processors.stitch import StitchPartition
from streams.processors.stitch_plan import StitchPlan
from streams.processors.truncations import TruncationRows
from streams.simulation import simulate
from streams.wording_file import load_wording

SCREENS: Final = ("website", "app", "chat")
BATCH: Final = 2000
ADMITTED, IDENTIFIED = "admitted", "identified"


class Record(NamedTuple):
    """A record of an internal topic, as it is fetched."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]]
    timestamp: int = 0


def touchpoints(customers: int, seed: int, each: int = 20) -> list[Touchpoint]:
    """What so many people do in a month, in the order in which it arrives; about `each` touchpoints a person, identities mixed."""
    simulation = simulate(customers, seed, identities="mixed", touchpoints_per_customer=each)
    chance = random.Random(seed)
    return [
        msgspec.structs.replace(
            arrived.touchpoint,
            event_id=str(uuid.UUID(int=chance.getrandbits(128), version=4))
            if arrived.touchpoint.channel in SCREENS
            else arrived.touchpoint.event_id,
            received_at=arrived.at + chance.randrange(20_000, 5_000_000),
        )
        for arrived in admitted(event for event in simulation.events() if event.channel != "knowledge")
    ]


def identify_plan() -> IdentifyPlan:
    """An installation of one partition."""
    registry = FileRegistry()
    rows = IdentityRows("identities", OutputEncoder(registry, "identity"), "links", OutputEncoder(registry, "identity_link"))
    return IdentifyPlan(ADMITTED, IDENTIFIED, 1, rows)


def stitch_plan() -> StitchPlan:
    """An installation of one partition."""
    registry = FileRegistry()
    publisher = Publisher("journeys", OutputEncoder(registry, "journey"), "inconsistencies", OutputEncoder(registry, "inconsistency"))
    letters = DeadLetters("dead", 1, OutputEncoder(registry, "dead_letter"), Sealing("k1:" + "11" * 32))
    return StitchPlan(
        JourneySettings(shipped_processes(), wording=load_wording()),
        Knowledge(),
        publisher,
        letters,
        Sender(IDENTIFIED, ADMITTED, 1),
        failures=RuleFailures("failures", OutputEncoder(registry, "rule_failure")),
        disruptions=DisruptionPlan(IDENTIFIED, 1, "disruptions", OutputEncoder(registry, "disruption"), least=10),
        truncations=TruncationRows("truncations", OutputEncoder(registry, "truncation")),
        partitions=1,
    )


@dataclass
class Changelog:
    """What one partition wrote.

    records     by key, as compaction leaves them
    written     bytes of keys and values ever written, the position of each commit aside
    """

    records: dict[bytes, bytes] = field(default_factory=dict)
    written: int = 0

    def take(self, changes: Changes) -> None:
        """Write a commit's changes."""
        for key, value in changes.state.items():
            self.written += len(key) + len(value or b"")
            if value is None:
                self.records.pop(key, None)
            else:
                self.records[key] = value
        self.records[POSITION_KEY] = encode_position(Position({}, memo=changes.memo or b""))


class Installation:
    """identify and stitch of one partition each, and what they write."""

    def __init__(self) -> None:
        self.identify, self.stitch = IdentifyPartition(0, identify_plan()), StitchPartition(0, stitch_plan())
        self.changelogs = {ADMITTED: Changelog(), IDENTIFIED: Changelog()}
        self._offset = 0

    def live(self, given: Iterable[Touchpoint], batch: int = BATCH) -> None:
        """Take touchpoints, so many at a time, each batch with all that follows from it."""
        waiting: list[Output] = []
        latest = 0
        for touchpoint in given:
            waiting.append(touchpoint_output(ADMITTED, 0, touchpoint.anchor, touchpoint, encode(touchpoint)))
            latest = touchpoint.received_at
            if len(waiting) == batch:
                asyncio.run(self._take(waiting, latest))
                waiting = []
        asyncio.run(self._take(waiting, latest))

    async def _take(self, outputs: list[Output], now: int) -> None:
        clock = msgspec.msgpack.encode(Clock(0, now - 10_000_000))
        outputs.append(Output(ADMITTED, 0, None, clock, [(KIND, CLOCK)]))
        turns = deque([(ADMITTED, outputs)])
        while turns:
            topic, given = turns.popleft()
            processor = self.identify if topic == ADMITTED else self.stitch
            records = [self._record(each) for each in given]
            work = Work([Batch(topic, 0, 0, len(records), records)], tick=False, now_us=now)
            changes = await processor.step(work)
            if changes is None:
                continue
            self.changelogs[topic].take(changes)
            processor.committed(Position({}))
            for following in (ADMITTED, IDENTIFIED):
                more = [each for each in changes.outputs if each.topic == following]
                if more:
                    turns.append((following, more))
            if changes.unfinished:
                turns.append((topic, []))

    def _record(self, output: Output) -> Record:
        self._offset += 1
        return Record(output.topic, 0, self._offset, output.key, output.value or b"", output.headers)


def empty(topic: str) -> IdentifyPartition | StitchPartition:
    """A partition that knows nothing yet: identify's for ADMITTED, stitch's for IDENTIFIED."""
    return IdentifyPartition(0, identify_plan()) if topic == ADMITTED else StitchPartition(0, stitch_plan())


def by_part(records: Mapping[bytes, bytes]) -> Iterator[tuple[str, int, int]]:
    """By the first letter of the keys: how many records, and bytes of keys and values."""
    letters = sorted({key[:1] for key in records})
    for letter in letters:
        if letter != POSITION_KEY[:1]:
            sizes = [len(key) + len(value) for key, value in records.items() if key[:1] == letter]
            yield letter.decode(), len(sizes), sum(sizes)
