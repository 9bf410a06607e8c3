"""What the whole pipeline costs on Apache Kafka, transactions on: CPU per touchpoint and role, in microseconds and in U.

First every role is a worker of its own, to tell what each costs; then one worker has all of them, which is the pipeline's figure: four
processes on one core evict each other's caches. Workers are pinned to one core, where U is sampled beside them; broker and ClickHouse
have the other. Simulated customers are published first to warm up, then measured. Run: .venv/bin/python -m bench.pipeline [CUSTOMERS]
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.unit import Units, units_on
from streams import topics
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.publishing import publish_import
from streams.settings import PREFIX, ROLES, Settings
from streams.simulation import simulate
from streams.verify import verify

KEYS = {"PSEUDONYM_KEY": "5e" * 32, "DEAD_LETTER_KEY": "bench:" + "7a" * 32}
TICKS = os.sysconf("SC_CLK_TCK")
IDLE_S = 8.0
WORKERS_CORE, OTHER_CORE = 0, 1
GOALS_U = {"admit": 2.0, "identify": 0.7, "stitch": 2.5, "record": 0.8}


def cpu_s(pid: int) -> float:
    """CPU that a process has used, user and system, seconds (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def start(settings: Settings, roles: str, core: int) -> asyncio.subprocess.Process:
    """A worker of these roles, pinned to a core."""
    own = {
        "BROKERS": settings.brokers,
        "CLICKHOUSE_URL": settings.clickhouse_url,
        "METRICS_PORT": "0",
        **KEYS,
    }
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", str(core), sys.executable, "-m", "streams.cli", "worker", "--roles", roles,
        stdout=asyncio.subprocess.PIPE, stderr=sys.stderr, env=os.environ | {PREFIX + name: value for name, value in own.items()},
    )  # fmt: skip
    line = (await asyncio.wait_for(process.stdout.readline(), 90)).decode()
    if not line.startswith("ready "):
        raise RuntimeError(f"the {roles} worker did not start")
    return process


async def settle(settings: Settings, received: int) -> None:
    """Wait until so many events have come through."""
    until = time.monotonic() + 600
    while time.monotonic() < until:
        verdict = await verify(settings)
        if verdict.line.received >= received and verdict.line.in_flight == 0:
            await asyncio.sleep(2)  # the last rows of journeys
            return
        await asyncio.sleep(1)
    raise RuntimeError("not drained after ten minutes")


async def measure(customers: int, groups: Sequence[str]) -> tuple[dict[str, float], Units, str]:
    """CPU of a touchpoint (us) by group of roles, each group a worker of its own, U meanwhile, and what to say of the run."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, EmbeddedClickHouse(Path(folder) / "clickhouse") as clickhouse:
        async with LocalKafka() as kafka:
            settings = Settings(brokers=kafka.bootstrap, clickhouse_url=clickhouse.url, pseudonym_key=KEYS["PSEUDONYM_KEY"])
            migrate(connect(settings), Names.of(settings))
            await topics.create_topics(settings)
            workers = dict(zip(groups, await asyncio.gather(*(start(settings, roles, WORKERS_CORE) for roles in groups)), strict=True))
            try:
                warm = await publish_import(settings, simulate(200, 9).events(), name="simulation-warm")
                await settle(settings, warm.total)
                before = {roles: cpu_s(worker.pid) for roles, worker in workers.items()}
                await asyncio.sleep(IDLE_S)
                idle = {roles: (cpu_s(worker.pid) - before[roles]) / IDLE_S for roles, worker in workers.items()}
                began, before = time.monotonic(), {roles: cpu_s(worker.pid) for roles, worker in workers.items()}
                async with units_on(WORKERS_CORE) as units:
                    published = await publish_import(replace(settings), simulate(customers, 1).events(), name="simulation-bench")
                    await settle(settings, warm.total + published.total)
                took = time.monotonic() - began
                used = {roles: cpu_s(worker.pid) - before[roles] - idle[roles] * took for roles, worker in workers.items()}
            finally:
                for worker in workers.values():
                    worker.terminate()
                await asyncio.gather(*(worker.wait() for worker in workers.values()))
    said = f"{published.total:,} touchpoints in {took:.1f} s, and idle {sum(idle.values()) * 100:.1f} % of a core"
    return {roles: seconds / published.total * 1e6 for roles, seconds in used.items()}, units, said


def main(customers: int) -> None:
    """Print the table."""
    os.sched_setaffinity(0, {OTHER_CORE})
    apart, units, said = asyncio.run(measure(customers, ROLES))
    print(f"transactions on; a worker for each role: {said}; {units}")
    for role in ROLES:
        print(f"{role:10} {apart[role]:7.1f} us {apart[role] / units.us:5.2f} U   goal {GOALS_U[role]} U")
    together, units, said = asyncio.run(measure(customers, [",".join(ROLES)]))
    (total,) = together.values()
    print(f"one worker for all: {said}; {units}")
    print(f"{'pipeline':10} {total:7.1f} us {total / units.us:5.2f} U   goal 6 U")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
