"""What work costs beside ordinary work of the same sitting.

A bound in seconds would fail on a slow machine, or when garbage is collected in between: neither is the work's fault.
"""

import time
from collections.abc import Callable
from typing import TypeVar

TRIES = 5

Answer = TypeVar("Answer")


def at_most(times: int, call: Callable[[], Answer], ordinary: Callable[[], object]) -> Answer:
    """What `call` answers; fails where it takes more than `times` as long as `ordinary` each time that it is tried.

    What must not be repeated does not belong here: a call that takes long is made up to five times.
    """
    bound_s = times * _least_s(ordinary)
    took_s, answer = _timed(call)
    for _ in range(TRIES - 1):
        if took_s <= bound_s:
            return answer
        took_s = min(took_s, _timed(call)[0])
    assert took_s <= bound_s, f"{took_s:.6f} s, {took_s / bound_s * times:.0f} times as long as ordinary work"
    return answer


def _least_s(ordinary: Callable[[], object]) -> float:
    return min(_timed(ordinary)[0] for _ in range(3))


def _timed(call: Callable[[], Answer]) -> tuple[float, Answer]:
    began = time.thread_time()
    answer = call()
    return time.thread_time() - began, answer
