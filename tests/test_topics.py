"""Topics: created once, checked by everyone, and what the broker can do is asked and not believed."""

import asyncio
import dataclasses

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.broker.reach import BrokerAwayError
from streams.settings import Settings
from streams.topics import TopicsError, check_topics, create_topics, has_transactions, partition_counts, topics_of, transactional

DAY_MS = 86_400_000


def test_every_topic_of_the_flow_is_named_with_what_it_keeps():
    topics = topics_of(Settings(prefix="x."))
    assert len(topics) == 12 + 1 + 2 + 1 + 7 + 4
    assert topics["x.touchpoints.in.chat"]["retention.ms"] == str(7 * DAY_MS)
    assert topics["x.touchpoints.dlq"]["retention.ms"] == str(14 * DAY_MS)
    for compacted in ("x.touchpoints.knowledge", "x.touchpoints-stitch-changelog"):
        assert topics[compacted] == {"cleanup.policy": "compact"}


async def test_a_broker_that_is_not_there_is_one_line(free_port):
    away = Settings(brokers=f"127.0.0.1:{free_port}")
    for asked in (create_topics(away), check_topics(away), has_transactions(away.brokers)):
        with pytest.raises(BrokerAwayError, match=f"no broker answers at 127.0.0.1:{free_port} .*TOUCHPOINTS_BROKERS") as caught:
            await asked
        assert "\n" not in str(caught.value)


async def test_transactions_as_the_setting_says():
    assert await transactional(Settings(transactions="on")) is True
    assert await transactional(Settings(transactions="off")) is False
    with pytest.raises(TopicsError, match="TOUCHPOINTS_TRANSACTIONS is 'maybe'"):
        await transactional(Settings(transactions="maybe"))


async def created_once_and_checked(settings):
    with pytest.raises(TopicsError, match=r"touchpoints\.in\.website and 26 more does not exist .*touchpoints topics"):
        await check_topics(settings)
    assert sorted(await create_topics(settings)) == sorted(topics_of(settings))
    assert await create_topics(settings) == []
    assert await partition_counts(settings) == dict.fromkeys(topics_of(settings), 3)
    other = dataclasses.replace(settings, partitions=5)
    for asked in (check_topics(other), create_topics(other)):
        with pytest.raises(TopicsError, match="has 3 partitions and TOUCHPOINTS_PARTITIONS is 5"):
            await asked


@pytest.mark.stack
async def test_on_the_embedded_broker(embedded_broker, topic_prefix):
    await created_once_and_checked(Settings(brokers=embedded_broker.bootstrap, prefix=topic_prefix, partitions=3))


@pytest.mark.stack
async def test_the_embedded_broker_has_no_transactions(embedded_broker):
    assert await has_transactions(embedded_broker.bootstrap) is False
    assert await transactional(Settings(brokers=embedded_broker.bootstrap)) is False


@pytest.mark.kafka
async def test_on_kafka_with_what_each_topic_keeps(kafka, topic_prefix):
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix, partitions=3)
    await created_once_and_checked(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics_of(settings)]
        configured = {}
        for answer in await admin.describe_configs(resources):
            for _, _, _, name, entries in answer.resources:
                configured[name] = {entry[0]: entry[1] for entry in entries}
        for name, wanted in topics_of(settings).items():
            assert {key: configured[name][key] for key in wanted} == wanted
        grown = settings.channel_topic("chat")
        await admin.create_partitions({grown: NewPartitions(total_count=4)})
    finally:
        await admin.close()
    with pytest.raises(TopicsError, match=f"{grown} has 4 partitions"):
        await checked_for_a_while(settings)


async def checked_for_a_while(settings):
    """Checks until every node has heard what was changed."""
    for _ in range(50):
        await check_topics(settings)
        await asyncio.sleep(0.1)


@pytest.mark.kafka
async def test_kafka_has_transactions(kafka):
    assert await has_transactions(kafka.bootstrap) is True
