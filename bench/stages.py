"""What the processors' own work costs, without a broker: simulated touchpoints through admit, identify and stitch, in runs.

What surrounds the processors (fetching, transactions, ClickHouse) is left out: `bench.pipeline` measures the whole. The work is the
same each time, so that two versions of the code can be compared.

Run: .venv/bin/python -m bench.stages [CUSTOMERS [--profile ROLE]]
"""

import argparse
import asyncio
import cProfile
import os
import pstats
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.unit import Units
from streams.app import pipeline
from streams.avro.codec import Encoder
from streams.avro.registry import FileRegistry
from streams.collecting import collect_hardly_ever, leave_what_is_there
from streams.delivery.batch import Batch
from streams.delivery.commit import Output, Position, Work
from streams.events import ChannelEvent
from streams.metrics import Metrics
from streams.processors.internal import CLOCK, KIND, partition_of
from streams.publishing import source_key
from streams.settings import CHANNELS, Settings
from streams.simulation import simulate
from streams.topics import KNOWLEDGE

RUN: Final = 500
"""Records of a batch: what a partition takes at a time while it works off a backlog."""
FLOW: Final = 2_000
"""Events that come before all of them are taken: as in live traffic, no channel is far ahead of another."""
SAMPLES: Final = 4
"""Of U, after each flow."""
ROLES: Final = ("admit", "identify", "stitch")
NAME: Final = b"simulation-bench"


@dataclass(slots=True)
class Fetched:
    """One record, as a processor sees it; the timestamp is ms."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int


class Installation:
    """The processors of all partitions, with the topics in between in memory, and what each role took."""

    def __init__(self, profiled: str) -> None:
        self.settings = Settings(pseudonym_key="5e" * 32, dead_letter_key="bench:" + "7a" * 32)
        roles = pipeline(self.settings, ROLES, transactional=True, metrics=Metrics()).roles
        self.roles = {name: each.role for name, each in zip(ROLES, roles, strict=True)}
        self.processors = {(name, n): role.processor(n) for name, role in self.roles.items() for n in range(self.settings.partitions)}
        self.topics: dict[tuple[str, int], list[Fetched]] = defaultdict(list)
        self.done: dict[tuple[str, str, int], int] = defaultdict(int)
        self.used_ns: dict[str, int] = defaultdict(int)
        self.outputs: dict[str, int] = defaultdict(int)
        self.changelog_bytes: dict[str, int] = defaultdict(int)
        self.profile = cProfile.Profile()
        self.profiled = profiled

    def publish(self, outputs: Iterable[Output]) -> None:
        """Append records to their topics."""
        now_ms = time.time_ns() // 1_000_000
        for topic, partition, key, value, headers in outputs:
            records = self.topics[topic, partition]
            records.append(Fetched(topic, partition, len(records), key, value, tuple(headers), now_ms))

    async def drain(self) -> None:
        """Let every processor work until nothing is left to take."""
        busy = True
        while busy:
            busy = False
            for (name, number), processor in self.processors.items():
                batches = self._batches(name, number)
                unfinished = await self._step(name, processor, Work(batches, tick=True, now_us=time.time_ns() // 1000))
                busy = busy or bool(batches) or unfinished

    def _batches(self, name: str, number: int) -> list[Batch]:
        batches = []
        for topic in self.roles[name].topics:
            begin = self.done[name, topic, number]
            records = self.topics[topic, number][begin : begin + RUN]
            if records:
                self.done[name, topic, number] = begin + len(records)
                batches.append(Batch(topic, number, begin, begin + len(records), records))
        return batches

    async def _step(self, name: str, processor: Any, work: Work) -> bool:
        """Let a processor work, and publish what it makes; whether it has more to do."""
        if name == self.profiled:
            self.profile.enable()
        began = time.process_time_ns()
        changes = await processor.step(work)
        processor.committed(Position({}))
        self.used_ns[name] += time.process_time_ns() - began
        self.profile.disable()
        if changes is not None:
            self.publish(changes.outputs)
            self.outputs[name] += len(changes.outputs)
            self.changelog_bytes[name] += sum(len(key) + len(value or b"") for key, value in changes.state.items())
        return changes is not None and changes.unfinished


def imported(events: Sequence[ChannelEvent], settings: Settings) -> list[Output]:
    """The channel topics' records of an import, clocks at its begin and end."""
    registry = FileRegistry()
    encoders = {channel: (registry.reference(channel).prefix, Encoder(registry.current(channel))) for channel in CHANNELS}
    headers = [("replay", NAME)]

    def clock(until: int, *more: tuple[str, bytes]) -> Iterable[Output]:
        for channel in CHANNELS:
            for partition in range(settings.partitions):
                yield Output(
                    settings.channel_topic(channel), partition, None, None, [*headers, (KIND, CLOCK), ("until", b"%d" % until), *more]
                )

    found = [*clock(events[0].at)]
    for event in events:
        prefix, encoder = encoders[event.channel]
        partition = partition_of(source_key(event.record), settings.partitions)
        (datum,) = encoder.encode_run([event.record])
        assert isinstance(datum, bytes), datum
        found.append(Output(settings.channel_topic(event.channel), partition, None, prefix + datum, headers))
    return [*found, *clock(events[-1].at, ("ended", b"1"))]


async def measure(customers: int, profiled: str) -> None:
    """Print a line for each role."""
    units = Units()
    installation = Installation(profiled)
    events = [event for event in simulate(customers, 1).events() if event.channel != KNOWLEDGE]
    records = imported(events, installation.settings)
    leave_what_is_there()
    collect_hardly_ever()
    for begin in range(0, len(records), FLOW):
        before_ns = sum(installation.used_ns.values())
        installation.publish(records[begin : begin + FLOW])
        await installation.drain()
        for _ in range(SAMPLES):
            units.take((sum(installation.used_ns.values()) - before_ns) / SAMPLES / 1e9)
    print(f"{units}; {len(events):,} touchpoints of {customers:,} customers, {RUN} at a time")
    for name in ROLES:
        each = installation.used_ns[name] / 1000 / len(events)
        print(
            f"{name:10} {each:6.1f} us {each / units.us:5.2f} U   {installation.outputs[name] / len(events):5.2f} records out,"
            f" {installation.changelog_bytes[name] / len(events):6.0f} bytes of changelog a touchpoint"
        )
    if profiled:
        pstats.Stats(installation.profile).sort_stats("tottime").print_stats(45)
        pstats.Stats(installation.profile).sort_stats("cumtime").print_stats(45)


def main() -> None:
    """Take the command line's words."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=2000)
    parser.add_argument("--profile", choices=ROLES, default="", help="print where this role's time goes (which slows it down)")
    asked = parser.parse_args()
    asyncio.run(measure(asked.customers, asked.profile))


if __name__ == "__main__":
    main()
