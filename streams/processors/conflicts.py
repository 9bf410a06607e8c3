"""Two contents under one event id: which of them counts, and what becomes of the other."""

from typing import Any

from streams.avro.refusal import Refusal
from streams.delivery.commit import Output, Work
from streams.journeys.results import Added
from streams.journeys.touchpoint import Touchpoint, decode, encode
from streams.processors.stitch_plan import StitchPlan
from streams.processors.stitch_records import Holding
from streams.processors.stitch_state import StitchState


def parted(added: Added, held: Touchpoint | None, given: Touchpoint) -> tuple[Touchpoint, Touchpoint]:
    """Of two contents under one event id: the one that gives way, and the one that counts."""
    if held is None or added is Added.CONFLICT_KEPT:
        return given, held or given
    return held, given


class Conflicts:
    """What one partition of stitch does with contents that give way."""

    def __init__(self, plan: StitchPlan, state: StitchState) -> None:
        self._plan, self._state = plan, state

    def told(self, loser: Touchpoint, winner: Touchpoint, record: Any, work: Work) -> list[Output]:
        """The dead letter of what gives way, and the word to its account; `record` brought the conflict to light."""
        refusal = Refusal("event_id_conflict", "event_id", "another content came under this event_id", loser.event_id)
        letter = self._plan.dead_letters.letter(refusal, record, loser.channel, work.now_us, encode(loser))
        return [letter, *self._plan.sender.correct_account(loser, winner)]

    def refuse(self, holding: Holding, loser: Touchpoint) -> None:
        """Keep what was refused; of several contents the one with the smallest hash is kept, whichever came first."""
        before = self._state.refused_under(holding).get(loser.event_id)
        if before is None or loser.content_hash < decode(before).content_hash:
            self._state.refuse(holding, loser.event_id, encode(loser))
