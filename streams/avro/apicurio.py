"""A schema registry on this machine, without Docker: Apicurio, which Maven fetched, on Java 17. What it holds is gone when it stops."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp

from streams.broker.java import find_java
from streams.broker.server import HOST, BrokerError, ServerProcess, connect, free_port, port_is_taken
from streams.shipped import folder

APP_VARIABLE: Final = "TOUCHPOINTS_REGISTRY_APP"
API: Final = "/apis/ccompat/v7"
"""Path of the API that Confluent's registry has too."""

_READY_S: Final = 90.0
_ASKED_S: Final = 5.0
_STOP_S: Final = 10.0


class RegistryMissingError(BrokerError):
    """The registry's program is not on this machine; the message is one line and says how to get it."""


def find_program() -> Path:
    """The registry's runnable jar: in TOUCHPOINTS_REGISTRY_APP, else in deploy/registry/app. Raises RegistryMissingError."""
    named = os.environ.get(APP_VARIABLE)
    try:
        app = Path(named) if named else folder("deploy/registry") / "app"
    except FileNotFoundError as error:
        raise RegistryMissingError(
            f"Apicurio Registry comes with a checkout of the project; set {APP_VARIABLE} to a folder that has it"
        ) from error
    for program in app.glob("apicurio-registry-app-*-runner.jar"):
        return program
    raise RegistryMissingError(f"Apicurio Registry is not in {app}; with Maven installed (apt-get install maven): make registry-app")


class LocalRegistry:
    """One registry on 127.0.0.1, its log in a temporary folder that goes away with it.

    Use as `async with LocalRegistry() as registry:`, or start() and stop(); `registry.url` is what the setting registry_url takes.
    heap_mb     the Java heap, MiB
    port        of the listener; 0 takes a free one
    """

    def __init__(self, *, port: int = 0, heap_mb: int = 256) -> None:
        self._heap_mb = heap_mb
        self._port = port
        self._folder: Path | None = None
        self._process: ServerProcess | None = None
        self.url = ""

    async def start(self) -> None:
        """Start and return once subjects are answered.

        Raises JavaMissingError or RegistryMissingError, BrokerError when the port is taken or the registry ends or does not answer.
        """
        java, program = find_java("Apicurio Registry"), find_program()
        if self._port and port_is_taken(self._port):
            raise BrokerError(f"port {self._port} of {HOST} is taken, perhaps by a registry that runs already; stop it or choose another")
        self._port = self._port or free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="touchpoints-registry-"))
        self._process = ServerProcess(
            "Apicurio Registry",
            [
                java,
                f"-Xmx{self._heap_mb}m",
                "-XX:+UseSerialGC",
                f"-Dquarkus.http.host={HOST}",
                f"-Dquarkus.http.port={self._port}",
                "-jar",
                str(program),
            ],
            log=self._folder / "registry.log",
            environment={"LANG": "C.UTF-8"},
        )
        try:
            await self._process.ready(self._answers, errors=(aiohttp.ClientError, OSError), timeout_s=_READY_S)
        except BaseException:
            await self.stop()
            raise
        self.url = f"http://{HOST}:{self._port}{API}"

    async def stop(self) -> None:
        """Stop the registry and forget what it held. Calling it again does nothing."""
        if self._process:
            await self._process.stop(_STOP_S)
            self._process = None
        if self._folder:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            self._folder = None

    async def _answers(self) -> None:
        """Return once subjects are listed; raises OSError or aiohttp's errors before."""
        await connect(f"{HOST}:{self._port}")
        timeout = aiohttp.ClientTimeout(total=_ASKED_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"http://{HOST}:{self._port}{API}/subjects") as answer:
            answer.raise_for_status()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()
