"""What is raised live and taken back later, under noise, by rule and by cause: the touchpoints one by one through identify and stitch.

Duplicates, late events and wrong clocks (`streams.simulation.noise.USUAL`); `--identities mixed` (the default) lets each channel show the
identifiers that it would know, `numbers` shows the customer number everywhere. Time passes as in live traffic: before each touchpoint the
watermark reaches its arrival less the usual delay, and what is due by then is told. Rows are read as they are published: a finding is
taken back where its last row says retracted, or superseded by anything but a stronger rule; it flickered where it was taken back and
told again. A cause is the reason that the row gives, and the touchpoint that had just come.

Run: .venv/bin/python -m bench.retractions [CUSTOMERS [SEED ...]] [--identities mixed|numbers]
Exit code 0 only where at most 2 % were taken back for each seed, and the final state is exact.
"""

import argparse
import asyncio
import io
import sys
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from time import process_time
from typing import Any, Final, NamedTuple

import fastavro
import msgspec

from bench.lives import ADMITTED, IDENTIFIED, Record, identify_plan, stitch_plan
from bench.truth import DELAY, Arrived, admitted, named
from streams.avro.registry import FileRegistry
from streams.delivery.batch import Batch
from streams.delivery.commit import Output, Position, Work
from streams.journeys.life import STRONGER_RULE
from streams.journeys.touchpoint import Touchpoint, encode
from streams.processors.identify import IdentifyPartition
from streams.processors.internal import CLOCK, KIND, Clock, touchpoint_output
from streams.processors.stitch import StitchPartition
from streams.simulation import Found, Simulation, score, simulate
from streams.simulation.clock import MINUTE
from streams.simulation.noise import USUAL, noisy
from streams.topics import KNOWLEDGE

GOAL: Final = 0.02
SHOWN: Final = 8
"""Causes that are named."""
GONE: Final = ("retracted", "superseded")


class Row(NamedTuple):
    """A finding's row as it was published, and what had just come: its kind, and whether it came late; "" where time alone passed."""

    fields: dict[str, Any]
    came: str

    @property
    def is_gone(self) -> bool:
        """Whether it says that the finding is none any more."""
        return self.fields["status"] in GONE


class Live:
    """identify and stitch, one partition of each, and the rows that they publish of each finding."""

    def __init__(self, knowledge: Iterable[Any]) -> None:
        plan = stitch_plan()
        for each in knowledge:
            plan.knowledge.learn(each)
        self.processors = {ADMITTED: IdentifyPartition(0, identify_plan()), IDENTIFIED: StitchPartition(0, plan)}
        self.rows: dict[str, list[Row]] = {}
        self._offset = 0
        registry = FileRegistry()
        self._schema, self._prefix = registry.current("inconsistency").parsed, len(registry.reference("inconsistency").prefix)

    async def live(self, life: Iterable[Arrived], until: int) -> None:
        """Take touchpoints as they arrive, then let time pass to `until` (us)."""
        for arrived in life:
            await self._pass(arrived.at - DELAY)
            touchpoint = msgspec.structs.replace(arrived.touchpoint, received_at=arrived.at)
            came = f"{touchpoint.channel} {touchpoint.kind}{_lateness(touchpoint, arrived.at)}"
            await self._take(ADMITTED, touchpoint_output(ADMITTED, 0, touchpoint.anchor, touchpoint, encode(touchpoint)), arrived.at, came)
        await self._pass(until)

    def held(self) -> dict[str, str]:
        """By event id: the customer who has it now."""
        stitch = self.processors[IDENTIFIED]
        assert isinstance(stitch, StitchPartition)
        holdings = [each for customer in stitch.state.customers() for each in stitch.state.holdings(customer)]
        return {event_id: holding.customer for holding in holdings for event_id in stitch.state.held_under(holding)}

    async def _pass(self, time: int) -> None:
        clock = msgspec.msgpack.encode(Clock(0, time))
        await self._take(IDENTIFIED, Output(IDENTIFIED, 0, None, clock, [(KIND, CLOCK)]), time + DELAY, "")

    async def _take(self, topic: str, output: Output, now: int, came: str) -> None:
        turns: deque[tuple[str, Sequence[Output]]] = deque([(topic, [output])])
        while turns:
            topic, given = turns.popleft()
            records = [self._record(each) for each in given]
            processor = self.processors[topic]
            changes = await processor.step(Work([Batch(topic, 0, 0, len(records), records)], tick=False, now_us=now))
            if changes is None:
                continue
            processor.committed(Position({}))
            for following in (ADMITTED, IDENTIFIED):
                more = [each for each in changes.outputs if each.topic == following]
                if more:
                    turns.append((following, more))
            if changes.unfinished:
                turns.append((topic, []))
            for each in changes.outputs:
                if each.topic == "inconsistencies":
                    self._note(each.value or b"", came)

    def _note(self, value: bytes, came: str) -> None:
        fields = fastavro.schemaless_reader(io.BytesIO(value[self._prefix :]), self._schema)
        assert isinstance(fields, dict)
        rows = self.rows.setdefault(fields["inconsistency_id"], [])
        rows.append(Row(fields, came))
        rows.sort(key=lambda row: int(row.fields["version"]))

    def _record(self, output: Output) -> Record:
        self._offset += 1
        return Record(output.topic, 0, self._offset, output.key, output.value or b"", output.headers)


def _lateness(touchpoint: Touchpoint, at: int) -> str:
    if touchpoint.occurred_at > at:
        return ", by a clock ahead"
    return ", late" if at - touchpoint.corrected_at > MINUTE else ""


def _is_taken_back(row: Row) -> bool:
    return row.is_gone and row.fields["reason"] != STRONGER_RULE


def report(simulation: Simulation, seed: int, identities: str) -> bool:
    """Print what was taken back; whether it was at most the goal, and the final state exact."""
    began = process_time()
    events = list(noisy(simulation.events(), USUAL, seed))
    live = Live(event.record for event in events if event.channel == KNOWLEDGE)
    arrived = list(admitted(event for event in events if event.channel != KNOWLEDGE))
    asyncio.run(live.live(arrived, simulation.until))
    raised: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    causes: Counter[tuple[str, str, str]] = Counter()
    flickered = 0
    for rows in live.rows.values():
        rule = rows[-1].fields["rule"]
        raised[rule] += 1
        if _is_taken_back(rows[-1]):
            lost[rule] += 1
            causes[rule, rows[-1].fields["reason"], rows[-1].came] += 1
        elif not rows[-1].is_gone and any(_is_taken_back(row) for row in rows):
            flickered += 1
    for rule in sorted(raised):
        print(f"{identities}, seed {seed}  {rule:24} raised {raised[rule]:5}, taken back {lost[rule]:4} ({lost[rule] / raised[rule]:.1%})")
    for (rule, reason, came), count in causes.most_common(SHOWN):
        print(f"{identities}, seed {seed}    {count:4} {rule}, {reason}: {came or 'time alone'}")
    share = lost.total() / (raised.total() or 1)
    is_exact = _is_exact(simulation, live)
    end = "exact" if is_exact else "NOT EXACT"
    print(
        f"{identities}, seed {seed}  {len(arrived):,} touchpoints; of {raised.total():,} findings {lost.total()} were taken back"
        f" ({share:.2%}); {flickered} more were told again; final state {end}; {process_time() - began:.0f} s of CPU",
        flush=True,
    )
    return share <= GOAL and is_exact


def _is_exact(simulation: Simulation, live: Live) -> bool:
    """Whether what holds in the end is what was planted."""
    name_of_person = named(live.held(), dict(simulation.persons()))
    last = [rows[-1].fields for rows in live.rows.values()]
    found = [Found(row["rule"], row["subject"], row["customer"], row["status"], tuple(row["evidence"])) for row in last]
    scores = score(simulation.truth, found, lambda number: name_of_person.get(number, number))
    return all(each.precision == each.recall == 1.0 and not each.other_status for each in scores.values())


def main() -> int:
    """0 only where every seed keeps to the goal."""
    parser = argparse.ArgumentParser(description="What is raised live and taken back later.")
    parser.add_argument("customers", nargs="?", type=int, default=2000)
    parser.add_argument("seeds", nargs="*", type=int)
    parser.add_argument("--identities", choices=("mixed", "numbers"), default="mixed", help="what channels know customers by")
    given = parser.parse_args()
    kept = True
    for seed in given.seeds or (1, 2, 3, 4, 5):
        kept = report(simulate(given.customers, seed, rules="all", identities=given.identities), seed, given.identities) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
