"""Measures of a journey that take more than a count: ratings by scale, what was not planned, the median time between moments.

docs/measures.md defines them for whoever reads them.
"""

from collections.abc import Sequence

import msgspec

from streams.journeys.touchpoint import Rating


class Unplanned(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A step (or a kind that shows none) in a channel in which the plan does not have it."""

    step: str
    channel: str


class JourneyRating(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the customer scored on one scale: `touchpoints` single touchpoints, their lowest and last score, the journey as a whole."""

    scale: str
    touchpoints: int
    lowest: float | None
    last: float | None
    journey: float | None


class ScaleRatings(msgspec.Struct, array_like=True, gc=False):
    """Scores of one scale while a journey is folded; scales are never mixed."""

    touchpoints: int = 0
    lowest: float | None = None
    last: float | None = None
    journey: float | None = None

    def take(self, rating: Rating) -> None:
        """Take the next score. It rates the journey where it names it, or names neither an event nor a channel."""
        if rating.of_journey or not (rating.of_event or rating.of_channel):
            self.journey = rating.score
            return
        self.touchpoints += 1
        self.lowest = rating.score if self.lowest is None else min(self.lowest, rating.score)
        self.last = rating.score

    def row(self, scale: str) -> JourneyRating:
        """How the scale stands."""
        return JourneyRating(scale, self.touchpoints, self.lowest, self.last, self.journey)


def median(ordered: Sequence[int]) -> float:
    """The middle one of numbers in order, the mean of the two in the middle; 0 for none."""
    middle, is_odd = divmod(len(ordered), 2)
    if is_odd:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2 if middle else 0.0
