"""Who is found to be whom on workers: the same simulated people on one, two and four workers that are killed, on Apache Kafka.

Run as `python -m bench.identity_workers [CUSTOMERS [SEED]] [--runs WORKERS/KILLS ...]`; 300 people take four minutes on two cores, 3,000
ten. Each run takes the same import of people with several identifiers, shared devices and late logins, on a broker and a ClickHouse of its
own that go away with all they hold. The first has one worker that lives; in the others a worker is killed and started again, spread over
what is to be recorded. Prints for each run pairs precision and recall out of ClickHouse and the checksum over current rows. Ends with 1
where a checksum differs, or precision, recall or the largest customer miss what is promised.

The checksum is the same whenever the same people are folded by the same rules: where a machine has no room for all runs in one sitting,
`--runs 4/4` makes one of them, and its checksum compares with that of another day.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.crew import KEYS, Crew, Standing
from streams import topics
from streams.broker.kafka import LocalKafka
from streams.broker.memory import MIB, resident_bytes
from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.demo.outcome import checksum
from streams.events import ChannelEvent
from streams.publishing import Published, publish_import
from streams.settings import Settings
from streams.simulation import Simulation, simulate
from streams.simulation.pairs import PairScore, pair_score
from streams.verify import verify

RUNS: Final = ((1, 0), (1, 2), (2, 2), (4, 4))
"""Workers, and how many kills."""
LEAST_PRECISION, LEAST_RECALL = 0.999, 0.995
IMPORT: Final = "simulation-identity"
LOOKS_EVERY_S: Final = 0.3
TELLS_EVERY_S: Final = 15.0
ASKS_EVERY_S: Final = 1.5
DRAINED_WITHIN_S: Final = 600.0
LEAST_A_SECOND: Final = 400
"""Touchpoints a second, with all that shares the machine: what takes longer hangs."""
UNCAPPED: Final = {"max_result_rows": 0, "max_execution_time": 0, "max_memory_usage": 6 << 30}
"""The server's caps are for people who ask; here a look over all rows is the point."""


@dataclass(frozen=True, slots=True)
class Told:
    """The touchpoints of a simulation, told again to each who asks: a list of two million would take gigabytes."""

    simulation: Simulation

    def __iter__(self) -> Iterator[ChannelEvent]:
        return self.simulation.events()


class Progress:
    """One run as it goes: kills what is due, and prints a line now and then."""

    def __init__(self, label: str, crew: Crew, touchpoints: int, kills: int) -> None:
        self._label, self._crew, self._touchpoints = label, crew, touchpoints
        self._due = [touchpoints * (number + 1) // (kills + 1) for number in range(kills)]
        self._kills, self._began, self._told = kills, time.monotonic(), time.monotonic()
        self.published = 0
        self.others: list[int] = []

    def sent(self, events: int) -> None:
        """Hears of publishing."""
        self.published = events

    async def look(self) -> Standing:
        """How the workers stand, after the kill that was due, if one was."""
        standing = await self._crew.standing()
        if time.monotonic() - self._told >= TELLS_EVERY_S:
            self._told = time.monotonic()
            self._tell(standing)
        is_over = standing.has_all and standing.received >= self._touchpoints
        if self._due and (is_over or standing.recorded >= self._due[0]):
            self._due.pop(0)
            print(f"{self._label} {self._passed:5.0f} s: kills a worker at {standing.recorded:,} recorded", flush=True)
            await self._crew.kill_one()
            return await self._crew.standing()
        return standing

    @property
    def has_killed(self) -> bool:
        """Whether every kill was made."""
        return not self._due

    @property
    def _passed(self) -> float:
        return time.monotonic() - self._began

    def _tell(self, standing: Standing) -> None:
        kills = self._kills - len(self._due)
        memory = sum(resident_bytes(pid) for pid in [*self._crew.pids, *self.others]) / MIB
        print(
            f"{self._label} {self._passed:5.0f} s: of {self._touchpoints:,} published {self.published:,}, received {standing.received:,},"
            f" in flight {standing.in_flight:,}, recorded {standing.recorded:,}; kills {kills} of {self._kills};"
            f" workers, broker and ClickHouse {memory:,.0f} MiB",
            flush=True,
        )


async def settled(settings: Settings, progress: Progress, events: int) -> str:
    """Wait until all is in ClickHouse and nothing is held back; the checksum over current rows."""
    client = connect(settings, settings.clickhouse_database)
    _uncap(client)
    until, before = time.monotonic() + DRAINED_WITHIN_S + events / LEAST_A_SECOND, ""
    while time.monotonic() < until:
        await asyncio.sleep(ASKS_EVERY_S)
        standing = await progress.look()
        times = standing.times
        ended = len(times) == settings.partitions and all(at["imports"].get(IMPORT, (0, False))[1] for at in times.values())
        if not (ended and standing.has_all and progress.has_killed):
            before = ""
            continue
        verdict = await verify(settings)
        if not (verdict.line.received >= events and verdict.line.in_flight == 0):
            continue
        now = await asyncio.to_thread(checksum, client)
        if now == before:
            if not verdict.is_sound:
                raise RuntimeError(f"not sound: {verdict}")
            return now
        before = now
    raise RuntimeError(f"{events:,} touchpoints were not drained in time: {standing}")


async def run(settings: Settings, simulation: Simulation, progress: Progress) -> tuple[str, PairScore]:
    """One run: the checksum, and how well people were found."""
    publishing = asyncio.ensure_future(asyncio.to_thread(_publish, settings, simulation, progress))
    while not publishing.done():
        await asyncio.sleep(LOOKS_EVERY_S)
        await progress.look()
    published = await publishing
    found = await settled(settings, progress, published.total)
    return found, await asyncio.to_thread(_scored, settings, simulation)


def _publish(settings: Settings, simulation: Simulation, progress: Progress) -> Published:
    """In a thread with a loop of its own: what is long here does not keep anyone from killing workers."""
    told = publish_import(settings, Told(simulation), name=IMPORT, until=simulation.until, progress=progress.sent)
    return asyncio.run(told)


def _scored(settings: Settings, simulation: Simulation) -> PairScore:
    client = connect(settings, settings.clickhouse_database)
    _uncap(client)
    with client.query_rows_stream("SELECT event_id, customer FROM touchpoints") as rows:
        return pair_score(rows, simulation.persons())


def _uncap(client: Any) -> None:
    for name, value in UNCAPPED.items():
        client.set_client_setting(name, value)


async def installed(simulation: Simulation, workers: int, kills: int, folder: Path) -> tuple[str, PairScore]:
    """One run on a broker, a ClickHouse and workers of its own, which are gone after it with all they hold."""
    label = f"w{workers}k{kills}"
    touchpoints = sum(1 for _ in simulation.persons())
    with EmbeddedClickHouse(folder / "clickhouse") as clickhouse:
        async with LocalKafka(directory=folder / "kafka") as kafka:
            settings = Settings(
                brokers=kafka.bootstrap,
                prefix=f"{label}.",
                clickhouse_url=clickhouse.url,
                clickhouse_database=label,
                clickhouse_store=f"{label}_store",
                pseudonym_key=KEYS["PSEUDONYM_KEY"],
            )
            migrate(connect(settings), Names.of(settings))
            await topics.create_topics(settings)
            async with Crew(settings, workers, folder) as crew:
                progress = Progress(label, crew, touchpoints, kills)
                progress.others = [pid for pid in (kafka.pid, clickhouse.pid) if pid]
                return await run(settings, simulation, progress)


async def compare(customers: int, seed: int, runs: Sequence[tuple[int, int]]) -> bool:
    """These runs; whether they agree and find everybody."""
    simulation = simulate(customers, seed, identities="mixed")
    checksums: set[str] = set()
    is_right = True
    for workers, kills in runs:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="bench-identity-") as folder:
            found, score = await installed(simulation, workers, kills, Path(folder))
        checksums.add(found)
        is_right &= score.precision >= LEAST_PRECISION and score.recall >= LEAST_RECALL
        is_right &= score.largest_customer <= score.largest_person
        print(
            f"{workers} workers, {kills} kills: {score.events:,} touchpoints of {customers:,} people; pairs precision"
            f" {score.precision:.4%}, recall {score.recall:.4%}; largest customer {score.largest_customer},"
            f" person {score.largest_person}; checksum {found}; {time.monotonic() - began:,.0f} s",
            flush=True,
        )
    print("the same rows in every run" if len(checksums) == 1 else f"{len(checksums)} different checksums")
    return is_right and len(checksums) == 1


def workers_and_kills(text: str) -> tuple[int, int]:
    """A run as it is asked for, like 4/4. Raises ValueError where it is not two numbers."""
    workers, kills = map(int, text.split("/"))
    return workers, kills


def main() -> None:
    """Take the command line's words."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("customers", nargs="?", type=int, default=300)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--runs", nargs="+", type=workers_and_kills, default=RUNS, metavar="WORKERS/KILLS", help="as 1/0 4/4")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what it started ends with it
    sys.exit(0 if asyncio.run(compare(asked.customers, asked.seed, asked.runs)) else 1)


if __name__ == "__main__":
    main()
