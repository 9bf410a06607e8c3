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
