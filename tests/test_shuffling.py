"""A shuffled demonstration: the same events, none later than the window, in an order that the seed decides."""

import pytest

from streams.demo.scenario import Import, Scenario, out_of_order
from streams.demo.shuffling import shuffled, window_us
from streams.events import ChannelEvent
from streams.publishing import lateness

HOUR = 3_600_000_000
EVENTS = [ChannelEvent("chat" if number % 3 else "knowledge", {"event_id": str(number)}, number * HOUR // 4) for number in range(600)]


def test_every_event_comes_once_and_at_most_the_window_late():
    out = shuffled(EVENTS, 48 * HOUR, 1)
    assert sorted(out, key=lambda each: each.at) == EVENTS
    assert out != EVENTS
    assert 24 * HOUR < lateness(out) < 48 * HOUR
    assert lateness(EVENTS) == 0


def test_the_seed_decides_the_order():
    assert shuffled(EVENTS, 48 * HOUR, 1) == shuffled(EVENTS, 48 * HOUR, 1)
    assert shuffled(EVENTS, 48 * HOUR, 1) != shuffled(EVENTS, 48 * HOUR, 2)


def test_knowledge_keeps_its_order():
    known = [each for each in EVENTS if each.channel == "knowledge"]
    assert [each for each in shuffled(EVENTS, 48 * HOUR, 1) if each.channel == "knowledge"] == known
    assert lateness([EVENTS[9], EVENTS[0]]) == 0, "knowledge goes first in any case"


def test_each_import_of_a_scenario_is_shuffled_by_itself():
    scenario = Scenario("two", (Import("first", EVENTS[:300], 7), Import("second", EVENTS[300:], None)))
    first, second = out_of_order(scenario, 48 * HOUR, 1).imports
    assert (first.name, first.until, second.name, second.until) == ("first", 7, "second", None)
    assert sorted(first.events, key=lambda each: each.at) == EVENTS[:300]
    assert sorted(second.events, key=lambda each: each.at) == EVENTS[300:]


def test_a_window_is_a_number_with_a_unit():
    assert [window_us(text) for text in ("48h", "2d", "90 m", "30s")] == [48 * HOUR, 48 * HOUR, HOUR * 3 // 2, HOUR // 120]
    for text in ("", "48", "h", "0h", "-1h", "1w", "1.5h"):
        with pytest.raises(ValueError, match="as 48h"):
            window_us(text)
