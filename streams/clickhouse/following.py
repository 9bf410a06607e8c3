"""Views follow new identities: their dictionary is loaded again after rows of `identities`, for a bounded share of the time.

Loading takes time by the number of identifiers, not of new ones: 0.8 to 1.2 s for 300,000 in the embedded engine on a slow core. After
every block of rows that would take more of ClickHouse than all inserts together; so it rests in between, and whoever must know asks
whether what he wrote is followed yet.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

from streams.clickhouse.client import PermanentInsertError, TransientInsertError

log = logging.getLogger(__name__)

RESTS: Final = 4.0
"""Times as long as the last loading took: one in five seconds is spent on it at most."""
REFUSED_REST_S: Final = 30.0


class Following:
    """Loads the dictionary again when asked, one loading at a time; an async context manager.

    load    makes views see all rows that were inserted before it began; raises TransientInsertError, PermanentInsertError
    """

    def __init__(self, load: Callable[[], Awaitable[None]], rests: float = RESTS) -> None:
        self._load, self._rests = load, rests
        self._asked = self._followed = 0
        self._begins_s = 0.0
        self._turned = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def ask(self) -> int:
        """Ask that what is inserted by now be followed; returns a number for `reached`."""
        self._asked += 1
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._follow())
        return self._asked

    async def reached(self, number: int, within_s: float) -> bool:
        """Whether the views see what was inserted before `ask` gave that number; waits for it so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._followed < number:
                    await self._turned.wait()
        return self._followed >= number

    async def _follow(self) -> None:
        while self._followed < self._asked:
            await asyncio.sleep(max(0.0, self._begins_s - time.monotonic()))
            covers, began_s = self._asked, time.monotonic()
            try:
                await self._load()
            except TransientInsertError as error:
                log.warning("%s; still trying", error)
                continue
            except PermanentInsertError as error:
                log.error("%s; views show customers as they were; trying again in %.0f s", error, REFUSED_REST_S)  # noqa: TRY400  # it says all
                self._begins_s = time.monotonic() + REFUSED_REST_S
                continue
            ended_s = time.monotonic()
            self._begins_s = ended_s + self._rests * (ended_s - began_s)
            self._followed = covers
            turned, self._turned = self._turned, asyncio.Event()
            turned.set()
