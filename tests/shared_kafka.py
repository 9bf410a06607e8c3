"""One Apache Kafka for tests that run in several processes: the process that starts these starts it, and says in a file how it went."""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streams.broker.java import find_java
from streams.broker.kafka import LocalKafka, find_jars
from streams.broker.server import BrokerError

HEAP_MB = 768
STARTS_WITHIN_S = 90.0
LOOKS_EVERY_S = 0.1
READY = "ready "


def complete(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run to the end in a thread, beside whatever event loop the tests have."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()


@dataclass(frozen=True, slots=True)
class SharedKafka:
    """Where it answers."""

    bootstrap: str


class KafkaOfAll:
    """Starts beside what else is going on."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="touchpoints-tests-"))
        self.said_in = self._folder / "kafka"
        self._broker = LocalKafka(heap_mb=HEAP_MB)
        self._thread = threading.Thread(target=self._start, name="kafka of all tests")
        self._thread.start()

    def stop(self) -> None:
        """Stop it, once it has started."""
        self._thread.join()
        complete(self._broker.stop())
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        try:
            complete(self._broker.start())
            said = f"{READY}{self._broker.bootstrap}"
        except BrokerError as error:
            said = str(error)
        part = self.said_in.with_suffix(".part")
        part.write_text(said)
        part.rename(self.said_in)


def own_kafka() -> LocalKafka:
    """One of this process alone, started. Raises JavaMissingError, KafkaMissingError, BrokerError."""
    broker = LocalKafka(heap_mb=HEAP_MB)
    complete(broker.start())
    return broker


def shared_kafka(said_in: Path) -> SharedKafka:
    """The one of all, once it has started. Raises JavaMissingError, KafkaMissingError, BrokerError."""
    find_java("Apache Kafka")
    find_jars()
    until = time.monotonic() + STARTS_WITHIN_S
    while not said_in.exists():
        if time.monotonic() > until:
            raise BrokerError(f"no Kafka for the tests within {STARTS_WITHIN_S:g} s")
        time.sleep(LOOKS_EVERY_S)
    said = said_in.read_text()
    if not said.startswith(READY):
        raise BrokerError(said)
    return SharedKafka(said.removeprefix(READY))
