"""When Python looks for garbage in circles: rarely, and in a worker when it says so.

What is made for a batch dies by itself with the batch; what processors make has no circles, and those of connections and rebalances are
few. At Python's own threshold of 700 young objects, and still at 50,000, most of those looked at belong to batches in work: a batch of
2,000 records with their headers is some 30,000 objects. At 400,000 a worker spent a twentieth of its time on looking at folds that
live on, and stood still for 0.15 to 0.55 s each time: longer than a finding may take.
"""

import asyncio
import gc
from typing import Final

RARELY: Final = 400_000
"""Young objects that are not looked at before, in a command."""
HARDLY_EVER: Final = 4_000_000
"""The same in a worker, which looks by the clock: a bound for what piles up where something fails again and again."""
EVERY_S: Final = 300.0
"""How far apart a worker looks at all that has come since it started; it stands still meanwhile, up to a second with many folds."""


def collect_rarely() -> None:
    """From here on."""
    gc.set_threshold(RARELY, 20, 100)


def leave_what_is_there() -> None:
    """What there is by now stays: it is looked at no more, and what comes rarely."""
    gc.collect()
    gc.freeze()
    collect_rarely()


def collect_hardly_ever() -> None:
    """From here on."""
    gc.set_threshold(HARDLY_EVER, 20, 100)


async def collect_by_the_clock() -> None:
    """Look for garbage now and then, and hardly ever in between, until cancelled."""
    collect_hardly_ever()
    while True:
        await asyncio.sleep(EVERY_S)
        gc.collect()
