"""A simulation is the same everywhere, in order, fits the schemas, and plants what it says and nothing else."""

import hashlib
import io
import itertools
import json
import tracemalloc
from collections import Counter
from pathlib import Path

import fastavro
import pytest
from by_the_words import customer_of, read

from streams.settings import CHANNELS
from streams.shipped import folder
from streams.simulation import DEFAULT_START, simulate
from streams.simulation.clock import DAY
from streams.simulation.stories import FAMILIES, STORIES, table
from streams.simulation.truth import EITHER

RULES = {"offer_unknown", "offer_unannounced", "offer_not_honoured", "promise_broken", "case_reopened", "channel_failed"}


@pytest.fixture(scope="module")
def large():
    return simulate(5000, 1)


def touchpoints(simulation):
    return (event for event in simulation.events() if event.channel != "knowledge")


def digest(simulation):
    text = "\n".join(f"{event.channel}{event.at}{json.dumps(event.record, default=str)}" for event in simulation.events())
    return hashlib.sha256((text + repr(simulation.truth)).encode()).hexdigest()


def test_the_same_seed_tells_the_same_and_another_seed_tells_something_else():
    assert digest(simulate(150, 3)) == digest(simulate(150, 3))
    assert digest(simulate(150, 3)) != digest(simulate(150, 4))


def test_the_bytes_are_the_same_on_every_platform():
    # A changed story changes this on purpose; a changed platform or Python must not.
    assert digest(simulate(60, 7)) == "8abb4a5a21f2e2b5e091f26f1b5b76803c7536c1eecd6f614b060892fe52d72e"


def test_events_may_be_told_more_than_once():
    simulation = simulate(40, 2)
    assert list(simulation.events()) == list(simulation.events())
    assert len(simulation) == sum(1 for _ in simulation.events())


def test_events_come_in_the_order_of_event_time_within_the_scenario(large):
    times = [event.at for event in large.events()]
    assert times == sorted(times)
    assert large.until == large.start + 30 * DAY
    assert large.start <= times[0]
    assert times[-1] < large.until


def test_a_touchpoints_time_is_the_one_in_its_record(large):
    assert all(event.record["occurred_at"] == event.at for event in touchpoints(large))


def test_event_ids_are_unique_and_short(large):
    ids = [event.record["event_id"] for event in touchpoints(large)]
    assert len(ids) == len(set(ids))
    assert max(map(len, ids)) <= 200


def test_every_touchpoint_carries_the_customer_number_first_and_one_of_each_other_identifier(large):
    known = {}
    for event in touchpoints(large):
        first, *others = event.record["identifiers"]
        assert first["type"] == "customer_number"
        assert first["value"]
        for other in others:
            assert known.setdefault((first["value"], other["type"]), other["value"]) == other["value"]
    values = list(known.values())
    assert len(values) == len(set(values))


def test_every_story_happens_and_tells_its_own_outcome(large):
    planted = Counter(planted.story for planted in large.truth)
    assert set(planted) == {story.name for story in STORIES["first"] if story.hits}
    assert all(count >= 12 for count in planted.values())


def test_each_rule_has_three_stories_that_go_wrong_and_five_near_misses():
    for family in FAMILIES:
        assert len({story.rule for story in family}) == 1
        assert sum(story.hits for story in family) >= 3
        assert sum(not story.hits for story in family) >= 5
    assert {story.rule for story in STORIES["first"]} == RULES
    assert len({story.name for story in STORIES["first"]}) == len(STORIES["first"])


@pytest.mark.parametrize("customers", [200, 5000])
def test_each_rule_is_planted(customers, large):
    simulation = large if customers == 5000 else simulate(customers, 1)
    counts = Counter(planted.rule for planted in simulation.truth)
    assert set(counts) == RULES
    assert min(counts.values()) >= (3 if customers == 200 else 60)


def test_truth_names_events_of_its_customer_that_exist(large):
    customers = {event.record["event_id"]: customer_of(event.record) for event in touchpoints(large)}
    for planted in large.truth:
        assert planted.founding
        assert {customers[event_id] for event_id in planted.founding} == {planted.customer}
        assert large.start < planted.at < large.until


@pytest.mark.parametrize(("seed", "customers"), [(1, 5000), (2, 1500), (3, 1500), (4, 1500), (5, 1500), (71, 1500)])
def test_the_truth_is_what_the_designs_words_say_and_daily_life_adds_nothing(seed, customers):
    simulation = simulate(customers, seed)
    by_words = read(simulation.events(), simulation.until)
    planted = {(each.rule, each.subject, each.customer): each for each in simulation.truth}
    assert len(planted) == len(simulation.truth)
    assert {key: planted[key].story for key in planted.keys() - by_words.keys()} == {}
    assert by_words.keys() - planted.keys() == set()
    assert {key for key, each in planted.items() if each.status not in (EITHER, by_words[key][0])} == set()
    assert {key for key, each in planted.items() if each.also != by_words[key][1]} == set()
    assert any(each.also for each in planted.values())


def test_a_customer_has_a_month_of_some_ten_touchpoints(large):
    counts = Counter(customer_of(event.record) for event in touchpoints(large))
    assert len(counts) == 5000
    assert 8 <= sum(counts.values()) / 5000 <= 15
    assert max(counts.values()) < 40


def test_all_channels_and_their_habits_occur(large):
    kinds = {(event.channel, event.record["kind"]) for event in touchpoints(large)}
    assert {channel for channel, _ in kinds} == set(CHANNELS)
    assert len({kind for _, kind in kinds}) >= 35


@pytest.mark.parametrize("seed", [1, 2, 3, 99])
def test_every_record_fits_its_schema(seed):
    schemas = {}
    for event in simulate(250, seed).events():
        schema = schemas.get(event.channel)
        if schema is None:
            path = folder("schemas") / f"{event.channel}.avsc"
            schema = schemas[event.channel] = fastavro.parse_schema(json.loads(path.read_text()))
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, schema, event.record, strict_allow_default=True)
        buffer.seek(0)
        decoded = fastavro.schemaless_reader(buffer, schema, None)
        assert contains(decoded, event.record), (decoded, event.record)


def contains(decoded, given):
    """Whether what was given comes back, defaults aside; times come back as datetimes."""
    if isinstance(given, dict):
        return all(contains(decoded[name], value) for name, value in given.items())
    if isinstance(given, list):
        return len(decoded) == len(given) and all(itertools.starmap(contains, zip(decoded, given, strict=True)))
    if hasattr(decoded, "timestamp"):
        return round(decoded.timestamp() * 1_000_000) == given
    return decoded == given


def test_attributes_are_on_the_channels_allow_lists(large):
    used = {(event.channel, name) for event in touchpoints(large) for name in event.record.get("attributes", {})}
    for channel, name in used:
        assert name in json.loads((folder("schemas") / f"{channel}.avsc").read_text())["pass_attributes"]


def test_many_customers_need_little_memory():
    tracemalloc.start()
    simulation = simulate(400, 1)
    for _ in simulation.events():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / len(simulation) < 1000  # bytes an event: 20,000 customers stay under 300 MB


def test_arguments_that_cannot_be_are_refused():
    for arguments in ((0, 1, DEFAULT_START), (5, -1, DEFAULT_START), (5, 1, 0)):
        with pytest.raises(ValueError, match=r"customers|seed|start"):
            simulate(*arguments)


def test_the_document_tells_every_story():
    assert table(FAMILIES) in (Path(__file__).parents[2] / "docs" / "simulation.md").read_text(encoding="utf-8")
