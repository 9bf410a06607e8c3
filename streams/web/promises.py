"""Promises that are open, from a customer's touchpoints: made, and neither kept nor withdrawn since."""

from collections.abc import Iterable

from streams.journeys.promised import KEEPING, WITHDRAWING
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Promise, Touchpoint
from streams.web.answer import OpenPromise


def open_promises(touchpoints: Iterable[Touchpoint], now: int, settings: JourneySettings) -> tuple[OpenPromise, ...]:
    """Those open at `now` (us), the one due first in front, those without a time last.

    `touchpoints` come in fold order; those without a promise, an order delivered, collected or cancelled change nothing.
    """
    made: dict[str, tuple[Touchpoint, Promise, int | None]] = {}
    for touchpoint in touchpoints:
        for promise in touchpoint.promises:
            if promise.action == "made" and promise.id not in made:
                made[promise.id] = touchpoint, promise, promise.due_until
            elif promise.id in made and promise.action == "moved" and promise.due_until is not None:
                made[promise.id] = *made[promise.id][:2], promise.due_until
            elif promise.action in ("kept", "withdrawn"):
                made.pop(promise.id, None)
        order = touchpoint.references.order
        if order and (touchpoint.kind in KEEPING or touchpoint.kind == WITHDRAWING):
            for promise_id in [
                known
                for known, (maker, promise, _) in made.items()
                if maker.references.order == order and promise.what in settings.order_promises
            ]:
                del made[promise_id]
    found = [_open(*each, now=now) for each in made.values()]
    return tuple(sorted(found, key=lambda each: (each.due_at is None, each.due_at or 0, each.made_at, each.promise_id)))


def _open(touchpoint: Touchpoint, promise: Promise, due: int | None, *, now: int) -> OpenPromise:
    references = touchpoint.references
    about = f"order {references.order}" if references.order else f"case {references.case}" if references.case else ""
    return OpenPromise(
        promise_id=promise.id,
        what=promise.what,
        about=about,
        channel=touchpoint.channel,
        made_at=touchpoint.corrected_at,
        due_at=due,
        is_overdue=due is not None and due <= now,
    )
