"""What stitch needs beside its work, and what it keeps with its position."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.processors.dead_letters import DeadLetters
from streams.processors.disruptions import DisruptionPlan
from streams.processors.failures import RuleFailures
from streams.processors.folds import FoldRoom
from streams.processors.hand_over import Sender
from streams.processors.outputs import Publisher
from streams.processors.truncations import TruncationRows
from streams.processors.watermark import ClockBoard


class StitchMemo(msgspec.Struct):
    """What stitch keeps with its position.

    board       clocks that it heard
    new, duplicate, conflict    touchpoints by channel and what became of them
    found       findings ever opened, by `rule severity`
    failed      customers for whom a rule failed and is left out, by rule
    judged_by   fingerprint of the knowledge by which every customer was judged
    met_duplicate, met_conflict    of those counted as new: what met its like only when an identifier's touchpoints came over
    accounts_left   accounts with more touchpoints than the bound, which are followed no longer
    is_behind   whether more customers may be due than the last commit judged, or some are put off
    """

    board: ClockBoard
    new: dict[str, int] = {}
    duplicate: dict[str, int] = {}
    conflict: dict[str, int] = {}
    found: dict[str, int] = {}
    failed: dict[str, int] = {}
    met_duplicate: dict[str, int] = {}
    met_conflict: dict[str, int] = {}
    judged_by: int = 0
    is_behind: bool = False
    accounts_left: int = 0


@dataclass(frozen=True, slots=True)
class StitchPlan:
    """What stitch needs beside its work; the same for all partitions of a worker."""

    settings: JourneySettings
    knowledge: Knowledge
    publisher: Publisher
    dead_letters: DeadLetters
    sender: Sender
    failures: RuleFailures
    disruptions: DisruptionPlan
    truncations: TruncationRows
    partitions: int
    customer_touchpoints: int = 5_000
    account_touchpoints: int = 5_000
    on_found: Callable[[float], None] = lambda _seconds: None
    room: FoldRoom = field(default_factory=FoldRoom)
