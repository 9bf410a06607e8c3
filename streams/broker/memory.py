"""How large the embedded broker may become: it keeps everything in memory, and stops with advice before the machine does."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

MIB: Final = 1024 * 1024
ENDS_AT: Final = 1.5
"""What was taken before the limit still becomes journeys and rows, which takes room too; at this multiple of it the broker ends."""
POLL_S: Final = 0.25


def resident_bytes(pid: int) -> int:
    """Memory that a process holds, bytes; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        answer = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
        return int(answer.stdout.strip() or 0) * 1024


class MemoryWatch:
    """Looks at a broker's memory while the block runs: `async with MemoryWatch(...) as watch:`.

    limit_mib   MiB; from then on `notice` holds the advice, and whoever publishes reads it there
    end         called once at ENDS_AT times the limit, for what comes past our own publishers
    """

    def __init__(self, pid: int, limit_mib: int, notice: Path, end: Callable[[], None]) -> None:
        self._pid, self._limit_bytes, self._notice, self._end = pid, limit_mib * MIB, notice, end
        self._task: asyncio.Task[None] | None = None
        self.ended = False
        self.advice = (
            f"the embedded broker keeps everything in memory and has reached its limit of {limit_mib:,} MiB: it takes no more events; "
            "use Apache Kafka (make kafka, then set TOUCHPOINTS_BROKERS), publish fewer events, "
            "or raise TOUCHPOINTS_BROKER_MEMORY_MIB and start again"
        )

    async def __aenter__(self) -> Self:
        self._notice.unlink(missing_ok=True)
        self._task = asyncio.ensure_future(self._watch())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._notice.unlink(missing_ok=True)

    async def _watch(self) -> None:
        while not self.ended:
            held = await asyncio.to_thread(resident_bytes, self._pid)
            if held >= self._limit_bytes:
                self._notice.write_text(self.advice)
            if held >= self._limit_bytes * ENDS_AT:
                self.ended = True
                self._end()
            await asyncio.sleep(POLL_S)
