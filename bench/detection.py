"""How soon a finding is on its topic at 5,000 touchpoints a second, on Apache Kafka with transactions on.

One worker detects (admit, identify, stitch) on one core; the broker and this program, which publishes and listens, have the other. What
records goes on elsewhere: no row is needed for a finding. An import first, to warm up, then live touchpoints, encoded beforehand and
dated when they are due (`bench.live`); those of the first seconds are not counted. What is counted is the time from there to the moment
at which a consumer that reads committed records gets the finding, for rules whose two facts decide at once.

A partition commits by itself, and each commit costs the same however little is in it: one worker alone is quickest with one partition.
More partitions let more workers share it; with 4 (the default) findings take longer on one core.

Run: .venv/bin/python -m bench.detection [RATE [SECONDS]] [--partitions 4] [--linger-ms 50]
"""

import argparse
import asyncio
import os
import time
from pathlib import Path
from typing import Any

from bench.latency import Measured, distribution, to_publish, watch_findings
from bench.live import made, send
from bench.pipeline import OTHER_CORE, TICKS, stack, worked_off, working
from streams.publishing import publish_import
from streams.settings import Settings
from streams.simulation import simulate

ROLES = ("admit", "identify", "stitch")
RATE = 5000.0
SECONDS = 30.0
WARM_S = 10.0
"""Before anything is counted: the broker compiles what it does often."""
LATE_S = 10.0
GOAL_S = 0.5


def busy_s(core: int) -> float:
    """Seconds that a core was busy since the machine started (proc(5), /proc/stat: all but idle and iowait)."""
    line = next(each for each in Path("/proc/stat").read_text().splitlines() if each.startswith(f"cpu{core} "))
    ticks = [int(each) for each in line.split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / TICKS


async def measure(rate: float, seconds: float, **settings_of: Any) -> None:
    """Print the distribution."""
    os.sched_setaffinity(0, {OTHER_CORE})
    measured = Measured()
    async with stack(**settings_of) as settings, working(settings, ",".join(ROLES)) as cpu_s:
        await publish_import(settings, simulate(150, 9).events(), name="simulation-warm")
        await worked_off(settings, ROLES)
        listening = asyncio.ensure_future(watch_findings(settings, measured))
        planned = to_publish(settings, int(rate * (WARM_S + seconds)))
        due = made(settings, planned, rate)
        measured.published = {each.event_id: each.at_s for each in due}
        print(f"{len(due):,} live touchpoints, {rate:,.0f} a second", flush=True)
        began = due[0].at_s
        await asyncio.sleep(began - time.time())
        used, others = cpu_s(), busy_s(OTHER_CORE)
        behind = await send(settings, due)
        took, used, others = time.time() - began, cpu_s() - used, busy_s(OTHER_CORE) - others
        await asyncio.sleep(LATE_S)
        listening.cancel()
    print(distribution("publish to finding", measured.to_finding(since=began + WARM_S), GOAL_S))
    shares = f"worker {used / took:.0%} of a core, all else {others / took:.0%}"
    print(f"  sent in {took:.1f} s, the last {behind * 1000:.0f} ms late; {shares}; {settings_of}")


def main() -> None:
    """Take the command line's words."""
    usual = Settings()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rate", nargs="?", type=float, default=RATE, help="touchpoints a second")
    parser.add_argument("seconds", nargs="?", type=float, default=SECONDS, help="how long they are counted")
    parser.add_argument("--partitions", type=int, default=usual.partitions, help="of every topic")
    parser.add_argument("--linger-ms", type=float, default=usual.linger_ms, help="how far apart a partition takes up work")
    asked = parser.parse_args()
    asyncio.run(measure(asked.rate, asked.seconds, partitions=asked.partitions, linger_ms=asked.linger_ms))


if __name__ == "__main__":
    main()
