"""What a customer's fold says: the journeys and inconsistencies that hold, and when they change next by time alone."""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from streams.journeys.inconsistencies.findings import Finding
from streams.journeys.journey import JourneyRow


class Added(Enum):
    """What became of a touchpoint that was given to a customer."""

    NEW = "new"
    DUPLICATE = "duplicate"
    """The same event with the same content: nothing changed."""
    CONFLICT_KEPT = "conflict_kept"
    """The same event with other content: the held one counts, the given one is the dead letter."""
    CONFLICT_REPLACED = "conflict_replaced"
    """The same event with other content: the given one counts, the held one is the dead letter."""
    BEHIND = "behind"
    """From before the cut of a customer whose oldest touchpoints were dropped: it is kept, and not folded."""


class Results(NamedTuple):
    """What holds at a watermark, or (from `Customer.changed`) what of it changed.

    next_deadline           us, the least time after the watermark at which time alone changes anything; None for never
    gone_journeys           ids that were reported and are no more, each with its successor's id or ""
    gone_inconsistencies    ids that were reported and hold no more
    """

    journeys: tuple[JourneyRow, ...]
    inconsistencies: tuple[Finding, ...]
    next_deadline: int | None
    gone_journeys: Mapping[str, str] = {}
    gone_inconsistencies: tuple[str, ...] = ()
