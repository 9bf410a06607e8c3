"""What a rule sees of one touchpoint: the touchpoint, the ledger as it was before it, and the suspicions so far."""

from abc import ABC, abstractmethod
from typing import Final, NamedTuple

from streams.journeys.inconsistencies.findings import Side, Suspicion, suspicion_id
from streams.journeys.knowledge import Knowledge
from streams.journeys.ledger import Ledger, Mark
from streams.journeys.settings import SECOND_US, JourneySettings
from streams.journeys.touchpoint import Touchpoint

CONTINUES: Final = "continues"
"""Pseudo part of a rule that follows every touchpoint while it watches something."""


class Scene:
    """The moment of one touchpoint in one customer's fold; `at` in us, `position` in fold order."""

    __slots__ = ("at", "journey_id", "ledger", "moments", "position", "settings", "suspicions", "touched", "touchpoint")

    touchpoint: Touchpoint
    at: int
    moments: tuple[str, ...]
    journey_id: str
    position: int

    def __init__(self, ledger: Ledger, suspicions: dict[str, Suspicion], settings: JourneySettings, touched: set[str]) -> None:
        self.ledger = ledger
        self.suspicions = suspicions
        self.settings = settings
        self.touched = touched

    def mark(self) -> Mark:
        """Where and when the touchpoint stands."""
        return Mark(self.touchpoint.event_id, self.at, self.touchpoint.channel)

    def side(self, said: str) -> Side:
        """The touchpoint as one side of a finding."""
        return Side(self.touchpoint.channel, self.at, said)

    def side_of(self, mark: Mark, said: str) -> Side:
        """An earlier touchpoint as one side of a finding."""
        return Side(mark.channel, mark.at, said)

    def suspect(self, rule: str, founding: tuple[str, ...], holds_from: int) -> Suspicion:
        """A new suspicion, in the touchpoint's journey; the founding events are the first evidence."""
        suspicion = Suspicion(
            inconsistency_id=suspicion_id(rule, *founding),
            rule=rule,
            founding=founding,
            holds_from=holds_from,
            journey_id=self.journey_id,
            evidence=list(founding),
            ahead=self.settings.told_ahead_s * SECOND_US if holds_from == self.at else 0,
        )
        self.suspicions[suspicion.inconsistency_id] = suspicion
        return self.touch(suspicion)

    def touch(self, suspicion: Suspicion) -> Suspicion:
        """Note that the touchpoint changes the suspicion."""
        suspicion.position = self.position
        self.touched.add(suspicion.inconsistency_id)
        return suspicion

    def drop(self, inconsistency_id: str) -> None:
        """The expected fact came in time: there is nothing to find."""
        if self.suspicions.pop(inconsistency_id, None) is not None:
            self.touched.add(inconsistency_id)


class Told(NamedTuple):
    """What a finding tells: whom, what happened in one sentence, and what to do about it."""

    audience: str
    sentence: str
    remedy: str


class Rule(ABC):
    """One rule: it observes the touchpoints that have one of its `parts`, and puts a finding in words.

    A suspicion whose time has come holds, and only a touchpoint resolves it, unless the rule says otherwise.
    """

    name: str
    parts: tuple[str, ...]

    @abstractmethod
    def observe(self, scene: Scene) -> None:
        """Suspect, add to, resolve or drop, by one touchpoint."""

    @abstractmethod
    def tell(self, suspicion: Suspicion) -> Told:
        """The finding in words."""

    def holds(self, suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge) -> bool:
        """Whether the suspicion is a finding once its time has come."""
        del suspicion, suspicions, knowledge
        return True

    def resolves_at(self, suspicion: Suspicion, knowledge: Knowledge) -> int | None:
        """When (us) it resolves by time or knowledge alone; None for never."""
        del knowledge
        return suspicion.lapses_at
