"""A journey: how it grows by a touchpoint, when it ends, and the row that says how it stands."""

from bisect import insort
from hashlib import blake2b
from typing import Final

import msgspec

from streams.journeys.measures import JourneyRating, ScaleRatings, Unplanned, median
from streams.journeys.phases import COMPLETES, ENDS, REOPENS, Place, Plan, rank
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint

OPEN: Final = "open"
COMPLETED: Final = "completed"
DROPPED: Final = "dropped"
_SECOND_US: Final = 1_000_000


class Moment(msgspec.Struct, frozen=True, array_like=True, gc=False, cache_hash=True):
    """One touchpoint of a journey; `at` in us."""

    event_id: str
    at: int
    channel: str
    kind: str
    step: str
    phase: str


class JourneyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A journey as it is published: the fields of `schemas/journey.avsc`, times in us. docs/measures.md defines every measure."""

    journey_id: str
    customer: str
    account: str
    process: str
    reference: str
    status: str
    phase: str
    first_channel: str
    last_channel: str
    last_step: str
    channels: tuple[str, ...]
    channel_switches: int
    touchpoints: int
    started_at: int
    last_at: int
    ended_at: int | None
    moments: tuple[Moment, ...]
    superseded_by: str = ""
    duration_s: float = 0.0
    longest_gap_s: float = 0.0
    median_gap_s: float = 0.0
    repeats: int = 0
    device_changes: int = 0
    indirect_touchpoints: int = 0
    moments_of_truth: int = 0
    open_promises: int = 0
    buyer_touchpoints: int = 0
    delight_touchpoints: int = 0
    phases: tuple[str, ...] = ()
    phase_transitions: int = 0
    phase_returns: int = 0
    phases_skipped: tuple[str, ...] = ()
    furthest_step: str = ""
    steps_missed: tuple[str, ...] = ()
    steps_late: tuple[str, ...] = ()
    touchpoints_unplanned: int = 0
    unplanned: tuple[Unplanned, ...] = ()
    drop_off_step: str = ""
    drop_off_at: int | None = None
    ratings: tuple[JourneyRating, ...] = ()


class Journey(msgspec.Struct, kw_only=True):
    """A journey while it is folded.

    gaps        us between two touchpoints in a row, in order of length; as many of the first as the row shows moments
    reached     by step: when (us) it was first shown; kinds that show no step are among them
    step_at     when (us) the last planned step was first shown; at first, when it started
    device      the last one named
    position    of the last touchpoint that changed it, in fold order
    """

    journey_id: str
    process: str
    reference: str
    first_event: str
    started_at: int
    last_at: int
    gap_us: int
    channels: list[str]
    last_channel: str
    account: str = ""
    last_step: str = ""
    phase: str = ""
    channel_switches: int = 0
    touchpoints: int = 0
    goal_at: int | None = None
    given_up_at: int | None = None
    moments: list[Moment] = []
    longest_gap_us: int = 0
    gaps: list[int] = []
    repeats: int = 0
    device: str = ""
    device_changes: int = 0
    indirect_touchpoints: int = 0
    moments_of_truth: int = 0
    open_promises: int = 0
    buyer_touchpoints: int = 0
    reached: dict[str, int] = {}
    step_at: int = 0
    phases: list[str] = []
    phase_transitions: int = 0
    phase_returns: int = 0
    phases_skipped: tuple[str, ...] = ()
    furthest_step: str = ""
    steps_missed: tuple[str, ...] = ()
    steps_late: tuple[str, ...] = ()
    touchpoints_unplanned: int = 0
    unplanned: list[Unplanned] = []
    ratings: dict[str, ScaleRatings] = {}
    position: int = 0

    def drops_at(self) -> int | None:
        """When (us) it is given up by time alone; None where it has ended already."""
        return self.last_at + self.gap_us if self.goal_at is None and self.given_up_at is None else None

    def is_open(self, at: int) -> bool:
        """Whether a touchpoint at that time (us) may still join it by gap."""
        return self.goal_at is None and self.given_up_at is None and at - self.last_at <= self.gap_us

    def follows_up(self, at: int) -> bool:
        """Whether it is completed, and not so long ago that a touchpoint at that time (us) could not speak of it."""
        return self.goal_at is not None and at - self.last_at <= self.gap_us

    def row(self, customer: str, now: int) -> JourneyRow:
        """How it stands when the watermark is `now` (us)."""
        status, ended_at, until = OPEN, None, self.last_at
        if self.goal_at is not None:
            status, ended_at, until = COMPLETED, self.goal_at, self.goal_at
        elif self.given_up_at is not None:
            status, ended_at = DROPPED, self.given_up_at
        elif now >= self.last_at + self.gap_us:
            status, ended_at = DROPPED, self.last_at + self.gap_us
        is_dropped = status == DROPPED
        return JourneyRow(
            journey_id=self.journey_id,
            customer=customer,
            account=self.account,
            process=self.process,
            reference=self.reference,
            status=status,
            phase=self.phase,
            first_channel=self.channels[0],
            last_channel=self.last_channel,
            last_step=self.last_step,
            channels=tuple(self.channels),
            channel_switches=self.channel_switches,
            touchpoints=self.touchpoints,
            started_at=self.started_at,
            last_at=self.last_at,
            ended_at=ended_at,
            moments=tuple(self.moments),
            duration_s=(until - self.started_at) / _SECOND_US,
            longest_gap_s=self.longest_gap_us / _SECOND_US,
            median_gap_s=median(self.gaps) / _SECOND_US,
            repeats=self.repeats,
            device_changes=self.device_changes,
            indirect_touchpoints=self.indirect_touchpoints,
            moments_of_truth=self.moments_of_truth,
            open_promises=self.open_promises,
            buyer_touchpoints=self.buyer_touchpoints,
            delight_touchpoints=self.touchpoints - self.buyer_touchpoints,
            phases=tuple(self.phases),
            phase_transitions=self.phase_transitions,
            phase_returns=self.phase_returns,
            phases_skipped=self.phases_skipped,
            furthest_step=self.furthest_step,
            steps_missed=self.steps_missed,
            steps_late=self.steps_late,
            touchpoints_unplanned=self.touchpoints_unplanned,
            unplanned=tuple(self.unplanned),
            drop_off_step=self.last_step if is_dropped else "",
            drop_off_at=self.last_at if is_dropped else None,
            ratings=tuple([each.row(scale) for scale, each in sorted(self.ratings.items())]) if self.ratings else (),
        )

    def extend(self, touchpoint: Touchpoint, moments: tuple[str, ...], position: int, settings: JourneySettings) -> None:
        """Take the next touchpoint that belongs to it."""
        at, channel, plan = touchpoint.corrected_at, touchpoint.channel, settings.plan
        place = plan.place(self.process, moments, channel)
        step, phase, effect = place.step, place.phase, place.effect
        if channel != self.last_channel:
            self._change_to(channel)
        if self.touchpoints:
            self._note_gap(at - self.last_at, settings.moments_shown)
        self.last_at = at
        if step != self.last_step or phase != self.phase:
            self._proceed(place, at, plan)
        self.touchpoints += 1
        self.position = position
        self._count(place, channel)
        if touchpoint.pages:
            self._note_device(touchpoint.pages[0].device)
        for rating in touchpoint.ratings:
            self.ratings.setdefault(rating.scale, ScaleRatings()).take(rating)
        if touchpoint.account:
            self.account = touchpoint.account
        if len(self.moments) < settings.moments_shown:
            self.moments.append(Moment(touchpoint.event_id, at, channel, touchpoint.kind, step, phase))
        if effect:
            self._end(effect, at)

    def _note_gap(self, gap_us: int, bound: int) -> None:
        """The longest of all gaps; in order, as many of the first ones as the row shows moments."""
        self.longest_gap_us = max(self.longest_gap_us, gap_us)
        if len(self.gaps) < bound:
            insort(self.gaps, gap_us)

    def _change_to(self, channel: str) -> None:
        self.channel_switches += 1
        self.last_channel = channel
        if channel not in self.channels:
            self.channels.append(channel)

    def _end(self, effect: str, at: int) -> None:
        """Complete it, end it without its goal, or open it again."""
        if effect == COMPLETES:
            self.given_up_at = None
            if self.goal_at is None:
                self.goal_at = at
        elif effect == ENDS:
            self.given_up_at = at if self.goal_at is None else None
        elif effect == REOPENS:
            self.goal_at, self.given_up_at = None, None

    def _proceed(self, place: Place, at: int, plan: Plan) -> None:
        """Go on to a step and a phase, in which it may have been before."""
        step, phase, is_new = place.step, place.phase, False
        if step != self.last_step:
            if step in self.reached:
                self.repeats += 1
            else:
                is_new = True
                self.reached |= dict.fromkeys(place.steps, at)
                if place.within_us is not None and at - self.step_at > place.within_us:
                    self.steps_late = (*self.steps_late, step)
                if place.is_step:
                    self.step_at = at
            self.last_step = step
        if phase != self.phase:
            if self.phase:
                self.phase_transitions += 1
                self.phase_returns += rank(phase) < rank(self.phase)
            self.phase = phase
            if phase not in self.phases:
                self.phases.append(phase)
                is_new = True
        if is_new:
            self.furthest_step, self.steps_missed, self.phases_skipped = plan.standing(self.process, self.reached, self.phases)

    def _count(self, place: Place, channel: str) -> None:
        if place.is_buyer:
            self.buyer_touchpoints += 1
        if place.is_truth:
            self.moments_of_truth += 1
        if place.is_indirect:
            self.indirect_touchpoints += 1
        if not place.is_planned:
            self.touchpoints_unplanned += 1
            what = Unplanned(place.step, channel)
            if what not in self.unplanned:
                self.unplanned.append(what)

    def _note_device(self, device: str) -> None:
        if device and device != self.device:
            if self.device:
                self.device_changes += 1
            self.device = device


def id_of(*parts: str) -> str:
    """A hash over the parts, 16 bytes in hexadecimal: the same parts give the same id, for ever."""
    framed = "".join(f"{len(part)}:{part}" for part in parts)
    return blake2b(framed.encode(), digest_size=16).hexdigest()
