"""Journeys of one customer: which one a touchpoint belongs to.

By reference first, the most specific one: a case holds a service or complaint journey, an order a purchase or a return, a
conversation a service journey where it has neither. Else by gap: the latest open journey that the moment fits. Else a new one,
where the moment starts one. What has no home belongs to the end-to-end journey alone, which is no row.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from streams.journeys.journey import Journey, id_of
from streams.journeys.settings import SECOND_US, JourneySettings
from streams.journeys.touchpoint import Touchpoint

_RETURN: Final = "return"
_REFERENCES: Final = ("case", "order", "conversation")


class Journeys(msgspec.Struct):
    """A customer's journeys by id, with what finds them: references (`order:O1`, `return|order:O1`) and the latest per process."""

    held: dict[str, Journey] = {}
    by_reference: dict[str, str] = {}
    latest: dict[str, str] = {}

    def follow(self, touchpoint: Touchpoint, moments: tuple[str, ...], position: int, settings: JourneySettings, touched: set[str]) -> str:
        """Fold one touchpoint: the id of the journey that it belongs to, "" where it has no home.

        Ids of all journeys that it changes go into `touched`.
        """
        journey = self._home(touchpoint, moments, settings)
        if journey is not None:
            journey.extend(touchpoint, moments, position, settings)
            self.latest[journey.process] = journey.journey_id
            touched.add(journey.journey_id)
        for moment in moments:
            for process in settings.plan.completes_unheld.get(moment, ()):
                self._complete_elsewhere(process, journey, touchpoint, position, touched)
        return "" if journey is None else journey.journey_id

    def of_event(self, event_id: str) -> Journey | None:
        """The journey that shows the touchpoint, among the latest ones per process."""
        for journey_id in self.latest.values():
            journey = self.held[journey_id]
            if any(moment.event_id == event_id for moment in journey.moments):
                return journey
        return None

    def _home(self, touchpoint: Touchpoint, moments: tuple[str, ...], settings: JourneySettings) -> Journey | None:
        references = list(_references(touchpoint))
        if references:
            return self._by_reference(references, touchpoint, moments, settings)
        if touchpoint.ratings:
            rated = self._rated(touchpoint)
            if rated is not None:
                return rated
        found = self._by_gap(touchpoint.corrected_at, moments, settings)
        if found is not None:
            return found
        for moment in moments:
            starts = settings.plan.starts.get(moment)
            if starts is not None:
                return self._begin(starts, "", touchpoint, settings)
        return None

    def _by_gap(self, at: int, moments: tuple[str, ...], settings: JourneySettings) -> Journey | None:
        """The latest open journey that one of the moments fits."""
        found: Journey | None = None
        for moment in moments:
            for process in settings.plan.fits.get(moment, ()):
                latest = self.latest.get(process)
                journey = None if latest is None else self.held[latest]
                if journey is not None and journey.is_open(at) and (found is None or journey.last_at > found.last_at):
                    found = journey
        return found

    def _by_reference(
        self, references: list[tuple[str, str]], touchpoint: Touchpoint, moments: tuple[str, ...], settings: JourneySettings
    ) -> Journey | None:
        kind, number = references[0]
        reference = f"{kind}:{number}"
        key = reference
        if kind == "order" and self._belongs_to_return(reference, moments, settings):
            key = f"{_RETURN}|{reference}"
        journey_id = self.by_reference.get(key)
        if journey_id is not None:
            journey = self.held[journey_id]
        else:
            process = _process_of(kind, key, moments, settings)
            if process is None:
                return None
            journey = self._begin(process, reference, touchpoint, settings)
            self.by_reference[key] = journey.journey_id
        for other, its_number in references[1:]:
            if other == "conversation":
                self.by_reference.setdefault(f"conversation:{its_number}", journey.journey_id)
        return journey

    def _belongs_to_return(self, reference: str, moments: tuple[str, ...], settings: JourneySettings) -> bool:
        returning = settings.plan.processes.get(_RETURN)
        if returning is None:
            return False
        if any(moment in returning.starts for moment in moments):
            return True
        return f"{_RETURN}|{reference}" in self.by_reference and any(moment in returning.joins for moment in moments)

    def _rated(self, touchpoint: Touchpoint) -> Journey | None:
        """A rating without reference of its own belongs to what it rates: an event, else the latest journey of a process."""
        for rating in touchpoint.ratings:
            if rating.of_event:
                journey = self.of_event(rating.of_event)
                if journey is not None:
                    return journey
            latest = self.latest.get(rating.of_journey) if rating.of_journey else None
            if latest is not None:
                return self.held[latest]
        return None

    def _begin(self, process: str, reference: str, touchpoint: Touchpoint, settings: JourneySettings) -> Journey:
        journey_id = id_of(process, reference or touchpoint.event_id)
        journey = Journey(
            journey_id=journey_id,
            process=process,
            reference=reference,
            first_event=touchpoint.event_id,
            started_at=touchpoint.corrected_at,
            last_at=touchpoint.corrected_at,
            gap_us=settings.plan.processes[process].gap_s * SECOND_US,
            channels=[touchpoint.channel],
            last_channel=touchpoint.channel,
        )
        self.held[journey_id] = journey
        return journey

    def _complete_elsewhere(self, process: str, home: Journey | None, touchpoint: Touchpoint, position: int, touched: set[str]) -> None:
        """Reach the goal of a journey that the touchpoint does not belong to: an order completes the orientation before it."""
        latest = self.latest.get(process)
        if latest is None or (home is not None and home.process == process):
            return
        journey = self.held[latest]
        if journey.is_open(touchpoint.corrected_at):
            journey.goal_at = touchpoint.corrected_at
            journey.position = position
            touched.add(latest)


def _references(touchpoint: Touchpoint) -> Iterator[tuple[str, str]]:
    """References that a journey may be held by, the most specific first; a rating's after the touchpoint's own."""
    references = touchpoint.references
    if references.case:
        yield "case", references.case
    if references.order:
        yield "order", references.order
    if references.conversation:
        yield "conversation", references.conversation
    for rating in touchpoint.ratings:
        kind, _, number = rating.of_reference.partition(":")
        if number and kind in _REFERENCES:
            yield kind, number


def _process_of(kind: str, key: str, moments: tuple[str, ...], settings: JourneySettings) -> str | None:
    """The process that a reference opens, None where the settings have none for it."""
    if key.startswith(_RETURN):
        name = _RETURN
    elif kind == "order":
        name = "purchase"
    elif kind == "case" and "complaint_opened" in moments:
        name = "complaint"
    else:
        name = "service"
    return name if name in settings.plan.processes else None
