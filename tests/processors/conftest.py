"""A processor's surroundings, without a broker: dead letters, sealing, and the readers of what is published."""

import io
from datetime import UTC, datetime, timedelta

import fastavro
import pytest
from stitching import Stitched

from streams.avro.registry import FileRegistry
from streams.avro.sealing import Sealing
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.processes import shipped_processes
from streams.processors.dead_letters import DeadLetters, OutputEncoder
from streams.processors.disruptions import DisruptionPlan
from streams.processors.failures import RuleFailures
from streams.processors.hand_over import Sender
from streams.processors.outputs import Publisher
from streams.processors.stitch_plan import StitchPlan
from streams.processors.truncations import TruncationRows
from streams.wording_file import load_wording

PARTITIONS = 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="session")
def registry():
    return FileRegistry()


@pytest.fixture(scope="session")
def sealing():
    return Sealing("k1:" + "11" * 32)


@pytest.fixture(scope="session")
def dead_letters(registry, sealing):
    return DeadLetters("dead", PARTITIONS, OutputEncoder(registry, "dead_letter"), sealing)


@pytest.fixture(scope="session")
def read_output(registry):
    """The record of an output's bytes, by its schema's name, times as us; large ones too, which our own decoder refuses."""

    def record(name, value):
        prefix = registry.reference(name).prefix
        assert value.startswith(prefix)
        found = fastavro.schemaless_reader(io.BytesIO(value[len(prefix) :]), registry.current(name).parsed)
        return {field: (each - EPOCH) // MICROSECOND if isinstance(each, datetime) else each for field, each in found.items()}

    return record


@pytest.fixture(scope="session")
def plan(registry, dead_letters):
    publisher = Publisher("journeys", OutputEncoder(registry, "journey"), "inconsistencies", OutputEncoder(registry, "inconsistency"))
    return StitchPlan(
        JourneySettings(shipped_processes(), wording=load_wording()),
        Knowledge(),
        publisher,
        dead_letters,
        Sender("identified", "admitted", 1),
        failures=RuleFailures("failures", OutputEncoder(registry, "rule_failure")),
        disruptions=DisruptionPlan("identified", 1, "disruptions", OutputEncoder(registry, "disruption"), least=2),
        truncations=TruncationRows("truncations", OutputEncoder(registry, "truncation")),
        partitions=1,
    )


@pytest.fixture
def stitched(plan, read_output):
    return Stitched(plan, read_output)
