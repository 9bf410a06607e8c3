"""Events out of their order: each is published up to a window after its place, as channels do that are late. The seed decides."""

import re
from collections.abc import Sequence
from random import Random
from typing import Final

from streams.events import ChannelEvent
from streams.topics import KNOWLEDGE

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_WINDOW: Final = re.compile(r"(\d{1,6})\s*([smhd])")


def window_us(text: str) -> int:
    """The length of a window as 48h, us. Raises ValueError."""
    found = _WINDOW.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise ValueError(f"{text!r} is no length of time; a number above 0 with s, m, h or d was expected, as 48h")
    return int(found[1]) * _UNITS_S[found[2]] * 1_000_000


def shuffled(events: Sequence[ChannelEvent], window: int, seed: int) -> list[ChannelEvent]:
    """The same events, each up to `window` us behind its place; the same seed gives the same order. Knowledge is not late."""
    random = Random(f"{seed}/shuffle")  # noqa: S311  -- an order, not a secret
    places = [each.at if each.channel == KNOWLEDGE else each.at + random.randrange(window) for each in events]
    return [events[index] for index in sorted(range(len(events)), key=places.__getitem__)]
