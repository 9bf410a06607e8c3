"""One contract for the shipped files and for a registry behind Confluent's HTTP API: a small one of our own, and a real one."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from streams.avro.configured import registry_of
from streams.avro.confluent import ATTEMPTS, UNKNOWN_FOR_S, ConfluentRegistry
from streams.avro.registry import FileRegistry, RegistryUnavailableError, UnknownSchemaError
from streams.avro.wire import Fingerprint, SchemaId
from streams.channels.admission import Admission, Admitted
from streams.settings import Settings


class SmallRegistry:
    """Confluent's API, as much as is used: look up, register, fetch by id; and failures on demand."""

    def __init__(self):
        self.schemas = []
        self.subjects = {}
        self.requests = []
        self.failures = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                registry.answer(self, self.path.split("/"), None)

            def do_POST(self):
                registry.answer(self, self.path.split("/"), json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, handler, parts, body):
        self.requests.append((handler.command, handler.path))
        code, found = (self.failures.pop(0), {}) if self.failures else self.found(parts, body)
        text = json.dumps(found).encode()
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def found(self, parts, body):
        match parts[1:]:
            case ["schemas", "ids", number] if int(number) <= len(self.schemas):
                return 200, {"schema": self.schemas[int(number) - 1]}
            case ["subjects", subject] if (subject, body["schema"]) in self.subjects:
                return 200, {"id": self.subjects[subject, body["schema"]]}
            case ["subjects", subject, "versions"]:
                self.schemas.append(body["schema"])
                self.subjects[subject, body["schema"]] = len(self.schemas)
                return 200, {"id": len(self.schemas)}
            case _:
                return 404, {"error_code": 40403}


@pytest.fixture
def server():
    small = SmallRegistry()
    yield small
    small.server.shutdown()
    small.server.server_close()


@pytest.fixture
def confluent(server, registry):
    return ConfluentRegistry(server.url, registry, sleep=lambda _: None)


@pytest.fixture
def real(apicurio, registry, topic_prefix):
    return ConfluentRegistry(apicurio, registry, subject=lambda name: f"{topic_prefix}{name}-value")


@pytest.fixture(params=["files", "confluent", pytest.param("real", marks=pytest.mark.registry)])
def either(request, registry):
    return registry if request.param == "files" else request.getfixturevalue(request.param)


def test_the_current_version_is_found_by_the_reference_it_is_published_with(either, registry):
    for name in registry.names:
        reference = either.reference(name)
        assert either.find(reference).fingerprint == either.current(name).fingerprint == registry.current(name).fingerprint


def test_released_versions_are_found_by_their_fingerprint(either, registry):
    for name in registry.names:
        for schema in registry.versions(name).values():
            assert either.find(Fingerprint(schema.fingerprint)).full_name == schema.full_name


def test_an_unknown_name_is_told_with_those_there_are(either):
    with pytest.raises(UnknownSchemaError, match="chat"):
        either.current("chats")
    with pytest.raises(UnknownSchemaError):
        either.reference("chats")


@pytest.mark.parametrize("reference", [SchemaId(4711), Fingerprint(b"12345678")])
def test_an_unknown_reference_is_told(either, reference):
    with pytest.raises(UnknownSchemaError):
        either.find(reference)


def test_every_registry_admits_what_it_published(either, registry):
    from streams.avro.codec import Encoder
    from streams.avro.examples import example
    from streams.avro.json_events import record_of

    now = 1_790_000_000_000_000
    for channel in ("chat", "survey"):
        (datum,) = Encoder(registry.current(channel)).encode_run([record_of(registry.current(channel), example(channel))])
        answers = Admission(channel, either, bytes(32)).admit_run([either.reference(channel).prefix + datum], [now], [""], now)
        assert isinstance(answers[0], Admitted)


def test_each_schema_is_asked_for_once(confluent, server):
    reference = confluent.reference("chat")
    other = ConfluentRegistry(server.url, FileRegistry(), sleep=lambda _: None)
    before = len(server.requests)
    assert other.find(reference) is other.find(reference)
    assert len(server.requests) == before + 1
    assert other.reference("chat") == reference


def test_an_unknown_id_is_asked_for_again_after_a_while_only(server, registry):
    now = [0.0]
    confluent = ConfluentRegistry(server.url, registry, sleep=lambda _: None, clock=lambda: now[0])
    for at in (0.0, UNKNOWN_FOR_S - 1, UNKNOWN_FOR_S + 1):
        now[0] = at
        with pytest.raises(UnknownSchemaError):
            confluent.find(SchemaId(9))
    assert len(server.requests) == 2


def test_a_passing_failure_is_tried_again_after_growing_pauses(server, registry):
    pauses = []
    confluent = ConfluentRegistry(server.url, registry, sleep=pauses.append)
    server.failures = [503, 429]
    assert confluent.reference("chat") == SchemaId(1)
    assert len(pauses) == 2
    assert pauses[1] > 0.1


def test_a_registry_that_stays_away_refuses_nothing(server, registry):
    confluent = ConfluentRegistry(server.url, registry, sleep=lambda _: None)
    server.failures = [500] * ATTEMPTS
    with pytest.raises(RegistryUnavailableError):
        confluent.find(SchemaId(1))
    server.failures = [401]
    with pytest.raises(RegistryUnavailableError):
        confluent.find(SchemaId(1))
    gone = ConfluentRegistry("http://127.0.0.1:9", registry, sleep=lambda _: None)
    with pytest.raises(RegistryUnavailableError, match=r"127\.0\.0\.1:9"):
        Admission("chat", gone, bytes(32)).admit_run([b"\x00\x00\x00\x00\x01x"], [0], [""], 0)


@pytest.mark.parametrize(
    "text",
    [
        '"string"',
        "{",
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "Nowhere"}]}',
        '{"type": "record", "name": "Chat", "namespace": "touchpoints.chat", "fields": [{"name": "a", "type": {"type": "array", "items": "null"}}]}',
        '{"type": "record", "name": "Chat", "namespace": "touchpoints.chat", "fields": [{"name": "a", "type": ["null", "Chat"]}]}',
        "[" * 100_000,
        '{"type": "record", "name": "Chat", "namespace": "touchpoints.chat", "fields": [{"name": "a", "type": '
        + '{"type": "array", "items": ' * 900
        + '"int"'
        + "}" * 900
        + "}]}",
    ],
)
def test_a_schema_of_the_registry_that_is_broken_or_a_weapon_is_an_unknown_schema(server, confluent, text):
    server.schemas.append(text)
    (answer,) = Admission("chat", confluent, bytes(32)).admit_run([b"\x00\x00\x00\x00\x01" + b"\xfe\xff\xff\xff\x0f" * 3], [0], [""], 0)
    assert answer.reason == "unknown_schema"


def test_the_registry_of_the_settings(server):
    assert isinstance(registry_of(Settings()), FileRegistry)
    registry = registry_of(Settings(registry_url=server.url, prefix="a."))
    registry.reference("chat")
    registry.reference("knowledge")
    assert [path for _, path in server.requests if not path.endswith("versions")] == [
        "/subjects/a.touchpoints.in.chat-value",
        "/subjects/a.touchpoints.knowledge-value",
    ]


def test_a_url_that_is_none_is_refused(registry):
    with pytest.raises(ValueError, match="http://host:port"):
        ConfluentRegistry("registry:8081", registry)
