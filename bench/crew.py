"""Workers as processes of their own, which can be killed: all four processors in each, beside one broker and one ClickHouse."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import aiohttp

from streams.settings import PREFIX, Settings

KEYS: Final = {"PSEUDONYM_KEY": "5e" * 32, "DEAD_LETTER_KEY": "bench:" + "7a" * 32}
STARTS_WITHIN_S: Final = 300.0
SESSION_S: Final = 15.0
"""On a machine that others use too, a worker that lives may be silent for some seconds."""
ANSWERS_WITHIN_S: Final = 10.0


class CrewError(RuntimeError):
    """A worker did not start, or ended although nobody killed it: what it said last."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How all workers stand together; one that does not answer is not in it.

    received, recorded, in_flight   touchpoints, as their partitions have committed them
    has_all     every worker answered, has all of its sources and holds nothing back
    times       by partition number, the time of each import
    """

    received: int
    recorded: int
    in_flight: int
    has_all: bool
    times: Mapping[str, Any]


class Worker:
    """All four processors in a process of their own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings, self._log = settings, log
        self._url = ""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it takes work. Raises CrewError where it does not."""
        own = {
            "BROKERS": self._settings.brokers,
            "PREFIX": self._settings.prefix,
            "CLICKHOUSE_URL": self._settings.clickhouse_url,
            "CLICKHOUSE_DATABASE": self._settings.clickhouse_database,
            "CLICKHOUSE_STORE": self._settings.clickhouse_store,
            "METRICS_PORT": "0",
            "SESSION_TIMEOUT_S": f"{SESSION_S:g}",
            **KEYS,
        }
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "streams.cli", "worker", stdout=asyncio.subprocess.PIPE, stderr=log,
                env=os.environ | {PREFIX + name: value for name, value in own.items()},
            )  # fmt: skip
        line = (await asyncio.wait_for(self._process.stdout.readline(), STARTS_WITHIN_S)).decode()
        if not line.startswith("ready "):
            raise CrewError(f"a worker did not start: {self._said()}")
        self._url = line.removeprefix("ready ").strip()

    async def kill(self) -> None:
        """As a machine dies: nothing is said, nothing finished."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid if self._process is not None else 0

    async def state(self, session: aiohttp.ClientSession) -> Mapping[str, Any] | None:
        """How it stands; None where it has no time to answer. Raises CrewError where it has ended."""
        if self._process is None or self._process.returncode is not None:
            raise CrewError(f"a worker ended by itself: {self._said()}")
        try:
            async with session.get(f"{self._url}/state") as response:
                return await response.json()
        except (TimeoutError, aiohttp.ClientError):
            return None

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


class Crew:
    """Some workers of one installation; `async with Crew(...) as crew:` starts them and kills them in the end."""

    def __init__(self, settings: Settings, workers: int, folder: Path) -> None:
        self._workers = [Worker(settings, folder / f"worker-{number}.log") for number in range(workers)]
        self._session: aiohttp.ClientSession
        self._kills = 0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S))
        try:
            await asyncio.gather(*(each.start() for each in self._workers))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self._workers:
            await each.kill()
        await self._session.close()

    @property
    def pids(self) -> Sequence[int]:
        """Their processes."""
        return [each.pid for each in self._workers]

    async def kill_one(self) -> None:
        """Kill the one whose turn it is, and start it again."""
        victim = self._workers[self._kills % len(self._workers)]
        self._kills += 1
        await victim.kill()
        await victim.start()

    async def standing(self) -> Standing:
        """How they stand. Raises CrewError where a worker ended, or a partition stopped."""
        states = await asyncio.gather(*(each.state(self._session) for each in self._workers))
        answered = [each for each in states if each is not None]
        stopped = [said for each in answered for said in each["stopped"]]
        if stopped:
            raise CrewError("; ".join(stopped))
        counts: Counter[str] = Counter()
        for each in answered:
            counts.update(each["conservation"])
        return Standing(
            received=counts["received"],
            recorded=counts["recorded"],
            in_flight=counts["in_flight"],
            has_all=len(answered) == len(states) and all(each["drained"] and not each["held"] for each in answered),
            times={number: at for each in answered for number, at in each["times"].items()},
        )
