"""The conservation line adds up whatever became of the events, and shows what was lost or doubled."""

from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.conservation import Conservation, conservation, is_behind
from streams.processors.admit import AdmitMemo
from streams.processors.identify import IdentifyMemo
from streams.processors.record import RecordMemo
from streams.processors.stitch_plan import StitchMemo
from streams.processors.watermark import ClockBoard, SourceTimes


def admit(received, **dead):
    refused = {f"chat {reason}": number for reason, number in dead.items()}
    return "admit", msgspec.msgpack.encode(AdmitMemo(times=SourceTimes(), received={"chat": received}, dead=refused))


def stitch(new=0, duplicate=0, conflict=0):
    memo = StitchMemo(ClockBoard(), {"chat": new}, {"chat": duplicate}, {"chat": conflict})
    return "stitch", msgspec.msgpack.encode(memo)


def record(written, refused=0, **others):
    memo = RecordMemo(written={"touchpoints": written, **others}, touchpoints={"chat": written}, refused={"touchpoints": refused})
    return "record", msgspec.msgpack.encode(memo)


def test_nothing_is_zero_all_over():
    assert conservation([], drained=True) == Conservation()
    assert conservation([("admit", b""), ("stitch", b"")], drained=True).difference == 0


def test_every_event_is_recorded_dead_or_a_duplicate_when_all_is_drained():
    line = conservation([admit(100, truncated=5, not_avro=2), stitch(80, 10, 3), record(93, refused=1)], drained=True)
    assert line == Conservation(received=100, recorded=79, dead=11, duplicate=10, in_flight=0)
    assert line.difference == 0


def test_partitions_are_added_up():
    memos = [admit(10, truncated=1), admit(20), stitch(9), stitch(15, 5), record(9), record(20)]
    assert conservation(memos, drained=True) == Conservation(received=30, recorded=24, dead=1, duplicate=5)


def test_what_has_not_reached_the_slower_of_stitch_and_record_is_in_flight():
    assert conservation([admit(100), stitch(70), record(40)], drained=False).in_flight == 60
    assert conservation([admit(100), stitch(40), record(70)], drained=False).in_flight == 60
    assert conservation([admit(100), stitch(40), record(70)], drained=False).recorded == 40


def test_all_is_in_flight_before_anything_was_stitched():
    assert conservation([admit(100, truncated=4)], drained=False) == Conservation(received=100, dead=4, in_flight=96)


@pytest.mark.parametrize(
    ("memos", "difference"), [([admit(100), stitch(100), record(97)], 3), ([admit(100), stitch(100), record(101)], -1)]
)
def test_what_was_lost_or_doubled_shows_when_all_is_drained(memos, difference):
    line = conservation(memos, drained=True)
    assert line.in_flight == 0
    assert line.difference == difference


def test_rows_of_other_tables_are_no_touchpoints():
    assert conservation([admit(1), stitch(1), record(1, journeys=50, inconsistencies=7)], drained=True).recorded == 1


def test_a_row_of_another_table_that_cannot_be_stored_is_no_dead_event():
    memo = RecordMemo(written={"journeys": 2}, touchpoints={"chat": 1}, refused={"journeys": 1})
    line = conservation([admit(1), stitch(1), ("record", msgspec.msgpack.encode(memo))], drained=True)
    assert (line.recorded, line.dead) == (1, 0)


def test_identify_keeps_no_counts_of_its_own():
    identify = ("identify", msgspec.msgpack.encode(IdentifyMemo(board=ClockBoard(), passed=99)))
    assert conservation([admit(1), identify, stitch(1), record(1)], drained=True) == Conservation(received=1, recorded=1)


def test_as_json_names_every_part_and_the_difference():
    assert Conservation(10, 5, 2, 1, 1).as_json() == {
        "received": 10,
        "recorded": 5,
        "dead": 2,
        "duplicate": 1,
        "in_flight": 1,
        "difference": 1,
    }


counts = st.integers(0, 1000)


@given(st.tuples(*[counts] * 7))
def test_the_line_adds_up_at_any_moment(numbers):
    """Whatever share of the admitted events the two have reached, as long as each has reached no more than there were."""
    admitted, dead, duplicate, conflict, refused, stitched, written = numbers
    stitched, written = min(stitched, admitted), min(written, admitted)
    duplicate = min(duplicate, stitched)
    conflict = min(conflict, stitched - duplicate)
    refused = min(refused, written)
    memos = [admit(admitted + dead, malformed=dead), stitch(stitched - duplicate - conflict, duplicate, conflict), record(written, refused)]
    assert conservation(memos, drained=False).difference == 0


@pytest.mark.parametrize(
    ("role", "memo"), [("stitch", partial(StitchMemo, ClockBoard(), {}, {}, {})), ("record", RecordMemo)], ids=["stitch", "record"]
)
def test_who_is_behind_says_so(role, memo):
    behind, abreast = (msgspec.msgpack.encode(memo(is_behind=each)) for each in (True, False))
    assert is_behind([(role, behind)])
    assert not is_behind([(role, abreast), ("identify", b"")])
