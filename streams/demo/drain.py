"""Waits until everything that was published has become rows."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from streams.stack import Stack, StackError

POLL_S: Final = 0.25
SETTLED_POLLS: Final = 3
"""So many looks at a drained pipeline whose counts stand: on a busy machine clocks alone keep its offsets moving between any two."""
STALL_S: Final = 90.0
"""With nothing moving for this long, something is broken."""


def received(state: Mapping[str, Any]) -> int:
    """Events that have reached admit."""
    return int(state["conservation"]["received"])


async def until_drained(stack: Stack, expected: int, imports: tuple[str, ...], show: Callable[[int, int], None]) -> Mapping[str, Any]:
    """Return the worker's state once `expected` events have come through and every import has ended everywhere.

    `show` hears how many have been stitched and recorded. Raises StackError when nothing moves any more.
    """
    loop = asyncio.get_running_loop()
    moved, before = loop.time(), None
    settled, told = 0, None
    while True:
        state = await stack.state()
        if state["stopped"]:
            raise StackError("; ".join(state["stopped"]))
        line = state["conservation"]
        show(line["received"] - line["in_flight"], expected)
        still = state["offsets"] == before
        if not still:
            moved, before = loop.time(), state["offsets"]
        if _is_drained(state, expected, imports):
            settled = settled + 1 if line == told else 1
            told = line
            if still or settled >= SETTLED_POLLS:
                return state
        if loop.time() - moved > STALL_S:
            raise StackError(f"nothing moves any more: {line} of {expected} events; see worker.log in {stack.settings.folder}")
        await asyncio.sleep(POLL_S)


def _is_drained(state: Mapping[str, Any], expected: int, imports: tuple[str, ...]) -> bool:
    if not state["drained"] or state["held"] or received(state) < expected or not state["times"]:
        return False
    return all(name in time["imports"] and time["imports"][name][1] for time in state["times"].values() for name in imports)
