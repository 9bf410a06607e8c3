"""How many disruptions are open, asked of ClickHouse now and then, for the metric that alerts look at."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from typing import Final

from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.reading import ClickHouseAwayError, read
from streams.metrics import DISRUPTIONS, Sample
from streams.settings import Settings

log = logging.getLogger(__name__)

EVERY_S: Final = 15.0
_OPEN: Final = (
    "SELECT rule, second_channel AS channel, severity, count() AS open FROM disruptions"
    " WHERE customers >= {least:UInt32} GROUP BY rule, channel, severity ORDER BY rule, channel, severity"
)
"""The channel to blame is the second side: the one that contradicts what the first one said."""


class DisruptionWatch:
    """Asks again and again; while ClickHouse is away the last answer stands."""

    def __init__(self, settings: Settings, ask: Callable[[Settings], bytes] | None = None) -> None:
        self._settings = settings
        self._ask = ask or _asked
        self._open: list[tuple[str, str, str, int]] = []
        self._asking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask, in the background."""
        self._asking = asyncio.ensure_future(self._keep_asking())

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def ask(self) -> None:
        """Ask once."""
        try:
            body = await asyncio.to_thread(self._ask, self._settings)
        except (ClickHouseAwayError, ClickHouseError) as error:
            log.warning("disruptions are as they were: %s", error)
            return
        rows = [json.loads(line) for line in body.splitlines()]
        self._open = [(row["rule"], row["channel"], row["severity"], int(row["open"])) for row in rows]

    def samples(self) -> Iterable[Sample]:
        """Open disruptions of the last answer."""
        for rule, channel, severity, count in self._open:
            yield DISRUPTIONS.sample(count, rule, channel, severity)

    async def _keep_asking(self) -> None:
        while True:
            await self.ask()
            await asyncio.sleep(EVERY_S)


def _asked(settings: Settings) -> bytes:
    return read(settings, _OPEN, "JSONEachRow", {"least": str(settings.disruption_customers)}).body
