"""contact_repeated: the customer makes contact again within seven days after it was resolved: about the same case, else the same order,
else the same topic and product.

Example: on Monday the desk resolves a question about order O1; on Thursday the customer calls about order O1 again.
Settings: contacts (contact_kinds, repeated_within_s), case_done_statuses.
Resolved: a conversation ended as resolved, a case resolved or closed, a complaint closed.
Near misses: a contact that had begun before it was resolved; another order, topic or product; after seven days; the company calls;
a rating, an order, a visit to a page; the conversation that was resolved, as it ends.
Founding fact: the resolution; by which of its touchpoints the contact after it is known may change. One per resolution; `count` says in
how many conversations it came back.
Resolved when a contact after it is resolved. case_reopened is the stronger where the case is opened again thereafter.
"""

from typing import Final

from streams.journeys.contact_facts import Resolution
from streams.journeys.contacts import resolved_by
from streams.journeys.inconsistencies.findings import DESK, Suspicion
from streams.journeys.inconsistencies.parts import SAID
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.ledger import ConversationFact
from streams.journeys.settings import SECOND_US

NAME: Final = "contact_repeated"


class ContactRepeated(Rule):
    """Holds each contact of the customer's against what was resolved in the week before."""

    name = NAME
    parts = (
        "conversation:started",
        "conversation:queued",
        SAID,
        "conversation:ended",
        "messages",
        "page:form",
        "complaints",
        "statement:status",
    )

    def observe(self, scene: Scene) -> None:
        """A contact about what was resolved is found; what is resolved again ends it."""
        if not scene.ledger.resolutions:
            return
        touchpoint = scene.touchpoint
        if touchpoint.kind in scene.settings.rules.contacts.contact_kinds and touchpoint.direction != "outbound":
            self._contact(scene)
        resolved = resolved_by(touchpoint, scene.settings)
        if resolved is not None:
            here = _contact_of(scene)
            since = scene.at - scene.settings.conversation_kept_s * SECOND_US
            for each in scene.ledger.resolutions:
                is_back = here in each.repeated_in or bool(resolved.case and resolved.case == each.case)
                if each.suspicion and each.by.at >= since and is_back:
                    scene.touch(scene.suspicions[each.suspicion]).resolve(scene.at, touchpoint.event_id)

    def tell(self, suspicion: Suspicion) -> Told:
        """What had been resolved, and how soon the customer was back."""
        return Told(DESK, often("sentence", suspicion), "remedy")

    def _contact(self, scene: Scene) -> None:
        touchpoint = scene.touchpoint
        number = touchpoint.references.conversation
        conversation = scene.ledger.conversation(number, scene.at, scene.settings) if number else None
        since = scene.at - scene.settings.rules.contacts.repeated_within_s * SECOND_US
        begun = scene.at if conversation is None or touchpoint.messages else conversation.first_at
        for resolution in reversed(scene.ledger.resolutions):
            if since <= resolution.by.at < begun:
                what = _same(resolution, conversation, scene)
                if what:
                    self._repeat(resolution, what, scene)
                    return

    def _repeat(self, resolution: Resolution, what: str, scene: Scene) -> None:
        here, event_id = _contact_of(scene), scene.touchpoint.event_id
        if here in resolution.repeated_in:
            return
        resolution.repeated_in.append(here)
        if resolution.suspicion:
            suspicion = scene.touch(scene.suspicions[resolution.suspicion])
            suspicion.count += 1
            suspicion.resolved_at, suspicion.resolved_by = None, ""
            suspicion.show(event_id)
            return
        suspicion = scene.suspect(NAME, (resolution.by.event_id,), scene.at)
        suspicion.show(event_id)
        resolution.suspicion = suspicion.inconsistency_id
        suspicion.subject = what
        suspicion.first = scene.side_of(resolution.by, phrase("resolved_it"))
        suspicion.second = scene.side(phrase("came_back"))
        suspicion.told = {"thing": what}
        since = scene.at - scene.settings.rules.contacts.repeated_within_s * SECOND_US
        kin = [each for each in scene.ledger.resolutions if each.by.at >= since and _is_kin(each, resolution)]
        scene.relate(suspicion, *(f"case:{each.case}|{each.by.event_id}" for each in kin))


def _same(resolution: Resolution, conversation: ConversationFact | None, scene: Scene) -> str:
    """What the contact has in common with what was resolved: the case, else the order, else topic and product; "" for nothing."""
    touchpoint = scene.touchpoint
    references = touchpoint.references
    case, order, product = references.case, references.order, references.product
    topics = {each.topic for each in touchpoint.conversations} | {each.topic for each in touchpoint.complaints}
    if conversation is not None:
        case, order, product = case or conversation.case, order or conversation.order, product or conversation.product
        topics.update(conversation.topics)
    if case and case == resolution.case:
        return f"case:{case}"
    if order and resolution.order:
        return f"order:{order}" if order == resolution.order else ""
    common = sorted((topics & set(resolution.topics)) - {""})
    return f"product:{product}" if common and product and product == resolution.product else ""


def _contact_of(scene: Scene) -> str:
    """The conversation of the contact; a message or form without one is a contact by itself."""
    touchpoint = scene.touchpoint
    return touchpoint.references.conversation or touchpoint.references.case or touchpoint.event_id


def _is_kin(each: Resolution, resolution: Resolution) -> bool:
    """Whether both say that the same case was done."""
    return bool(each.case) and each.case == resolution.case
