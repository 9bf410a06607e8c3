"""The composition root: everything that a worker is made of, in the order in which it is put together."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from streams import topics
from streams.avro.configured import registry_of, sealing_of
from streams.avro.registry import Registry
from streams.avro.sealing import Sealing
from streams.avro.upgrading import Upgrade
from streams.channels.admission import Admission
from streams.clickhouse.blocks import TOUCHPOINTS, Table, output_table
from streams.clickhouse.client import InsertClient
from streams.clickhouse.following import Following
from streams.delivery.application import Role, RoleApp, Watch, build
from streams.delivery.lingering import Lingering, apart, on_the_beat
from streams.delivery.plan import Processor
from streams.identifiers_file import configured_pseudonyms, load_identifiers
from streams.journeys.knowledge import Knowledge
from streams.journeys_set import journey_settings
from streams.metrics import Metrics
from streams.processors.admit import AdmitPartition, AdmitPlan
from streams.processors.dead_letters import DeadLetters, OutputEncoder
from streams.processors.disruptions import DisruptionPlan
from streams.processors.failures import RuleFailures
from streams.processors.folds import FoldRoom
from streams.processors.hand_over import Sender
from streams.processors.identify import IdentifyPartition, IdentifyPlan
from streams.processors.identities import IdentityRows
from streams.processors.knowledge import KnowledgeReader
from streams.processors.knowledge_rows import KnowledgeRows
from streams.processors.node_room import NodeRoom
from streams.processors.outputs import Publisher
from streams.processors.record import RecordPartition, RecordPlan, Sink
from streams.processors.stitch import StitchPartition
from streams.processors.stitch_plan import StitchPlan
from streams.processors.truncations import TruncationRows
from streams.settings import CHANNELS, Settings
from streams.stack_folder import KNOWLEDGE_FILE

SECOND_US: Final = 1_000_000
RECORD_BATCHES: Final = 2
"""record takes so many times as much at once as the others: the larger its blocks are, the less ClickHouse has to merge."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The processors of one worker, and what they share."""

    settings: Settings
    roles: tuple[RoleApp, ...]
    knowledge: KnowledgeReader
    knowledge_rows: KnowledgeRows
    inserts: InsertClient
    following: Following
    metrics: Metrics


def pipeline(settings: Settings, roles: Sequence[str], *, transactional: bool, metrics: Metrics) -> Pipeline:
    """Put the named processors together. Raises SettingsError, SchemaError, SealingError for what is set up wrong."""
    registry = registry_of(settings)
    knowledge = Knowledge()
    inserts = InsertClient(settings)
    following = Following(inserts.follow_identities)
    knowledge_rows = KnowledgeRows(Sink(inserts))
    dead_letters = DeadLetters(
        settings.topic(topics.DEAD_LETTERS), settings.partitions, OutputEncoder(registry, "dead_letter"), _sealing(settings)
    )
    makers: Mapping[str, Callable[[], Role]] = {
        "admit": lambda: _admit(settings, registry, dead_letters),
        "identify": lambda: _identify(settings, registry),
        "stitch": lambda: _stitch(settings, registry, knowledge, dead_letters, metrics),
        "record": lambda: _record(
            settings,
            RecordPlan(_tables(settings, registry), Sink(inserts), following, dead_letters, metrics.publish_to_row.observe),
        ),
    }
    return Pipeline(
        settings=settings,
        roles=tuple(_built(name, makers[name](), settings, metrics, transactional=transactional) for name in roles),
        knowledge=KnowledgeReader(
            settings.brokers,
            settings.topic(topics.KNOWLEDGE),
            settings.partitions,
            registry,
            knowledge,
            kept=settings.folder / KNOWLEDGE_FILE if settings.folder is not None else None,
            on_row=knowledge_rows.take if "record" in roles else lambda _row: None,
        ),
        knowledge_rows=knowledge_rows,
        inserts=inserts,
        following=following,
        metrics=metrics,
    )


def _admit(settings: Settings, registry: Registry, dead_letters: DeadLetters) -> Role:
    pseudonyms = configured_pseudonyms(settings)
    plan = AdmitPlan(
        channels={settings.channel_topic(channel): channel for channel in CHANNELS},
        admissions={channel: Admission(channel, registry, pseudonyms) for channel in CHANNELS},
        delay_us={channel: int(settings.channel_delay_s[channel] * SECOND_US) for channel in CHANNELS},
        dead_letters=dead_letters,
        admitted_topic=settings.topic(topics.ADMITTED),
        partitions=settings.partitions,
    )
    return _role(settings, "admit", plan.channels, partial(AdmitPartition, plan=plan), apart(settings.linger_ms / 1000))


def _identify(settings: Settings, registry: Registry) -> Role:
    plan = IdentifyPlan(
        admitted_topic=settings.topic(topics.ADMITTED),
        identified_topic=settings.topic(topics.IDENTIFIED),
        partitions=settings.partitions,
        rows=IdentityRows(
            settings.topic(topics.IDENTITIES),
            OutputEncoder(registry, "identity"),
            settings.topic(topics.IDENTITY_LINKS),
            OutputEncoder(registry, "identity_link"),
        ),
        types=load_identifiers(settings.identifiers).types,
        room=NodeRoom(settings.nodes_spare_mib * 2**20),
    )
    taken = [settings.topic(topics.ADMITTED)]
    return _role(settings, "identify", taken, partial(IdentifyPartition, plan=plan), apart(settings.linger_ms / 1000))


def _stitch(settings: Settings, registry: Registry, knowledge: Knowledge, dead_letters: DeadLetters, metrics: Metrics) -> Role:
    plan = StitchPlan(
        settings=journey_settings(settings),
        knowledge=knowledge,
        publisher=Publisher(
            settings.topic(topics.JOURNEYS),
            OutputEncoder(registry, "journey"),
            settings.topic(topics.INCONSISTENCIES),
            OutputEncoder(registry, "inconsistency"),
        ),
        dead_letters=dead_letters,
        sender=Sender(settings.topic(topics.IDENTIFIED), settings.topic(topics.ADMITTED), settings.partitions),
        failures=RuleFailures(settings.topic(topics.RULE_FAILURES), OutputEncoder(registry, "rule_failure")),
        disruptions=DisruptionPlan(
            settings.topic(topics.IDENTIFIED),
            settings.partitions,
            settings.topic(topics.DISRUPTIONS),
            OutputEncoder(registry, "disruption"),
            settings.disruption_customers,
        ),
        truncations=TruncationRows(settings.topic(topics.TRUNCATIONS), OutputEncoder(registry, "truncation")),
        customer_touchpoints=settings.customer_touchpoints,
        account_touchpoints=settings.account_touchpoints,
        partitions=settings.partitions,
        on_found=metrics.publish_to_inconsistency.observe,
        room=FoldRoom(settings.folded_touchpoints, settings.at_rest_mib * 2**20, settings.folds_spare_mib * 2**20),
    )
    taken = [settings.topic(topics.IDENTIFIED)]
    return _role(settings, "stitch", taken, partial(StitchPartition, plan=plan), apart(settings.linger_ms / 1000))


def _record(settings: Settings, plan: RecordPlan) -> Role:
    role = _role(settings, "record", plan.tables, partial(RecordPartition, plan=plan), on_the_beat(settings.record_linger_ms / 1000))
    return replace(role, max_batch=RECORD_BATCHES * settings.max_batch)


def _tables(settings: Settings, registry: Registry) -> dict[str, Table]:
    tables = {settings.topic(topics.IDENTIFIED): TOUCHPOINTS}
    for name, (schema, table) in _TABLES.items():
        tables[settings.topic(name)] = output_table(table, registry.current(schema).definition, Upgrade(registry, schema))
    return tables


_TABLES: Final = {
    topics.JOURNEYS: ("journey", "journey_rows"),
    topics.INCONSISTENCIES: ("inconsistency", "inconsistencies"),
    topics.DISRUPTIONS: ("disruption", "disruptions"),
    topics.RULE_FAILURES: ("rule_failure", "rule_failures"),
    topics.TRUNCATIONS: ("truncation", "truncations"),
    topics.DEAD_LETTERS: ("dead_letter", "dead_letters"),
    topics.IDENTITIES: ("identity", "identities"),
    topics.IDENTITY_LINKS: ("identity_link", "identity_links"),
}
"""By output topic: the schema of its records, and the table that they go into."""


def _role(settings: Settings, name: str, taken: Iterable[str], processor: Callable[[int], Processor], lingering: Lingering) -> Role:
    return Role(
        app_id=settings.app_id(name),
        topics=tuple(taken),
        changelog=settings.changelog(name),
        processor=processor,
        lingering=lingering,
        max_batch=settings.max_batch,
    )


def _built(name: str, role: Role, settings: Settings, metrics: Metrics, *, transactional: bool) -> RoleApp:
    commit, refetches, restores = metrics.commit.labels(name), metrics.refetches.labels(name), metrics.restores.labels(name)
    return build(
        role,
        servers=settings.brokers,
        partitions=settings.partitions,
        transactional=transactional,
        session_timeout_s=settings.session_timeout_s,
        watch=Watch(lambda seconds, _records: commit.observe(seconds), refetches.inc, restores.inc),
    )


def _sealing(settings: Settings) -> Sealing:
    """Seals under the key of the settings; without one under a key that nobody keeps: such letters can be counted, not read."""
    return sealing_of(settings) if settings.dead_letter_key else Sealing(f"unkept:{secrets.token_hex(32)}")
