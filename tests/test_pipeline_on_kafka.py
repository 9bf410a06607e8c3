"""The whole pipeline on Apache Kafka, with transactions: workers die in the middle of it, and nothing is lost or doubled."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from worker_process import KEYS, WorkerProcess

from streams import topics
from streams.broker.kafka import LocalKafka
from streams.clickhouse.client import connect
from streams.clickhouse.embedded import EmbeddedClickHouse
from streams.clickhouse.migrations import Names, migrate
from streams.demo.drain import until_drained
from streams.demo.outcome import checksum, truth_scores
from streams.publishing import publish_import
from streams.settings import Settings
from streams.simulation import simulate
from streams.simulation.pairs import pair_score
from streams.stack import Stack
from streams.verify import verify

LEAST_RECALL = 0.99
"""What is done anonymously on a family's device can be nobody's."""


@pytest.mark.kafka
@pytest.mark.stack
@pytest.mark.timeout(300)
async def test_a_worker_killed_twice_in_the_middle_leaves_the_same_journeys_and_findings_as_one_that_lives(
    kafka: LocalKafka, clickhouse_url: str, topic_prefix: str, tmp_path: Path
) -> None:
    simulation = simulate(80, 4, identities="mixed")
    checksums = []
    for name, kills in (("calm", 0), ("stormy", 2)):
        settings = Settings(
            brokers=kafka.bootstrap,
            prefix=f"{topic_prefix}{name}.",
            clickhouse_url=clickhouse_url,
            clickhouse_database=f"on_kafka_{name}",
            clickhouse_store=f"on_kafka_{name}_store",
            pseudonym_key=KEYS["PSEUDONYM_KEY"],
            folder=tmp_path,
        )
        client = connect(settings)
        migrate(client, Names.of(settings))
        await topics.create_topics(settings)
        worker = WorkerProcess(settings, tmp_path / f"{name}.log")
        try:
            url = await worker.start()
            published = await publish_import(
                replace(settings, folder=None), simulation.events(), name="simulation-80-4", until=simulation.until
            )
            for _ in range(kills):
                await asyncio.sleep(1.5)
                await worker.end(signal.SIGKILL)
                url = await worker.start()
            state = await until_drained(Stack(settings, url), published.total, ("simulation-80-4",), lambda _done, _all: None)
            assert state["conservation"]["recorded"] == published.total
            assert state["conservation"]["difference"] == 0
            verdict = await verify(settings)
            assert verdict.is_sound
            assert verdict.rows == published.total
            views = connect(settings, settings.clickhouse_database)
            checksums.append(checksum(views))
            found = views.query("SELECT event_id, customer FROM touchpoints").result_rows
            pairs = pair_score(found, simulation.persons())
            assert (pairs.precision, pairs.joined, pairs.largest_customer) == (1.0, 0, pairs.largest_person)
            assert pairs.recall > LEAST_RECALL
            scores = truth_scores(views, simulation.truth, settings)
            assert {rule: (score["precision"], score["recall"]) for rule, score in scores.items()} == dict.fromkeys(scores, (1.0, 1.0))
        finally:
            await worker.end(signal.SIGTERM)
            await worker.end(signal.SIGKILL)
    assert checksums[0] == checksums[1]


@pytest.mark.kafka
@pytest.mark.stack
@pytest.mark.timeout(240)
async def test_detection_goes_on_while_clickhouse_is_away_and_its_rows_arrive_after_none_twice(
    kafka: LocalKafka, free_port: int, topic_prefix: str, tmp_path: Path
) -> None:
    simulation = simulate(40, 6)
    clickhouse = EmbeddedClickHouse(tmp_path / "clickhouse", port=free_port).start()
    settings = Settings(
        brokers=kafka.bootstrap,
        prefix=f"{topic_prefix}away.",
        clickhouse_url=clickhouse.url,
        pseudonym_key=KEYS["PSEUDONYM_KEY"],
        folder=tmp_path,
    )
    migrate(connect(settings), Names.of(settings))
    await topics.create_topics(settings)
    worker = WorkerProcess(settings, tmp_path / "away.log")
    try:
        url = await worker.start()
        clickhouse.stop()
        published = await publish_import(
            replace(settings, folder=None), simulation.events(), name="simulation-40-6", until=simulation.until
        )
        found = 0.0
        while not found:
            found = await metric(url, "touchpoints_inconsistencies_total")
            await asyncio.sleep(0.5)
        clickhouse.start()
        stack = Stack(settings, url)
        state = await until_drained(stack, published.total, ("simulation-40-6",), lambda _done, _all: None)
        assert state["conservation"]["recorded"] == published.total
        views = connect(settings, settings.clickhouse_database)
        assert views.query("SELECT count() FROM touchpoints").result_rows == [(published.total,)]
        scores = truth_scores(views, simulation.truth, settings)
        assert {rule: (score["precision"], score["recall"]) for rule, score in scores.items()} == dict.fromkeys(scores, (1.0, 1.0))
    finally:
        await worker.end(signal.SIGTERM)
        clickhouse.stop()


async def metric(url: str, name: str) -> float:
    """The sum of a metric's samples."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))
