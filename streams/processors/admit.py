"""admit: decode, check, pseudonymise, map to one Touchpoint; what cannot be admitted becomes a dead letter.

Takes the partition of its number of every channel topic, and tells every partition downstream how far time is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from streams.avro.refusal import Refusal
from streams.channels.admission import Admission
from streams.delivery.batch import Batch
from streams.delivery.commit import Changes, Output, Position, Work
from streams.journeys.base import HORIZON_US
from streams.processors.dead_letters import DeadLetters
from streams.processors.internal import (
    CLOCK,
    KIND,
    LATE,
    Clock,
    clock_outputs,
    counted,
    header,
    partition_of_identifier,
    received_us,
    touchpoint_output,
)
from streams.processors.memo import MemoPartition
from streams.processors.watermark import SourceTimes

SECOND_US = 1_000_000
FIRST_CHANNELS: Final = ("website", "app", "chat", "email", "phone", "store", "survey")
"""The channels of installations whose memo does not say which it was written for."""


class AdmitMemo(msgspec.Struct):
    """What admit keeps with its position.

    times           how far each channel is
    received        events by channel, before anything else is known of them
    dead            events that were refused, by `channel reason`
    last_event      us, arrival of the channel's last event
    clock           the last word that went downstream
    late            live events, by channel, that came more than the horizon after they happened, as in the view `late_touchpoints`
    channels        that admit took when this was written; () before this was noted, when there were FIRST_CHANNELS
    """

    times: SourceTimes
    received: dict[str, int] = {}
    dead: dict[str, int] = {}
    last_event: dict[str, int] = {}
    clock: Clock | None = None
    channels: tuple[str, ...] = ()
    late: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class AdmitPlan:
    """What admit needs beside its work.

    channels    by channel topic, its channel
    admissions  by channel
    delay_us    by channel: how late its events may be published
    """

    channels: Mapping[str, str]
    admissions: Mapping[str, Admission]
    delay_us: Mapping[str, int]
    dead_letters: DeadLetters
    admitted_topic: str
    partitions: int


class AdmitPartition(MemoPartition[AdmitMemo]):
    """admit for one partition number."""

    def __init__(self, number: int, plan: AdmitPlan) -> None:
        super().__init__(AdmitMemo(times=SourceTimes(), channels=tuple(plan.admissions)))
        self.number, self.plan = number, plan

    def loaded(self, position: Position) -> None:
        """Take up the memo of the last commit; channels that are new since then take no part in imports from before."""
        super().loaded(position)
        memo, channels = self.memo, tuple(self.plan.admissions)
        known = memo.channels or FIRST_CHANNELS
        memo.times.joined([channel for channel in channels if channel not in known])
        memo.channels = channels

    async def step(self, work: Work) -> Changes | None:
        """Admit what came, then say how far time is."""
        outputs: list[Output] = []
        for batch in work.batches:
            self._admit(batch, work, outputs)
        self._hear_idle_sources(work)
        if work.tick:
            self._tell_time(outputs)
        if not outputs and not work.batches:
            return None
        return Changes(outputs=outputs, memo=self.remembered())

    def _tell_time(self, outputs: list[Output]) -> None:
        clock = self.memo.times.collapsed(self.number, list(self.plan.channels.values()))
        if clock != self.memo.clock:
            self.memo.clock = clock
            outputs.extend(clock_outputs(self.plan.admitted_topic, self.plan.partitions, clock))

    def _admit(self, batch: Batch, work: Work, outputs: list[Output]) -> None:
        channel = self.plan.channels[batch.topic]
        memo, plan = self.memo, self.plan
        events, replays, lates, arrivals = self._events(channel, batch, work.now_us)
        if not events:
            return
        answers = plan.admissions[channel].admit_run([event.value or b"" for event in events], arrivals, replays, work.now_us)
        counted(memo.received, {channel: len(events)})
        memo.last_event[channel] = max(memo.last_event.get(channel, 0), arrivals[-1])
        for event, answer, replay, late, arrived in zip(events, answers, replays, lates, arrivals, strict=True):
            if (batch.topic, event.offset) in work.refused:
                answer = Refusal("too_large_for_state", "", "the event does not fit one commit")  # noqa: PLW2901
            if isinstance(answer, Refusal):
                counted(memo.dead, {f"{channel} {answer.reason}": 1})
                outputs.append(plan.dead_letters.letter(answer, event, channel, work.now_us))
                continue
            touchpoint = answer.touchpoint
            partition = partition_of_identifier(touchpoint.anchor, plan.partitions)
            outputs.append(touchpoint_output(plan.admitted_topic, partition, touchpoint.anchor, touchpoint, answer.value))
            if replay:
                memo.times.heard_import(channel, replay, touchpoint.corrected_at - late)
            else:
                memo.times.heard_live(channel, arrived - plan.delay_us[channel])
                if arrived > touchpoint.corrected_at + HORIZON_US:
                    counted(memo.late, {channel: 1})

    def _events(self, channel: str, batch: Batch, now_us: int) -> tuple[Sequence[Any], Sequence[str], Sequence[int], Sequence[int]]:
        """The batch's events, with their imports, how late these may be, and arrivals; clock records of imports are heard here."""
        events, replays, lates, arrivals = [], [], [], []
        for record in batch.records:
            replay, late = "", b""
            if record.headers:
                replay = header(record, "replay").decode(errors="replace")
                if header(record, KIND) == CLOCK:
                    self._hear_import_clock(channel, replay, record)
                    continue
                late = header(record, LATE)
            events.append(record)
            replays.append(replay)
            lates.append(int(late) if late.isdigit() else 0)
            arrivals.append(received_us(record, now_us))
        return events, replays, lates, arrivals

    def _hear_import_clock(self, channel: str, name: str, record: Any) -> None:
        until = header(record, "until")
        at = int(until) if until.lstrip(b"-").isdigit() else None
        if header(record, "ended") == b"1":
            self.memo.times.ended_import(channel, name, at)
        elif at is not None:
            self.memo.times.heard_import(channel, name, at)

    def _hear_idle_sources(self, work: Work) -> None:
        """A source that the state has all of moves with the clock on the wall, less what its channel may be late."""
        for topic, at_ms in work.caught_up.items():
            channel = self.plan.channels[topic]
            at = min(at_ms * 1000, work.now_us) // SECOND_US * SECOND_US
            self.memo.times.heard_live(channel, at - self.plan.delay_us[channel])
