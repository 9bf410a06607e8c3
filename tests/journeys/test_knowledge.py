"""Knowledge: what a channel knows, at a time."""

from journey_story import at, knows

from streams.journeys.knowledge import Knowledge


def test_it_is_known_from_when_it_was_told_until_it_ends():
    knowledge = Knowledge([knows("phone", "O", 1, 3)])
    assert [knowledge.knows_offer("phone", "O", at(hours)) for hours in (0.9, 1, 2.9, 3)] == [False, True, True, False]
    assert not knowledge.knows_offer("chat", "O", at(2))


def test_the_last_entry_of_a_key_counts_and_a_repeat_changes_nothing():
    knowledge = Knowledge([knows("phone", "O", 1)])
    revision = knowledge.revision
    assert knowledge.learn(knows("phone", "O", 1)) is None
    assert knowledge.revision == revision
    assert knowledge.learn(knows("phone", "O", 5)) is not None
    assert not knowledge.knows_offer("phone", "O", at(2))


def test_withdrawn_it_never_held_but_the_channel_still_publishes():
    knowledge = Knowledge([knows("phone", "O", 1, withdrawn=True)])
    assert knowledge.publishes("phone")
    assert not knowledge.knows_offer("phone", "O", at(2))
    assert not knowledge.publishes("store")


def test_values_of_a_subject_are_asked_for_a_time():
    entry = {"channel": "phone", "subject": "terms:return", "attribute": "days", "value": "30", "known_from": at(1), "known_until": at(9)}
    knowledge = Knowledge([entry])
    assert [knowledge.value("phone", "terms:return", "days", at(hours)) for hours in (0, 1, 9)] == [None, "30", None]


def test_a_key_that_is_dropped_is_unknown_again():
    knowledge = Knowledge()
    key = knowledge.learn(knows("phone", "O", 1))
    knowledge.forget(key)
    assert not knowledge.knows_offer("phone", "O", at(2))


def test_what_is_known_again_has_an_entry_for_each_period_and_each_can_be_corrected():
    knowledge = Knowledge([knows("phone", "O", 1, 3), knows("phone", "O", 5, 7, period="again")])
    assert [knowledge.knows_offer("phone", "O", at(hours)) for hours in (0, 2, 4, 6, 8)] == [False, True, False, True, False]
    assert [knowledge.told_after("phone", "O", at(hours)) for hours in (0, 4, 8)] == [at(1), at(5), None]
    knowledge.learn(knows("phone", "O", 1, withdrawn=True))
    assert [knowledge.knows_offer("phone", "O", at(hours)) for hours in (2, 6)] == [False, True]


def test_its_fingerprint_is_of_what_is_held_whatever_order_it_came_in():
    first, second = knows("phone", "O", 1), knows("phone", "P", 1)
    forward, backward = Knowledge([first, second]), Knowledge([second, knows("phone", "O", 2), first])
    assert forward.fingerprint == backward.fingerprint != Knowledge([first]).fingerprint
