"""With stories of all nineteen rules: each is told, fits its schema, and names events that exist."""

import io
import json
from collections import Counter
from pathlib import Path

import fastavro
import pytest
from by_the_words import customer_of
from further_by_the_words import read_all

from streams.shipped import folder
from streams.simulation import simulate
from streams.simulation.stories import FAMILIES, FURTHER_FAMILIES, LEFT_OUT, STORIES, one_cause, table
from streams.simulation.truth import EITHER

RULES = {
    "offer_unknown", "offer_unannounced", "offer_not_honoured", "offer_expired_shown", "price_mismatch", "stock_mismatch",
    "status_mismatch", "answer_mismatch", "promise_broken", "question_repeated", "handover_lost", "contact_unanswered",
    "contact_repeated", "case_reopened", "promotion_in_complaint", "contact_after_opt_out", "channel_failed",
    "satisfaction_dropped", "identity_conflict",
}  # fmt: skip


@pytest.fixture(scope="module")
def month():
    return simulate(2000, 1, rules="all")


def touchpoints(simulation):
    return [event for event in simulation.events() if event.channel != "knowledge"]


def test_each_rule_has_three_stories_that_go_wrong_and_five_near_misses():
    for family in (*FAMILIES, *FURTHER_FAMILIES):
        assert len({story.rule for story in family}) == 1
        assert sum(story.hits for story in family) >= 3
        assert sum(not story.hits for story in family) >= 5
    assert {story.rule for story in STORIES["all"]} == RULES
    assert len({story.name for story in STORIES["all"]}) == len(STORIES["all"])
    assert {story.name for story in STORIES["first"]} >= LEFT_OUT


def test_every_story_happens_and_tells_its_own_outcome(month):
    told = Counter(planted.story for planted in month.truth)
    assert set(told) == {story.name for story in STORIES["all"] if story.hits}
    assert {planted.rule for planted in month.truth} == RULES


def test_two_hundred_customers_meet_every_rule():
    counts = Counter(planted.rule for planted in simulate(200, 4, rules="all").truth)
    assert set(counts) == RULES


def test_stories_of_two_rules_on_one_cause_name_the_weaker(month):
    also = {(planted.rule, weaker) for planted in month.truth for weaker in planted.also}
    assert also == {
        ("offer_unknown", "offer_unannounced"),
        ("handover_lost", "question_repeated"),
        ("handover_lost", "contact_unanswered"),
        ("channel_failed", "contact_unanswered"),
        ("offer_not_honoured", "price_mismatch"),
        ("case_reopened", "contact_repeated"),
    }


def test_truth_names_events_of_its_customer_that_exist(month):
    customers = {event.record["event_id"]: customer_of(event.record) for event in touchpoints(month)}
    for planted in month.truth:
        assert planted.founding
        assert {customers[event_id] for event_id in planted.founding} == {planted.customer}
        assert month.start < planted.at < month.until


@pytest.mark.parametrize(("seed", "customers"), [(1, 1700), (2, 850), (3, 850)])
def test_the_truth_is_what_the_designs_words_say_and_daily_life_adds_nothing(seed, customers):
    simulation = simulate(customers, seed, rules="all")
    by_words = read_all(simulation.events(), simulation.until)
    planted = {(each.rule, each.subject, each.customer): each for each in simulation.truth}
    assert len(planted) == len(simulation.truth)
    assert {key: planted[key].story for key in planted.keys() - by_words.keys()} == {}
    assert by_words.keys() - planted.keys() == set()
    assert {planted[key].story for key in planted if planted[key].status not in (EITHER, by_words[key][0])} == set()
    assert {planted[key].story for key in planted if planted[key].also != by_words[key][1]} == set()


def test_an_event_id_comes_twice_only_where_the_story_is_about_that(month):
    twice = {event_id for event_id, count in Counter(event.record["event_id"] for event in touchpoints(month)).items() if count > 1}
    about = {planted.subject.removeprefix("event:") for planted in month.truth if planted.subject.startswith("event:")}
    by_id = {}
    for event in touchpoints(month):
        by_id.setdefault(event.record["event_id"], set()).add(json.dumps([event.channel, event.record], default=str))
    assert {event_id for event_id in twice if len(by_id[event_id]) > 1} == about
    assert twice > about


@pytest.mark.parametrize("identities", ["numbers", "mixed"])
def test_every_record_fits_its_schema(identities):
    schemas = {}
    for event in simulate(900, 2, rules="all", identities=identities).events():
        schema = schemas.get(event.channel)
        if schema is None:
            path = folder("schemas") / f"{event.channel}.avsc"
            schema = schemas[event.channel] = fastavro.parse_schema(json.loads(path.read_text()))
        fastavro.schemaless_writer(io.BytesIO(), schema, event.record, strict_allow_default=True)


def test_rules_that_are_none_are_refused():
    with pytest.raises(ValueError, match="rules"):
        simulate(5, 1, rules="none")


def test_the_document_tells_every_story():
    document = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text(encoding="utf-8")
    assert table((*FURTHER_FAMILIES, one_cause.STORIES)) in document
