"""question_repeated: the same topic and subject asked, or the same data given, again elsewhere within a week, the first not resolved."""

import pytest
from journey_story import at, customer, found, status, talk

RULE = "question_repeated"


def asked(hours, channel="chat", conversation="V", topic="delivery", **more):
    return talk(hours, "customer_said", channel, conversation, topic=topic, **{"order": "O1", **more})


def gave(hours, channel="chat", conversation="V", data_kind="address", **more):
    return talk(hours, "customer_gave", channel, conversation, data_kind=data_kind, **{"order": "O1", **more})


FIRST = asked(0, event_id="first")


def test_the_same_asked_in_another_channel_is_found():
    [finding] = found(RULE, FIRST, asked(48, "phone", "W", event_id="again"))
    assert (finding.founding, finding.evidence) == (("conversation:chat:V", "conversation:phone:W"), ("first", "again"))
    assert (finding.subject, finding.opened_at) == ("order:O1", at(48))
    assert "had to bring up delivery again through the phone, two days after the chat had heard it" in finding.sentence


def test_another_conversation_or_another_channel_is_enough():
    assert len(found(RULE, FIRST, asked(1, "chat", "W"))) == 1
    assert len(found(RULE, FIRST, asked(1, "phone", "V"))) == 1
    assert found(RULE, FIRST, asked(1)) == []


def test_the_same_data_given_again_is_found_and_one_finding_with_its_being_asked():
    story = (gave(0, event_id="first"), talk(5, "agent_asked", "phone", "W", data_kind="address", order="O1", event_id="asked"))
    [finding] = found(RULE, *story, gave(5.01, "phone", "W", event_id="given"))
    assert (finding.count, finding.evidence) == (1, ("first", "asked", "given"))
    assert finding.founding == ("conversation:chat:V", "conversation:phone:W")


def test_a_repetition_that_comes_late_from_the_same_conversation_moves_no_id():
    held = customer(gave(0), gave(5.01, "phone", "W"))
    [before] = [each for each in held.results(at(9)).inconsistencies if each.rule == RULE]
    held.add(talk(5, "agent_asked", "phone", "W", data_kind="address", order="O1"))
    changed = held.changed(at(9))
    [after] = [each for each in changed.inconsistencies if each.rule == RULE]
    assert changed.gone_inconsistencies == ()
    assert (after.inconsistency_id, after.opened_at) == (before.inconsistency_id, at(5))


def test_outside_of_conversations_each_repetition_founds_its_own():
    [finding] = found(RULE, asked(0, conversation="", event_id="first"), asked(5, "phone", "", event_id="again"))
    assert finding.founding == ("first", "again")


def test_a_conversation_that_goes_on_after_another_repeats_in_the_same_finding():
    story = (FIRST, gave(0.1), asked(1, "phone", "W"), asked(2, "store", "X"))
    [finding] = found(RULE, *story, gave(3, "phone", "W"))
    assert finding.founding == ("conversation:chat:V", "conversation:phone:W")


def test_the_same_data_for_another_product_is_given_again_and_for_another_order_it_is_other_data():
    assert len(found(RULE, gave(0, order="", product="P1"), gave(5, "phone", "W", order="", product="P2"))) == 1
    assert found(RULE, gave(0), gave(5, "phone", "W", order="O2")) == []


def test_what_was_asked_and_not_given_may_be_asked_again():
    assert found(RULE, talk(0, "agent_asked", "chat", data_kind="address"), talk(5, "agent_asked", data_kind="address")) == []


@pytest.mark.parametrize(
    "between",
    [
        talk(1, "ended", "chat", outcome="resolved"),
        status(1, "Closed", "C1"),
    ],
)
def test_what_was_resolved_is_none(between):
    assert found(RULE, asked(0, case="C1"), between, asked(48, "phone", "W", case="C1")) == []


def test_ended_unresolved_it_is_found():
    assert len(found(RULE, FIRST, talk(1, "ended", "chat", outcome="unresolved"), asked(48, "phone", "W"))) == 1


def test_taking_up_what_broke_off_is_the_channel_s_failure():
    broken = talk(1, "broken", "chat")
    assert found(RULE, FIRST, broken, asked(20, "phone", "W"), talk(20.1, "ended", "phone", "W", outcome="resolved")) == []
    results = customer(FIRST, broken, asked(1.5, "phone", "W")).results(at(100)).inconsistencies
    assert [(each.rule, each.also) for each in results] == [("channel_failed", (RULE,))]


@pytest.mark.parametrize(
    "second",
    [
        asked(48, "phone", "W", order="O2"),
        asked(48, "phone", "W", topic="invoice"),
        asked(169, "phone", "W"),
        talk(48, "agent_said", "phone", "W", topic="delivery", order="O1"),
        talk(48, "customer_said", "phone", "W", topic="delivery"),
    ],
)
def test_another_thing_or_too_late_is_none(second):
    assert found(RULE, FIRST, second) == []


def test_without_any_subject_the_topic_alone_counts():
    assert len(found(RULE, asked(0, order=""), asked(1, "phone", "W", order=""))) == 1
    assert len(found(RULE, asked(0, case="C1"), asked(1, "phone", "W", case="C2"))) == 1  # the order decides


def test_whatever_is_repeated_in_one_conversation_is_one_finding_and_a_third_time_counts():
    twice = (FIRST, gave(0.1), asked(5, "phone", "W"), gave(5.1, "phone", "W"))
    [finding] = found(RULE, *twice)
    assert finding.count == 1
    [finding] = found(RULE, *twice, asked(9, "store", "X"))
    assert finding.count == 2
    assert "It happened twice." in finding.sentence


def test_resolved_in_the_end():
    [finding] = found(RULE, FIRST, asked(48, "phone", "W"), talk(48.2, "ended", "phone", "W", outcome="resolved"))
    assert finding.status == "open"  # the first question still stands
    [finding] = found(RULE, FIRST, asked(48, "phone", "W"), talk(49, "ended", "chat", outcome="resolved"))
    assert finding.status == "resolved"
