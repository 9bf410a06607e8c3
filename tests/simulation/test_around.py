"""What happens around the company: others read what a customer wrote, and it neither changes nor disturbs the month that was lived."""

import pytest

from streams.simulation import simulate
from streams.simulation.clock import DAY
from streams.simulation.scenario import QUIET

AROUND = ("advertisement", "search", "review", "occasion", "social")


@pytest.fixture(scope="module")
def touchpoints():
    return [event for event in simulate(1500, 1, rules="all").events() if event.channel != "knowledge"]


def is_in_the_margin(event):
    return event.record["event_id"].startswith("AE-")


def customer_of(event):
    return event.record["identifiers"][0]["value"]


def test_what_happens_in_the_five_channels_around_is_in_the_margin_and_a_modest_part(touchpoints):
    margin = [event for event in touchpoints if is_in_the_margin(event)]
    assert {event.channel for event in margin} >= set(AROUND)
    assert all(is_in_the_margin(event) for event in touchpoints if event.channel in AROUND)
    assert 0.05 < len(margin) / len(touchpoints) < 0.15


def test_reviews_are_read_by_others_after_they_were_written_as_reviews_and_on_pages(touchpoints):
    written = {e.record["indirect"]["review"]: e for e in touchpoints if e.record["kind"] == "review_written"}
    reads = [
        (e.record["references"]["content"], e)
        for e in touchpoints
        if e.record["kind"] in ("review_read", "page_viewed") and is_in_the_margin(e)
    ]
    assert len(written) > 100
    assert len({number for number, _ in reads}) > 50
    assert {e.channel for _, e in reads} == {"review", "website", "app"}
    for number, event in reads:
        assert written[number].at < event.at
        assert customer_of(written[number]) != customer_of(event)
        assert written[number].record["references"]["product"] == event.record["references"]["product"]


def test_a_review_is_of_what_was_delivered_or_bought_before(touchpoints):
    had = {}
    for event in touchpoints:
        number = event.record.get("references", {}).get("order", "")
        if event.record["kind"] == "order_delivered":
            had.setdefault((customer_of(event), number), event.at)
        if event.record["kind"] == "review_written" and number:
            assert had[customer_of(event), number] < event.at


def test_nothing_happens_around_a_story():
    simulation = simulate(1500, 1, rules="all")
    planted = {}
    for each in simulation.truth:
        planted.setdefault(each.customer, set()).update(each.founding)
    stories = {}
    margins = {}
    for event in simulation.events():
        if event.channel == "knowledge":
            continue
        customer = customer_of(event)
        if event.record["event_id"] in planted.get(customer, ()):
            stories.setdefault(customer, []).append(event.at)
        elif is_in_the_margin(event):
            margins.setdefault(customer, []).append(event.at)
    near = [at for customer, times in stories.items() for at in margins.get(customer, ()) if min(times) - DAY < at < max(times) + QUIET]
    assert len(stories) > 100
    assert near == []


def test_the_month_that_was_lived_is_as_it_would_be_without_its_margin(monkeypatch):
    def lived(simulation):
        return [event for event in simulation.events() if event.channel == "knowledge" or not is_in_the_margin(event)]

    with_margin = simulate(150, 3, rules="all")
    monkeypatch.setattr("streams.simulation.scenario.surround", lambda *_: None)
    without = simulate(150, 3, rules="all")
    assert lived(with_margin) == list(without.events())
    assert with_margin.truth == without.truth
