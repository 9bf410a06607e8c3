"""offer_expired_shown: a channel sends or renders an offer anew, more than an hour past the last end that any channel gave it.

Example: the newsletter gave the offer until Sunday midnight; on Tuesday the website still shows it.
Settings: expired_grace_s, rendering_kinds, offer_kept_s.
The last end is the latest of all that were stated for the offer, by this showing too; where none was, its withdrawal.
Near misses: shown within the hour; opening or clicking an old mail; extended, or shown with a later end, before or by this very
showing; the customer speaks of it; an offer without an end; another channel's shorter end, while the longer one holds.
Founding fact: the channel's first showing past it; who gave the last end may turn out to be another. One per customer, offer and
channel; `count` says how often. Resolved when a later end is given that makes it valid again.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import CHANNEL_TEAM, Suspicion
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.ledger import OfferFact
from streams.journeys.marks import Mark
from streams.journeys.record import speaks_of
from streams.journeys.settings import SECOND_US
from streams.journeys.touchpoint import Offer

NAME: Final = "offer_expired_shown"


class OfferExpiredShown(Rule):
    """Holds each showing against the last end that was given."""

    name = NAME
    parts = ("offers",)

    def observe(self, scene: Scene) -> None:
        """Offers that the touchpoint shows anew, and those whose end it moves."""
        touchpoint = scene.touchpoint
        is_anew = touchpoint.kind in scene.settings.rules.rendering_kinds and not speaks_of(touchpoint, scene.settings)
        for offer in touchpoint.offers:
            if offer.action == "extended":
                self._revive(offer, scene)
            elif offer.action == "shown" and is_anew:
                self._shown(offer, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """How long ago it ended, and who gave that end."""
        return Told(CHANNEL_TEAM, often("sentence", suspicion), "remedy")

    def _shown(self, offer: Offer, scene: Scene) -> None:
        fact = scene.ledger.offer(offer.id, scene.at, scene.settings)
        ended_at, ended_by = _last_end(offer, fact, scene)
        if ended_at is None or scene.at <= ended_at + scene.settings.rules.expired_grace_s * SECOND_US:
            self._revive(offer, scene)
            return
        if fact is None:
            fact = scene.ledger.offers[offer.id] = OfferFact(id=offer.id, shown=scene.mark())
        key, event_id = f"{NAME}|{scene.touchpoint.channel}", scene.touchpoint.event_id
        if key in fact.found:
            suspicion = scene.touch(scene.suspicions[fact.found[key]])
            suspicion.count += 1
            suspicion.resolved_at, suspicion.resolved_by = None, ""
            suspicion.show(event_id)
            return
        suspicion = scene.suspect(NAME, (event_id,), scene.at, about=f"offer:{offer.id}")
        suspicion.show_against(ended_by.event_id)
        fact.found[key] = suspicion.inconsistency_id
        suspicion.first = scene.side_of(ended_by, phrase("gave_until", offer=offer.id, until=ended_at))
        suspicion.second = scene.side(phrase("showed", offer=offer.id))
        suspicion.told = {"offer": offer.id, "until": str(ended_at), "late": str(scene.at - ended_at)}

    def _revive(self, offer: Offer, scene: Scene) -> None:
        """The offer is valid again, or still: what was found past its end before is resolved."""
        fact = scene.ledger.offer(offer.id, scene.at, scene.settings)
        if fact is None or (offer.valid_until is not None and offer.valid_until <= scene.at):
            return
        for key, found in fact.found.items():
            if key.startswith(f"{NAME}|"):
                scene.touch(scene.suspicions[found]).resolve(scene.at, scene.touchpoint.event_id)


def _last_end(offer: Offer, fact: OfferFact | None, scene: Scene) -> tuple[int | None, Mark]:
    """The latest end (us) stated for the offer, this showing's own included, and who gave it."""
    known = None if fact is None else fact.valid_until
    if offer.valid_until is not None and (known is None or offer.valid_until > known):
        return offer.valid_until, scene.mark()
    if fact is not None and fact.ended_by is not None:
        return (fact.withdrawn_at if known is None else known), fact.ended_by
    return None, scene.mark()
