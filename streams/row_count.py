"""Now and then, whether every recorded touchpoint has a row in ClickHouse: asked by the one worker that records partition 0.

No partition knows: two contents under one event id are two customers' in two partitions, and one row. See decision 7.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from aiokafka.errors import KafkaError

from streams import metrics as meters
from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.reading import ClickHouseAwayError
from streams.metrics import Sample
from streams.settings import Settings
from streams.verify import verify_so_far

log = logging.getLogger(__name__)

FIRST_AFTER_S: Final = 60.0


class RowCount:
    """How many recorded touchpoints had no row when that was last asked; `run` asks as long as it runs.

    is_ours     whether it is this worker that asks: one of all is enough
    """

    def __init__(self, settings: Settings, is_ours: Callable[[], bool]) -> None:
        self._settings, self._is_ours = settings, is_ours
        self._without_row: int | None = None

    async def run(self) -> None:
        """Ask every `rows_counted_every_s`, the first time a minute after the start, or as soon as that where it is sooner."""
        every_s = self._settings.rows_counted_every_s
        await asyncio.sleep(min(FIRST_AFTER_S, every_s))
        while True:
            await self._ask()
            await asyncio.sleep(every_s)

    def samples(self) -> Iterable[Sample]:
        """The last answer; none where another worker asks, or nobody has yet."""
        if self._without_row is not None and self._is_ours():
            yield meters.WITHOUT_ROW.sample(self._without_row)

    async def _ask(self) -> None:
        if not self._is_ours():
            self._without_row = None
            return
        try:
            self._without_row = (await verify_so_far(self._settings)).without_row
        except (KafkaError, ClickHouseAwayError, ClickHouseError) as error:
            log.warning("recorded touchpoints and rows were not compared: %s; asked again later", error)
