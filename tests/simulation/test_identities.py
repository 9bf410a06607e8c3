"""Mixed identifiers: each channel shows what it would know, and all of a customer's meet somewhere."""

from collections import Counter, defaultdict

import pytest

from streams.simulation import simulate
from streams.simulation.identities import NOBODYS
from streams.simulation.pairs import pair_score
from streams.simulation.persons import read, write


@pytest.fixture(scope="module")
def mixed():
    return simulate(3000, 1, identities="mixed")


def touchpoints(simulation):
    return [event for event in simulation.events() if event.channel != "knowledge"]


def shown(record):
    return [(each["type"], each["value"]) for each in record["identifiers"]]


def joined(events, shared):
    """Event id and customer by a plain union-find over all identifiers that are not shared; references follow."""
    parent, owner = {}, {}

    def root(node):
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    def references(record):
        return [f"{name}:{value}" for name, value in record.get("references", {}).items() if name in ("order", "case", "conversation")]

    for event in events:
        own = [each for each in shown(event.record) if each not in shared]
        for other in own[1:]:
            parent[root(other)] = root(own[0])
        for reference in references(event.record) if own else ():
            owner.setdefault(reference, own[0])
    for event in events:
        known = [each for each in shown(event.record) if each not in shared] or shown(event.record)
        anchor = known[0] if known else next(owner[each] for each in references(event.record) if each in owner)
        yield event.record["event_id"], str(root(anchor))


def test_nothing_else_changes(mixed):
    plain = simulate(3000, 1)
    assert mixed.truth == plain.truth
    for one, other in zip(mixed.events(), plain.events(), strict=True):
        assert (one.channel, one.at) == (other.channel, other.at)
        assert {**one.record, "identifiers": 0} == {**other.record, "identifiers": 0}
    assert plain.shared == ()
    assert plain.late_logins == 0


def test_the_same_seed_shows_the_same(mixed):
    again = simulate(3000, 1, identities="mixed")
    assert [event.record for event in again.events()] == [event.record for event in mixed.events()]


def test_each_customer_has_three_to_five_identifiers(mixed):
    own = defaultdict(set)
    persons = dict(mixed.persons())
    for event in touchpoints(mixed):
        own[persons[event.record["event_id"]]].update(set(shown(event.record)) - set(NOBODYS))
    counts = Counter(map(len, own.values()))
    assert set(counts) == {3, 4, 5}
    assert min(counts.values()) >= 100


def test_channels_show_what_they_would_know(mixed):
    types = defaultdict(set)
    for event in touchpoints(mixed):
        types[event.channel].add(tuple(type_ for type_, _ in shown(event.record)))
    assert {("cookie",), ("customer_number", "cookie")} <= types["website"]
    assert {("device",), ("customer_number", "device")} <= types["app"]
    assert {("phone",), ("customer_number", "phone"), ()} <= types["phone"]
    assert {("email",), ("customer_number", "email")} <= types["email"]
    assert {("loyalty_card",), ("customer_number",)} <= types["store"]
    assert {("cookie",), ("login",), ("customer_number", "login")} <= types["chat"]


def test_all_who_can_be_told_apart_are_and_all_else_meets(mixed):
    score = pair_score(joined(touchpoints(mixed), set(mixed.shared)), mixed.persons())
    assert score.people == 3000
    assert score.precision >= 0.9999
    assert score.recall >= 0.998
    assert score.largest_customer <= score.largest_person


def test_who_takes_every_identifier_for_a_persons_own_makes_a_giant(mixed):
    score = pair_score(joined(touchpoints(mixed), set()), mixed.persons())
    assert score.largest_customer > 20 * score.largest_person
    assert score.precision < 0.5


def test_a_tenth_log_in_late_and_two_in_a_hundred_share_a_device(mixed):
    assert 0.09 <= mixed.late_logins / 3000 <= 0.12
    families = set(mixed.shared) - set(NOBODYS)
    persons = dict(mixed.persons())
    users = {persons[event.record["event_id"]] for event in touchpoints(mixed) for each in shown(event.record) if each in families}
    assert 0.017 <= len(users) / 3000 <= 0.021


def test_nobodys_identifiers_are_seen_with_many_and_never_alone(mixed):
    persons = dict(mixed.persons())
    users = defaultdict(set)
    for event in touchpoints(mixed):
        for each in set(shown(event.record)) & set(NOBODYS):
            assert "customer_number" in dict(shown(event.record))
            users[each].add(persons[event.record["event_id"]])
    assert set(users) == set(NOBODYS)
    assert min(map(len, users.values())) >= 50


def test_short_lives_are_short():
    simulation = simulate(2000, 3, identities="mixed", touchpoints_per_customer=5)
    counts = Counter(person for _, person in simulation.persons())
    assert len(counts) >= 1990
    assert 4 <= sum(counts.values()) / 2000 <= 6.5
    assert simulation.truth == ()
    assert simulation.late_logins >= 100


def test_whose_events_are_survives_its_file(tmp_path, mixed):
    path = tmp_path / "persons.jsonl"
    write(path, mixed.shared, mixed.persons())
    persons = read(path)
    assert persons.shared == mixed.shared
    assert persons.of == dict(mixed.persons())
    path.write_text('{"shared": ["cookie", "c"]}\n{"event": "E1"}\n')
    with pytest.raises(ValueError, match=r"persons\.jsonl, line 2 .*simulate"):
        read(path)


@pytest.mark.parametrize("choice", [{"identities": "all"}, {"touchpoints_per_customer": 0}])
def test_choices_that_are_none_are_refused(choice):
    with pytest.raises(ValueError, match=r"identities|touchpoints"):
        simulate(5, 1, **choice)


def test_on_a_familys_device_whoever_has_a_story_to_tell_says_who_it_is():
    """Daily life on it stays anonymous now and then: such a touchpoint is nobody's."""
    simulation = simulate(3000, 1, rules="all", identities="mixed")
    shared = set(simulation.shared)
    founding = {each for planted in simulation.truth for each in planted.founding}
    nobodys = {event.record["event_id"] for event in touchpoints(simulation) if shown(event.record) and set(shown(event.record)) <= shared}
    assert len(nobodys) >= 10
    assert not founding & nobodys
