"""What only a real registry can show: its ids, its verdict on a change, and other producers' versions read by the shipped ones."""

import asyncio
import copy
import json
import os
import sys
import time
import urllib.request

import aiokafka
import pytest

from streams import topics
from streams.avro import apicurio as local
from streams.avro.apicurio import LocalRegistry, RegistryMissingError
from streams.avro.codec import Encoder
from streams.avro.compatibility import obstacles
from streams.avro.confluent import ConfluentRegistry
from streams.avro.examples import example
from streams.avro.json_events import record_of
from streams.avro.registry import FileRegistry, UnknownSchemaError
from streams.avro.schema import Schema
from streams.avro.wire import SchemaId
from streams.broker.java import JavaMissingError
from streams.channels.admission import Admission, Admitted
from streams.clickhouse.client import connect
from streams.clickhouse.migrations import Names, migrate
from streams.events import ChannelEvent
from streams.publishing import publish
from streams.settings import CHANNELS, PREFIX, Settings

NOW = 1_790_000_000_000_000
KEYS = {"pseudonym_key": "5e" * 32, "dead_letter_key": "test:" + "7a" * 32}


def post(url, path, body, method="POST"):
    """What the registry says to a producer of another team."""
    request = urllib.request.Request(
        url + path, json.dumps(body).encode(), {"Content-Type": "application/vnd.schemaregistry.v1+json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def with_field(schema, **field):
    changed = copy.deepcopy(schema.definition)
    changed["fields"].append(field)
    return changed


def without_field(schema, name):
    changed = copy.deepcopy(schema.definition)
    changed["fields"] = [each for each in changed["fields"] if each["name"] != name]
    return changed


def with_kind(schema, *symbols):
    changed = copy.deepcopy(schema.definition)
    (kind,) = (each for each in changed["fields"] if each["name"] == "kind")
    kind["type"]["symbols"] = [*kind["type"]["symbols"], *symbols]
    return changed


def retyped(schema, name, kind):
    changed = copy.deepcopy(schema.definition)
    for each in changed["fields"]:
        if each["name"] == name:
            each["type"] = kind
    return changed


CHANGES = {
    "a field with a default": (lambda schema: with_field(schema, name="mood", type="string", default=""), True),
    "a field without a default": (lambda schema: with_field(schema, name="mood", type="string"), False),
    "a field less that has a default": (lambda schema: without_field(schema, "session"), True),
    "a field less that has none": (lambda schema: without_field(schema, "event_id"), False),
    "another kind": (lambda schema: with_kind(schema, "danced"), True),
    "another type": (lambda schema: retyped(schema, "event_id", "long"), False),
}


def registering(url, registry, schemas, topic_prefix):
    """A client whose current schemas are `schemas`."""

    class Changed(FileRegistry):
        def current(self, name):
            return schemas.get(name) or registry.current(name)

    return ConfluentRegistry(url, Changed(), subject=lambda name: f"{topic_prefix}{name}-value")


@pytest.mark.registry
def test_every_shipped_schema_is_registered_once_and_has_an_id_of_its_own(apicurio, registry, topic_prefix):
    first, second = (registering(apicurio, registry, {}, topic_prefix) for _ in range(2))
    references = {name: first.reference(name) for name in registry.names}
    assert len(set(references.values())) == len(references)
    for name, reference in references.items():
        assert isinstance(reference, SchemaId)
        assert second.reference(name) == reference
        assert second.find(reference).fingerprint == registry.current(name).fingerprint


@pytest.mark.registry
@pytest.mark.parametrize("change", CHANGES)
def test_the_registry_and_our_own_check_agree_on_every_change(apicurio, registry, topic_prefix, change):
    alter, is_compatible = CHANGES[change]
    current = registry.current("chat")
    changed = Schema.of(alter(current), change)
    assert (not obstacles(current, changed) and not obstacles(changed, current)) == is_compatible
    registering(apicurio, registry, {}, topic_prefix).reference("chat")
    post(apicurio, f"/config/{topic_prefix}chat-value", {"compatibility": "FULL_TRANSITIVE"}, "PUT")
    client = registering(apicurio, registry, {"chat": changed}, topic_prefix)
    if is_compatible:
        assert client.reference("chat") != registering(apicurio, registry, {}, topic_prefix).reference("chat")
    else:
        with pytest.raises(UnknownSchemaError, match=rf"the registry refused POST /subjects/{topic_prefix}chat-value/versions: 409"):
            client.reference("chat")


@pytest.mark.registry
def test_what_is_no_schema_is_refused_by_the_registry_and_told(apicurio, registry, topic_prefix):
    broken = Schema({"type": "record", "name": "Chat"}, bytes(8), {}, {})
    client = registering(apicurio, registry, {"chat": broken}, topic_prefix)
    with pytest.raises(UnknownSchemaError, match=r"refused POST .*: 422"):
        client.reference("chat")


@pytest.mark.registry
@pytest.mark.parametrize("change", [name for name, (_, is_compatible) in CHANGES.items() if is_compatible])
def test_an_event_of_another_version_that_only_the_registry_knows_is_admitted(apicurio, registry, topic_prefix, change):
    theirs = Schema.of(CHANGES[change][0](registry.current("chat")), change)
    number = post(apicurio, f"/subjects/{topic_prefix}chat-value/versions", {"schema": json.dumps(theirs.definition)})["id"]
    event = {name: value for name, value in example("chat").items() if name in {field["name"] for field in theirs.definition["fields"]}}
    (datum,) = Encoder(theirs).encode_run([record_of(theirs, event)])
    ours = registering(apicurio, registry, {}, topic_prefix)
    (answer,) = Admission("chat", ours, bytes(32)).admit_run([SchemaId(number).prefix + datum], [NOW], [""], NOW)
    assert isinstance(answer, Admitted)
    assert answer.touchpoint.event_id == example("chat")["event_id"]


@pytest.mark.registry
def test_a_schema_of_something_else_in_the_registry_is_an_unknown_schema(apicurio, registry, topic_prefix):
    other = {"type": "record", "name": "Invoice", "fields": [{"name": "number", "type": "string"}]}
    number = post(apicurio, f"/subjects/{topic_prefix}invoice-value/versions", {"schema": json.dumps(other)})["id"]
    ours = registering(apicurio, registry, {}, topic_prefix)
    (answer,) = Admission("chat", ours, bytes(32)).admit_run([SchemaId(number).prefix + b"\x02x"], [NOW], [""], NOW)
    assert answer.reason == "unknown_schema"


@pytest.mark.registry
@pytest.mark.stack
async def test_events_in_confluents_form_become_rows_by_a_worker_that_asks_the_registry(
    apicurio, embedded_broker, clickhouse_url, topic_prefix, tmp_path
):
    settings = Settings(
        brokers=embedded_broker.bootstrap,
        prefix=topic_prefix,
        clickhouse_url=clickhouse_url,
        clickhouse_database="with_registry",
        clickhouse_store="with_registry_store",
        registry_url=apicurio,
        transactions="off",
        metrics_port=0,
        **KEYS,
    )
    await asyncio.to_thread(migrate, connect(settings), Names.of(settings))
    await topics.create_topics(settings)
    own = ("brokers", "prefix", "clickhouse_url", "clickhouse_database", "clickhouse_store", "registry_url", "transactions", "metrics_port")
    environment = os.environ | {PREFIX + name.upper(): str(getattr(settings, name)) for name in (*own, *KEYS)}
    environment |= {PREFIX + "SESSION_TIMEOUT_S": "3"}
    with (tmp_path / "worker.log").open("wb") as log:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.cli", "worker", stdout=asyncio.subprocess.PIPE, stderr=log, env=environment
        )
    try:
        line = await asyncio.wait_for(worker.stdout.readline(), 60)
        assert line.startswith(b"ready "), (tmp_path / "worker.log").read_text()
        records = [(channel, record_of(FileRegistry().current(channel), example(channel))) for channel in CHANNELS]
        published = await publish(settings, [ChannelEvent(channel, record, NOW) for channel, record in records])
        assert published.total == len(CHANNELS)
        assert {value[:1] for value in await _values(settings, len(CHANNELS))} == {b"\x00"}
        views = connect(settings, settings.clickhouse_database)
        until, rows = time.monotonic() + 40, []
        while len(rows) < len(CHANNELS) and time.monotonic() < until:
            await asyncio.sleep(0.5)
            rows = views.query("SELECT event_id FROM touchpoints").result_rows
        assert sorted(event for (event,) in rows) == sorted(record["event_id"] for _, record in records)
    finally:
        worker.terminate()
        await worker.wait()


async def _values(settings, count):
    """The bytes that are in the channel topics."""
    channel_topics = [settings.channel_topic(channel) for channel in CHANNELS]
    consumer = aiokafka.AIOKafkaConsumer(*channel_topics, bootstrap_servers=settings.brokers, auto_offset_reset="earliest")
    await consumer.start()
    values, until = [], time.monotonic() + 20
    try:
        while len(values) < count and time.monotonic() < until:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                values += [record.value for record in records]
    finally:
        await consumer.stop()
    return values


async def test_without_java_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(JavaMissingError, match=r"^Apicurio Registry needs Java 17 or newer and none was found; on Debian: apt-get install"):
        await LocalRegistry().start()


def test_without_its_program_one_line_names_the_folder_and_the_command(monkeypatch, tmp_path):
    monkeypatch.setenv(local.APP_VARIABLE, str(tmp_path))
    with pytest.raises(RegistryMissingError, match=rf"^Apicurio Registry is not in {tmp_path}.*make registry-app$"):
        local.find_program()
