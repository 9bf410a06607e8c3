"""How long a partition waits for more work before it takes up what is there: fewer and larger commits, within a bound on the delay."""

import time
from collections.abc import Callable
from typing import Final

Lingering = Callable[[float, float, int], float]
"""Seconds to wait, by: seconds since work was last taken up, seconds that the last commit took, partitions of the role in this worker."""

SHORTEST_LINGER_S: Final = 0.02
"""What comes together is fetched within some milliseconds."""
LONGEST_LINGER_S: Final = 0.3
"""A broker that is slow to end one transaction refuses the next until then, and is asked again, which makes it slower still.
So a partition lingers for half of the time that its last commit took, at most this long: by then there is more to take."""
SHARED_BY: Final = 4
"""From so many partitions of a role on, a worker's core has enough to do with commits: each waits as long as is set.

A commit costs some 1.5 ms of the core, however little is in it; a worker that has fewer partitions makes fewer of them, and they need
not wait as long for it (bench.detection: with one partition findings come in 0.28 to 0.39 s at p99 where they came in 0.39 to 0.42).
"""


def apart(apart_s: float) -> Lingering:
    """Work is taken up at least `apart_s` after the last, sooner where a worker has few partitions, later where commits are slow."""

    def lingering_s(since_s: float, took_s: float, partitions: int) -> float:
        own_s = apart_s * min(1.0, partitions / SHARED_BY)
        return max(min(own_s, SHORTEST_LINGER_S), own_s - since_s, min(LONGEST_LINGER_S, took_s / 2))

    return lingering_s


def on_the_beat(beat_s: float, now_s: Callable[[], float] = time.monotonic) -> Lingering:
    """Work is taken up at common moments, `beat_s` apart: what several partitions write somewhere goes there together."""

    def lingering_s(_since_s: float, _took_s: float, _partitions: int) -> float:
        return beat_s - now_s() % beat_s

    return lingering_s


def at_once(_since_s: float, _took_s: float, _partitions: int) -> float:
    """No waiting."""
    return 0.0
