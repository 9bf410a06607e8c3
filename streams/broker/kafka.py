"""Apache Kafka on this machine, without Docker: the jars that Maven fetched, Java 17, one node in a folder of its own."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.broker.java import find_java
from streams.broker.server import HOST, BrokerError, ServerProcess, connect, free_port, port_is_taken
from streams.shipped import folder

LIBS_VARIABLE: Final = "TOUCHPOINTS_KAFKA_LIBS"
_QUICK_TO_COMPILE: Final = ("-XX:TieredStopAtLevel=1",)
"""Java's first compiler alone. The second takes a quarter of a core for a minute, longer than most tests and demos last."""
_READY_S: Final = 60.0
_STOP_S: Final = 15.0
_TRANSACTION_PARTITIONS: Final = 4  # as in deploy/kafka/server.properties
_CLUSTER_ID: Final = "dG91Y2hwb2ludHMta2Fma2"  # any 16 bytes in base64; there is one node


class KafkaMissingError(BrokerError):
    """Kafka's jars are not on this machine; the message is one line and says how to get them."""


def find_jars() -> Path:
    """Folder with Kafka's jars: TOUCHPOINTS_KAFKA_LIBS, else deploy/kafka/libs. Raises KafkaMissingError."""
    named = os.environ.get(LIBS_VARIABLE)
    try:
        libs = Path(named) if named else folder("deploy/kafka") / "libs"
    except FileNotFoundError as error:
        raise KafkaMissingError(
            f"Apache Kafka's jars come with a checkout of the project; set {LIBS_VARIABLE} to a folder that has them"
        ) from error
    if not any(libs.glob("kafka_2.13-*.jar")):
        raise KafkaMissingError(f"Apache Kafka's jars are not in {libs}; with Maven installed (apt-get install maven): make kafka-jars")
    return libs


class LocalKafka:
    """One Kafka node on 127.0.0.1 with transactions, its files in `directory` (a temporary folder that goes away where none is given).

    Use as `async with LocalKafka() as kafka:`, or start() and stop(). What is in `directory` is used again by the next start there.
    heap_mb     the Java heap, MiB
    port        of the listener; 0 takes a free one
    """

    def __init__(self, *, directory: Path | None = None, port: int = 0, heap_mb: int = 1024) -> None:
        self._kept = directory
        self._heap_mb = heap_mb
        self._port = port
        self._directory: Path | None = None
        self._process: ServerProcess | None = None
        self.bootstrap = ""

    async def start(self) -> None:
        """Start and return once metadata, groups and transactions are answered.

        Raises JavaMissingError or KafkaMissingError, BrokerError when the port is taken or the node ends or does not answer.
        """
        java, libs = find_java("Apache Kafka"), find_jars()
        if self._port and port_is_taken(self._port):
            raise BrokerError(f"port {self._port} of {HOST} is taken, perhaps by a broker that runs already; stop it or choose another")
        self._port = self._port or free_port()
        if self._kept:
            self._kept.mkdir(parents=True, exist_ok=True)
        directory = self._directory = self._directory or self._kept or Path(tempfile.mkdtemp(prefix="touchpoints-kafka-"))
        try:
            await self._launch(java, libs, directory)
        except BaseException:
            await self.stop()
            raise

    async def _launch(self, java: str, libs: Path, directory: Path) -> None:
        properties = directory / "server.properties"
        properties.write_text((folder("deploy/kafka") / "server.properties").read_text() + self._own_properties(directory))
        classpath = ["-cp", f"{libs}/*"]
        if not (directory / "log" / "meta.properties").exists():
            await _run(
                java,
                *_QUICK_TO_COMPILE,
                *classpath,
                "kafka.tools.StorageTool",
                "format",
                "-t",
                "dG91Y2hwb2ludHMta2Fma2",
                "-c",
                str(properties),
            )
        self._process = ServerProcess(
            "Apache Kafka",
            [java, f"-Xmx{self._heap_mb}m", "-XX:+UseSerialGC", *_QUICK_TO_COMPILE, *classpath, "kafka.Kafka", str(properties)],
            log=directory / "kafka.log",
            environment={"LANG": "C.UTF-8"},
        )
        bootstrap = f"{HOST}:{self._port}"
        await self._process.ready(lambda: _answers(bootstrap), errors=(KafkaError, OSError), timeout_s=_READY_S)
        self.bootstrap = bootstrap

    def _own_properties(self, directory: Path) -> str:
        controller = free_port()
        return (
            f"\nlisteners=PLAINTEXT://{HOST}:{self._port},CONTROLLER://{HOST}:{controller}\n"
            f"advertised.listeners=PLAINTEXT://{HOST}:{self._port}\n"
            f"controller.quorum.voters=1@{HOST}:{controller}\n"
            f"log.dirs={directory / 'log'}\n"
        )

    async def stop(self) -> None:
        """Stop the node; a temporary folder goes away with it. Calling it again does nothing."""
        if self._process:
            await self._process.stop(_STOP_S)
            self._process = None
        if self._directory and not self._kept:
            await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)
        self._directory = None

    def kill(self) -> None:
        """End the node at once, as a power cut would; start() over the same folder brings it back."""
        if self._process:
            self._process.kill()

    @property
    def running(self) -> bool:
        """Whether its process exists."""
        return self._process is not None and self._process.running

    def log_end(self) -> str:
        """The last lines of its log, while there is one."""
        return self._process.log_end() if self._process else ""

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = await process.communicate()
    if process.returncode:
        raise BrokerError(f"Kafka's StorageTool ended with code {process.returncode}:\n{out.decode(errors='replace')}")


async def _answers(bootstrap: str) -> None:
    """Return once the node serves what workers need; raises KafkaError before.

    It answers metadata seconds before its first transaction succeeds, so each partition of the transaction log is asked for a
    producer id (four ids whose hashes follow each other reach all four), and the group coordinator is looked up once.
    """
    await connect(bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await admin.start()
        await admin.find_coordinator("touchpoints-probe")
    finally:
        await admin.close()
    await asyncio.gather(*(_initialised(bootstrap, f"touchpoints-probe-{number}") for number in range(_TRANSACTION_PARTITIONS)))


async def _initialised(bootstrap: str, transactional_id: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=transactional_id, request_timeout_ms=5000)
    try:
        await producer.start()
    finally:
        await producer.stop()
