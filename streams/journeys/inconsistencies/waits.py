"""contact_unanswered: the customer makes contact, and no channel answers in the same conversation or case within the norm.

Example: on Monday morning the customer writes about case C1; on Tuesday at noon nobody has answered.
Settings: contacts (waiting_kinds, answering_kinds, norms by channel and kind, hours, abandoned_early_s, waiting_kept_s).
Contact: a chat started, a call queued, a message received or replied, a form submitted, a complaint opened; by the customer. The norm
is counted in the hours at which the channel is open. A message without conversation or case is answered by a reply to it, or by any
message of the company's that belongs to no conversation; a form without either cannot be followed.
Near misses: a mail in the weekend, answered on Monday; answered by another channel in the same case; a call abandoned within ten
seconds; a bot that answers a bot's chat; a conversation that breaks (channel_failed), or is passed on (handover_lost); a conversation
that the channel ends. Marketing answers nothing, unless it is a reply.
Founding fact: the contact. Contacts in the same conversation or case, while the customer waits, are one. Resolved by a late answer.
"""

from typing import Final

from streams.journeys.contact_facts import Wait
from streams.journeys.inconsistencies.findings import DESK, Suspicion
from streams.journeys.inconsistencies.parts import ANSWERED, SAID, WAIT
from streams.journeys.inconsistencies.scene import Rule, Scene, Told
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.settings import SECOND_US

NAME: Final = "contact_unanswered"
_OPENING: Final = ("conversation:started", "conversation:queued", "messages", "page:form", "complaints")
_FOLLOWED: Final = frozenset(
    {
        SAID,
        ANSWERED,
        "conversation:transferred",
        "conversation:ended",
        "conversation:broken",
        "promises",
        "statement:price",
        "statement:stock",
        "statement:status",
        "statement:answer",
    }
)
_SAID: Final = {
    "message_received": "got_message",
    "message_replied": "got_message",
    "form_submitted": "got_form",
    "complaint_opened": "got_complaint",
    "conversation_queued": "had_queued",
}


class ContactUnanswered(Rule):
    """Watches a contact until it is answered."""

    name = NAME
    parts = _OPENING

    def concerns(self, parts: frozenset[str]) -> bool:
        """What may be a contact, and what may answer one while the customer waits."""
        return super().concerns(parts) or (WAIT in parts and not parts.isdisjoint(_FOLLOWED))

    def observe(self, scene: Scene) -> None:
        """Follow those who wait, then note a new contact."""
        if scene.ledger.waiting:
            before = scene.at - scene.settings.rules.contacts.waiting_kept_s * SECOND_US
            held = [each for each in scene.ledger.waiting if each.since.at >= before]
            scene.ledger.waiting = [each for each in held if self._follow(each, scene)]
        touchpoint, kinds = scene.touchpoint, scene.settings.rules.contacts.waiting_kinds
        if touchpoint.direction == "outbound":
            return
        if touchpoint.kind in kinds.get(touchpoint.channel, ()) or touchpoint.kind in kinds.get("", ()):
            self._contact(scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """What came, and how long it has gone without an answer."""
        how = "open" if suspicion.resolved_at is None else "late"
        return Told(DESK, (how,), f"{how}_remedy")

    def _contact(self, scene: Scene) -> None:
        touchpoint = scene.touchpoint
        references = touchpoint.references
        message = touchpoint.messages[0].id if touchpoint.messages else ""
        if not (references.conversation or references.case or message):
            return
        for wait in scene.ledger.waiting:
            if _is_same(wait, references.conversation, references.case):
                scene.touch(scene.suspicions[wait.suspicion]).show(touchpoint.event_id)
                return
        due = scene.settings.rules.contacts.answer_due(touchpoint.channel, touchpoint.kind, scene.at)
        suspicion = scene.suspect(NAME, (touchpoint.event_id,), due)
        suspicion.ahead = 0
        suspicion.yields = scene.ledger.is_passed_on(references.conversation, references.case, scene.at, scene.settings)
        queue = next((each.queue for each in touchpoint.conversations if each.queue), "")
        suspicion.subject = _subject(queue, references.case, references.conversation, touchpoint.channel)
        thing = f"case:{references.case}" if references.case else f"order:{references.order}" if references.order else ""
        suspicion.told = {"about": phrase("about", thing=thing) if thing else ""}
        suspicion.first = scene.side(_SAID.get(touchpoint.kind, "had_waiting"))
        scene.ledger.waiting.append(
            Wait(
                suspicion=suspicion.inconsistency_id,
                since=scene.mark(),
                conversation=references.conversation,
                case=references.case,
                message=message,
                due=due,
                staffed=all(each.staffed for each in touchpoint.conversations),
            )
        )
        causes = [f"conversation:{references.conversation}"] if references.conversation else []
        scene.relate(suspicion, *causes, *([f"case:{references.case}"] if references.case else []))

    def _follow(self, wait: Wait, scene: Scene) -> bool:
        """Take one touchpoint while the customer waits; whether he goes on waiting."""
        touchpoint = scene.touchpoint
        references = touchpoint.references
        is_same = _is_same(wait, references.conversation, references.case)
        if is_same and references.case and not wait.case:
            wait.case = references.case
        if self._is_answer(wait, scene, is_same=is_same):
            self._answer(wait, scene)
            return False
        if not is_same:
            return True
        for conversation in touchpoint.conversations:
            early = scene.settings.rules.contacts.abandoned_early_s.get(wait.since.channel, -1) * SECOND_US
            if conversation.outcome == "abandoned" and scene.at - wait.since.at <= early:
                scene.drop(wait.suspicion)
                return False
            if conversation.action in ("broken", "transferred") and scene.at < wait.due:
                scene.touch(scene.suspicions[wait.suspicion]).yields = True
                return conversation.action == "transferred"
        return True

    def _is_answer(self, wait: Wait, scene: Scene, *, is_same: bool) -> bool:
        """Whether the touchpoint answers the contact."""
        touchpoint, settings = scene.touchpoint, scene.settings
        if any(each.action == "ended" and each.outcome not in settings.unheard_outcomes for each in touchpoint.conversations):
            return is_same
        by_bot = wait.staffed and bool(touchpoint.conversations) and not any(each.staffed for each in touchpoint.conversations)
        is_marketing = any(each.purpose in settings.rules.pushes.purposes and not each.in_reply_to for each in touchpoint.messages)
        answers = touchpoint.direction != "inbound" and touchpoint.kind in settings.rules.contacts.answering_kinds
        if not answers or by_bot or is_marketing or is_same:
            return answers and not by_bot and not is_marketing
        replies = {each.in_reply_to for each in touchpoint.messages}
        if wait.message and wait.message in replies:
            return True
        is_loose = not (wait.conversation or wait.case)
        return is_loose and bool(touchpoint.messages) and replies == {""} and not touchpoint.references.conversation

    def _answer(self, wait: Wait, scene: Scene) -> None:
        if scene.at < wait.due:
            scene.drop(wait.suspicion)
            return
        suspicion = scene.touch(scene.suspicions[wait.suspicion])
        suspicion.second = scene.side(phrase("answered_late"))
        suspicion.resolve(scene.at, scene.touchpoint.event_id)


def _is_same(wait: Wait, conversation: str, case: str) -> bool:
    return bool((conversation and conversation == wait.conversation) or (case and case == wait.case))


def _subject(queue: str, case: str, conversation: str, channel: str) -> str:
    """What it is about: the case, else the queue in which the customer waits, else the conversation."""
    if case:
        return f"case:{case}"
    if queue:
        return f"queue:{queue}"
    return f"conversation:{conversation}" if conversation else f"channel:{channel}"
