"""What tests run against: the embedded broker, Apache Kafka, a schema registry, ClickHouse; and real data.

Servers are all on 127.0.0.1, on free ports, stopped at the end.

What a machine lacks skips the tests that need it, in one line that says how to get it; with CI=true it fails them instead.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from shared_kafka import KafkaOfAll, SharedKafka, complete, own_kafka, shared_kafka

from streams.avro.apicurio import LocalRegistry, RegistryMissingError
from streams.broker.java import JavaMissingError
from streams.broker.kafka import KafkaMissingError, LocalKafka
from streams.broker.server import free_port as any_free_port
from streams.broker.tansu import EmbeddedBroker, EmbeddedBrokerMissingError
from streams.collecting import leave_what_is_there

KAFKA = "kafka"
SHARED = pytest.StashKey[KafkaOfAll]()
DATA_VARIABLE = "TOUCHPOINTS_TEST_DATA"
BESIDE = Path(__file__).parents[2] / "shared" / "data"
CLICKHOUSE_VARIABLE = "TOUCHPOINTS_TEST_CLICKHOUSE_URL"
UNMARKED_S = 1.0
"""What a test is reckoned to take at most that is not given more than all are."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Beside others, the files whose tests may take longest come first, so that the run does not end on one of them alone."""
    if not hasattr(config, "workerinput"):
        return
    files: dict[Path, float] = {}
    for item in items:
        given = item.get_closest_marker("timeout")
        files[item.path] = files.get(item.path, 0.0) + (given.args[0] if given else UNMARKED_S)
    items.sort(key=lambda item: -files[item.path])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tests that run in several processes share one Kafka: it starts with the first of them, beside it."""
    stash = node.config.stash
    if SHARED not in stash:
        stash[SHARED] = KafkaOfAll()
    node.workerinput[KAFKA] = str(stash[SHARED].said_in)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last process has ended."""
    if SHARED in config.stash:
        config.stash[SHARED].stop()


def pytest_collection_finish() -> None:
    """All modules are loaded: nothing of them is ever garbage, and looking through them again and again takes a tenth of the time."""
    leave_what_is_there()


def lacking(reason: str) -> NoReturn:
    """This machine cannot run the test: skipped with its reason, or failed where nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """The folder of a real data set by its name: in ../shared/data, or where TOUCHPOINTS_TEST_DATA says."""
    root = Path(os.environ.get(DATA_VARIABLE) or BESIDE)

    def folder(name: str) -> Path:
        if not (root / name).is_dir():
            lacking(
                f"the data set {name} is not in {root}; its mapping in examples/ says where to fetch it; {DATA_VARIABLE} names another place"
            )
        return root / name

    return folder


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[LocalKafka | SharedKafka]:
    """One Apache Kafka for the whole run, with transactions; `kafka.bootstrap` is its address. Mark the test `kafka`."""
    said_in = getattr(request.config, "workerinput", {}).get(KAFKA)
    try:
        broker = own_kafka() if said_in is None else shared_kafka(Path(said_in))
    except (JavaMissingError, KafkaMissingError) as error:
        lacking(str(error))
    yield broker
    if isinstance(broker, LocalKafka):
        complete(broker.stop())


@pytest.fixture(scope="session")
def apicurio() -> Iterator[str]:
    """URL of one schema registry for the whole run; tests share its subjects, so take a prefix. Mark the test `registry`."""
    server = LocalRegistry()
    try:
        complete(server.start())
    except (JavaMissingError, RegistryMissingError) as error:
        lacking(str(error))
    yield server.url
    complete(server.stop())


@pytest.fixture(scope="module")
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """The embedded broker, for one module; `embedded_broker.bootstrap` is its address. Mark the test `stack`."""
    broker = EmbeddedBroker()
    try:
        complete(broker.start())
    except EmbeddedBrokerMissingError as error:
        lacking(str(error))
    yield broker
    complete(broker.stop())


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One ClickHouse for the whole run: the embedded engine in a process of its own, or the server that TOUCHPOINTS_TEST_CLICKHOUSE_URL names.

    Modules share it, so take databases of a name of your own.
    """
    named = os.environ.get(CLICKHOUSE_VARIABLE)
    if named:
        yield named
        return
    from streams.clickhouse.embedded import EmbeddedClickHouse

    with EmbeddedClickHouse(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server.url


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    return any_free_port()


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test has: for the setting `prefix`, so that tests share a broker and no topic, group or transaction."""
    return f"t{uuid.uuid4().hex[:10]}."
