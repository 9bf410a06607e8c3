"""Squeezed values are given back, whatever they are, and by every later version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.journeys.touchpoint import Touchpoint, decode, encode, event_id_of
from streams.processors.squeezing import squeezed_customer, squeezed_touchpoint, unsqueezed

TOUCHPOINT = Touchpoint(event_id="e-1", occurred_at=1, corrected_at=2, received_at=3, channel="phone", kind="conversation_ended")


@given(st.binary(max_size=3000))
def test_what_is_squeezed_is_given_back(value):
    assert unsqueezed(squeezed_touchpoint(value)) == value
    assert unsqueezed(squeezed_customer(value)) == value


@pytest.mark.parametrize("value", [b"", b"\x00abc", b"\x01", b"\x01abc", b"\xffabc"])
def test_what_was_not_squeezed_is_refused(value):
    with pytest.raises(ValueError, match="form"):
        unsqueezed(value)


@given(st.text(max_size=400))
def test_an_event_id_is_read_without_the_rest(event_id):
    assert event_id_of(encode(Touchpoint(event_id=event_id, occurred_at=1, corrected_at=1, received_at=1, channel="", kind=""))) == event_id


WRITTEN = {
    1: "012046350100d0dc001ca3652d31010203a000a7756e6b6e6f776ea0a09090900002fcc75ac2fef09c0ad77f",
    2: "0220463d0100d0dc001ca3652d31010203a000a7756e6b6e6f776ea0a09090900003f0073a695a4da2ef80c621",
}
"""By the dictionary's number: TOUCHPOINT as the version that first had it wrote it."""


@pytest.mark.parametrize("number", WRITTEN)
def test_values_of_every_dictionary_can_be_read(number):
    assert decode(unsqueezed(bytes.fromhex(WRITTEN[number]))) == TOUCHPOINT
