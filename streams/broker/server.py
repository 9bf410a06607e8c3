"""What both local brokers share: a child process with a log file that is ready, or says why it is not, and ends when told to."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
_POLL_S: Final = 0.1
_TAIL_LINES: Final = 15


class BrokerError(RuntimeError):
    """A broker that could not be started or ended before it was ready: which one, the end of its log, what to do."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_taken(port: int) -> bool:
    """Whether something listens on `port` of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


async def connect(address: str) -> None:
    """Return when something listens on host:port `address`; raises OSError otherwise. Quieter than a client that logs every attempt."""
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()


class ServerProcess:
    """A server in a process and session of its own, so that Ctrl-C reaches its owner alone, who then stops it last."""

    def __init__(self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process still exists."""
        return self._process.poll() is None

    async def ready(self, answers: Callable[[], Awaitable[None]], *, errors: tuple[type[Exception], ...], timeout_s: float) -> None:
        """Return once `answers` no longer raises one of `errors`.

        Raises BrokerError when the process ends before, or after `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        refusal: Exception | None = None
        expected: tuple[type[Exception], ...] = (*errors, TimeoutError)
        while time.monotonic() < deadline:
            if not self.running:
                raise BrokerError(f"{self.name} ended with code {self._process.returncode} before it was ready; {self.log_end()}")
            try:
                await asyncio.wait_for(answers(), max(_POLL_S, deadline - time.monotonic()))
            except expected as error:
                refusal = error
                await asyncio.sleep(_POLL_S)
            else:
                return
        raise BrokerError(f"{self.name} was not ready within {timeout_s:g} s ({refusal!r}); {self.log_end()}")

    async def stop(self, grace_s: float) -> None:
        """Ask the process to end, and end it by force after `grace_s` seconds."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.to_thread(self._process.wait, grace_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process.wait()

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def log_end(self) -> str:
        """The last lines of the log, under a heading that names it."""
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"its log {self.log} ends:", *lines])
