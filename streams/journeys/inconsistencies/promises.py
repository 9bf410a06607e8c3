"""promise_broken: the due time passed (by the watermark) without the promise being kept, moved or withdrawn.

Example: the phone promises a call back by Tuesday noon; on Tuesday noon nobody has called.
Settings: order_promises (kinds of promises that the order's delivery keeps and its cancellation withdraws), promise_kept_s.
Near misses: kept at the last moment before it is due; moved before it is due; withdrawn, or its order cancelled, before it is due;
kept in time, with the news of it arriving late.
Founding fact: the touchpoint that made the promise. Kept late, it adds to the same finding and resolves it; so does a late
withdrawal. A late move adds evidence and leaves it open.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import DESK, NEVER, Side, Suspicion
from streams.journeys.inconsistencies.scene import Rule, Scene, Told
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.ledger import PromiseFact
from streams.journeys.touchpoint import Promise

NAME: Final = "promise_broken"
_KEEPING: Final = ("order_delivered", "order_collected")
_WITHDRAWING: Final = "order_cancelled"


class PromiseBroken(Rule):
    """Follows each promise from its making to its end."""

    name = NAME
    parts = ("promises", "orders")

    def observe(self, scene: Scene) -> None:
        """Promises of the touchpoint itself, then those of its order."""
        for promise in scene.touchpoint.promises:
            known = scene.ledger.promises.get(promise.id)
            if promise.action == "made" and (known is None or known.closed_at is not None):
                self._make(promise, scene)
            elif known is not None and known.closed_at is None:
                self._follow(known, promise.action, promise.due_until, scene)
        order = scene.touchpoint.references.order
        kind = scene.touchpoint.kind
        if order and scene.touchpoint.orders and (kind in _KEEPING or kind == _WITHDRAWING):
            action = "kept" if kind in _KEEPING else "withdrawn"
            for known in list(scene.ledger.promises.values()):
                if known.order == order and known.closed_at is None and known.what in scene.settings.order_promises:
                    self._follow(known, action, None, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """What was promised, for when, and what came of it."""
        end = "open" if suspicion.resolved_at is None else "withdrawn" if suspicion.told.get("end") == "withdrawn" else "kept"
        return Told(DESK, (end,), f"{end}_remedy")

    def _make(self, promise: Promise, scene: Scene) -> None:
        touchpoint = scene.touchpoint
        references = touchpoint.references
        founding = (touchpoint.event_id,) if len(touchpoint.promises) == 1 else (touchpoint.event_id, promise.id)
        suspicion = scene.suspect(NAME, founding, NEVER if promise.due_until is None else promise.due_until)
        suspicion.ahead = 0  # even one that was due when it was made may be kept at that very time
        scene.ledger.promises[promise.id] = PromiseFact(
            id=promise.id,
            made=scene.mark(),
            suspicion=suspicion.inconsistency_id,
            what=promise.what,
            order=references.order,
            due=promise.due_until,
        )
        suspicion.evidence = [touchpoint.event_id]
        suspicion.subject = f"promise:{promise.id}"
        what = promise.what or "it"
        about = _about(references.order, references.case)
        suspicion.told = {"promised": what, "about": about}
        due = promise.due_until
        suspicion.first = scene.side(phrase("promised", promised=what) if due is None else phrase("promised_by", promised=what, until=due))

    def _follow(self, known: PromiseFact, action: str, due: int | None, scene: Scene) -> None:
        suspicion = scene.suspicions[known.suspicion]
        in_time = known.due is None or scene.at < known.due
        known.broken = known.broken or not in_time
        scene.touch(suspicion)
        if action in ("kept", "withdrawn"):
            known.closed_at = scene.at
            if not known.broken:
                scene.drop(known.suspicion)
                return
            suspicion.told["end"] = action
            suspicion.second = scene.side(phrase("kept_it" if action == "kept" else "withdrew_it"))
            suspicion.resolve(scene.at, scene.touchpoint.event_id)
            return
        if due is None:
            return
        known.due = due
        suspicion.show(scene.touchpoint.event_id)
        if known.broken:
            suspicion.second = scene.side(phrase("moved_it", until=due))
        else:
            suspicion.holds_from = due
            first = suspicion.first
            suspicion.first = Side(first.channel, first.at, phrase("promised_by", promised=suspicion.told["promised"], until=due))


def _about(order: str, case: str) -> str:
    return phrase("of_thing", thing=f"order:{order}") if order else phrase("on_thing", thing=f"case:{case}") if case else ""
