"""A journey: how it grows by a touchpoint, when it ends, and the row that says how it stands."""

from hashlib import blake2b
from typing import Final

import msgspec

from streams.journeys.phases import COMPLETES, ENDS, REOPENS
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint

OPEN: Final = "open"
COMPLETED: Final = "completed"
DROPPED: Final = "dropped"


class Moment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One touchpoint of a journey; `at` in us."""

    event_id: str
    at: int
    channel: str
    kind: str
    step: str
    phase: str


class JourneyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A journey as it is published: the fields of `schemas/journey.avsc`, times in us."""

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


class Journey(msgspec.Struct, kw_only=True):
    """A journey while it is folded. `position` is that of the last touchpoint that changed it, in fold order."""

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
    position: int = 0

    def drops_at(self) -> int | None:
        """When (us) it is given up by time alone; None where it has ended already."""
        return self.last_at + self.gap_us if self.goal_at is None and self.given_up_at is None else None

    def is_open(self, at: int) -> bool:
        """Whether a touchpoint at that time (us) may still join it by gap."""
        return self.goal_at is None and self.given_up_at is None and at - self.last_at <= self.gap_us

    def row(self, customer: str, now: int) -> JourneyRow:
        """How it stands when the watermark is `now` (us)."""
        status, ended_at = OPEN, None
        if self.goal_at is not None:
            status, ended_at = COMPLETED, self.goal_at
        elif self.given_up_at is not None:
            status, ended_at = DROPPED, self.given_up_at
        elif now >= self.last_at + self.gap_us:
            status, ended_at = DROPPED, self.last_at + self.gap_us
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
        )

    def extend(self, touchpoint: Touchpoint, moments: tuple[str, ...], position: int, settings: JourneySettings) -> None:
        """Take the next touchpoint that belongs to it."""
        at, channel = touchpoint.corrected_at, touchpoint.channel
        step, phase, effect = settings.plan.place(self.process, moments)
        if channel != self.last_channel:
            self.channel_switches += 1
            if channel not in self.channels:
                self.channels.append(channel)
        self.last_channel, self.last_at = channel, at
        self.last_step, self.phase = step, phase
        self.touchpoints += 1
        self.position = position
        if touchpoint.account:
            self.account = touchpoint.account
        if len(self.moments) < settings.moments_shown:
            self.moments.append(Moment(touchpoint.event_id, at, channel, touchpoint.kind, step, phase))
        if effect == COMPLETES:
            self.given_up_at = None
            if self.goal_at is None:
                self.goal_at = at
        elif effect == ENDS:
            self.given_up_at = at if self.goal_at is None else None
        elif effect == REOPENS:
            self.goal_at, self.given_up_at = None, None


def id_of(*parts: str) -> str:
    """A hash over the parts, 16 bytes in hexadecimal: the same parts give the same id, for ever."""
    framed = "".join(f"{len(part)}:{part}" for part in parts)
    return blake2b(framed.encode(), digest_size=16).hexdigest()
