"""offer_unknown: a channel that may redeem a valid offer, shown to the customer, says that it is unknown or expired; or ends a
conversation that refers to it without having acknowledged it.

Example: the website shows 20 % off until Sunday; on Friday the phone desk says that there is no such offer.
Settings: refusal_reasons, unheard_outcomes, referring_kinds, offer_kept_s.
Near misses: refused as not applicable or already used; refused by a channel in which it cannot be redeemed; refused after its end,
its withdrawal or its redemption; never shown to this customer before; the conversation was abandoned, dropped or broken; the channel
acknowledged, showed or redeemed it in the conversation.
Founding fact: the conversation of the first denial by that channel, or the denial where there is none: a refusal that comes after the
conversation's end changes what is said, and the finding stays. Which showing was the first may change. One finding per customer, offer
and channel; `count` says how often. Resolved when the channel acknowledges or shows it after all, or when it is redeemed anywhere.

offer_unannounced: the customer starts a conversation with a staffed channel that publishes its knowledge, holding a valid offer
(personal, clicked, or shown twice) of which that channel has not been told. Raised as the contact starts, so before it hurts.

Example: a personal offer was mailed this morning; the customer calls, and nobody told the desk.
Settings: staffed_channels; the knowledge entries.
Near misses: shown once and not clicked; told in time; told by having shown or acknowledged it; a bot answers; the company called;
the channel does not publish what it knows; the offer has ended.
Founding fact: the first contact at which it held; which showing was the first may change. One per customer, offer and channel.
Resolved when the channel learns of the offer (by its knowledge or by showing or acknowledging it), when the offer ends, and by
offer_unknown, which is stronger: it lists this rule as `also`, and no further contact raises it.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import CHANNEL_TEAM, DESK, INFO, WARNING, Suspicion, in_conversation
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.knowledge import Knowledge
from streams.journeys.ledger import OfferFact
from streams.journeys.record import settled_by
from streams.journeys.touchpoint import Offer

UNKNOWN: Final = "offer_unknown"
UNANNOUNCED: Final = "offer_unannounced"
CONTACTS_HELD: Final = 20
"""Contacts per offer and channel that are looked at, the first ones: what the channel knew at each may still come to light."""
_LEARNED: Final = ("acknowledged", "shown", "redeemed", "extended")


def said_of(offer: OfferFact) -> str:
    """What the customer was shown, as one side of a finding."""
    return (
        phrase("showed", offer=offer.id) if offer.valid_until is None else phrase("showed_until", offer=offer.id, until=offer.valid_until)
    )


class OfferUnknown(Rule):
    """Denied by word, or passed over in silence."""

    name = UNKNOWN
    parts = ("offers", "conversation:ended")

    def observe(self, scene: Scene) -> None:
        """What the channel learned resolves; what it denied, or left without an answer, is found."""
        touchpoint = scene.touchpoint
        settled = settled_by(touchpoint, scene.settings)
        for offer_id in settled:
            _learned(self.name, offer_id, scene)
        for offer in touchpoint.offers:
            if offer.action == "refused" and offer.reason in scene.settings.refusal_reasons:
                self._deny(offer.id, phrase("denied", offer=offer.id, reason=offer.reason), scene)
        if any(each.action == "ended" and each.outcome not in scene.settings.unheard_outcomes for each in touchpoint.conversations):
            self._end(settled, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """What the customer had been shown, and what he was told."""
        return Told(DESK, often("valid_until" if suspicion.told["until"] else "valid", suspicion), "remedy")

    def _end(self, settled: list[str], scene: Scene) -> None:
        """Offers to which the ended conversation referred, and to which nothing was answered."""
        touchpoint = scene.touchpoint
        conversation = scene.ledger.conversation(touchpoint.references.conversation, scene.at, scene.settings)
        spoken = {offer.id for offer in touchpoint.offers} | {touchpoint.references.offer}
        answered = set(settled) | {offer.id for offer in touchpoint.offers if offer.action == "refused"}
        if conversation is not None:
            spoken |= conversation.offers.keys()
            answered.update(conversation.settled, conversation.denied)
        for offer_id in sorted(spoken - answered - {""}):
            self._deny(offer_id, phrase("passed_over", offer=offer_id), scene)

    def _deny(self, offer_id: str, said: str, scene: Scene) -> None:
        offer = scene.ledger.offer(offer_id, scene.at, scene.settings)
        channel, event_id = scene.touchpoint.channel, scene.touchpoint.event_id
        if offer is None or not offer.is_valid(scene.at) or not offer.is_redeemable(channel):
            return
        founding, about = (in_conversation(channel, scene.touchpoint.references.conversation, event_id),), f"offer:{offer_id}"
        known = _of(self.name, offer, channel, scene) or scene.suspected(self.name, founding, about=about)
        if known is not None:
            scene.touch(known).count += 1
            known.resolved_at, known.resolved_by = None, ""
            known.show(event_id)
            return
        suspicion = scene.suspect(self.name, founding, scene.at, about=about, evidence=(event_id,))
        suspicion.show_against(offer.shown.event_id)
        offer.found[f"{self.name}|{channel}"] = suspicion.inconsistency_id
        suspicion.first = scene.side_of(offer.shown, said_of(offer))
        suspicion.second = scene.side(said)
        suspicion.told = {"offer": offer_id, "until": "" if offer.valid_until is None else str(offer.valid_until)}
        for weaker in offer.contacts.get(channel, ()):
            suspicion.weaker.append(weaker)
            scene.touch(scene.suspicions[weaker]).resolve(scene.at, event_id)


class OfferUnannounced(Rule):
    """Raised as the contact starts. What the channel knew is asked when results are, so that late knowledge counts as well."""

    name = UNANNOUNCED
    parts = ("offers", "conversation:started")
    asks_knowledge = True

    def observe(self, scene: Scene) -> None:
        """A contact that starts is suspected for each offer held; what the channel or the offer's end settles is resolved."""
        touchpoint = scene.touchpoint
        for offer in touchpoint.offers:
            self._settle(offer, scene)
        if touchpoint.channel not in scene.settings.staffed_channels or touchpoint.direction == "outbound":
            return
        if any(each.action == "started" and each.staffed for each in touchpoint.conversations):
            for held in scene.ledger.offers.values():
                if held.is_held() and held.is_valid(scene.at):
                    self._contact(held, scene)

    def holds(self, suspicion: Suspicion, suspicions: dict[str, Suspicion], knowledge: Knowledge) -> bool:
        """The channel publishes, had not been told, and no earlier contact holds in its place."""
        if not _untold(suspicion, knowledge):
            return False
        return not any(each in suspicions and _untold(suspicions[each], knowledge) for each in suspicion.earlier)

    def resolves_at(self, suspicion: Suspicion, knowledge: Knowledge) -> int | None:
        """When the offer ends, or the channel is told."""
        told = knowledge.told_after(suspicion.second.channel, suspicion.told["offer"], suspicion.holds_from)
        ends = [end for end in (told, suspicion.lapses_at) if end is not None]
        return min(ends, default=None)

    def tell(self, suspicion: Suspicion) -> Told:
        """What the customer holds, and who does not know."""
        del suspicion
        return Told(CHANNEL_TEAM, ("sentence",), "remedy")

    def _contact(self, offer: OfferFact, scene: Scene) -> None:
        channel, event_id = scene.touchpoint.channel, scene.touchpoint.event_id
        if channel in offer.told or f"{UNKNOWN}|{channel}" in offer.found:
            return
        earlier = offer.contacts.setdefault(channel, [])
        if len(earlier) >= CONTACTS_HELD:
            return
        usual = WARNING if offer.personal else INFO
        suspicion = scene.suspect(self.name, (event_id,), scene.at, usual, about=f"offer:{offer.id}")
        suspicion.show_against(offer.shown.event_id)
        suspicion.earlier = tuple(earlier)
        suspicion.first = scene.side_of(offer.shown, said_of(offer))
        suspicion.second = scene.side(phrase("not_told"))
        suspicion.lapses_at = offer.ended_at()
        suspicion.told = {"offer": offer.id}
        earlier.append(suspicion.inconsistency_id)

    def _settle(self, said: Offer, scene: Scene) -> None:
        touchpoint = scene.touchpoint
        offer = scene.ledger.offer(said.id, scene.at, scene.settings)
        if offer is None:
            return
        over = said.action in ("redeemed", "withdrawn")
        learned = said.action in _LEARNED and said.id in settled_by(touchpoint, scene.settings)
        for channel, contacts in offer.contacts.items():
            for each in contacts:
                suspicion = scene.suspicions[each]
                if over or (learned and channel == touchpoint.channel):
                    scene.touch(suspicion).resolve(scene.at, touchpoint.event_id)
                elif said.action in ("shown", "extended") and _outlasts(said, suspicion, scene.at):
                    scene.touch(suspicion).lapses_at = said.valid_until


def _outlasts(said: Offer, suspicion: Suspicion, at: int) -> bool:
    """Whether a later end was stated before the end that was known."""
    return said.valid_until is not None and suspicion.lapses_at is not None and at < suspicion.lapses_at < said.valid_until


def _untold(suspicion: Suspicion, knowledge: Knowledge) -> bool:
    channel = suspicion.second.channel
    return knowledge.publishes(channel) and not knowledge.knows_offer(channel, suspicion.told["offer"], suspicion.holds_from)


def _of(rule: str, offer: OfferFact, channel: str, scene: Scene) -> Suspicion | None:
    """The one suspicion of a rule, an offer and a channel."""
    found = offer.found.get(f"{rule}|{channel}")
    return None if found is None else scene.suspicions[found]


def _learned(rule: str, offer_id: str, scene: Scene) -> None:
    """The channel answered to the offer after all, or any channel redeemed it: what it denied before is resolved."""
    offer = scene.ledger.offer(offer_id, scene.at, scene.settings)
    if offer is None:
        return
    touchpoint = scene.touchpoint
    redeemed = any(each.id == offer_id and each.action == "redeemed" for each in touchpoint.offers)
    for key, found in offer.found.items():
        found_by, _, channel = key.partition("|")
        if found_by == rule and (redeemed or channel == touchpoint.channel):
            scene.touch(scene.suspicions[found]).resolve(scene.at, touchpoint.event_id)
