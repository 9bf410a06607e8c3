"""What a rule sees of one touchpoint: the touchpoint, the ledger as it was before it, and the suspicions so far."""

from abc import ABC, abstractmethod
from typing import NamedTuple

from streams.journeys.inconsistencies.findings import WARNING, Side, Suspicion, suspicion_id
from streams.journeys.inconsistencies.precedence import is_one_cause, stronger_than, weaker_than
from streams.journeys.knowledge import Knowledge
from streams.journeys.ledger import Ledger
from streams.journeys.marks import Mark
from streams.journeys.settings import SECOND_US, JourneySettings
from streams.journeys.touchpoint import Touchpoint


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

    def severity(self, rule: str, usual: str) -> str:
        """The severity of a rule's findings: the usual one, unless the settings name another."""
        return self.settings.rules.severities.get(rule, usual)

    def suspect(
        self,
        rule: str,
        founding: tuple[str, ...],
        holds_from: int,
        usual: str = WARNING,
        *,
        about: str = "",
        evidence: tuple[str, ...] = (),
    ) -> Suspicion:
        """A new suspicion of the usual severity, in the touchpoint's journey.

        `founding` is event ids, or conversations as `findings.in_conversation` names them; what they show is the first evidence,
        `evidence` where they name conversations. `about` is its subject where the same facts may found several suspicions, as a mail
        with two offers does: the id has it too.
        """
        suspicion = Suspicion(
            inconsistency_id=_id(rule, founding, about),
            rule=rule,
            founding=founding,
            holds_from=holds_from,
            severity=self.severity(rule, usual),
            journey_id=self.journey_id,
            subject=about,
            evidence=list(evidence or founding),
            ahead=self.settings.told_ahead_s * SECOND_US if holds_from == self.at else 0,
            campaign=_campaign(self.touchpoint) if self.settings.rules.exceptions else "",
        )
        self.suspicions[suspicion.inconsistency_id] = suspicion
        return self.touch(suspicion)

    def suspected(self, rule: str, founding: tuple[str, ...], *, about: str = "") -> Suspicion | None:
        """What these facts, which name conversations, founded before; a conversation goes on, and must not found it twice."""
        return self.suspicions.get(_id(rule, founding, about))

    def touch(self, suspicion: Suspicion) -> Suspicion:
        """Note that the touchpoint changes the suspicion."""
        suspicion.position = self.position
        self.touched.add(suspicion.inconsistency_id)
        if suspicion.weaker or suspicion.stronger:
            self._touch_kin(suspicion)
        return suspicion

    def decide(self, suspicion: Suspicion) -> Suspicion:
        """The touchpoint decides the suspicion: it holds from now on."""
        suspicion.holds_from, suspicion.ahead = self.at, self.settings.told_ahead_s * SECOND_US
        return self.touch(suspicion)

    def drop(self, inconsistency_id: str) -> None:
        """The expected fact came in time: there is nothing to find."""
        suspicion = self.suspicions.pop(inconsistency_id, None)
        if suspicion is not None:
            self.touched.add(inconsistency_id)
            self._touch_kin(suspicion)

    def relate(self, suspicion: Suspicion, *causes: str) -> None:
        """Name causes of a suspicion whose sides are known, and tie it to what other rules suspect of the same cause."""
        suspicion.causes += [cause for cause in causes if cause not in suspicion.causes]
        weaker, stronger = weaker_than(suspicion.rule), stronger_than(suspicion.rule)
        for other in self.suspicions.values():
            if other.rule in weaker and is_one_cause(suspicion, other):
                self._tie(suspicion, other)
            elif other.rule in stronger and is_one_cause(other, suspicion):
                self._tie(other, suspicion)

    def mute(self, rule: str) -> None:
        """Take the exceptions of a rule to what the touchpoint changed."""
        excepted = self.settings.rules.exceptions[rule]
        for suspicion in self.suspicions.values():
            if suspicion.rule == rule and suspicion.position == self.position:
                sides = {suspicion.first.channel, suspicion.second.channel}
                suspicion.muted = bool(sides & excepted.channels) or suspicion.campaign in excepted.campaigns

    def silence(self, rule: str) -> None:
        """A rule that failed says nothing more of this customer, and what it said is taken back."""
        for suspicion in self.suspicions.values():
            if suspicion.rule == rule:
                suspicion.muted = True
                self.touch(suspicion)

    def _tie(self, stronger: Suspicion, weaker: Suspicion) -> None:
        if weaker.inconsistency_id not in stronger.weaker:
            stronger.weaker.append(weaker.inconsistency_id)
        if stronger.inconsistency_id not in weaker.stronger:
            weaker.stronger.append(stronger.inconsistency_id)
        self.touch(stronger)

    def _touch_kin(self, suspicion: Suspicion) -> None:
        """What is told of suspicions with the same cause changes with it."""
        for each in (*suspicion.weaker, *suspicion.stronger):
            kin = self.suspicions.get(each)
            if kin is not None:
                kin.position = self.position
                self.touched.add(each)


def _id(rule: str, founding: tuple[str, ...], about: str) -> str:
    """The id of what these facts found, by what it is about where they may found several."""
    return suspicion_id(rule, *founding, *filter(None, [about]))


def _campaign(touchpoint: Touchpoint) -> str:
    """The campaign under which the touchpoint was made, "" for none."""
    named = touchpoint.messages[0].campaign if touchpoint.messages else ""
    return named or touchpoint.attributes.get("campaign", "") or touchpoint.references.content


class Told(NamedTuple):
    """What a finding tells: whom, what happened and what to do about it, by the names of the rule's templates (`telling.VARIANTS`)."""

    audience: str
    sentence: tuple[str, ...]
    remedy: str


def often(sentence: str, suspicion: Suspicion) -> tuple[str, ...]:
    """A sentence, and one that says how often where it was more than once."""
    return (sentence, "often") if suspicion.count > 1 else (sentence,)


class Rule(ABC):
    """One rule: it observes the touchpoints that have one of its `parts`, and chooses the words of a finding.

    A suspicion whose time has come holds, and only a touchpoint resolves it, unless the rule says otherwise.
    """

    name: str
    parts: tuple[str, ...]
    asks_knowledge: bool = False
    """Whether it depends on what the channels know, by which a finding can come and go without any touchpoint."""

    def concerns(self, parts: frozenset[str]) -> bool:
        """Whether it observes touchpoints that have these parts."""
        return not parts.isdisjoint(self.parts)

    @abstractmethod
    def observe(self, scene: Scene) -> None:
        """Suspect, add to, resolve or drop, by one touchpoint."""

    @abstractmethod
    def tell(self, suspicion: Suspicion) -> Told:
        """Which of its templates say the finding."""

    def holds(self, suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge) -> bool:
        """Whether the suspicion is a finding once its time has come."""
        del suspicion, suspicions, knowledge
        return True

    def resolves_at(self, suspicion: Suspicion, knowledge: Knowledge) -> int | None:
        """When (us) it resolves by time or knowledge alone; None for never."""
        del knowledge
        return suspicion.lapses_at
