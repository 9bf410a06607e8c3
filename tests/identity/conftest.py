"""identify and stitch, without a broker."""

from collections.abc import Callable

import pytest
from conversing import Installation

from streams.avro.registry import FileRegistry
from streams.avro.sealing import Sealing
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.processes import shipped_processes
from streams.processors.dead_letters import DeadLetters, OutputEncoder
from streams.processors.disruptions import DisruptionPlan
from streams.processors.failures import RuleFailures
from streams.processors.hand_over import Sender
from streams.processors.identify import IdentifyPlan
from streams.processors.identities import IdentityRows
from streams.processors.outputs import Publisher
from streams.processors.stitch_plan import StitchPlan
from streams.processors.truncations import TruncationRows
from streams.wording_file import load_wording


@pytest.fixture(scope="session")
def installation() -> Callable[..., Installation]:
    """Makes an installation of so many partitions, which keeps so many touchpoints of a customer."""
    registry = FileRegistry()
    publisher = Publisher("journeys", OutputEncoder(registry, "journey"), "inconsistencies", OutputEncoder(registry, "inconsistency"))
    letters = DeadLetters("dead", 1, OutputEncoder(registry, "dead_letter"), Sealing("k1:" + "11" * 32))
    rows = IdentityRows("identities", OutputEncoder(registry, "identity"), "links", OutputEncoder(registry, "identity_link"))

    def made(partitions: int, customer_touchpoints: int = 5_000, account_touchpoints: int = 5_000) -> Installation:
        sender = Sender("identified", "admitted", partitions)
        return Installation(
            IdentifyPlan("admitted", "identified", partitions, rows),
            StitchPlan(
                JourneySettings(shipped_processes(), wording=load_wording()),
                Knowledge(),
                publisher,
                letters,
                sender,
                failures=RuleFailures("failures", OutputEncoder(registry, "rule_failure")),
                disruptions=DisruptionPlan("identified", partitions, "disruptions", OutputEncoder(registry, "disruption"), least=2),
                truncations=TruncationRows("truncations", OutputEncoder(registry, "truncation")),
                partitions=partitions,
                customer_touchpoints=customer_touchpoints,
                account_touchpoints=account_touchpoints,
            ),
        )

    return made
