"""question_repeated: within seven days the customer asks the same of the same thing again, or gives the same data, in another channel
or conversation, and the first was not resolved.

Example: in the chat he asks where order O1 is, and the chat ends without an answer; two days later he asks it on the phone.
Settings: contacts (asked_within_s), case_done_statuses.
Looked at: topics that the customer says; kinds of data that he gives; topics that an agent asks about, and data that an agent asks for
although the customer gave it before. The same thing: the same order, else the same case, product, offer or content; or none on both
sides. Data is the same whatever it is given for, unless that is another order or case.
Near misses: the first one's conversation, or its case, was resolved in between; or it broke off, so that the customer takes up what
was cut short (channel_failed); another order; the same conversation goes on; after seven days; what the agent says.
Founding facts: the conversation of the first time and that of the first repetition, or the touchpoint where there is none. Whatever is
repeated in one conversation is one finding; `count` says in how many conversations. Resolved when a conversation or case of it is
resolved. handover_lost and channel_failed are the stronger.
"""

from collections.abc import Iterator
from typing import Final

from streams.journeys.contact_facts import Question
from streams.journeys.contacts import resolved_by
from streams.journeys.inconsistencies.findings import DESK, Suspicion, in_conversation
from streams.journeys.inconsistencies.parts import SAID
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.marks import Mark
from streams.journeys.settings import SECOND_US
from streams.journeys.touchpoint import Conversation, References

NAME: Final = "question_repeated"
_LAST: Final = "last"
_SUBJECTS: Final = ("order", "case", "product", "offer", "content")


class QuestionRepeated(Rule):
    """Holds what is asked and given against the week before."""

    name = NAME
    parts = (SAID, "conversation:ended", "complaints", "statement:status")

    def observe(self, scene: Scene) -> None:
        """What is asked or given again is found; what is resolved ends it."""
        if not scene.ledger.questions:
            return
        for conversation in scene.touchpoint.conversations:
            for item in _compared(conversation):
                self._ask(item, scene)
        resolved = resolved_by(scene.touchpoint, scene.settings)
        if resolved is not None:
            since = scene.at - scene.settings.conversation_kept_s * SECOND_US
            for question in scene.ledger.questions:
                if question.suspicion and question.asked.at >= since and resolved.covers(question.about):
                    scene.touch(scene.suspicions[question.suspicion]).resolve(scene.at, scene.touchpoint.event_id)

    def tell(self, suspicion: Suspicion) -> Told:
        """What was repeated, where it was asked first, and how long ago."""
        where = "same_channel" if suspicion.first.channel == suspicion.second.channel else "other_channel"
        return Told(DESK, often(where, suspicion), "remedy")

    def _ask(self, item: str, scene: Scene) -> None:
        touchpoint = scene.touchpoint
        about, event_id, here = touchpoint.references, touchpoint.event_id, _conversation(scene)
        since = scene.at - scene.settings.rules.contacts.asked_within_s * SECOND_US
        earlier = [
            each
            for each in scene.ledger.questions
            if each.item == item and each.asked.at >= since and _is_same(item, each.about, about) and _is_elsewhere(each, scene)
        ]
        if not earlier:
            return
        first = earlier[-1]
        founding = _in_its_conversation(first.asked, first.about), _in_its_conversation(scene.mark(), about)
        known = next((each.suspicion for each in reversed(earlier) if each.suspicion), "") or self._of_this_conversation(here, since, scene)
        before = scene.suspicions[known] if known else scene.suspected(NAME, founding)
        if before is not None:
            suspicion = scene.touch(before)
            if suspicion.told[_LAST] != here:
                suspicion.told[_LAST] = here
                suspicion.count += 1
                suspicion.resolved_at, suspicion.resolved_by = None, ""
            suspicion.show(event_id)
        else:
            suspicion = scene.suspect(NAME, founding, scene.at, evidence=(first.asked.event_id, event_id))
            suspicion.subject = _subject(about) or item
            suspicion.first = scene.side_of(first.asked, _phrase("heard_{}", item))
            suspicion.second = scene.side(_phrase("heard_{}_again", item))
            named = _subject(about)
            suspicion.told = {"task": _phrase("task_{}", item), "about": phrase("about", thing=named) if named else "", _LAST: here}
            first.suspicion = suspicion.inconsistency_id
            suspicion.yields = _broke_off(first, scene)
            causes = [f"conversation:{each}" for each in (first.about.conversation, about.conversation) if each]
            scene.relate(suspicion, *causes, *([f"case:{about.case}"] if about.case and about.case == first.about.case else []))
        for each in earlier:
            each.suspicion = suspicion.inconsistency_id

    def _of_this_conversation(self, here: str, since: int, scene: Scene) -> str:
        """What was found in the conversation already, "" for nothing."""
        if not scene.touchpoint.references.conversation:
            return ""
        for question in scene.ledger.questions:
            if question.suspicion and question.asked.at >= since and scene.suspicions[question.suspicion].told[_LAST] == here:
                return question.suspicion
        return ""


def is_same_subject(first: References, second: References) -> bool:
    """Whether two touchpoints are about the same thing: the most telling reference that both have decides."""
    for name in _SUBJECTS:
        one, other = getattr(first, name), getattr(second, name)
        if one and other:
            return bool(one == other)
    return not any(getattr(each, name) for each in (first, second) for name in _SUBJECTS)


def _is_same(item: str, first: References, second: References) -> bool:
    """Whether the same is asked or given: of the same thing; data unless it belongs to another order or case."""
    if item.startswith("data:"):
        return not any((one := getattr(first, name)) and (other := getattr(second, name)) and one != other for name in ("order", "case"))
    return is_same_subject(first, second)


def _compared(conversation: Conversation) -> Iterator[str]:
    match conversation.action:
        case "customer_said" if conversation.topic:
            yield f"topic:{conversation.topic}"
        case "customer_gave" if conversation.data_kind:
            yield f"data:{conversation.data_kind}"
        case "agent_asked" if conversation.data_kind:
            yield f"data:{conversation.data_kind}"
        case "agent_asked" if conversation.topic:
            yield f"asked:{conversation.topic}"


def _conversation(scene: Scene) -> str:
    return f"{scene.touchpoint.channel}|{scene.touchpoint.references.conversation}"


def _is_elsewhere(question: Question, scene: Scene) -> bool:
    """Whether it was in another channel, or in another conversation."""
    touchpoint = scene.touchpoint
    return question.asked.channel != touchpoint.channel or question.about.conversation != touchpoint.references.conversation


def _in_its_conversation(asked: Mark, about: References) -> str:
    return in_conversation(asked.channel, about.conversation, asked.event_id)


def _broke_off(question: Question, scene: Scene) -> bool:
    """Whether the conversation in which it was asked broke off."""
    number = question.about.conversation
    conversation = scene.ledger.conversation(number, scene.at, scene.settings) if number else None
    return conversation is not None and conversation.is_broken


def _subject(about: References) -> str:
    return next((f"{name}:{number}" for name in _SUBJECTS if (number := getattr(about, name))), "")


def _phrase(key: str, item: str) -> str:
    kind, _, name = item.partition(":")
    return phrase(key.format(kind), topic=name.replace("_", " "))
