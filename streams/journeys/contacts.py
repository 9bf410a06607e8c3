"""How contacts enter the ledger: what was asked and given, what was resolved, what is open again."""

from collections.abc import Iterator
from typing import NamedTuple

from streams.journeys.contact_facts import Question, Resolution
from streams.journeys.ledger import ConversationFact, Ledger
from streams.journeys.marks import Mark
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Conversation, References, Touchpoint


class Resolved(NamedTuple):
    """What a touchpoint resolves: a conversation, a case, or both; "" for none."""

    conversation: str
    case: str

    def covers(self, about: References) -> bool:
        """Whether something asked with these references is resolved by it."""
        return bool((self.case and about.case == self.case) or (self.conversation and about.conversation == self.conversation))


def resolved_by(touchpoint: Touchpoint, settings: JourneySettings) -> Resolved | None:
    """What the touchpoint resolves: by the end of a conversation, by the status of a case, by closing a complaint; None for nothing."""
    references = touchpoint.references
    for conversation in touchpoint.conversations:
        if conversation.action == "ended" and conversation.outcome == "resolved":
            return Resolved(references.conversation, references.case)
    for statement in touchpoint.statements:
        if statement.attribute == "status" and statement.subject.startswith("case:") and statement.value.casefold() in settings.done:
            return Resolved("", statement.subject[5:])
    for complaint in touchpoint.complaints:
        if complaint.action == "closed":
            return Resolved("", references.case)
    return None


def record_contacts(touchpoint: Touchpoint, ledger: Ledger, settings: JourneySettings) -> None:
    """Enter what the touchpoint asks and gives, resolves and opens again."""
    for conversation in touchpoint.conversations:
        item = asked_in(conversation)
        if item:
            mark = Mark(touchpoint.event_id, touchpoint.corrected_at, touchpoint.channel)
            ledger.questions.append(Question(item=item, asked=mark, about=touchpoint.references))
    resolved = resolved_by(touchpoint, settings)
    if resolved is not None:
        if ledger.questions:
            ledger.questions = [each for each in ledger.questions if not resolved.covers(each.about)]
        _record_resolution(resolved, touchpoint, ledger, settings)
    elif ledger.resolutions:
        opened = set(_opened(touchpoint))
        if opened:
            ledger.resolutions = [each for each in ledger.resolutions if not each.case or each.case not in opened]


def asked_in(conversation: Conversation) -> str:
    """What is asked or given: the customer's topic, data that he gives, the topic that an agent asks about; "" for nothing."""
    match conversation.action:
        case "customer_said" if conversation.topic:
            return f"topic:{conversation.topic}"
        case "customer_gave" if conversation.data_kind:
            return f"data:{conversation.data_kind}"
        case "agent_asked" if conversation.topic and not conversation.data_kind:
            return f"asked:{conversation.topic}"
        case _:
            return ""


def _record_resolution(resolved: Resolved, touchpoint: Touchpoint, ledger: Ledger, settings: JourneySettings) -> None:
    references = touchpoint.references
    mark = Mark(touchpoint.event_id, touchpoint.corrected_at, touchpoint.channel)
    talked: ConversationFact | None = None
    if resolved.conversation:
        talked = ledger.conversation(resolved.conversation, mark.at, settings)
    topics = {each.topic for each in touchpoint.conversations} | {each.topic for each in touchpoint.complaints}
    if talked is None:
        resolution = Resolution(by=mark, case=resolved.case, order=references.order, product=references.product)
    else:
        topics.update(talked.topics)
        resolution = Resolution(
            by=mark,
            conversation=resolved.conversation,
            case=resolved.case or talked.case,
            order=references.order or talked.order,
            product=references.product or talked.product,
        )
    resolution.topics = tuple(sorted(topics - {""}))
    ledger.resolutions.append(resolution)


def _opened(touchpoint: Touchpoint) -> Iterator[str]:
    """Cases that the touchpoint shows open."""
    for statement in touchpoint.statements:
        if statement.attribute == "status" and statement.subject.startswith("case:"):
            yield statement.subject[5:]
    for complaint in touchpoint.complaints:
        if complaint.action == "opened" and touchpoint.references.case:
            yield touchpoint.references.case
