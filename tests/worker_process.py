"""A worker of the whole pipeline in a process of its own, over given settings."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from streams.settings import PREFIX, Settings

KEYS = {"PSEUDONYM_KEY": "5e" * 32, "DEAD_LETTER_KEY": "test:" + "7a" * 32}


class WorkerProcess:
    """Start it, end it, start it again; `more` are settings by their names in capitals."""

    def __init__(self, settings: Settings, log: Path, roles: str = "", **more: str) -> None:
        self.settings, self.log, self.roles, self.more = settings, log, roles, more
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> str:
        own = {
            "BROKERS": self.settings.brokers,
            "PREFIX": self.settings.prefix,
            "CLICKHOUSE_URL": self.settings.clickhouse_url,
            "CLICKHOUSE_DATABASE": self.settings.clickhouse_database,
            "CLICKHOUSE_STORE": self.settings.clickhouse_store,
            "METRICS_PORT": "0",
            "SESSION_TIMEOUT_S": "6",
            "MAX_BATCH": "200",
            **KEYS,
            **self.more,
        }
        environment = os.environ | {PREFIX + name: value for name, value in own.items()}
        arguments = ("--roles", self.roles) if self.roles else ()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "streams.cli", "worker", *arguments, stdout=asyncio.subprocess.PIPE, stderr=log, env=environment
            )
        line = (await asyncio.wait_for(self.process.stdout.readline(), 150)).decode()
        assert line.startswith("ready "), self.log.read_text()[-2000:]
        return line.removeprefix("ready ").strip()

    async def end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()
