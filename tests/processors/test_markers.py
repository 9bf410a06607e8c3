"""Customers of whom only markers are left are kept in few bytes, and nothing of them is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.journeys.identity.strength import TYPES
from streams.processors import kept, markers
from streams.processors.kept import Kept
from streams.processors.stitch_records import NEVER, Holding
from streams.processors.times import Times, header, header_bytes, times_of

CUSTOMER = "0123456789abcdef" * 2
numbers = st.binary(min_size=16, max_size=16).map(bytes.hex) | st.just(CUSTOMER)
pseudonyms = numbers | numbers.map(str.upper) | st.text(min_size=1, max_size=8)
holdings = st.builds(
    Holding,
    identifier=st.builds("{}:{}".format, st.sampled_from(sorted(TYPES)), pseudonyms),
    epoch=st.integers(0, 300),
    customer=st.just(CUSTOMER),
    is_awaited=st.booleans(),
    chunks=st.just([]) | st.just([1, 3]),
    of=st.integers(0, 2),
    moved_to=st.none() | st.just("") | numbers | st.text(max_size=40),
    is_gone=st.booleans(),
)
gone = st.builds(
    Holding,
    identifier=st.builds("{}:{}".format, st.sampled_from(sorted(TYPES)), numbers),
    epoch=st.integers(0, 255),
    customer=st.just(CUSTOMER),
    of=st.integers(0, 1),
    moved_to=st.just("") | numbers,
    is_gone=st.just(True),
)


def customer_with(given_holdings):
    customer = Kept(CUSTOMER)
    for holding in given_holdings:
        customer.set_holding(holding)
    return customer


@given(st.lists(gone | holdings, max_size=4, unique_by=lambda each: (each.identifier, each.epoch)))
def test_a_customer_without_touchpoints_is_unpacked_as_he_was_packed(given_holdings):
    customer = customer_with(given_holdings)
    assert kept.unpacked(CUSTOMER, kept.packed(customer)).holdings == customer.holdings


@given(st.lists(gone, min_size=1, max_size=4, unique_by=lambda each: (each.identifier, each.epoch)))
def test_markers_take_34_bytes_at_most(given_holdings):
    entry = kept.packed(customer_with(given_holdings))
    assert entry[:1] == markers.FIRST
    assert len(entry) <= 1 + 34 * len(given_holdings)


def test_one_identifier_that_was_a_customer_for_a_while_takes_19_bytes():
    holding = Holding(f"cookie:{CUSTOMER}", 0, CUSTOMER, moved_to="a" * 32, is_gone=True)
    assert len(kept.packed(customer_with([holding]))) == 19


times = st.integers(-(2**62), 2**62)
deadlines = times | st.just(NEVER)


@given(st.builds(Times, deadlines, times, deadlines, st.integers(0, 2**16 - 1)), st.binary(max_size=9))
def test_times_are_read_as_they_were_written(given_times, following):
    entry = header(given_times) + following
    assert times_of(entry) == given_times
    assert header_bytes(entry) == len(entry) - len(following)
    assert entry[:1] != markers.FIRST


@pytest.mark.parametrize("what", ["published", "refused", "fresh"])
def test_who_has_anything_else_keeps_it(what):
    holding = Holding(f"cookie:{CUSTOMER}", 0, CUSTOMER, moved_to="a" * 32, is_gone=True)
    customer = customer_with([holding])
    assert kept.packed(customer)[:1] == markers.FIRST
    customer.deadline = 7
    assert kept.packed(customer)[:1] != markers.FIRST
    customer.deadline = NEVER
    value = b"\x91\xa1e"
    {
        "published": lambda: customer.published.update({CUSTOMER: kept.Entry(1, 2, "x")}),
        "refused": lambda: customer.refused.update({(0, "e"): value}),
        "fresh": lambda: customer.keep((0, "e"), value),
    }[what]()
    again = kept.unpacked(CUSTOMER, kept.packed(customer))
    assert (again.published, again.refused, again.touchpoints()) == (customer.published, customer.refused, customer.touchpoints())
