"""The fold: one customer's touchpoints in fold order become journeys, ledger and suspicions, one touchpoint at a time.

The state is plain records, so that it can be encoded, kept as a snapshot and taken up again from there.
"""

from typing import Final

import msgspec

from streams.journeys.assignment import Journeys
from streams.journeys.inconsistencies.findings import Suspicion
from streams.journeys.inconsistencies.parts import parts_of
from streams.journeys.inconsistencies.rules import rules_for
from streams.journeys.inconsistencies.scene import Scene
from streams.journeys.ledger import Ledger
from streams.journeys.process import moments_of
from streams.journeys.record import record
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint

FORGET_EVERY: Final = 64
"""Touchpoints between two rounds of forgetting in the ledger."""


class Failed(msgspec.Struct, frozen=True):
    """Where a rule failed: at which touchpoint, and how."""

    event_id: str
    error: str


class FoldState(msgspec.Struct):
    """What the first `folded` touchpoints of a customer, in fold order, amount to.

    failed  rules that raised on a touchpoint, by name: from then on they are not applied to this customer
    """

    folded: int = 0
    journeys: Journeys = msgspec.field(default_factory=Journeys)
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    suspicions: dict[str, Suspicion] = {}
    failed: dict[str, Failed] = {}


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(FoldState)


def encode(state: FoldState) -> bytes:
    """The state as bytes."""
    return _encoder.encode(state)


def decode(value: bytes) -> FoldState:
    """The state of `encode`'s bytes."""
    return _decoder.decode(value)


class Fold:
    """Folds touchpoints into one state, and notes the ids of journeys and findings that they touched."""

    __slots__ = ("_scene", "settings", "state", "touched_findings", "touched_journeys")

    def __init__(self, state: FoldState, settings: JourneySettings) -> None:
        self.state = state
        self.settings = settings
        self.touched_journeys: set[str] = set()
        self.touched_findings: set[str] = set()
        self._scene = Scene(state.ledger, state.suspicions, settings, self.touched_findings)

    def fold(self, touchpoint: Touchpoint) -> None:
        """Take the next touchpoint in fold order."""
        state, scene, settings = self.state, self._scene, self.settings
        moments = moments_of(touchpoint, settings.done, settings.plan.moments)
        position = state.folded
        journey_id = state.journeys.follow(touchpoint, moments, position, settings, self.touched_journeys)
        parts = parts_of(touchpoint, state.ledger, settings.rules.single_valued)
        if parts:
            scene.touchpoint, scene.at, scene.moments = touchpoint, touchpoint.corrected_at, moments
            scene.journey_id, scene.position = journey_id, position
            self._observe(parts)
        record(touchpoint, state.ledger, settings)
        state.folded = position + 1
        if state.folded % FORGET_EVERY == 0:
            state.ledger.forget(touchpoint.corrected_at, settings)

    def _observe(self, parts: int) -> None:
        """The rules that the touchpoint concerns; one that raises is done with for this customer, the others go on."""
        scene, failed, settings = self._scene, self.state.failed, self.settings.rules
        for rule in rules_for(parts, settings.off):
            if failed and rule.name in failed:
                continue
            try:
                rule.observe(scene)
            except Exception as error:  # noqa: BLE001 - a rule's mistake must not stop the customer, let alone the partition
                failed[rule.name] = Failed(scene.touchpoint.event_id, type(error).__name__)
                scene.silence(rule.name)
            else:
                if settings.exceptions and rule.name in settings.exceptions:
                    scene.mute(rule.name)
