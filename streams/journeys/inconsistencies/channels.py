"""channel_failed: a conversation broke, or an error blocked a step that leads to a goal, and the customer turned to another channel
within two hours or reached no goal within a day.

Example: after a fine visit to the store, the chat about the delivery breaks off; the customer calls twenty minutes later.
Settings: turned_elsewhere_s, no_goal_s, good_moment_s, passive_kinds, goal_moments, good_kinds, good_csat, good_nps, good_ces.
Turning elsewhere is an inbound touchpoint in another channel; opening an old mail or rating is none, nor is what
is indirect: to search or read reviews elsewhere. A goal is one of `goal_moments`.
Near misses: the customer tried again in the same channel and got there; an error that does not block, or not on the way to a
goal; another channel only after the goal, or after two hours with the goal within the day; the company called him.
Founding fact: the break or the error. A further one in the same channel, while the first is watched, adds to it and counts.
One severity up where a good moment in another channel (a high rating, a purchase completed, a conversation that solved it) lies at
most seven days back. Resolved when the customer reaches a goal after all.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import OPERATIONS, Suspicion, one_up
from streams.journeys.inconsistencies.parts import FAILURE
from streams.journeys.inconsistencies.scene import Rule, Scene, Told, often
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.ledger import Failure, GoodMoment
from streams.journeys.settings import SECOND_US

NAME: Final = "channel_failed"
_ELSEWHERE: Final = "elsewhere"


class ChannelFailed(Rule):
    """Watches a failure until the customer's goal, or the end of the day."""

    name = NAME
    parts = ("conversation:broken", "page:error", FAILURE)

    def observe(self, scene: Scene) -> None:
        """Follow the failures that are watched, then note a new one."""
        if scene.ledger.failures:
            scene.ledger.failures = [each for each in scene.ledger.failures if self._follow(each, scene)]
        touchpoint = scene.touchpoint
        if any(each.action == "broken" for each in touchpoint.conversations):
            self._fail(phrase("broke_off"), scene)
        for page in touchpoint.pages:
            if page.action == "error_shown" and page.blocking and page.goal:
                self._fail(_blocked(page.code, page.step, page.page), scene)
                break

    def tell(self, suspicion: Suspicion) -> Told:
        """What failed, what the customer did then, and what he had come from."""
        if suspicion.told.get("good_before"):
            sentence = "turned_from_good" if suspicion.told.get(_ELSEWHERE) else "waited_after_good"
        else:
            sentence = "turned" if suspicion.told.get(_ELSEWHERE) else "waited"
        return Told(OPERATIONS, often(sentence, suspicion), "open_remedy" if suspicion.resolved_at is None else "resolved_remedy")

    def _fail(self, said: str, scene: Scene) -> None:
        touchpoint, settings = scene.touchpoint, scene.settings
        channel, event_id = touchpoint.channel, touchpoint.event_id
        for failure in scene.ledger.failures:
            if failure.channel == channel and scene.at < failure.at + settings.no_goal_s * SECOND_US:
                suspicion = scene.touch(scene.suspicions[failure.suspicion])
                suspicion.count += 1
                failure.last_at = scene.at
                suspicion.show(event_id)
                _relate(suspicion, scene)
                return
        suspicion = scene.suspect(NAME, (event_id,), scene.at + settings.no_goal_s * SECOND_US)
        suspicion.first = scene.side(said)
        suspicion.subject = _subject(scene)
        suspicion.told = {"patience": str(settings.no_goal_s * SECOND_US)}
        good = self._good_moment(scene)
        if good is not None:
            suspicion.severity = one_up(suspicion.severity)
            suspicion.show(good.event_id)
            suspicion.told |= {
                "good_before": str(scene.at - good.at),
                "good_channel": good.channel,
                "good_said": good.said,
            }
        _relate(suspicion, scene)
        scene.ledger.failures.append(Failure(suspicion=suspicion.inconsistency_id, channel=channel, at=scene.at, last_at=scene.at))

    def _follow(self, failure: Failure, scene: Scene) -> bool:
        """Take one touchpoint after a failure; whether to go on watching."""
        settings, touchpoint = scene.settings, scene.touchpoint
        suspicion = scene.suspicions[failure.suspicion]
        is_late = scene.at >= failure.at + settings.no_goal_s * SECOND_US
        if any(moment in settings.goal_moments for moment in scene.moments):
            turned = self._turns(failure, scene)
            if turned:
                self._turn(failure, suspicion, scene)
            if is_late or failure.has_turned:
                scene.touch(suspicion).resolve(scene.at, touchpoint.event_id)
            else:
                scene.drop(failure.suspicion)
            return False
        if self._turns(failure, scene):
            self._turn(failure, suspicion, scene)
        return scene.at < failure.at + settings.failure_kept_s * SECOND_US

    def _turns(self, failure: Failure, scene: Scene) -> bool:
        """Whether the touchpoint is the first by which the customer turns elsewhere in time."""
        touchpoint, settings = scene.touchpoint, scene.settings
        return (
            not failure.has_turned
            and touchpoint.channel != failure.channel
            and touchpoint.direction == "inbound"
            and touchpoint.kind not in settings.passive_kinds
            and not settings.plan.is_indirect(touchpoint.channel, touchpoint.kind)
            and scene.at < failure.last_at + settings.turned_elsewhere_s * SECOND_US
        )

    def _turn(self, failure: Failure, suspicion: Suspicion, scene: Scene) -> None:
        failure.has_turned = True
        scene.touch(suspicion)
        suspicion.holds_from = scene.at
        suspicion.ahead = scene.settings.told_ahead_s * SECOND_US
        suspicion.second = scene.side(phrase("turned_here"))
        suspicion.told[_ELSEWHERE] = scene.touchpoint.channel
        suspicion.show(scene.touchpoint.event_id)

    def _good_moment(self, scene: Scene) -> GoodMoment | None:
        """The latest good moment in another channel, not too long ago."""
        since = scene.at - scene.settings.good_moment_s * SECOND_US
        for good in reversed(scene.ledger.good_moments):
            if good.at >= since and good.channel != scene.touchpoint.channel:
                return good
        return None


def _relate(suspicion: Suspicion, scene: Scene) -> None:
    """A contact in a conversation that broke has no answer for that cause."""
    touchpoint = scene.touchpoint
    if touchpoint.references.conversation and touchpoint.conversations:
        scene.relate(suspicion, f"conversation:{touchpoint.references.conversation}")


def _blocked(code: str, step: str, page: str) -> str:
    by, known = ("_by", {"code": code}) if code else ("", {})
    if step:
        return phrase(f"blocked{by}_at", **known, step=step)
    return phrase(f"blocked{by}_on", **known, page=page) if page else phrase(f"blocked{by}", **known)


def _subject(scene: Scene) -> str:
    """What failed: the queue of the conversation, else its number; of an error the page or form."""
    touchpoint = scene.touchpoint
    for conversation in touchpoint.conversations:
        if conversation.queue:
            return f"queue:{conversation.queue}"
    for page in touchpoint.pages:
        name = page.step or page.form or page.page
        if name:
            return f"step:{name}"
    return f"conversation:{touchpoint.references.conversation}" if touchpoint.references.conversation else f"channel:{touchpoint.channel}"
