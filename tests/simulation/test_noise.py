"""Noise changes when events are published and what their clocks say, never what happened."""

from collections import Counter, defaultdict

import pytest

from streams.simulation import simulate
from streams.simulation.clock import DAY, HOUR, MINUTE, SECOND
from streams.simulation.noise import USUAL, Noise, Outage, noisy


@pytest.fixture(scope="module")
def events():
    return list(simulate(800, 1).events())


def touchpoints(events):
    return [event for event in events if event.channel != "knowledge"]


def by_id(events):
    return {event.record["event_id"]: event for event in touchpoints(events)}


def test_no_noise_changes_nothing(events):
    assert list(noisy(events, Noise(), 1)) == events


def test_the_same_seed_makes_the_same_noise(events):
    assert list(noisy(events, USUAL, 1)) == list(noisy(events, USUAL, 1))
    assert list(noisy(events, USUAL, 1)) != list(noisy(events, USUAL, 2))


def test_everything_is_published_in_the_order_of_publishing(events):
    published = list(noisy(events, USUAL, 1))
    assert [event.at for event in published] == sorted(event.at for event in published)
    assert by_id(published).keys() == by_id(events).keys()
    assert [event for event in published if event.channel == "knowledge"] == [event for event in events if event.channel == "knowledge"]


def test_two_in_a_hundred_come_twice_with_the_same_content(events):
    published = touchpoints(noisy(events, Noise(duplicates=0.02), 1))
    counts = Counter(event.record["event_id"] for event in published)
    assert set(counts.values()) == {1, 2}
    assert 0.015 <= sum(count == 2 for count in counts.values()) / len(counts) <= 0.025
    true = by_id(events)
    assert all(event.record == true[event.record["event_id"]].record for event in published)


def test_a_tenth_is_published_up_to_six_hours_late_and_says_truly_when_it_occurred(events):
    published = touchpoints(noisy(events, Noise(late=0.1), 1))
    delays = [event.at - event.record["occurred_at"] for event in published]
    assert 0.09 <= sum(delay > 0 for delay in delays) / len(delays) <= 0.11
    assert 5 * HOUR < max(delays) < 6 * HOUR
    true = by_id(events)
    assert all(event.record == true[event.record["event_id"]].record for event in published)


def test_one_in_a_hundred_has_a_clock_that_runs_ahead_as_admission_can_tell(events):
    true = by_id(events)
    published = touchpoints(noisy(events, Noise(skewed=0.01, late=0.1), 1))
    skewed = [event for event in published if "sent_at" in event.record]
    assert 0.007 <= len(skewed) / len(published) <= 0.013
    for event in skewed:
        ahead = event.record["sent_at"] - event.at
        assert 2 * MINUTE <= ahead < 3 * HOUR
        assert event.record["occurred_at"] - ahead == true[event.record["event_id"]].at


def test_a_channel_that_is_out_publishes_everything_afterwards_in_its_order(events):
    start = events[0].at
    outage = Outage("phone", start + 5 * DAY, start + 6 * DAY)
    published = list(noisy(events, Noise(outages=(outage,)), 1))
    calls = [event for event in published if event.channel == "phone"]
    held_back = [event for event in calls if outage.since <= event.record["occurred_at"] < outage.until]
    assert len(held_back) > 10
    assert {event.at for event in held_back} == {outage.until}
    assert [event.record for event in calls] == [event.record for event in events if event.channel == "phone"]
    late = {event.record["event_id"] for event in touchpoints(published) if event.at != event.record["occurred_at"]}
    assert late == {event.record["event_id"] for event in held_back}


def test_shares_that_are_none_are_refused():
    with pytest.raises(ValueError, match="late cannot be 10"):
        Noise(late=10)


def test_admission_puts_a_clock_right_that_runs_ahead(events):
    from streams.avro.codec import Encoder
    from streams.avro.registry import FileRegistry
    from streams.channels.admission import Admission

    registry = FileRegistry()
    true = by_id(events)
    admission = Admission("website", registry, b"a key for this test alone")
    published = [event for event in noisy(events, Noise(skewed=0.05), 3) if event.channel == "website"]
    datums = Encoder(registry.current("website")).encode_run([event.record for event in published])
    values = [registry.reference("website").prefix + datum for datum in datums]
    arrivals = [event.at for event in published]
    for event, admitted in zip(published, admission.admit_run(values, arrivals, [""] * len(values), arrivals[-1]), strict=True):
        assert abs(admitted.touchpoint.corrected_at - true[event.record["event_id"]].at) < SECOND


def test_what_a_story_sends_again_is_what_its_source_wrote_first():
    """Else a clock that runs ahead would make two contents of one event, which is a conflict and no duplicate."""
    told = touchpoints(simulate(800, 1, rules="all").events())
    contents = defaultdict(list)
    for event in told:
        contents[event.record["event_id"]].append(event.record)
    repeated = {number for number, records in contents.items() if len(records) > 1 and all(each == records[0] for each in records)}
    assert len(repeated) == 2
    written = defaultdict(list)
    for event in touchpoints(noisy(told, Noise(skewed=0.5), 1)):
        written[event.record["event_id"]].append(event.record)
    assert all(each == written[number][0] for number in repeated for each in written[number])
