"""promotion_in_complaint: a marketing message is pushed to a customer while a complaint of his is open.

Example: on Monday the customer complains about a broken kettle; on Wednesday, still unheard, he gets the kettles' newsletter.
Settings: pushes, complaint_kept_s, case_done_statuses.
Near misses: a banner on a page or in the app; a service or transactional mail, the answer to the complaint above all; an answer to
the customer's own message; after the complaint was closed, or before it was opened; opening an old mail.
Founding facts: the opening of the complaint, and the first push while it is open. One per complaint; `count` says how often.
Resolved when the complaint is closed, or its case done.

contact_after_opt_out: the company starts a marketing contact in a purpose and channel that the customer withdrew at least a day
before.

Example: the customer withdraws consent for marketing by e-mail on the 1st; on the 9th he gets the newsletter.
Settings: pushes, opt_out_grace_s.
Near misses: within the day that it takes to carry it out; a service or transactional message; a reply; another channel than those
that he withdrew; consent given again since; a banner.
Founding facts: the withdrawal, and the first such contact in a channel. One per withdrawal and channel; `count` says how often. A
withdrawal that is repeated counts from its first time. Resolved when consent is given again.

What a push is: a message sent with a marketing purpose that answers nothing, or an offer shown with a marketing purpose in a channel
where it reaches the customer uncalled for; always by the company, and not within a conversation in which the customer spoke.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import CHANNEL_TEAM, CRITICAL, Suspicion
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.said_facts import OpenComplaint, OptOut
from streams.journeys.settings import SECOND_US

PROMOTION: Final = "promotion_in_complaint"
OPT_OUT: Final = "contact_after_opt_out"
_ALL: Final = "*"


def pushed(scene: Scene) -> str:
    """What the company pushes for marketing by the touchpoint, in words; "" for nothing."""
    touchpoint, pushes = scene.touchpoint, scene.settings.rules.pushes
    if touchpoint.direction == "inbound" or _is_reply(scene):
        return ""
    for message in touchpoint.messages:
        if message.action == "sent":
            if message.purpose not in pushes.purposes or message.in_reply_to:
                return ""
            return phrase("sent_marketing_of", campaign=message.campaign) if message.campaign else phrase("sent_marketing")
    if touchpoint.kind == "offer_shown" and touchpoint.channel in pushes.pushing_channels:
        for offer in touchpoint.offers:
            if offer.action == "shown" and offer.purpose in pushes.purposes:
                return phrase("put_offer", offer=offer.id)
    return ""


class PromotionInComplaint(Rule):
    """Follows complaints while they are open, and watches what is pushed meanwhile."""

    name = PROMOTION
    parts = ("complaints", "messages", "offers", "statement:status")

    def observe(self, scene: Scene) -> None:
        """A push while a complaint is open is found; then complaints open and close."""
        touchpoint = scene.touchpoint
        if scene.ledger.complaints and (touchpoint.messages or touchpoint.offers):
            said = pushed(scene)
            if said:
                self._push(said, scene)
        for complaint in touchpoint.complaints:
            if complaint.action == "closed":
                self._close(touchpoint.references.case, scene)
            elif complaint.action == "opened":
                self._open(touchpoint.references.case, scene)
        for statement in touchpoint.statements:
            is_status = statement.attribute == "status" and statement.subject.startswith("case:")
            if is_status and statement.value.casefold() in scene.settings.done:
                self._close(statement.subject[5:], scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """What was pushed, and how long the complaint had been open."""
        return Told(CHANNEL_TEAM, often("sentence", suspicion), "remedy")

    def _open(self, case: str, scene: Scene) -> None:
        known = scene.ledger.complaints.get(case)
        if known is None or not _is_open(known, scene):
            scene.ledger.complaints[case] = OpenComplaint(opened=scene.mark())

    def _close(self, case: str, scene: Scene) -> None:
        complaint = scene.ledger.complaints.pop(case, None)
        if complaint is not None and complaint.suspicion and _is_open(complaint, scene):
            scene.touch(scene.suspicions[complaint.suspicion]).resolve(scene.at, scene.touchpoint.event_id)

    def _push(self, said: str, scene: Scene) -> None:
        held = [(each.opened.at, case, each) for case, each in scene.ledger.complaints.items() if _is_open(each, scene)]
        if not held:
            return
        _, case, complaint = min(held, key=lambda each: each[:2])
        event_id = scene.touchpoint.event_id
        if complaint.suspicion:
            suspicion = scene.touch(scene.suspicions[complaint.suspicion])
            suspicion.count += 1
            suspicion.show(event_id)
            return
        suspicion = scene.suspect(PROMOTION, (complaint.opened.event_id, event_id), scene.at)
        complaint.suspicion = suspicion.inconsistency_id
        suspicion.subject = f"case:{case}" if case else "complaint"
        suspicion.first = scene.side_of(complaint.opened, phrase("took_complaint"))
        suspicion.second = scene.side(said)


class ContactAfterOptOut(Rule):
    """Follows consent for marketing by channel."""

    name = OPT_OUT
    parts = ("consents", "messages", "offers")

    def observe(self, scene: Scene) -> None:
        """A push in a channel that was withdrawn is found; then consent changes."""
        touchpoint = scene.touchpoint
        if scene.ledger.opt_outs and (touchpoint.messages or touchpoint.offers):
            out = _opt_out(touchpoint.channel, scene)
            grace = scene.settings.rules.opt_out_grace_s * SECOND_US
            if out is not None and out.is_withdrawn and scene.at - out.said.at >= grace:
                said = pushed(scene)
                if said:
                    self._contact(out, said, scene)
        for consent in touchpoint.consents:
            if consent.purpose in scene.settings.rules.pushes.consents:
                channels = consent.channels or (_ALL,)
                if consent.action == "withdrawn":
                    _withdraw(channels, scene)
                elif consent.action == "given":
                    _give(channels, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """What came, and how long after the customer had withdrawn it."""
        return Told(CHANNEL_TEAM, often("sentence", suspicion), "remedy")

    def _contact(self, out: OptOut, said: str, scene: Scene) -> None:
        channel, event_id = scene.touchpoint.channel, scene.touchpoint.event_id
        if channel in out.found:
            suspicion = scene.touch(scene.suspicions[out.found[channel]])
            suspicion.count += 1
            suspicion.show(event_id)
            return
        suspicion = scene.suspect(OPT_OUT, (out.said.event_id, event_id), scene.at, CRITICAL)
        out.found[channel] = suspicion.inconsistency_id
        suspicion.subject = f"channel:{channel}"
        suspicion.first = scene.side_of(out.said, phrase("heard_opt_out"))
        suspicion.second = scene.side(said)


def _is_reply(scene: Scene) -> bool:
    """Whether the touchpoint belongs to a conversation in which the customer has spoken."""
    number = scene.touchpoint.references.conversation
    if not number:
        return False
    conversation = scene.ledger.conversation(number, scene.at, scene.settings)
    return conversation is not None and conversation.is_inbound


def _is_open(complaint: OpenComplaint, scene: Scene) -> bool:
    return scene.at - complaint.opened.at <= scene.settings.rules.complaint_kept_s * SECOND_US


def _opt_out(channel: str, scene: Scene) -> OptOut | None:
    """What the customer last said about marketing in a channel: of the channel itself, else of all."""
    held = scene.ledger.opt_outs
    return held.get(channel) or held.get(_ALL)


def _withdraw(channels: tuple[str, ...], scene: Scene) -> None:
    held = scene.ledger.opt_outs
    for channel in channels:
        known = _opt_out(channel, scene)
        if channel == _ALL:  # channels that were withdrawn before keep the time at which they were
            for other in [other for other, each in held.items() if not each.is_withdrawn]:
                del held[other]
            known = held.get(_ALL)
        if known is None or not known.is_withdrawn:
            held[channel] = OptOut(said=scene.mark(), is_withdrawn=True)


def _give(channels: tuple[str, ...], scene: Scene) -> None:
    held = scene.ledger.opt_outs
    for channel in channels:
        given = list(held) if channel == _ALL else [channel]
        for each in given:
            out = held.pop(each, None)
            if out is not None:
                _reconcile(out, tuple(out.found), scene)
        if channel != _ALL and (whole := held.get(_ALL)) is not None:
            _reconcile(whole, (channel,), scene)
            held[channel] = OptOut(said=scene.mark(), is_withdrawn=False)


def _reconcile(out: OptOut, channels: tuple[str, ...], scene: Scene) -> None:
    """Consent was given again: what was found in these channels is resolved, and a later withdrawal is a new one."""
    for channel in channels:
        found = out.found.pop(channel, None)
        if found is not None:
            scene.touch(scene.suspicions[found]).resolve(scene.at, scene.touchpoint.event_id)
