"""What a customer's fold keeps is bounded, and when something is forgotten changes no result."""

from journey_story import DAY, LATER, SETTINGS, START, customer, found, refused, shown, status, talk, touch

from streams.journeys.customer import DEADLINES_HELD, Customer
from streams.journeys.fold import FORGET_EVERY, Fold, FoldState, decode, encode
from streams.journeys.knowledge import Knowledge
from streams.journeys.snapshots import SNAPSHOTS_HELD

HOURS_OF_DAY = 24


def fillers(since_hours):
    """Touchpoints that concern no rule, enough for a round of forgetting."""
    return [touch(since_hours + n / 100, "email", "message_sent") for n in range(FORGET_EVERY)]


def folded(*touchpoints):
    fold = Fold(FoldState(), SETTINGS)
    for touchpoint in touchpoints:
        fold.fold(touchpoint)
    return fold.state


def test_ended_offers_old_talks_and_old_cases_are_forgotten():
    story = (shown(0, valid_until=1), shown(0, offer="endless"), talk(0, "started"), status(0, "Closed"))
    soon, late = folded(*story, *fillers(48)).ledger, folded(*story, *fillers(731 * 24)).ledger
    assert (set(soon.offers), set(soon.conversations), set(soon.cases)) == ({"O", "endless"}, {"V"}, {"7"})
    assert (set(late.offers), set(late.conversations), set(late.cases)) == ({"endless"}, set(), set())


def test_it_does_not_matter_whether_what_is_due_to_be_forgotten_has_been():
    closed, back = status(0, "Closed"), status(731 * 24, "Active")
    assert found("case_reopened", closed, back) == found("case_reopened", closed, *fillers(730.5 * 24), back) == []
    denied, late_word = (shown(0, valid_until=5), refused(1)), shown(40 * 24, channel="phone", action="acknowledged")
    plain, forgotten = found("offer_unknown", *denied, late_word), found("offer_unknown", *denied, *fillers(39 * 24), late_word)
    assert [each.status for each in plain] == [each.status for each in forgotten] == ["open"]


def test_state_survives_as_bytes():
    state = folded(shown(0, personal=True), talk(1, "started"), refused(2), status(3, "Closed"), status(4, "Active"))
    assert decode(encode(state)) == state


def test_snapshots_and_deadlines_of_a_long_life_are_few():
    held = Customer("someone", SETTINGS, Knowledge())
    for number in range(3000):
        held.add(status(number, "Active"))
        if number % 3 == 0:
            held.changed(START)
    assert len(held._snapshots) <= SNAPSHOTS_HELD
    assert len(held._deadlines) <= DEADLINES_HELD + 4
    assert held.changed(START).next_deadline == held.results(START).next_deadline


def test_evidence_is_bounded_and_the_count_is_not():
    story = [status(n, "Closed" if n % 2 == 0 else "Active") for n in range(200)]
    [finding] = found("case_reopened", *story)
    assert (finding.count, len(finding.evidence)) == (100, 50)
    assert customer(*story).results(LATER + DAY).inconsistencies[0] == finding
