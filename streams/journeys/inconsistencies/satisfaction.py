"""satisfaction_dropped: on the same scale, another channel scores lower within thirty days: by 2 of CSAT, 4 of NPS, 3 of CES.

Example: the customer gives the store a 5 of 5; two weeks later he gives the chat a 2.
Settings: drops, satisfaction_within_s.
The channel that is rated is the one that the rating names; else that of the conversation that it names; else the channel in which it
was given, unless that is a survey or a place for reviews: then nobody can say.
Near misses: the same channel; another scale; a smaller drop; a rise; after thirty days. Only each channel's last score counts.
Founding facts: the higher rating and the first lower one of the channel. Further low scores of the channel, while it lasts, count up.
Resolved when the channel is rated again without such a drop.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import CHANNEL_TEAM, Side, Suspicion
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.said_facts import RatingFact
from streams.journeys.settings import SECOND_US
from streams.journeys.touchpoint import Rating

NAME: Final = "satisfaction_dropped"
_ABOUT_OTHERS: Final = ("survey", "review")
"""Channels in which other channels are scored."""


class SatisfactionDropped(Rule):
    """Holds each score against the other channels' last ones."""

    name = NAME
    parts = ("ratings",)

    def observe(self, scene: Scene) -> None:
        """Each rating of a channel that is known."""
        for rating in scene.touchpoint.ratings:
            channel = _rated(rating, scene)
            if channel and rating.scale in scene.settings.rules.drops:
                self._rate(rating, channel, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """Both scores."""
        return Told(CHANNEL_TEAM, often("sentence", suspicion), "remedy")

    def _rate(self, rating: Rating, channel: str, scene: Scene) -> None:
        since = scene.at - scene.settings.rules.satisfaction_within_s * SECOND_US
        held, drop = scene.ledger.ratings, scene.settings.rules.drops[rating.scale]
        key = f"{rating.scale}|{channel}"
        before = held.get(key)
        if before is not None and before.given.at < since:
            before = None
        fact = held[key] = RatingFact(given=scene.mark(), channel=channel, score=rating.score)
        higher = [
            each
            for other, each in held.items()
            if other != key and other.startswith(f"{rating.scale}|") and each.given.at >= since and each.score - rating.score >= drop
        ]
        if not higher:
            if before is not None and before.suspicion:
                scene.touch(scene.suspicions[before.suspicion]).resolve(scene.at, scene.touchpoint.event_id)
            return
        if before is not None and before.suspicion:
            suspicion = scene.touch(scene.suspicions[before.suspicion])
            suspicion.count += 1
            suspicion.show(scene.touchpoint.event_id)
        else:
            best = max(higher, key=lambda each: (each.given.at, each.channel))
            suspicion = scene.suspect(NAME, (best.given.event_id, scene.touchpoint.event_id), scene.at)
            suspicion.subject = f"channel:{channel}"
            told = {"first_rating": f"{rating.scale} {best.score:g}", "second_rating": f"{rating.scale} {rating.score:g}"}
            suspicion.told = told
            suspicion.first = Side(best.channel, best.given.at, phrase("was_given", rating=told["first_rating"]))
            suspicion.second = Side(channel, scene.at, phrase("was_given", rating=told["second_rating"]))
        fact.suspicion = suspicion.inconsistency_id


def _rated(rating: Rating, scene: Scene) -> str:
    """The channel that the score is for, "" where nobody can say."""
    if rating.of_channel:
        return rating.of_channel
    kind, _, number = rating.of_reference.partition(":")
    if kind == "conversation":
        conversation = scene.ledger.conversation(number, scene.at, scene.settings)
        if conversation is not None:
            return conversation.channel
    return "" if scene.touchpoint.channel in _ABOUT_OTHERS else scene.touchpoint.channel
