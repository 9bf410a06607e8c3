"""The embedded ClickHouse as a process of its own: start, wait until it takes requests, stop."""

import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

START_WITHIN_S: Final = 30.0
STOP_WITHIN_S: Final = 20.0
_READY: Final = "ready "


class ClickHouseStartError(RuntimeError):
    """The embedded ClickHouse did not start: what it said."""


class EmbeddedClickHouse:
    """A server over `folder`, as a child of this process; a context manager.

    port        0 takes a free one
    url         where it answers, once started
    """

    def __init__(self, folder: Path, port: int = 0, password: str = "", log: Path | None = None) -> None:
        self._folder = folder
        self._port = port
        self._password = password
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> Self:
        """Start it and wait until it takes requests. Raises ClickHouseStartError."""
        environment = dict(os.environ) | ({"TOUCHPOINTS_CLICKHOUSE_PASSWORD": self._password} if self._password else {})
        self._folder.mkdir(parents=True, exist_ok=True)
        log = self._log or self._folder / "server.log"
        with log.open("ab") as errors:
            begin = errors.tell()
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-m", "streams.clickhouse.server", str(self._folder), str(self._port), "--until-stdin-ends"],
                stdin=subprocess.PIPE,  # held open: when this process dies, however it does, the server stops too
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal reaches the parent, which stops this one last
            )
        line = _first_line(self._process.stdout, START_WITHIN_S)
        if not line.startswith(_READY):
            self.stop()
            said = log.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
            raise ClickHouseStartError(said[-1] if said else f"no answer within {START_WITHIN_S:.0f} s; see {log}")
        self.url = line.removeprefix(_READY).strip()
        return self

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def stop(self) -> None:
        """Ask it to stop, wait until it has closed its folder; kill it when it takes too long. Idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _first_line(stream: IO[bytes] | None, within_s: float) -> str:
    assert stream is not None
    found = b""
    until = time.monotonic() + within_s
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not found.endswith(b"\n") and (left := until - time.monotonic()) > 0:
            if selector.select(left):
                part = os.read(stream.fileno(), 4096)
                if not part:
                    break
                found += part
    return found.decode(errors="replace")
