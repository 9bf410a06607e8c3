"""Open promises of a customer, and the journeys in which they were made; docs/measures.md: open_promises.

A promise is open from its making until it is kept or withdrawn, overdue or not. Delivery or collection keeps what its order
promised, cancellation withdraws it, as in the rule promise_broken.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from streams.journeys.touchpoint import Touchpoint

KEEPING: Final = ("order_delivered", "order_collected")
"""Kinds that keep what their order promised."""
WITHDRAWING: Final = "order_cancelled"
"""The kind that withdraws it."""


class OpenPromise(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Made in a journey ("" for none), for an order."""

    journey_id: str
    what: str
    order: str


class Promised(msgspec.Struct):
    """Open promises by their numbers."""

    open: dict[str, OpenPromise] = {}

    def follow(self, touchpoint: Touchpoint, journey_id: str, order_promises: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """Take a touchpoint of a journey ("" for none): the journeys whose count of open promises changes, each with its change."""
        for promise in touchpoint.promises:
            if promise.action == "made" and promise.id not in self.open:
                self.open[promise.id] = OpenPromise(journey_id, promise.what, touchpoint.references.order)
                if journey_id:
                    yield journey_id, 1
            elif promise.action in ("kept", "withdrawn"):
                yield from self._close(promise.id)
        order = touchpoint.references.order
        if order and touchpoint.orders and self.open and (touchpoint.kind in KEEPING or touchpoint.kind == WITHDRAWING):
            for number in [number for number, each in self.open.items() if each.order == order and each.what in order_promises]:
                yield from self._close(number)

    def _close(self, number: str) -> Iterator[tuple[str, int]]:
        closed = self.open.pop(number, None)
        if closed is not None and closed.journey_id:
            yield closed.journey_id, -1
