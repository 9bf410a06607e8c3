"""identity_conflict: one event id with two contents, or two values of a single-valued identifier in one customer.

Example: two customer numbers in one customer, for two people share an e-mail address. Or a system that numbers its events anew each
day: the same event id under another content.
Settings: in identifiers.yaml, the types of which a customer has one value.
Near misses: the same number again; two e-mail addresses or phone numbers; the same event sent twice.
Founding fact: the first touchpoint with a further value, one finding for each; which value was the first may change. Of two contents
under one event id it is that event id, one per event id: whatever contents come, and in whatever order.
Audience: the channel's team, never the desk.
Two contents under one event id are seen where the second one is refused: `Customer.note_conflict`.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import CHANNEL_TEAM, OPEN, WARNING, Finding, Side, Suspicion, suspicion_id
from streams.journeys.inconsistencies.retelling import Made, written
from streams.journeys.inconsistencies.scene import Rule, Scene, Told
from streams.journeys.inconsistencies.telling import Wording, phrase
from streams.journeys.rule_settings import Exceptions, RuleSettings
from streams.journeys.said_facts import Value
from streams.journeys.touchpoint import Touchpoint

NAME: Final = "identity_conflict"
_EVENT: Final = "event"


class IdentityConflict(Rule):
    """Notes each value of a single-valued identifier; it is called for new ones only."""

    name = NAME
    parts = ("identifiers",)

    def observe(self, scene: Scene) -> None:
        """Values that the customer has not had before."""
        values = scene.ledger.values
        for identifier in scene.touchpoint.identifiers:
            if identifier.type in scene.settings.rules.single_valued and identifier.pseudonym not in values:
                first = next((each for each in values.values() if each.type == identifier.type), None)
                values[identifier.pseudonym] = Value(identifier.type, scene.mark())
                if first is not None:
                    self._conflict(first, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """Which identifier, and where its two values came from."""
        del suspicion
        return Told(CHANNEL_TEAM, ("sentence",), "remedy")

    def _conflict(self, first: Value, scene: Scene) -> None:
        suspicion = scene.suspect(NAME, (scene.touchpoint.event_id,), scene.at, about=f"identifier:{first.type}")
        suspicion.show_against(first.first.event_id)
        named = first.type.replace("_", " ")
        suspicion.told = {"type": named}
        suspicion.first = scene.side_of(first.first, phrase("gave_a", type=named))
        suspicion.second = scene.side(phrase("gave_another", type=named))


def conflict_of(event_id: str) -> str:
    """`inconsistency_id` of two contents under an event id."""
    return suspicion_id(NAME, _EVENT, event_id)


def event_conflict(customer: str, counting: Touchpoint, refused: Touchpoint, settings: RuleSettings, wording: Wording) -> Finding | None:
    """The finding of two contents under one event id: the one that counts (the smaller hash), and the one that was refused.

    The id is that of the event alone, so whoever of several refused ones is given last, it is the same finding; `journey_id` is left
    open. It stands until it is retracted: nothing that the customer does resolves it. None where the rule is off, or the settings
    except one of the channels.
    """
    excepted = settings.exceptions.get(NAME, Exceptions()).channels
    if NAME in settings.off or counting.channel in excepted or refused.channel in excepted:
        return None
    first, second = _side_of(counting), _side_of(refused)
    sources = {"first": first.channel, "second": second.channel}
    sentence = "one_source" if first.channel == second.channel else "two_sources"
    return Finding(
        inconsistency_id=conflict_of(counting.event_id),
        rule=NAME,
        severity=settings.severities.get(NAME, WARNING),
        audience=CHANNEL_TEAM,
        status=OPEN,
        customer=customer,
        journey_id="",
        subject=f"event:{counting.event_id}",
        first_channel=first.channel,
        first_at=first.at,
        first_said=wording.say(first.said),
        second_channel=second.channel,
        second_at=second.at,
        second_said=wording.say(second.said),
        evidence=(counting.event_id,),
        also=(),
        count=1,
        sentence=wording.sentence(NAME, sentence, sources),
        remedy=wording.sentence(NAME, "event_remedy", sources),
        opened_at=max(counting.corrected_at, refused.corrected_at),
        resolved_at=None,
        resolved_by="",
        told=written(Made(first.said, second.said, (sentence,), "event_remedy")),
        founding=(counting.event_id,),
    )


def _side_of(touchpoint: Touchpoint) -> Side:
    return Side(touchpoint.channel, touchpoint.corrected_at, touchpoint.kind.replace("_", " "))
