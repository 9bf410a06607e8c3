"""The conservation line: received = recorded + dead + duplicate + in flight. From what partitions committed, nothing else."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from streams.processors.admit import AdmitMemo
from streams.processors.record import TOUCHPOINTS_TABLE, RecordMemo
from streams.processors.stitch_plan import StitchMemo

_memos: dict[str, msgspec.msgpack.Decoder[Any]] = {
    "admit": msgspec.msgpack.Decoder(AdmitMemo),
    "stitch": msgspec.msgpack.Decoder(StitchMemo),
    "record": msgspec.msgpack.Decoder(RecordMemo),
}


@dataclass(frozen=True, slots=True)
class Conservation:
    """Touchpoints by what became of them.

    received        events that reached admit
    recorded        rows in ClickHouse, each once
    dead, duplicate refused, and seen before
    in_flight       between admit and the slower of stitch and record
    """

    received: int = 0
    recorded: int = 0
    dead: int = 0
    duplicate: int = 0
    in_flight: int = 0

    @property
    def difference(self) -> int:
        """What is neither here nor there: 0, or something was lost or doubled."""
        return self.received - self.recorded - self.dead - self.duplicate - self.in_flight

    def as_json(self) -> dict[str, int]:
        """All of it, by name."""
        return asdict(self) | {"difference": self.difference}


def conservation(memos: Iterable[tuple[str, bytes]], *, drained: bool) -> Conservation:
    """The line over partitions' memos, as (role, memo). `drained`: every partition has all of its sources, so nothing is in flight."""
    count: Counter[str] = Counter()
    for role, memo in memos:
        if memo and role in _memos:
            count.update(_counts(_memos[role].decode(memo)))
    lost_rows = count["duplicate"] + count["conflict"] + count["refused"]
    seen = min(count["stitched"], count["written"])
    in_flight = 0 if drained else count["received"] - count["refused at admit"] - seen
    recorded = count["written"] - lost_rows if drained else seen - lost_rows
    return Conservation(
        received=count["received"],
        recorded=recorded,
        dead=count["refused at admit"] + count["conflict"] + count["refused"],
        duplicate=count["duplicate"],
        in_flight=in_flight,
    )


def is_behind(memos: Iterable[tuple[str, bytes]]) -> bool:
    """Whether stitch has put off whom it has to judge, by time alone or for what came; or views do not follow yet what record wrote."""
    decoded = (_memos[role].decode(memo) for role, memo in memos if memo and role in _memos)
    return any(isinstance(memo, StitchMemo | RecordMemo) and memo.is_behind for memo in decoded)


def _counts(memo: Any) -> dict[str, int]:
    if isinstance(memo, AdmitMemo):
        return {"received": sum(memo.received.values()), "refused at admit": sum(memo.dead.values())}
    if isinstance(memo, StitchMemo):
        new, duplicate, conflict = (sum(each.values()) for each in (memo.new, memo.duplicate, memo.conflict))
        met_duplicate, met_conflict = sum(memo.met_duplicate.values()), sum(memo.met_conflict.values())
        return {"stitched": new + duplicate + conflict, "duplicate": duplicate + met_duplicate, "conflict": conflict + met_conflict}
    return {"written": sum(memo.touchpoints.values()), "refused": memo.refused.get(TOUCHPOINTS_TABLE, 0)}
