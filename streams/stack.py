"""The embedded stack: broker, ClickHouse and a worker of its own on this machine, over one folder.

Nothing but Python is needed. The broker keeps everything in memory, has no transactions and serves one worker: a look at the
product, not a place for guarantees.
"""

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import aiohttp

from streams import topics
from streams.broker.memory import MemoryWatch
from streams.broker.reach import BrokerRefusedError
from streams.broker.tansu import EmbeddedBroker
from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.clickhouse.reading import FOLDER_NAME
from streams.rebuild import rebuild
from streams.settings import KEYS_FILE, PREFIX, STACK_FILE, Settings
from streams.stack_folder import FULL_FILE

START_WITHIN_S: Final = 60.0
STOP_WITHIN_S: Final = 20.0
_DECIDED_HERE: Final = frozenset(
    [
        *("brokers", "folder", "prefix", "transactions", "metrics_port", "session_timeout_s", "max_batch", "registry_url"),
        *(each.name for each in fields(Settings) if each.name.startswith("clickhouse_")),
    ]
)
"""Settings of the environment that mean another installation: a private stack decides them itself."""

SETTLED_POLLS: Final = 3
BROKER_SESSION_S: Final = 3.0
"""The embedded broker lets half a session pass before a group begins: short ones start sooner."""


class StackError(RuntimeError):
    """The stack did not start: which part, and what it said."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: its settings, where its worker answers, and from how many recorded touchpoints its state is rebuilt."""

    settings: Settings
    worker_url: str
    rebuilt: int = 0
    memory: MemoryWatch | None = None

    async def state(self) -> Mapping[str, Any]:
        """How the worker stands. Raises StackError where it is gone, or the broker had to end."""
        if self.memory is not None and self.memory.ended:
            raise StackError(self.memory.advice)
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.worker_url}/state") as response:
                return await response.json()  # type: ignore[no-any-return]
        except (aiohttp.ClientError, OSError) as error:
            raise StackError(f"the worker does not answer ({error}); see {self._log}") from error

    async def until_rebuilt(self) -> None:
        """Return once everything that was recorded before is in the state again. Raises StackError."""
        settled = 0
        while settled < SETTLED_POLLS:
            state = await self.state()
            if state["stopped"]:
                raise StackError("; ".join(state["stopped"]))
            known = bool(state["times"]) and all(time["live"] is not None for time in state["times"].values())
            settled = settled + 1 if state["drained"] and known and not state["held"] else 0
            await asyncio.sleep(0.25)

    @property
    def _log(self) -> Path:
        assert self.settings.folder is not None
        return self.settings.folder / "worker.log"


def own_keys() -> dict[str, str]:
    """Secrets for a stack of one's own: nobody else has them."""
    return {"pseudonym_key": secrets.token_hex(32), "dead_letter_key": f"own:{secrets.token_hex(32)}"}


def demonstration_keys() -> dict[str, str]:
    """Keys that everybody knows, so that the same data gives the same ids in every demonstration. Not for data that must stay private."""
    return {"pseudonym_key": b"touchpoints demo".hex() * 2, "dead_letter_key": f"demo:{b'touchpoints demo'.hex() * 2}"}


@asynccontextmanager
async def embedded_stack(folder: Path, made: Callable[[], Mapping[str, str]] = own_keys, clickhouse_port: int = 0) -> AsyncIterator[Stack]:
    """Start broker, ClickHouse and worker over `folder`; all of them stop when the block is left.

    The secrets are those of the environment, else those of the folder, which `made` makes at its first start.
    """
    chosen = await asyncio.to_thread(_keys_of, folder, made)
    async with AsyncExitStack() as parts:
        broker = await parts.enter_async_context(EmbeddedBroker(log=folder / "broker.log"))
        clickhouse = EmbeddedClickHouse(folder / FOLDER_NAME, port=clickhouse_port)
        await asyncio.to_thread(clickhouse.start)
        parts.callback(clickhouse.stop)
        address = {"brokers": broker.bootstrap, "clickhouse_url": clickhouse.url, "transactions": "off", "metrics_port": 0}
        (folder / STACK_FILE).write_text(json.dumps(address, indent=2) + "\n")
        parts.callback((folder / STACK_FILE).unlink, missing_ok=True)
        settings = Settings.load(folder, _environment(chosen))
        await asyncio.to_thread(_migrate, settings)
        await topics.create_topics(settings)
        assert broker.pid is not None, "it has just started"
        memory = await parts.enter_async_context(MemoryWatch(broker.pid, settings.broker_memory_mib, folder / FULL_FILE, broker.kill))
        try:
            rebuilt = await rebuild(settings)
        except BrokerRefusedError as error:
            raise StackError(memory.advice if memory.ended else str(error)) from error
        url = await parts.enter_async_context(_worker(settings, chosen))
        yield Stack(settings, url, rebuilt, memory)


def _migrate(settings: Settings) -> None:
    client = connect(settings)
    try:
        migrate(client, Names.of(settings))
    finally:
        client.close()


def _environment(keys: Mapping[str, str]) -> dict[str, str]:
    """The environment for the stack's own processes: with its keys, without addresses of other installations."""
    inherited = {name: value for name, value in os.environ.items() if name.removeprefix(PREFIX).lower() not in _DECIDED_HERE}
    return inherited | {PREFIX + name.upper(): value for name, value in keys.items()}


@asynccontextmanager
async def _worker(settings: Settings, keys: Mapping[str, str]) -> AsyncIterator[str]:
    assert settings.folder is not None
    environment = _environment(keys)
    environment |= {PREFIX + "SESSION_TIMEOUT_S": str(BROKER_SESSION_S), PREFIX + "MAX_BATCH": "1000"}
    with (settings.folder / "worker.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "streams.cli",
            "worker",
            "--dir",
            str(settings.folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    try:
        yield await _ready(process, settings.folder / "worker.log")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process, log: Path) -> str:
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), START_WITHIN_S)).decode()
    except TimeoutError:
        line = ""
    if not line.startswith("ready "):
        said = (await asyncio.to_thread(log.read_text, errors="replace")).strip().splitlines()
        raise StackError(f"the worker did not start: {said[-1] if said else 'it said nothing'}; see {log}")
    return line.removeprefix("ready ").strip()


def _keys_of(folder: Path, made: Callable[[], Mapping[str, str]]) -> dict[str, str]:
    """The stack's secrets, readable by its owner alone; the environment's count before them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / KEYS_FILE
    if path.is_file():
        held = dict(json.loads(path.read_text()))
    else:
        held = dict(made())
        path.touch(mode=0o600)
        path.write_text(json.dumps(held))
    return {name: os.environ.get(PREFIX + name.upper()) or str(value) for name, value in held.items()}
