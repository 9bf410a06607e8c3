"""Time as data: it never goes back, the earliest source counts, a silent one leaves it open, and imports keep a time of their own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.processors.internal import Clock, ImportClock
from streams.processors.watermark import LIVE, ClockBoard, SourceTimes, domain_time, join_domain

SENDERS = 3


def board(*clocks):
    held = ClockBoard()
    for clock in clocks:
        held.hear(clock)
    return held


def word(sender, live=None, **imports):
    return Clock(sender, live, imports)


def running(at):
    return ImportClock(at=at)


def ended(at, until=None):
    return ImportClock(at=at, ended=True, until=until)


def time_of(domain, live=None, **imports):
    return domain_time(domain, Clock(0, live, imports))


# -- sources ---------------------------------------------------------------


def test_a_source_s_live_time_never_goes_back():
    times = SourceTimes()
    times.heard_live("chat", 10)
    times.heard_live("chat", 7)
    assert times.collapsed(0, ["chat"]).live == 10


def test_the_earliest_source_counts():
    times = SourceTimes()
    times.heard_live("chat", 10)
    times.heard_live("phone", 4)
    assert times.collapsed(2, ["chat", "phone"]) == Clock(sender=2, live=4)


def test_a_silent_source_leaves_live_time_open():
    times = SourceTimes()
    times.heard_live("chat", 10)
    assert times.collapsed(0, ["chat", "phone"]).live is None


def test_an_import_s_time_never_goes_back_and_leaves_live_time_alone():
    times = SourceTimes()
    times.heard_import("chat", "old", 10)
    times.heard_import("chat", "old", 3)
    assert times.collapsed(0, ["chat"]) == Clock(sender=0, live=None, imports={"old": running(10)})


def test_an_import_is_as_far_as_the_source_that_is_least_far():
    times = SourceTimes()
    times.heard_import("chat", "old", 10)
    times.heard_import("phone", "old", 3)
    assert times.collapsed(0, ["chat", "phone"]).imports == {"old": running(3)}


def test_an_import_that_one_source_has_not_begun_is_open():
    times = SourceTimes()
    times.heard_import("chat", "old", 10)
    assert times.collapsed(0, ["chat", "phone"]).imports == {"old": running(None)}


def test_a_source_that_has_ended_an_import_no_longer_holds_it_back():
    times = SourceTimes()
    times.heard_import("chat", "old", 3)
    times.ended_import("chat", "old", 99)
    times.heard_import("phone", "old", 10)
    assert times.collapsed(0, ["chat", "phone"]).imports == {"old": running(10)}


def test_an_import_has_ended_where_every_source_has_ended_it():
    times = SourceTimes()
    for channel, at in (("chat", 3), ("phone", 10)):
        times.heard_import(channel, "old", at)
        times.ended_import(channel, "old", 99)
    assert times.collapsed(0, ["chat", "phone"]).imports == {"old": ended(10, until=99)}


def test_an_end_before_an_import_s_last_event_does_not_take_time_back():
    times = SourceTimes()
    for channel, at in (("chat", 3), ("phone", 10)):
        times.heard_import(channel, "old", at)
        times.ended_import(channel, "old", 5)
    clock = times.collapsed(0, ["chat", "phone"])
    assert clock.imports == {"old": ended(10, until=10)}
    assert domain_time("old", clock) == 10


def test_an_import_that_has_ended_does_not_begin_again():
    times = SourceTimes()
    times.heard_import("chat", "old", 3)
    times.ended_import("chat", "old", None)
    times.heard_import("chat", "old", 50)
    assert times.collapsed(0, ["chat"]).imports == {"old": ended(3)}


def test_an_import_without_an_event_may_end():
    times = SourceTimes()
    times.ended_import("chat", "old", 99)
    assert times.collapsed(0, ["chat"]).imports == {"old": ended(None, until=99)}


def test_two_imports_have_times_of_their_own():
    times = SourceTimes()
    times.heard_import("chat", "old", 3)
    times.heard_import("chat", "older", 1)
    assert times.collapsed(0, ["chat"]).imports == {"old": running(3), "older": running(1)}


# -- senders ---------------------------------------------------------------


def test_the_earliest_sender_counts_and_the_latest_word_of_each():
    held = board(word(0, 1), word(1, 5), word(0, 9))
    assert held.time(7, 2) == Clock(sender=7, live=5)


def test_a_sender_that_has_not_spoken_leaves_all_time_open():
    held = board(word(0, 9, old=running(4)), word(1, 9, old=ended(4)))
    assert held.time(0, SENDERS) == Clock(sender=0, live=None, imports={"old": running(None)})


def test_a_sender_whose_live_time_is_open_leaves_it_open_for_all():
    assert board(word(0, 9), word(1)).time(0, 2).live is None


def test_an_import_has_ended_where_every_sender_says_so():
    assert board(word(0, old=ended(4, 9)), word(1, old=running(6))).time(0, 2).imports == {"old": running(6)}
    assert board(word(0, old=ended(4, 9)), word(1, old=ended(6, 9))).time(0, 2).imports == {"old": ended(6, 9)}


def test_a_sender_that_has_not_heard_of_an_import_leaves_it_open():
    assert board(word(0, old=ended(4, 9)), word(1, 3)).time(0, 2).imports == {"old": running(None)}


# -- customers -------------------------------------------------------------


def test_a_live_customer_is_in_live_time_whatever_imports_do():
    assert time_of(LIVE, 50, old=running(3)) == 50
    assert time_of(LIVE, None, old=running(3)) is None


def test_a_running_import_holds_its_customers_at_its_own_time():
    assert time_of("old", 50, old=running(3)) == 3
    assert time_of("old", 50, old=running(None)) is None
    assert time_of("old", 50) is None


def test_a_running_import_holds_customers_who_also_have_something_live():
    assert time_of(join_domain(LIVE, "old"), 50, old=running(3)) == 3


def test_an_import_that_ended_at_a_clock_leaves_its_customers_there():
    assert time_of("old", 50, old=ended(3, until=20)) == 20
    assert time_of("old", None, old=ended(3, until=20)) == 20


def test_something_live_brings_its_customer_back_into_live_time():
    assert time_of(join_domain("old", ""), 50, old=ended(3, until=20)) == 50


def test_an_import_that_ended_without_a_clock_leaves_its_customers_in_live_time():
    assert time_of("old", 50, old=ended(3)) == 50
    assert time_of("old", None, old=ended(3)) is None


def test_of_several_imports_the_earliest_counts():
    domain = join_domain("old", "older")
    assert time_of(domain, 50, old=running(9), older=running(3)) == 3
    assert time_of(domain, 50, old=running(9), older=ended(3, until=20)) == 9
    assert time_of(domain, 50, old=ended(9, until=30), older=ended(3, until=20)) == 20
    assert time_of(domain, 50, old=running(9), older=running(None)) is None


@pytest.mark.parametrize(
    ("domain", "replay", "joined"),
    [
        ("", "", LIVE),
        ("", "old", "old"),
        (LIVE, "old", f"{LIVE}\nold"),
        ("old", "", f"{LIVE}\nold"),
        ("old", "old", "old"),
        ("b", "a", "a\nb"),
    ],
)
def test_a_domain_grows_by_what_came(domain, replay, joined):
    assert join_domain(domain, replay) == joined


# -- all words -------------------------------------------------------------


NAMES = ("old", "older")
steps = st.lists(
    st.tuples(
        st.integers(0, SENDERS - 1),
        st.one_of(
            st.tuples(st.just("live"), st.integers(0, 5)),
            st.tuples(st.sampled_from(NAMES), st.integers(0, 5)),
            st.tuples(st.sampled_from(NAMES), st.just("ends")),
        ),
    ),
    max_size=60,
)
UNTIL = 1_000


def later(held, step):
    """A sender's next word: no part of it is less than it was."""
    name, by = step
    if name == "live":
        return Clock(held.sender, (held.live or 0) + by, held.imports)
    was = held.imports.get(name, ImportClock(at=None))
    now = was if was.ended else ended(was.at, UNTIL) if by == "ends" else running((was.at or 0) + by)
    return Clock(held.sender, held.live, held.imports | {name: now})


def known_part(clock):
    """What is known, as numbers that may only grow: live, and each import's time or, once it has ended, its last one."""
    parts = {"live": -1 if clock.live is None else clock.live}
    for name in NAMES:
        each = clock.imports.get(name, ImportClock(at=None))
        parts[name] = UNTIL if each.ended else -1 if each.at is None else each.at
    return parts


@settings(max_examples=150, deadline=None)
@given(steps)
def test_a_board_s_time_never_goes_back_where_its_senders_words_do_not(told):
    held, words = ClockBoard(), {}
    before, before_domains = known_part(held.time(0, SENDERS)), {}
    for sender, step in told:
        words[sender] = later(words.get(sender, Clock(sender, None)), step)
        held.hear(words[sender])
        time = held.time(0, SENDERS)
        now = known_part(time)
        assert all(now[part] >= before[part] for part in now)
        for domain in (LIVE, *NAMES, "old\nolder"):
            domain_now = domain_time(domain, time)
            assert (-1 if domain_now is None else domain_now) >= before_domains.get(domain, -1)
            before_domains[domain] = -1 if domain_now is None else domain_now
        before = now
