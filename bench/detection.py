"""How soon a finding is on its topic at 5,000 touchpoints a second, on Apache Kafka with transactions on.

One worker detects (admit, identify, stitch) on one core; the broker and this program, which publishes and listens, have the other. What
records goes on elsewhere: no row is needed for a finding. An import first, to warm up, then live touchpoints, encoded beforehand and
dated when they are due (`bench.live`); those of the first seconds are not counted. What is counted is the time from there to the moment
at which a consumer that reads committed records gets the finding, for rules whose two facts decide at once.

Run: .venv/bin/python -m bench.detection [RATE [SECONDS]]
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from bench.latency import Measured, distribution, to_publish, watch_findings
from bench.live import made, send
from bench.pipeline import OTHER_CORE, TICKS, stack, worked_off, working
from streams.publishing import publish_import
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


async def measure(rate: float, seconds: float) -> None:
    """Print the distribution."""
    os.sched_setaffinity(0, {OTHER_CORE})
    measured = Measured()
    async with stack() as settings, working(settings, ",".join(ROLES)) as cpu_s:
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
    print(f"  sent in {took:.1f} s, the last {behind * 1000:.0f} ms late; {shares}")


if __name__ == "__main__":
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else RATE, float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS))
