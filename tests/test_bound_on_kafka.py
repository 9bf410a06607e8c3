"""Customers above the bound on Apache Kafka: workers die in the middle of it, and the rows are those of a run without a bound."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from worker_process import KEYS, WorkerProcess

from streams import topics
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.migrations import Names, migrate
from streams.demo.drain import until_drained
from streams.demo.outcome import checksum
from streams.publishing import publish_import
from streams.settings import Settings
from streams.simulation import simulate
from streams.stack import Stack
from streams.verify import verify

BOUND = 8
"""Half of a simulated month."""


@pytest.mark.kafka
@pytest.mark.stack
@pytest.mark.timeout(300)
async def test_truncated_customers_outlive_a_worker_that_is_killed_twice_with_the_rows_of_a_run_without_a_bound(
    kafka: LocalKafka, clickhouse_url: str, topic_prefix: str, tmp_path: Path
) -> None:
    simulation = simulate(80, 4)
    checksums, truncated = [], []
    for name, kills, more in (("whole", 0, {}), ("bounded", 2, {"CUSTOMER_TOUCHPOINTS": str(BOUND)})):
        settings = Settings(
            brokers=kafka.bootstrap,
            prefix=f"{topic_prefix}{name}.",
            clickhouse_url=clickhouse_url,
            clickhouse_database=f"bound_{name}",
            clickhouse_store=f"bound_{name}_store",
            pseudonym_key=KEYS["PSEUDONYM_KEY"],
            folder=tmp_path,
        )
        migrate(connect(settings), Names.of(settings))
        await topics.create_topics(settings)
        worker = WorkerProcess(settings, tmp_path / f"{name}.log", **more)
        try:
            url = await worker.start()
            published = await publish_import(replace(settings, folder=None), simulation.events(), name="month", until=simulation.until)
            for _ in range(kills):
                await asyncio.sleep(1.5)
                await worker.end(signal.SIGKILL)
                url = await worker.start()
            state = await until_drained(Stack(settings, url), published.total, ("month",), lambda _done, _all: None)
            assert state["conservation"]["difference"] == 0
            verdict = await verify(settings)
            assert (verdict.is_sound, verdict.rows) == (True, published.total)
            views = connect(settings, settings.clickhouse_database)
            checksums.append(checksum(views))
            truncated += views.query("SELECT count(), sum(late), countIf(needs_rebuild) FROM truncated_customers").result_rows
        finally:
            await worker.end(signal.SIGTERM)
            await worker.end(signal.SIGKILL)
    (none, (customers, late, to_rebuild)) = truncated
    assert (none[0], customers > 20, late, to_rebuild) == (0, True, 0, 0)
    assert checksums[0] == checksums[1]
