"""Every rule finds what the stories planted, nothing else, and the same under noise: events admitted, joined by person, and folded."""

from collections import defaultdict
from dataclasses import replace

import pytest

from streams.avro.codec import Encoder
from streams.avro.configured import registry_of
from streams.channels.admission import Admission
from streams.channels.identifiers import Pseudonyms
from streams.journeys.customer import Customer
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.knowledge import Knowledge
from streams.journeys.results import Added
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import type_order
from streams.processes import shipped_processes
from streams.rules_file import load_rules
from streams.settings import Settings
from streams.simulation import simulate
from streams.simulation.noise import USUAL, noisy
from streams.simulation.scoring import Found, score
from streams.wording_file import load_wording

KEY = b"a key of the tests, thirty-two b"
DAY = 86_400_000_000
STRONG = frozenset(type_order) - {"order", "case", "conversation"}
SETTINGS = load_rules(JourneySettings(shipped_processes(), wording=load_wording()))


def admitted(events, knowledge):
    """The touchpoints, as live traffic, in the order in which they come."""
    registry = registry_of(Settings())
    channels = {}
    for event in events:
        if event.channel == "knowledge":
            knowledge.learn(event.record)
            continue
        if event.channel not in channels:
            admission = Admission(event.channel, registry, KEY)
            channels[event.channel] = admission, Encoder(registry.current(event.channel)), registry.reference(event.channel).prefix
        admission, encoder, prefix = channels[event.channel]
        [answer] = admission.admit_run([prefix + encoder.encode_run([event.record])[0]], [event.at], [""], event.at)
        yield answer.touchpoint


def people(touchpoints):
    """By person: what identify will do, here by whoever shares a strong identifier, or owns a reference."""
    same, owner, found = {}, {}, defaultdict(list)

    def root(identifier):
        while same.setdefault(identifier, identifier) != identifier:
            identifier = same[identifier]
        return identifier

    strong = [[each for each in touchpoint.identifiers if each.type in STRONG] for touchpoint in touchpoints]
    for own, touchpoint in zip(strong, touchpoints, strict=True):
        for other in own[1:]:
            same[root(other)] = root(own[0])
        for each in touchpoint.identifiers:
            if own and each.type not in STRONG:
                owner.setdefault(each, own[0])
    for own, touchpoint in zip(strong, touchpoints, strict=True):
        known = own or [owner[each] for each in touchpoint.identifiers if each in owner] or list(touchpoint.identifiers)
        found[root(known[0])].append(touchpoint)
    return found


def scores(events, simulation):
    knowledge, pseudonyms, rows = Knowledge(), Pseudonyms(KEY), []
    for touchpoints in people(list(admitted(events, knowledge))).values():
        held = Customer("someone", SETTINGS, knowledge)
        for touchpoint in touchpoints:
            before = held.of_event(touchpoint.event_id)
            match held.add(touchpoint):
                case Added.CONFLICT_KEPT:
                    held.note_conflict(touchpoint)
                case Added.CONFLICT_REPLACED:
                    held.note_conflict(before)
        numbers = {each.pseudonym for touchpoint in touchpoints for each in touchpoint.identifiers if each.type == "customer_number"}
        rows.extend((numbers, each) for each in held.results(simulation.until + DAY).inconsistencies)
        assert held.failed_rules == {}
    planted = {pseudonyms.of("customer_number", each.customer) for each in simulation.truth}
    found = [
        Found(each.rule, each.subject, next(iter(sorted(numbers & planted)), next(iter(numbers), "")), each.status, each.evidence)
        for numbers, each in rows
    ]
    return score(simulation.truth, found, lambda customer: pseudonyms.of("customer_number", customer))


NOISE = replace(USUAL, skewed=0.0)
"""Without wrong clocks: each sending of one event would have its own, and so another content."""


@pytest.mark.parametrize("noise", [None, NOISE], ids=["clean", "noisy"])
def test_every_rule_is_exact(noise):
    simulation = simulate(900, 4, rules="all")
    events = simulation.events() if noise is None else noisy(simulation.events(), noise, 4)
    results = scores(events, simulation)
    assert set(results) == set(BY_NAME)
    for rule, each in results.items():
        assert each.planted > 0, rule
        assert (each.missed, each.unexpected, each.other_status) == ((), (), ()), rule
