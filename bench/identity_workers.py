"""Who is found to be whom on workers: the same simulated people on one, two and four workers that are killed, on Apache Kafka.

Run as `python -m bench.identity_workers [CUSTOMERS [SEED]]`; a thousand people take some minutes on two cores. Each run takes the
same import of people with several identifiers, shared devices and late logins. The first has one worker that lives; in the others a
worker is killed and started again while touchpoints come. Prints for each run pairs precision and recall out of ClickHouse and the
checksum over current rows. Ends with 1 where a checksum differs, or precision, recall or the largest customer miss what is promised.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from streams import topics
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.demo.outcome import checksum
from streams.publishing import publish_import
from streams.settings import PREFIX, Settings
from streams.simulation import Simulation, simulate
from streams.simulation.pairs import PairScore, pair_score
from streams.stack import Stack
from streams.verify import verify

RUNS: Final = ((1, 0), (1, 2), (2, 2), (4, 4))
"""Workers, and how many kills."""
LEAST_PRECISION, LEAST_RECALL = 0.999, 0.995
KEYS: Final = {"PSEUDONYM_KEY": "5e" * 32, "DEAD_LETTER_KEY": "bench:" + "7a" * 32}
BETWEEN_KILLS_S: Final = 2.0
DRAINED_WITHIN_S: Final = 1800.0


class Worker:
    """All four processors in a process of their own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings, self.log = settings, log
        self.url = ""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it takes work. Raises RuntimeError where it does not."""
        own = {
            "BROKERS": self.settings.brokers,
            "PREFIX": self.settings.prefix,
            "CLICKHOUSE_URL": self.settings.clickhouse_url,
            "CLICKHOUSE_DATABASE": self.settings.clickhouse_database,
            "CLICKHOUSE_STORE": self.settings.clickhouse_store,
            "METRICS_PORT": "0",
            "SESSION_TIMEOUT_S": "6",
            **KEYS,
        }
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "streams.cli", "worker", stdout=asyncio.subprocess.PIPE, stderr=log,
                env=os.environ | {PREFIX + name: value for name, value in own.items()},
            )  # fmt: skip
        line = (await asyncio.wait_for(self._process.stdout.readline(), 180)).decode()
        if not line.startswith("ready "):
            raise RuntimeError(f"a worker did not start: {self.log.read_text()[-2000:]}")
        self.url = line.removeprefix("ready ").strip()

    async def kill(self) -> None:
        """As a machine dies: nothing is said, nothing finished."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def settled(settings: Settings, workers: Sequence[Worker], events: int, name: str) -> str:
    """Wait until all is in ClickHouse and nothing is held back; the checksum over current rows."""
    client = connect(settings, settings.clickhouse_database)
    until, before = time.monotonic() + DRAINED_WITHIN_S, ""
    while time.monotonic() < until:
        await asyncio.sleep(1.5)
        states = [await Stack(settings, each.url).state() for each in workers]
        times = {number: at for state in states for number, at in state["times"].items()}
        ended = len(times) == settings.partitions and all(name in at["imports"] and at["imports"][name][1] for at in times.values())
        verdict = await verify(settings)
        idle = all(state["drained"] and not state["held"] for state in states)
        if not (ended and idle and verdict.line.received >= events and verdict.line.in_flight == 0):
            before = ""
            continue
        now = checksum(client)
        if now == before:
            if not verdict.is_sound:
                raise RuntimeError(f"not sound: {verdict}")
            return now
        before = now
    raise RuntimeError(f"not drained after {DRAINED_WITHIN_S:.0f} s")


async def run(settings: Settings, simulation: Simulation, workers: int, kills: int, logs: Path) -> tuple[str, PairScore]:
    """One run: the checksum, and how well people were found."""
    migrate(connect(settings), Names.of(settings))
    await topics.create_topics(settings)
    crew = [Worker(settings, logs / f"{settings.prefix}{number}.log") for number in range(workers)]
    name = "simulation-identity"
    try:
        await asyncio.gather(*(each.start() for each in crew))
        publishing = asyncio.ensure_future(publish_import(settings, simulation.events(), name=name, until=simulation.until))
        for number in range(kills):
            await asyncio.sleep(BETWEEN_KILLS_S)
            victim = crew[number % workers]
            await victim.kill()
            await victim.start()
        published = await publishing
        found = await settled(settings, crew, published.total, name)
        rows = connect(settings, settings.clickhouse_database).query("SELECT event_id, customer FROM touchpoints").result_rows
        return found, pair_score(rows, simulation.persons())
    finally:
        for each in crew:
            await each.kill()


async def compare(customers: int, seed: int) -> bool:
    """All runs; whether they agree and find everybody."""
    simulation = simulate(customers, seed, identities="mixed")
    checksums: set[str] = set()
    is_right = True
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, EmbeddedClickHouse(Path(folder) / "clickhouse") as clickhouse:
        async with LocalKafka() as kafka:
            base = Settings(brokers=kafka.bootstrap, clickhouse_url=clickhouse.url, pseudonym_key=KEYS["PSEUDONYM_KEY"])
            for workers, kills in RUNS:
                label = f"w{workers}k{kills}"
                settings = replace(base, prefix=f"{label}.", clickhouse_database=label, clickhouse_store=f"{label}_store")
                found, score = await run(settings, simulation, workers, kills, Path(folder))
                checksums.add(found)
                is_right &= score.precision >= LEAST_PRECISION and score.recall >= LEAST_RECALL
                is_right &= score.largest_customer <= score.largest_person
                print(
                    f"{workers} workers, {kills} kills: {score.events:,} touchpoints of {customers:,} people; pairs precision"
                    f" {score.precision:.4%}, recall {score.recall:.4%}; largest customer {score.largest_customer},"
                    f" person {score.largest_person}; checksum {found}",
                    flush=True,
                )
    print("the same rows in every run" if len(checksums) == 1 else f"{len(checksums)} different checksums")
    return is_right and len(checksums) == 1


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]] + [300, 1][len(sys.argv) - 1 :]
    sys.exit(0 if asyncio.run(compare(*given)) else 1)
