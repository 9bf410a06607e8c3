"""handover_lost: a customer is passed on and nobody picks it up within the norm, or it ends dropped, or he is asked the same again.

Example: the chat passes the customer on to the phone; ten minutes later nobody there has taken it up.
Settings: contacts (pick_up_s by channel, hours), conversation_kept_s.
Picked up: somebody answers, asks or speaks in the same conversation, or in the same case or a conversation of the channel that it was
passed on to. The same again: what the agent asks for was given before, or asked before by an agent; what the customer says was said
before, where what was said did not go along.
Near misses: picked up in time; passed on at night and picked up in the morning, counted in opening hours; passed on once more; a
conversation that ends with an outcome; one that breaks (channel_failed); new questions; the same topic where what was said went along.
Founding fact: the transfer. One per transfer. Picked up late it is resolved, unless the same is asked again; so it is when its
conversation is resolved after all. Stronger than question_repeated and contact_unanswered in the same conversation or case.
"""

from collections.abc import Iterator
from typing import Final

from streams.journeys.contact_facts import Question, Transfer
from streams.journeys.inconsistencies.findings import DESK, NEVER, Suspicion
from streams.journeys.inconsistencies.parts import ANSWERED, SAID, TRANSFER
from streams.journeys.inconsistencies.scene import Rule, Scene, Told
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.settings import SECOND_US
from streams.journeys.touchpoint import Conversation

NAME: Final = "handover_lost"
_AGAIN: Final = "again"
_DROPPED: Final = "dropped"
_FOLLOWED: Final = frozenset({SAID, ANSWERED, "conversation:ended", "conversation:broken", "conversation:transferred"})


class HandoverLost(Rule):
    """Watches a transfer until its conversation ends."""

    name = NAME
    parts = ("conversation:transferred",)

    def concerns(self, parts: frozenset[str]) -> bool:
        """A transfer, and what follows in conversations while one is watched."""
        return super().concerns(parts) or (TRANSFER in parts and not parts.isdisjoint(_FOLLOWED))

    def observe(self, scene: Scene) -> None:
        """Follow the transfers that are watched, then note a new one."""
        if scene.ledger.transfers:
            before = scene.at - scene.settings.conversation_kept_s * SECOND_US
            held = [each for each in scene.ledger.transfers if each.made.at >= before]
            scene.ledger.transfers = [each for each in held if self._follow(each, scene)]
        for conversation in scene.touchpoint.conversations:
            if conversation.action == "transferred":
                self._transfer(conversation, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """From where to where, and what became of it."""
        if suspicion.told.get("how") == _AGAIN:
            return Told(DESK, ("again",), "again_remedy")
        if suspicion.told.get("how") == _DROPPED:
            return Told(DESK, ("dropped",), "open_remedy")
        if suspicion.resolved_at is not None:
            return Told(DESK, ("late",), "late_remedy")
        return Told(DESK, ("open",), "open_remedy")

    def _transfer(self, conversation: Conversation, scene: Scene) -> None:
        touchpoint = scene.touchpoint
        channel = conversation.to_channel or touchpoint.channel
        if channel == touchpoint.channel and not (touchpoint.references.conversation or touchpoint.references.case):
            return  # nothing would show that it is picked up
        due = scene.settings.rules.contacts.pick_up_due(channel, scene.at)
        suspicion = scene.suspect(NAME, (touchpoint.event_id,), due)
        suspicion.ahead = 0
        references = touchpoint.references
        queue = conversation.to_queue
        suspicion.subject = f"queue:{queue}" if queue else f"channel:{channel}"
        suspicion.told = {"to": _to(conversation.to_channel, queue)}
        suspicion.first = scene.side(phrase("passed_on"))
        scene.ledger.transfers.append(
            Transfer(
                suspicion=suspicion.inconsistency_id,
                made=scene.mark(),
                conversation=references.conversation,
                case=references.case,
                to_channel=conversation.to_channel,
                due=due,
                context_passed=conversation.context_passed,
            )
        )
        scene.relate(suspicion, *_causes(references.conversation, references.case))

    def _follow(self, transfer: Transfer, scene: Scene) -> bool:
        """Take one touchpoint after a transfer; whether to go on watching."""
        is_same = _is_same_conversation(transfer, scene)
        for conversation in scene.touchpoint.conversations:
            if _picks_up(conversation, transfer, is_same, scene):
                self._pick_up(transfer, scene)
            if is_same and transfer.picked_at is not None:
                self._hear(conversation, transfer, scene)
            if is_same and conversation.action in ("ended", "broken"):
                self._end(conversation, transfer, scene)
                return False
        return True

    def _pick_up(self, transfer: Transfer, scene: Scene) -> None:
        if transfer.picked_at is not None:
            return
        transfer.picked_at = scene.at
        suspicion = scene.touch(scene.suspicions[transfer.suspicion])
        if scene.at < transfer.due:
            suspicion.holds_from = NEVER  # until the same is asked again, perhaps
        else:
            suspicion.second = scene.side(phrase("took_up_late"))
            suspicion.resolve(scene.at, scene.touchpoint.event_id)

    def _hear(self, conversation: Conversation, transfer: Transfer, scene: Scene) -> None:
        """What is asked, given or said after the transfer, against what was before."""
        before = {each.item for each in _said_before(transfer, scene)}
        said = ""
        match conversation.action:
            case "agent_asked" if f"data:{conversation.data_kind}" in before:
                said = phrase("asked_for_again", topic=_words(conversation.data_kind))
            case "agent_asked" if not conversation.data_kind and f"asked:{conversation.topic}" in before:
                said = phrase("asked_about_again", topic=_words(conversation.topic))
            case "customer_gave" if f"data:{conversation.data_kind}" in before:
                said = phrase("had_given_again", topic=_words(conversation.data_kind))
            case "customer_said" if f"topic:{conversation.topic}" in before and not transfer.context_passed:
                said = phrase("had_told_again", topic=_words(conversation.topic))
        if not said:
            return
        suspicion = scene.suspicions[transfer.suspicion]
        suspicion.show(scene.touchpoint.event_id)
        if suspicion.told.get("how") != _AGAIN:
            suspicion.told["how"] = _AGAIN
            suspicion.second = scene.side(said)
            suspicion.resolved_at, suspicion.resolved_by = None, ""
            if suspicion.holds_from > scene.at:
                scene.decide(suspicion)
        scene.touch(suspicion)

    def _end(self, conversation: Conversation, transfer: Transfer, scene: Scene) -> None:
        suspicion = scene.touch(scene.suspicions[transfer.suspicion])
        holds = suspicion.holds_from <= scene.at
        is_left = transfer.picked_at is None and conversation.action == "ended"
        if is_left and conversation.outcome == "dropped":
            suspicion.told["how"] = _DROPPED
            suspicion.second = scene.side(phrase("ended_it"))
            suspicion.show(scene.touchpoint.event_id)
            if not holds:
                scene.decide(suspicion)
        elif is_left and conversation.outcome in scene.settings.unheard_outcomes:
            suspicion.show(scene.touchpoint.event_id)  # the customer gave up: whether anybody takes it up is still open
        elif not holds:
            scene.drop(transfer.suspicion)
        elif conversation.outcome == "resolved":
            suspicion.resolve(scene.at, scene.touchpoint.event_id)


def _causes(conversation: str, case: str) -> Iterator[str]:
    if conversation:
        yield f"conversation:{conversation}"
    if case:
        yield f"case:{case}"


def _is_same_conversation(transfer: Transfer, scene: Scene) -> bool:
    """Whether the touchpoint goes on with what was passed on: the same conversation, or its case in the channel it was passed on to."""
    references = scene.touchpoint.references
    if transfer.conversation and references.conversation == transfer.conversation:
        return True
    return bool(transfer.case) and references.case == transfer.case and scene.touchpoint.channel == transfer.to_channel


def _picks_up(conversation: Conversation, transfer: Transfer, is_same: bool, scene: Scene) -> bool:  # noqa: FBT001 - a fact, not a switch
    """Whether somebody takes over who was passed on."""
    channel = scene.touchpoint.channel
    if conversation.action in ("answered", "picked_up", "transferred"):
        return is_same or (bool(transfer.to_channel) and channel == transfer.to_channel != transfer.made.channel)
    # A last word of the one who passes on is none.
    return is_same and conversation.action in ("agent_said", "agent_asked") and transfer.to_channel in ("", channel)


def _said_before(transfer: Transfer, scene: Scene) -> Iterator[Question]:
    """What was asked, said and given before the transfer, in its conversation or case."""
    since = scene.at - scene.settings.rules.contacts.asked_within_s * SECOND_US
    for question in scene.ledger.questions:
        about = question.about
        is_same = about.conversation == transfer.conversation if transfer.conversation else about.case == transfer.case
        if is_same and since <= question.asked.at <= transfer.made.at:
            yield question


def _to(channel: str, queue: str) -> str:
    if channel:
        return phrase("to_with_queue", to_channel=channel, queue=queue) if queue else phrase("to", to_channel=channel)
    return phrase("to_other_with_queue", queue=queue) if queue else phrase("to_other")


def _words(name: str) -> str:
    return f"the {name.replace('_', ' ')}"
