"""The stories of all nineteen rules, as channels would tell them: neither order nor repeats decide what is found, founding facts do."""

import random
from collections import defaultdict
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_story import DAY, HOUR, SETTINGS, founding_facts

from streams.avro.codec import Encoder
from streams.avro.registry import FileRegistry
from streams.channels.admission import Admission
from streams.journeys.customer import Customer
from streams.journeys.inconsistencies.rules import RULES
from streams.journeys.knowledge import Knowledge
from streams.journeys.results import Added
from streams.simulation import simulate
from streams.simulation.stories import STORIES

RULE_NAMES = [rule.name for rule in RULES]
RULE_OF = {story.name: story.rule for story in STORIES["all"]}
CUSTOMERS = 10 * -(-len(RULE_OF) // 3)
"""So many that each story is told: three in ten have one, and they take turns."""
KEY = b"a key of the tests, thirty-two b"


class Told(NamedTuple):
    """By rule, the lives in which its stories happened; what the channels know; the first moment, and the one after the last, us."""

    lives: dict[str, list[list]]
    entries: list[dict]
    start: int
    until: int


@pytest.fixture(scope="module")
def told():
    simulation = simulate(CUSTOMERS, 1, rules="all")
    assert set(simulation.stories.values()) == set(RULE_OF)
    person = dict(simulation.persons())
    of_person, entries = defaultdict(list), []
    registry = FileRegistry()
    encoders = {}
    for event in simulation.events():
        if event.channel == "knowledge":
            entries.append(event.record)
        elif (number := person[event.record["event_id"]]) in simulation.stories:
            if event.channel not in encoders:
                prefix, encoder = registry.reference(event.channel).prefix, Encoder(registry.current(event.channel))
                encoders[event.channel] = prefix, encoder, Admission(event.channel, registry, KEY)
            prefix, encoder, admission = encoders[event.channel]
            [answer] = admission.admit_run([prefix + encoder.encode_run([event.record])[0]], [event.at], [""], event.at)
            of_person[number].append(answer.touchpoint)
    lives = defaultdict(list)
    for number, life in of_person.items():
        lives[RULE_OF[simulation.stories[number]]].append(life)
    return Told(lives, entries, simulation.start, simulation.until)


def add(held, touchpoint):
    """As stitch does: another content under an event id is taken note of."""
    before = held.of_event(touchpoint.event_id)
    match held.add(touchpoint):
        case Added.CONFLICT_KEPT:
            held.note_conflict(touchpoint)
        case Added.CONFLICT_REPLACED:
            held.note_conflict(before)


def lived(life, knowledge, now):
    held = Customer("someone", SETTINGS, knowledge)
    for touchpoint in life:
        add(held, touchpoint)
    assert held.failed_rules == {}
    return held.results(now)


def summary(results):
    return results.journeys, results.inconsistencies, results.next_deadline


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_any_order_with_any_repeats_gives_the_same_findings(told, rule):
    whole = Knowledge(told.entries)

    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 2**32), st.integers(told.start, told.until + DAY) | st.just(told.until + DAY))
    def any_order(shuffle, now):
        chance = random.Random(shuffle)
        for life in told.lives[rule]:
            mixed = [*life, *chance.choices(life, k=len(life) // 2)]
            chance.shuffle(mixed)
            known = chance.randint(0, len(told.entries))
            knowledge = Knowledge(told.entries[:known])
            held = Customer("someone", SETTINGS, knowledge)
            for touchpoint in mixed:
                add(held, touchpoint)
                if chance.random() < 0.1:
                    held.changed(now - chance.randrange(0, 100) * HOUR)
            for entry in told.entries[known:]:
                knowledge.learn(entry)
            assert summary(held.results(now)) == summary(lived(life, whole, now))

    any_order()


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_without_one_of_its_founding_facts_a_finding_is_gone(told, rule):
    now, knowledge, found = told.until + DAY, Knowledge(told.entries), set()
    for life in told.lives[rule]:
        for finding in lived(life, knowledge, now).inconsistencies:
            found.add(finding.rule)
            assert finding.founding
            for fact in finding.founding:
                rest = lived([each for each in life if fact not in founding_facts(each)], knowledge, now)
                assert finding.inconsistency_id not in {each.inconsistency_id for each in rest.inconsistencies}
    assert rule in found


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_a_life_told_twice_changes_nothing(told, rule):
    now, knowledge = told.until + DAY, Knowledge(told.entries)
    for life in told.lives[rule]:
        held = Customer("someone", SETTINGS, knowledge)
        for touchpoint in life:
            add(held, touchpoint)
        held.changed(now)
        for touchpoint in life:
            add(held, touchpoint)
        again = held.changed(now)
        assert (again.journeys, again.inconsistencies, again.gone_journeys, again.gone_inconsistencies) == ((), (), {}, ())
