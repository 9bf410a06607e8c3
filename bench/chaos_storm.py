"""What befalls the kill test's workers: kills, stops, joins, freezes and wakes, drawn from a seed."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bench.chaos_worker import PARTITIONS

MOST_WORKERS = 3
PAUSE_S = (2.0, 5.0)
AT_WORK_S = 0.3
"""Whoever committed so recently is in the middle of something."""
PATIENCE_S = 6.0
FROZEN_S = (7.5, 11.0)
"""Longer than the session timeout: somebody else owns a frozen worker's partitions when it wakes."""
RIVAL_KILLED = 0.6
"""How often the worker that took over is killed right after a frozen one wakes, and started again at once."""
STOP_S = 30.0


class Storm:
    """The workers and their fate.

    happened    how often what happened
    """

    def __init__(self, arguments: list[str], folder: Path, seed: int) -> None:
        self.happened: Counter[str] = Counter()
        self._arguments, self._folder = arguments, folder
        self._random = random.Random(seed)
        self._workers: dict[str, subprocess.Popen] = {}
        self._leaving: dict[str, tuple[subprocess.Popen, float]] = {}
        self._frozen, self._wake_at = "", 0.0
        self._began = time.monotonic()

    def _say(self, what: str, worker: str) -> None:
        print(f"  {time.monotonic() - self._began:6.1f} s  {what} {worker}", flush=True)

    # -- what can happen ---------------------------------------------------

    def join(self) -> None:
        """One more worker."""
        worker = f"w{self.happened['joins']:02}"
        self.happened["joins"] += 1
        with (self._folder / f"{worker}.out").open("w") as out, (self._folder / f"{worker}.err").open("w") as err:
            self._workers[worker] = subprocess.Popen([sys.executable, "-m", "bench.chaos_worker", *self._arguments], stdout=out, stderr=err)
        self._say("join", worker)

    def kill(self, worker: str) -> None:
        """One ends as by a power cut; half of the time another starts at once."""
        gone = self._workers.pop(worker)
        gone.kill()
        gone.wait()
        self.happened["kills"] += 1
        self._say("kill", worker)
        if self._random.random() < 0.5:
            self.join()

    def stop(self, worker: str) -> None:
        """One is asked to end."""
        leaving = self._workers.pop(worker)
        leaving.terminate()
        self._leaving[worker] = leaving, time.monotonic() + STOP_S
        self.happened["stops"] += 1
        self._say("stop", worker)

    def freeze(self, worker: str) -> None:
        """One stands still until its partitions are somebody else's."""
        self._frozen = worker
        self._workers[self._frozen].send_signal(signal.SIGSTOP)
        self._wake_at = time.monotonic() + self._random.uniform(*FROZEN_S)
        self.happened["freezes"] += 1
        self._say("freeze", self._frozen)

    async def wake(self) -> None:
        """The frozen one goes on where it stood; often whoever took over is killed then."""
        worker, self._frozen = self._frozen, ""
        self._workers[worker].send_signal(signal.SIGCONT)
        self.happened["wakes"] += 1
        self._say("wake", worker)
        rivals = [other for other in self._awake() if other != worker]
        if rivals and self._random.random() < RIVAL_KILLED:
            await asyncio.sleep(self._random.uniform(0.05, 0.5))
            rival = self._random.choice(rivals)
            gone = self._workers.pop(rival, None)
            if gone is not None:
                gone.kill()
                gone.wait()
                self.happened["kills"] += 1
                self._say("kill the new owner", rival)
                self.join()

    def _awake(self) -> list[str]:
        return [worker for worker in self._workers if worker != self._frozen]

    # -- the course of things ----------------------------------------------

    async def rage(self, seconds: float) -> None:
        """Let things happen for so long; in the end one worker at least is running and none is frozen."""
        until = time.monotonic() + seconds
        await asyncio.sleep(self._random.uniform(*PAUSE_S))
        while time.monotonic() < until:
            self.reap()
            if self._frozen and time.monotonic() >= self._wake_at:
                await self.wake()
            elif len(self._awake()) < 2:
                self.join()
            else:
                await self._anything()
            pause = time.monotonic() + self._random.uniform(*PAUSE_S)
            while time.monotonic() < pause and not (self._frozen and time.monotonic() >= self._wake_at):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        if self._frozen:
            await asyncio.sleep(max(0.0, self._wake_at - time.monotonic()))
            await self.wake()
        self.reap()

    async def begin(self) -> None:
        """Start two workers and wait until they own every partition: before that there is nothing to lose."""
        self.join()
        self.join()
        until = time.monotonic() + STOP_S
        while self.said("out", "restore") < PARTITIONS and time.monotonic() < until:  # noqa: ASYNC110  # other processes say it
            await asyncio.sleep(0.2)

    async def _victim(self) -> str:
        """Somebody in the middle of work, after some patience anybody: what a blow finds idle, it does not test."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            at_work = [each for each in self._awake() if time.time() - (self._folder / f"{each}.out").stat().st_mtime < AT_WORK_S]
            if at_work:
                self.happened["hit at work"] += 1
                return self._random.choice(at_work)
            await asyncio.sleep(0.01)
        return self._random.choice(self._awake())

    async def _anything(self) -> None:
        drawn = self._random.random()
        if not self._frozen and (drawn < 0.45 or not self.happened["freezes"]):
            self.freeze(await self._victim())
        elif len(self._workers) < MOST_WORKERS and drawn < 0.65:
            self.join()
        elif drawn < 0.9:
            self.kill(await self._victim())
        else:
            self.stop(await self._victim())

    def reap(self) -> None:
        """Notice who ended; one worker at least goes on."""
        for worker, process in list(self._workers.items()):
            if process.poll() is not None:
                self._workers.pop(worker)
                self.happened["died"] += 1
                self._say(f"died with code {process.returncode}:", worker)
        for worker, (process, until) in list(self._leaving.items()):
            if process.poll() is not None:
                self._leaving.pop(worker)
            elif time.monotonic() > until:
                self._leaving.pop(worker)
                process.kill()
                process.wait()
                self.happened["hung"] += 1
                self._say(f"did not stop within {STOP_S:.0f} s:", worker)
        if not self._awake():
            self.join()

    async def calm(self) -> None:
        """Ask every worker to end, and wait."""
        for worker in list(self._workers):
            process = self._workers.pop(worker)
            process.terminate()
            self._leaving[worker] = process, time.monotonic() + STOP_S
        for worker, (process, until) in list(self._leaving.items()):
            while process.poll() is None and time.monotonic() < until:  # noqa: ASYNC110  # another process ends
                await asyncio.sleep(0.1)
            if process.poll() is None:
                self.happened["hung"] += 1
                self._say(f"did not stop within {STOP_S:.0f} s:", worker)

    async def say_where(self) -> None:
        """Let every worker write where it stands to its error stream."""
        for worker, process in self._workers.items():
            self._say("stands still? asked", worker)
            process.send_signal(signal.SIGURG)
        await asyncio.sleep(1.0)

    def end(self) -> None:
        """End whatever is left."""
        for process in (*self._workers.values(), *(process for process, _ in self._leaving.values())):
            if process.poll() is None:
                process.kill()
                process.wait()

    def said(self, suffix: str, words: str) -> int:
        """How often workers said something."""
        return sum(path.read_text(errors="replace").count(words) for path in self._folder.glob(f"*.{suffix}"))
