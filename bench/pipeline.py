"""What the whole pipeline costs on Apache Kafka, transactions on: CPU per touchpoint and role, in microseconds and in U.

First the roles one after the other, each a worker of its own that works off what the one before it left: what each costs. Four workers
at once on one core would evict each other's caches. Then one worker has all of them, which is the pipeline's figure. Workers are pinned
to one core, where U is sampled beside them; broker and ClickHouse have the other. What starting costs, and the first touchpoints, is
measured with few customers and taken off; for the pipeline, what an idle worker takes. Run: .venv/bin/python -m bench.pipeline [CUSTOMERS]
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.unit import Units, units_on
from streams import topics
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.publishing import publish_import
from streams.settings import PREFIX, ROLES, Settings
from streams.simulation import simulate
from streams.verify import committed_positions, verify

KEYS = {"PSEUDONYM_KEY": "5e" * 32, "DEAD_LETTER_KEY": "bench:" + "7a" * 32}
TICKS = os.sysconf("SC_CLK_TCK")
IDLE_S = 8.0
WITHIN_S = 600.0
LED_AFTER_S = 3.0
"""New partitions take a moment to have a leader: who publishes before tries again and again."""
WARM = 200
"""Customers that come first."""
WORKERS_CORE, OTHER_CORE = 0, 1
GOALS_U = {"admit": 2.0, "identify": 0.7, "stitch": 2.5, "record": 0.8}


def used_s(pid: int) -> float:
    """CPU that a process has used, user and system, seconds (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def start(settings: Settings, roles: str, core: int) -> asyncio.subprocess.Process:
    """A worker of these roles, pinned to a core."""
    own = {
        "BROKERS": settings.brokers,
        "CLICKHOUSE_URL": settings.clickhouse_url,
        "PARTITIONS": str(settings.partitions),
        "LINGER_MS": str(settings.linger_ms),
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


@asynccontextmanager
async def working(settings: Settings, roles: str) -> AsyncIterator[Callable[[], float]]:
    """A worker of these roles on the workers' core; yields what says how much CPU (s) it has used by now."""
    worker = await start(settings, roles, WORKERS_CORE)
    try:
        yield partial(used_s, worker.pid)
    finally:
        worker.terminate()
        await worker.wait()


@asynccontextmanager
async def stack(**more: Any) -> AsyncIterator[Settings]:
    """A broker and a ClickHouse with tables and topics, and nothing in them. `more` are settings by name, beside theirs."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, EmbeddedClickHouse(Path(folder) / "clickhouse") as clickhouse:
        async with LocalKafka() as kafka:
            settings = Settings(brokers=kafka.bootstrap, clickhouse_url=clickhouse.url, pseudonym_key=KEYS["PSEUDONYM_KEY"], **more)
            migrate(connect(settings), Names.of(settings))
            await topics.create_topics(settings)
            await asyncio.sleep(LED_AFTER_S)
            yield settings


async def worked_off(settings: Settings, roles: Sequence[str]) -> None:
    """Wait until these roles have taken all that was published, and all that each gave to the next."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        begun = [len(await committed_positions(settings, role)) for role in roles]
        if min(begun) == settings.partitions and (await verify(settings)).is_drained:
            return
        await asyncio.sleep(0.5)
    raise RuntimeError(f"{', '.join(roles)} had work left after {WITHIN_S:.0f} s")


async def one_after_the_other(customers: int) -> tuple[dict[str, Units], int]:
    """What each role's worker used until the end of its work, with U meanwhile, and how many touchpoints that was for."""
    used: dict[str, Units] = {}
    async with stack() as settings:
        warm = await publish_import(settings, simulate(WARM, 9).events(), name="simulation-warm")
        published = warm.total
        if customers:
            published += (await publish_import(settings, simulate(customers, 1).events(), name="simulation-bench")).total
        for role in ROLES:
            async with working(settings, role) as cpu_s, units_on(WORKERS_CORE, cpu_s) as used[role]:
                await worked_off(settings, [role])
    return used, published


async def together(customers: int) -> tuple[float, Units, str]:
    """CPU of a touchpoint (us) in one worker of all roles, U meanwhile, and what to say of the run."""
    async with stack() as settings, working(settings, ",".join(ROLES)) as cpu_s:
        await publish_import(settings, simulate(WARM, 9).events(), name="simulation-warm")
        await worked_off(settings, ROLES)
        before = cpu_s()
        await asyncio.sleep(IDLE_S)
        idle = (cpu_s() - before) / IDLE_S
        began = time.monotonic()
        async with units_on(WORKERS_CORE, cpu_s) as units:
            published = await publish_import(settings, simulate(customers, 1).events(), name="simulation-bench")
            await worked_off(settings, ROLES)
        took = time.monotonic() - began
    said = f"{published.total:,} touchpoints in {took:.1f} s, and idle {idle * 100:.1f} % of a core"
    return (units.total_s - idle * took) / published.total * 1e6, units, said


def main(customers: int) -> None:
    """Print the table."""
    os.sched_setaffinity(0, {OTHER_CORE})
    few, fewer = asyncio.run(one_after_the_other(0))
    many, more = asyncio.run(one_after_the_other(customers))
    print(f"transactions on; one role after the other, {more - fewer:,} touchpoints")
    for role, units in many.items():
        cost_us = (units.total_s - few[role].total_s) / (more - fewer) * 1e6
        cost_units = (units.total_units - few[role].total_units) / (more - fewer)
        print(f"{role:10} {cost_us:7.1f} us {cost_units:5.2f} U   goal {GOALS_U[role]} U   {units}")
    cost_us, units, said = asyncio.run(together(customers))
    print(f"one worker for all: {said}; {units}")
    print(f"{'pipeline':10} {cost_us:7.1f} us {cost_us / units.us:5.2f} U   goal 6 U")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
