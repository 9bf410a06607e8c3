"""Batches cover what was fetched without a hole, so that whatever is dropped later leaves one."""

from itertools import pairwise
from types import SimpleNamespace

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.arrivals import cut, from_position
from streams.delivery.batch import Batch, BatchScheduler, split


def fetched(offsets):
    return [SimpleNamespace(offset=offset, timestamp=offset * 10, timestamp_type=0) for offset in offsets]


offsets_of_a_fetch = st.sets(st.integers(0, 500), min_size=1, max_size=60).map(sorted)


@given(offsets_of_a_fetch, st.integers(0, 500), st.integers(1, 70))
def test_batches_cover_everything_from_the_start_to_the_last_record(offsets, gap, most):
    start = max(0, offsets[0] - gap)  # control records and compacted ones leave gaps before the first
    batches = list(split("t", 3, start, fetched(offsets), most))
    assert batches[0].start == start
    assert batches[-1].stop == offsets[-1] + 1
    assert all(before.stop == after.start for before, after in pairwise(batches))
    assert [record.offset for batch in batches for record in batch.records] == offsets
    for batch in batches:
        assert 1 <= len(batch.records) <= most
        assert all(batch.start <= record.offset < batch.stop for record in batch.records)


@given(offsets_of_a_fetch, st.integers(1, 59))
def test_a_cut_leaves_no_hole(offsets, size):
    (whole,) = split("t", 0, offsets[0], fetched(offsets), 100)
    if size >= len(whole.records):
        return
    head, rest = cut(whole, size)
    assert (head.start, head.stop, rest.stop) == (whole.start, rest.start, whole.stop)
    assert [*head.records, *rest.records] == whole.records
    assert len(head.records) == size
    assert all(record.offset < head.stop for record in head.records)
    assert all(record.offset >= rest.start for record in rest.records)


@given(offsets_of_a_fetch, st.integers(0, 500))
def test_a_trimmed_batch_begins_at_the_position_and_keeps_what_follows(offsets, at):
    (whole,) = split("t", 0, offsets[0], fetched(offsets), 100)
    if at >= whole.stop:
        return
    trimmed = from_position(whole, at)
    assert trimmed.start == max(whole.start, at)
    assert trimmed.stop == whole.stop
    assert [record.offset for record in trimmed.records] == [offset for offset in offsets if offset >= at]


def test_the_scheduler_passes_batches_on_whole_and_the_rest_record_by_record():
    batches = list(split("t", 0, 0, fetched(range(6)), 4))
    others = [SimpleNamespace(offset=offset) for offset in range(2)]
    handed = list(BatchScheduler().iterate({TP("t", 0): batches, TP("other", 1): iter(others)}))
    assert [item for partition, item in handed if partition.topic == "t"] == batches
    assert [item for partition, item in handed if partition.topic == "other"] == others
    assert all(isinstance(item, Batch) for _, item in handed[:2])
