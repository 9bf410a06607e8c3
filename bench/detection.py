"""How soon a finding is on its topic at 5,000 touchpoints a second, on Apache Kafka with transactions on.

One worker detects (admit, identify, stitch) on one core; the broker and this program, which publishes and listens, have the other. What
records goes on elsewhere: no row is needed for a finding. An import first, to warm up, then live touchpoints, each dated when it is
handed to the publisher; those of the first seconds are not counted. What is counted is the time from there to the moment at which a
consumer that reads committed records gets the finding, for rules whose two facts decide at once.

Run: .venv/bin/python -m bench.detection [RATE [SECONDS]]
"""

import asyncio
import os
import sys
import time

from bench.latency import Measured, distribution, live, to_publish, watch_findings
from bench.pipeline import OTHER_CORE, stack, worked_off, working
from streams.publishing import publish, publish_import
from streams.simulation import simulate

ROLES = ("admit", "identify", "stitch")
RATE = 5000.0
SECONDS = 30.0
WARM_S = 10.0
"""Before anything is counted: the broker compiles what it does often."""
LATE_S = 10.0
GOAL_S = 0.5


async def measure(rate: float, seconds: float) -> None:
    """Print the distribution."""
    os.sched_setaffinity(0, {OTHER_CORE})
    measured = Measured()
    async with stack() as settings, working(settings, ",".join(ROLES)) as cpu_s:
        await publish_import(settings, simulate(150, 9).events(), name="simulation-warm")
        await worked_off(settings, ROLES)
        listening = asyncio.ensure_future(watch_findings(settings, measured))
        planned = to_publish(settings, int(rate * (WARM_S + seconds)))
        print(f"{len(planned):,} live touchpoints, {rate:,.0f} a second", flush=True)
        began, used = time.time(), cpu_s()
        await publish(settings, live(planned, rate, measured))
        took, used = time.time() - began, cpu_s() - used
        await asyncio.sleep(LATE_S)
        listening.cancel()
    print(distribution("publish to finding", measured.to_finding(since=began + WARM_S), GOAL_S))
    print(f"  published in {took:.1f} s; of a core: worker {used / took:.0%}")


if __name__ == "__main__":
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else RATE, float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS))
