"""The topics of an installation: their names, how long each keeps what, created and checked by anyone who starts."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.transaction import InitProducerIdRequest

from streams.broker.reach import BrokerAwayError, BrokerRefusedError, reach, told
from streams.settings import CHANNELS, ROLES, Settings

CHANNEL_DAYS: Final = 7
"""Raw events hold personal data: they are kept this long at most."""

DEAD_LETTER_DAYS: Final = 14
INTERNAL_DAYS: Final = 7
OUTPUT_DAYS: Final = 7
_DAY_MS: Final = 86_400_000

KNOWLEDGE: Final = "knowledge"
ADMITTED: Final = "internal.admitted"
IDENTIFIED: Final = "internal.identified"
DEAD_LETTERS: Final = "dlq"
JOURNEYS: Final = "out.journeys"
INCONSISTENCIES: Final = "out.inconsistencies"
DISRUPTIONS: Final = "out.disruptions"
RULE_FAILURES: Final = "out.rule_failures"
TRUNCATIONS: Final = "out.truncations"
IDENTITIES: Final = "out.identities"
IDENTITY_LINKS: Final = "out.identity_links"

_REQUEST_MS: Final = 10_000
_PROBE_S: Final = 20.0
_PROBE_PAUSE_S: Final = 0.2
_PROBE_ANSWERS: Final = 3
_UNKNOWN_SERVER_ERROR: Final = -1
_UNSUPPORTED: Final = 35
_CHOICES: Final = ("on", "off", "auto")


class TopicsError(BrokerRefusedError):
    """The topics are not as the settings say, or cannot be created; the message is one line and says what to do."""


def topics_of(settings: Settings) -> dict[str, dict[str, str]]:
    """Every topic of the installation by its full name, with its configuration at the broker."""
    topics = {settings.channel_topic(channel): _kept(CHANNEL_DAYS) for channel in CHANNELS}
    topics[settings.topic(KNOWLEDGE)] = _compacted()
    for name in (ADMITTED, IDENTIFIED):
        topics[settings.topic(name)] = _kept(INTERNAL_DAYS)
    topics[settings.topic(DEAD_LETTERS)] = _kept(DEAD_LETTER_DAYS)
    for name in (JOURNEYS, INCONSISTENCIES, DISRUPTIONS, RULE_FAILURES, TRUNCATIONS, IDENTITIES, IDENTITY_LINKS):
        topics[settings.topic(name)] = _kept(OUTPUT_DAYS)
    for role in ROLES:
        topics[settings.changelog(role)] = _compacted()
    return topics


async def create_topics(settings: Settings) -> list[str]:
    """Create the topics that are not there yet; returns their names. What exists stays as it is, and is checked.

    Raises BrokerAwayError, or TopicsError where the broker refuses one or one that exists has another partition count.
    """
    async with _admin(settings) as admin:
        there = await _partition_counts(admin)
        missing = {name: configuration for name, configuration in topics_of(settings).items() if name not in there}
        if missing:
            answer = await admin.create_topics(
                [
                    NewTopic(name, settings.partitions, settings.replication, topic_configs=configuration)
                    for name, configuration in missing.items()
                ]
            )
            for name, code, *reason in answer.topic_errors:
                refusal = for_code(code)
                if code and refusal is not TopicAlreadyExistsError:
                    raise TopicsError(f"the broker does not create {name}: {' '.join(filter(None, reason)) or refusal.__name__}")
            there = await _seen(admin, settings)
        _check(settings, there)
    return list(missing)


async def check_topics(settings: Settings) -> None:
    """Return where every topic exists with the settings' partition count. Raises BrokerAwayError or TopicsError."""
    await partition_counts(settings)


async def partition_counts(settings: Settings) -> dict[str, int]:
    """The partition count of each topic of the installation, checked. Raises BrokerAwayError or TopicsError."""
    async with _admin(settings) as admin:
        there = await _partition_counts(admin)
    _check(settings, there)
    return {name: there[name] for name in topics_of(settings)}


async def transactional(settings: Settings) -> bool:
    """Whether processors commit by transactions: the setting, or with `auto` what the broker can do. Raises as has_transactions."""
    if settings.transactions not in _CHOICES:
        raise TopicsError(f"TOUCHPOINTS_TRANSACTIONS is {settings.transactions!r}; one of {', '.join(_CHOICES)} was expected")
    if settings.transactions == "auto":
        return await has_transactions(settings.brokers)
    return settings.transactions == "on"


async def has_transactions(servers: str) -> bool:
    """Whether the broker hands out producer ids, which transactions and idempotent producers need.

    What it says that it can do is no proof (the embedded broker lists the request and refuses it), so one id is asked for under a
    transactional id of its own. A broker that is still starting is asked again: guarantees are not lowered because it was slow.
    Raises BrokerAwayError, or TopicsError where it gives no answer that decides.
    """
    await reach(servers)
    client = AIOKafkaClient(bootstrap_servers=servers, request_timeout_ms=_REQUEST_MS)
    transactional_id = f"touchpoints-probe-{uuid.uuid4().hex}"
    try:
        async with asyncio.timeout(_PROBE_S):
            await client.bootstrap()
            return await _gives_ids(client, transactional_id)
    except TimeoutError as error:
        raise TopicsError(
            f"the broker at {servers} did not say within {_PROBE_S:g} s whether it has transactions; "
            "set TOUCHPOINTS_TRANSACTIONS to on or off, or try again"
        ) from error
    except KafkaError as error:
        raise BrokerAwayError(f"the broker at {servers} broke off: {told(error)}; try again") from error
    finally:
        await client.close()


async def _gives_ids(client: Any, transactional_id: str) -> bool:
    refusals = 0
    while True:
        code = await _asked(client, transactional_id)
        if code == 0:
            return True
        if code == _UNSUPPORTED:
            return False
        if code == _UNKNOWN_SERVER_ERROR:
            refusals += 1
            if refusals == _PROBE_ANSWERS:
                return False
        elif not for_code(code).retriable:
            raise TopicsError(f"the broker gives no transactional id: {for_code(code).__name__}; set TOUCHPOINTS_TRANSACTIONS to on or off")
        await asyncio.sleep(_PROBE_PAUSE_S)


async def _asked(client: Any, transactional_id: str) -> int:
    """The error code of one request for a producer id, 0 where it was given."""
    try:
        node = await client.coordinator_lookup(1, transactional_id)
        await client.ready(node)
        answer = await client.send(node, InitProducerIdRequest(transactional_id=transactional_id, transaction_timeout_ms=_REQUEST_MS))
    except KafkaError as error:
        return int(getattr(error, "errno", _UNKNOWN_SERVER_ERROR))
    return int(answer.error_code)


def _kept(days: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(days * _DAY_MS)}


def _compacted() -> dict[str, str]:
    return {"cleanup.policy": "compact"}


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[Any]:
    await reach(settings.brokers)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.brokers, request_timeout_ms=_REQUEST_MS)
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise BrokerAwayError(f"the broker at {settings.brokers} broke off: {told(error)}; try again") from error
    finally:
        await admin.close()


async def _partition_counts(admin: Any) -> dict[str, int]:
    """Of all topics at the broker: asking for one by its name could create it."""
    return {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics()}


async def _seen(admin: Any, settings: Settings) -> dict[str, int]:
    """The topics once the broker lists all that were created: it answers creation before every node knows."""
    for _ in range(50):
        there = await _partition_counts(admin)
        if all(there.get(name) for name in topics_of(settings)):
            break
        await asyncio.sleep(_PROBE_PAUSE_S / 2)
    return there


def _check(settings: Settings, there: dict[str, int]) -> None:
    wanted = topics_of(settings)
    missing = [name for name in wanted if name not in there]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise TopicsError(f"the topic {missing[0]}{more} does not exist at {settings.brokers}; create with: touchpoints topics")
    for name in wanted:
        if there[name] != settings.partitions:
            raise TopicsError(
                f"the topic {name} has {there[name]} partitions and TOUCHPOINTS_PARTITIONS is {settings.partitions}: all topics share one "
                "count, fixed when they are created; set TOUCHPOINTS_PARTITIONS to it, or create topics under another TOUCHPOINTS_PREFIX"
            )
