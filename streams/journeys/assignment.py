"""Journeys of one customer: which one a touchpoint belongs to.

By reference first, the most specific one: the process that the reference holds (a case a service journey, an order a purchase),
beside it those that take only their own moments out of it (a return). Then by subject: the open journey that spoke of the same
product, offer or content. Then by gap: the latest open journey that the moment fits. Then, by subject again, a completed journey
that the moment follows up. Else a new one, where the moment starts one. What has no home belongs to the end-to-end journey
alone, which is no row: the view `end_to_end_journeys` holds it.
"""

from collections.abc import Container, Iterator
from typing import Final

import msgspec

from streams.journeys.journey import Journey, id_of
from streams.journeys.phases import Plan
from streams.journeys.process import REFERENCES
from streams.journeys.promised import Promised
from streams.journeys.settings import SECOND_US, JourneySettings
from streams.journeys.subjects import Subjects, subjects_of
from streams.journeys.touchpoint import Touchpoint

_HELD_TYPES: Final = tuple(f"{each}:" for each in REFERENCES)


class Journeys(msgspec.Struct):
    """A customer's journeys by id, with what finds them: references (`order:O1`, `return|order:O1`), the latest per process, subjects.

    promised    open promises, and the journeys in which they were made
    """

    held: dict[str, Journey] = {}
    by_reference: dict[str, str] = {}
    latest: dict[str, str] = {}
    subjects: Subjects = msgspec.field(default_factory=Subjects)
    promised: Promised = msgspec.field(default_factory=Promised)

    def follow(self, touchpoint: Touchpoint, moments: tuple[str, ...], position: int, settings: JourneySettings, touched: set[str]) -> str:
        """Fold one touchpoint: the id of the journey that it belongs to, "" where it has no home.

        Ids of all journeys that it changes go into `touched`.
        """
        subjects = subjects_of(touchpoint)
        journey = self._home(touchpoint, subjects, moments, settings)
        if journey is not None:
            journey.extend(touchpoint, moments, position, settings)
            self.latest[journey.process] = journey.journey_id
            touched.add(journey.journey_id)
            for subject in subjects:
                if not subject.startswith(_HELD_TYPES):
                    self.subjects.note(subject, journey.process, journey.journey_id)
        for moment in moments:
            for process in settings.plan.completes_unheld.get(moment, ()):
                self._complete_elsewhere(process, journey, touchpoint, position, touched)
        if touchpoint.promises or touchpoint.orders:
            for journey_id, change in self.promised.follow(touchpoint, journey.journey_id if journey else "", settings.order_promises):
                other = self.held[journey_id]
                other.open_promises += change
                other.position = position
                touched.add(journey_id)
        return "" if journey is None else journey.journey_id

    def leave_processes(self, processes: Container[str]) -> None:
        """Journeys of other processes than these are joined by nothing any more; they stay as they are."""
        self.latest = {process: journey_id for process, journey_id in self.latest.items() if process in processes}
        self.by_reference = {key: journey_id for key, journey_id in self.by_reference.items() if self.held[journey_id].process in processes}

    def of_event(self, event_id: str) -> Journey | None:
        """The journey that shows the touchpoint, among the latest ones per process."""
        for journey_id in self.latest.values():
            journey = self.held[journey_id]
            if any(moment.event_id == event_id for moment in journey.moments):
                return journey
        return None

    def _home(self, touchpoint: Touchpoint, subjects: list[str], moments: tuple[str, ...], settings: JourneySettings) -> Journey | None:
        references = list(_references(touchpoint))
        if references:
            return self._by_reference(references, touchpoint, moments, settings)
        for subject in subjects:
            if subject in self.by_reference:
                return self.held[self.by_reference[subject]]
        if touchpoint.ratings:
            rated = self._rated(touchpoint)
            if rated is not None:
                return rated
        at, plan = touchpoint.corrected_at, settings.plan
        for moment in moments:
            found = (
                (self._by_subject(at, subjects, moment, plan) if subjects else None)
                or self._by_gap(at, moment, plan)
                or (self._followed_up(at, subjects, moment, plan) if subjects else None)
            )
            if found is not None:
                return found
            starts = plan.starts.get(moment)
            if starts is not None:
                return self._begin(starts, "", touchpoint, settings)
        return None

    def _by_subject(self, at: int, subjects: list[str], moment: str, plan: Plan) -> Journey | None:
        """The latest open journey that the moment fits and that spoke of the same subject."""
        found: Journey | None = None
        for journey in self._of_subjects(subjects, plan.fits.get(moment, ())):
            if journey.is_open(at) and (found is None or journey.last_at > found.last_at):
                found = journey
        return found

    def _by_gap(self, at: int, moment: str, plan: Plan) -> Journey | None:
        """The latest open journey that the moment fits."""
        found: Journey | None = None
        for process in plan.fits.get(moment, ()):
            latest = self.latest.get(process)
            journey = None if latest is None else self.held[latest]
            if journey is not None and journey.is_open(at) and (found is None or journey.last_at > found.last_at):
                found = journey
        return found

    def _followed_up(self, at: int, subjects: list[str], moment: str, plan: Plan) -> Journey | None:
        """The latest completed journey that spoke of the same subject, where the moment may still join one."""
        found: Journey | None = None
        for journey in self._of_subjects(subjects, plan.joins.get(moment, ())):
            if journey.follows_up(at) and (found is None or journey.last_at > found.last_at):
                found = journey
        return found

    def _of_subjects(self, subjects: list[str], processes: tuple[str, ...]) -> Iterator[Journey]:
        if processes:
            for subject in subjects:
                spoke = self.subjects.latest.get(subject)
                if spoke is not None:
                    yield from (self.held[spoke[process]] for process in processes if process in spoke)

    def _by_reference(
        self, references: list[tuple[str, str]], touchpoint: Touchpoint, moments: tuple[str, ...], settings: JourneySettings
    ) -> Journey | None:
        kind, number = references[0]
        reference = f"{kind}:{number}"
        process = self._beside(kind, reference, moments, settings.plan)
        key = f"{process}|{reference}" if process else reference
        journey_id = self.by_reference.get(key)
        if journey_id is not None:
            journey = self.held[journey_id]
        else:
            process = process or settings.plan.holder(kind, moments)
            if not process:
                return None
            journey = self._begin(process, reference, touchpoint, settings)
            self.by_reference[key] = journey.journey_id
        for other, its_number in references[1:]:
            if other == "conversation":
                self.by_reference.setdefault(f"conversation:{its_number}", journey.journey_id)
        return journey

    def _beside(self, kind: str, reference: str, moments: tuple[str, ...], plan: Plan) -> str:
        """The process that takes its own moments out of the reference, and this moment is one of them; "" for none."""
        for name in plan.beside.get(kind, ()):
            process = plan.processes[name]
            if any(moment in process.starts for moment in moments):
                return name
            if f"{name}|{reference}" in self.by_reference and any(moment in process.joins for moment in moments):
                return name
        return ""

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
        scope = (settings.scope, touchpoint.account) if settings.scope else ()
        journey_id = id_of(*scope, process, reference or touchpoint.event_id)
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
            step_at=touchpoint.corrected_at,
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
        if number and kind in REFERENCES:
            yield kind, number
