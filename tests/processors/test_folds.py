"""Folds of one partition: which are kept, which are kept at rest, and which are not any more."""

import hashlib

from fetched import NOW
from stitching import promised, talked

from streams.journeys.customer import Customer
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.processes import shipped_processes
from streams.processors.folds import TOUCHPOINT_BYTES, FoldRoom, Folds
from streams.wording_file import load_wording

SETTINGS = JourneySettings(shipped_processes(), wording=load_wording())
KIM, LEE = hashlib.md5(b"kim").hexdigest(), hashlib.md5(b"lee").hexdigest()
LIFE = (promised(0, due=10), talked(1), talked(2, "ended"))


def built(customer, life=LIFE):
    fold = Customer(customer, SETTINGS, Knowledge())
    for each in life:
        fold.add(each)
    return fold


def told(customer):
    fold = built(customer)
    fold.changed(NOW)
    return fold


def test_who_is_not_kept_folded_is_taken_up_from_his_fold_at_rest():
    folds = Folds(FoldRoom(touchpoints=0))
    assert not folds.put(KIM, told(KIM))
    assert folds.fit() == [KIM]
    assert folds.get(KIM) is None
    fold = built(KIM)
    assert folds.put(KIM, fold)
    assert fold.changed(NOW).journeys == (), "nothing is told again"
    assert len(folds.resting) == folds.resting.size_bytes == 0


def test_a_fold_that_was_dropped_is_not_taken_up():
    """His touchpoints are others now: one was handed over, say, and another came in."""
    folds = Folds(FoldRoom(touchpoints=0))
    folds.put(KIM, told(KIM))
    folds.fit()
    folds.drop(KIM)
    fold = built(KIM)
    assert not folds.put(KIM, fold)
    assert fold.changed(NOW).journeys
    assert len(folds.resting) == folds.resting.size_bytes == 0


def test_what_waits_to_be_told_is_folded_again():
    folds = Folds(FoldRoom(touchpoints=0))
    folds.put(KIM, built(KIM))
    assert folds.fit() == [KIM]
    assert not folds.put(KIM, built(KIM))


def test_what_packed_customers_leave_of_the_spare_memory_is_for_folds_and_folds_at_rest_by_halves():
    room = FoldRoom(touchpoints=0, at_rest_bytes=0, spare_bytes=10 * TOUCHPOINT_BYTES + 7_000)
    packed = 7_000
    folds, others = Folds(room), Folds(room, lambda: packed)
    assert room.most() == (5, 5 * TOUCHPOINT_BYTES)
    folds.put(KIM, told(KIM))
    folds.fit()
    assert (len(folds), len(folds.resting)) == (0, 1), "three touchpoints and four for the customer are too much"
    packed = 0
    room.spare_bytes = 14 * TOUCHPOINT_BYTES
    folds.put(KIM, told(KIM))
    folds.fit()
    assert len(folds) == 1
    packed = 10**9
    folds.get(KIM)
    folds.fit()
    assert (len(folds), len(folds.resting), len(others)) == (0, 0, 0), "where customers are many there is nothing to spare"


def test_folds_at_rest_of_all_partitions_fit_the_room_and_the_oldest_go_first():
    room = FoldRoom(touchpoints=0)
    first, second = Folds(room), Folds(room)
    first.put(KIM, told(KIM))
    first.fit()
    room.at_rest_bytes = first.resting.size_bytes
    second.put(LEE, told(LEE))
    second.fit()
    assert (len(first.resting), len(second.resting)) == (1, 0), "a partition makes room among its own"
    first.put(LEE, told(LEE))
    first.fit()
    assert not first.put(KIM, built(KIM))
    assert first.put(LEE, built(LEE))
