"""A fold that was at rest goes on as if it had never been: what it tells adds up to the same, step by step."""

from hypothesis import given, settings
from hypothesis import strategies as st
from journey_story import HOUR, START, knows, promised, shown, talk
from test_order_of_arrival import EVERY_FEW, LIVES, NOWS, desk

from streams.journeys import at_rest
from streams.journeys.customer import Customer


def woken(held, refused=()):
    """The same customer, built anew of what is kept of him and the fold at rest."""
    rest = held.at_rest()
    if rest is None:
        return held
    taken = Customer("someone", held.settings, held.knowledge)
    for touchpoint in reversed(held.touchpoints()):
        taken.add(touchpoint)
    for touchpoint in refused:
        taken.note_conflict(touchpoint)
    assert taken.take_up(at_rest.decode(at_rest.encode(rest)))
    return taken


def take(changed, rows):
    """Note what was told, as the publisher does."""
    for row_id in (*changed.gone_journeys, *changed.gone_inconsistencies):
        del rows[row_id]
    rows |= {each.journey_id: each for each in changed.journeys}
    rows |= {each.inconsistency_id: each for each in changed.inconsistencies}
    rows["next deadline"] = changed.next_deadline


@settings(max_examples=200, deadline=None)
@given(LIVES, st.randoms(use_true_random=False), st.lists(NOWS, min_size=2, max_size=8))
def test_a_customer_who_rests_between_any_steps_tells_the_same(life, chance, nows):
    """Also what comes late, what knowledge changes, what is taken out, and a time that goes back."""
    knowledge = desk()
    steady, resting = Customer("someone", EVERY_FEW, knowledge), Customer("someone", EVERY_FEW, knowledge)
    chance.shuffle(life)
    if chance.random() < 0.8:
        nows.sort()
    told = {}, {}
    for now in nows:
        more = chance.randint(0, len(life))
        if chance.random() < 0.2:
            knowledge.learn(knows("phone", "O1", chance.randint(0, 200)))
        for each in (steady, resting):
            for touchpoint in life[:more]:
                each.add(touchpoint)
        if steady.touchpoints() and chance.random() < 0.2:
            gone = chance.choice(steady.touchpoints()).event_id
            assert steady.remove(gone) == resting.remove(gone)
        del life[:more]
        for each, rows in zip((steady, resting), told, strict=True):
            take(each.changed(now), rows)
        assert told[0] == told[1]
        if chance.random() < 0.7:
            resting = woken(resting)
    last = max(nows)
    assert resting.results(last) == steady.results(last)


def test_a_promise_made_before_the_rest_breaks_after_it():
    held = Customer("someone", EVERY_FEW, desk())
    held.add(promised(0, due=10))
    assert held.changed(START + HOUR).inconsistencies == ()
    taken = woken(held)
    assert taken is not held
    assert [each.rule for each in taken.changed(START + 11 * HOUR).inconsistencies] == ["promise_broken"]


def test_what_was_not_told_yet_does_not_rest():
    held = Customer("someone", EVERY_FEW, desk())
    held.add(shown(0))
    assert held.at_rest() is None, "nobody asked for results"
    held.changed(START)
    assert held.at_rest() is not None
    held.add(talk(1, "customer_said"))
    assert held.at_rest() is None


def test_a_fold_of_other_touchpoints_is_not_taken_up():
    held = Customer("someone", EVERY_FEW, desk())
    held.add(shown(0))
    held.changed(START)
    rest = held.at_rest()
    held.add(talk(1, "customer_said"))
    other = Customer("someone", EVERY_FEW, desk())
    for touchpoint in held.touchpoints():
        other.add(touchpoint)
    assert not other.take_up(rest)
    held.changed(START)  # rows told before
    assert {each.journey_id for each in other.changed(START + 2 * HOUR).journeys} == {
        each.journey_id for each in held.results(START + 2 * HOUR).journeys
    }, "all of it is told anew"


def test_customers_whose_oldest_touchpoints_were_dropped_do_not_rest():
    held = Customer("someone", EVERY_FEW, desk())
    for number in range(6):
        held.add(talk(number, "customer_said"))
    held.changed(START + 10 * HOUR)
    held.cut(2, START + 100 * HOUR)
    held.changed(START + 11 * HOUR)
    assert held.at_rest() is None
