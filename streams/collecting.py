"""How often Python looks for garbage in circles: rarely. What is made for a batch dies by itself with the batch.

At Python's own threshold of 700 young objects, and still at 50,000, most of those looked at belong to batches in work: a batch of
2,000 records with their headers is some 30,000 objects.
"""

import gc
from typing import Final

RARELY: Final = 400_000
"""Young objects that are not looked at before: at 50,000 a worker spent a tenth of its time on it, now a fortieth."""


def collect_rarely() -> None:
    """From here on."""
    gc.set_threshold(RARELY, 20, 100)


def leave_what_is_there() -> None:
    """What there is by now stays: it is looked at no more, and what comes rarely."""
    gc.collect()
    gc.freeze()
    collect_rarely()
