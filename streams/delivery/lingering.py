"""How long a partition waits for more work before it takes up what is there: fewer and larger commits, within a bound on the delay."""

import time
from collections.abc import Callable
from typing import Final

Lingering = Callable[[float, float], float]
"""Seconds to wait, by the seconds since work was last taken up and the seconds that the last commit took."""

SHORTEST_LINGER_S: Final = 0.02
"""What comes together is fetched within some milliseconds."""
LONGEST_LINGER_S: Final = 0.3
"""A broker that is slow to end one transaction refuses the next until then, and is asked again, which makes it slower still.
So a partition lingers for half of the time that its last commit took, at most this long: by then there is more to take."""


def apart(apart_s: float) -> Lingering:
    """Work is taken up at least `apart_s` after the last, and later where commits are slow."""

    def lingering_s(since_s: float, took_s: float) -> float:
        return max(min(apart_s, SHORTEST_LINGER_S), apart_s - since_s, min(LONGEST_LINGER_S, took_s / 2))

    return lingering_s


def on_the_beat(beat_s: float, now_s: Callable[[], float] = time.monotonic) -> Lingering:
    """Work is taken up at common moments, `beat_s` apart: what several partitions write somewhere goes there together."""

    def lingering_s(_since_s: float, _took_s: float) -> float:
        return beat_s - now_s() % beat_s

    return lingering_s


def at_once(_since_s: float, _took_s: float) -> float:
    """No waiting."""
    return 0.0
