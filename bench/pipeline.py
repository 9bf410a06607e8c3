"""What the whole pipeline costs on Apache Kafka, transactions on: CPU per touchpoint and role, in microseconds and in U.

Every role is a process of its own, pinned to one core; broker and ClickHouse have the other. Simulated customers are published
first to warm up, then measured. Run: .venv/bin/python -m bench.pipeline [CUSTOMERS]
"""

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.admit import unit_us
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


def cpu_s(pid: int) -> float:
    """CPU that a process has used, user and system, seconds (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def start(settings: Settings, role: str, core: int) -> asyncio.subprocess.Process:
    """A worker of one role, pinned to a core."""
    own = {
        "BROKERS": settings.brokers,
        "CLICKHOUSE_URL": settings.clickhouse_url,
        "METRICS_PORT": "0",
        **KEYS,
    }
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", str(core), sys.executable, "-m", "streams.cli", "worker", "--roles", role,
        stdout=asyncio.subprocess.PIPE, stderr=sys.stderr, env=os.environ | {PREFIX + name: value for name, value in own.items()},
    )  # fmt: skip
    line = (await asyncio.wait_for(process.stdout.readline(), 90)).decode()
    if not line.startswith("ready "):
        raise RuntimeError(f"the {role} worker did not start")
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


async def measure(customers: int) -> None:
    """Print the table."""
    unit = unit_us()
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, EmbeddedClickHouse(Path(folder) / "clickhouse") as clickhouse:
        async with LocalKafka() as kafka:
            settings = Settings(brokers=kafka.bootstrap, clickhouse_url=clickhouse.url, pseudonym_key=KEYS["PSEUDONYM_KEY"])
            migrate(connect(settings), Names.of(settings))
            await topics.create_topics(settings)
            workers = dict(zip(ROLES, await asyncio.gather(*(start(settings, role, 0) for role in ROLES)), strict=True))
            try:
                warm = await publish_import(settings, simulate(200, 9).events(), name="simulation-warm")
                await settle(settings, warm.total)
                before = {role: cpu_s(worker.pid) for role, worker in workers.items()}
                await asyncio.sleep(IDLE_S)
                idle = {role: (cpu_s(worker.pid) - before[role]) / IDLE_S for role, worker in workers.items()}
                began, before = time.monotonic(), {role: cpu_s(worker.pid) for role, worker in workers.items()}
                published = await publish_import(replace(settings), simulate(customers, 1).events(), name="simulation-bench")
                await settle(settings, warm.total + published.total)
                took = time.monotonic() - began
                used = {role: cpu_s(worker.pid) - before[role] - idle[role] * took for role, worker in workers.items()}
            finally:
                for worker in workers.values():
                    worker.terminate()
                await asyncio.gather(*(worker.wait() for worker in workers.values()))
    print(f"U = {unit:.1f} us; {published.total:,} touchpoints, transactions on, {took:.1f} s from the first to the last row")
    for role in ROLES:
        each = used[role] / published.total * 1e6
        print(f"{role:10} {each:7.1f} us {each / unit:5.2f} U   idle {idle[role] * 100:4.1f} % of a core")
    total = sum(used.values()) / published.total * 1e6
    print(f"{'pipeline':10} {total:7.1f} us {total / unit:5.2f} U   goal 6 U")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
