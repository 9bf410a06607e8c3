"""Whatever arrives on a channel's topic is admitted or refused: nothing raises, nothing takes long."""

from functools import cache, partial

import pytest
from expense import at_most
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.avro.codec import Encoder
from streams.avro.examples import example, kinds
from streams.avro.json_events import record_of
from streams.avro.refusal import Refusal
from streams.avro.registry import FileRegistry
from streams.channels.admission import Admission, Admitted
from streams.channels.catalogue import CHANNELS
from streams.journeys.touchpoint import decode

NOW = 1_772_450_000_000_000
REGISTRY = FileRegistry()
ADMISSIONS = {name: Admission(name, REGISTRY, bytes(range(32))) for name in CHANNELS}
ENCODERS = {name: Encoder(REGISTRY.current(name)) for name in CHANNELS}


@cache
def published(channel, kind):
    schema = REGISTRY.current(channel)
    (datum,) = ENCODERS[channel].encode_run([record_of(schema, example(channel, kind))])
    return REGISTRY.reference(channel).prefix + datum


def admit(channel, value):
    return ADMISSIONS[channel].admit_run([value], [NOW], [""], NOW)


def admitted_or_refused(channel, value):
    (answer,) = at_most(1_000, partial(admit, channel, value), partial(admit, channel, published(channel, "")))
    assert isinstance(answer, Admitted | Refusal)
    if isinstance(answer, Admitted):
        assert decode(answer.value).event_id == answer.touchpoint.event_id


@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_changed_events(channel, data):
    value = bytearray(published(channel, data.draw(st.sampled_from(kinds(REGISTRY.current(channel))))))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(value) - 1))
        if data.draw(st.booleans()):
            value[at] ^= 1 << data.draw(st.integers(0, 7))
        else:
            value[at:at] = data.draw(st.binary(max_size=12))
    admitted_or_refused(channel, bytes(value))


@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=100, deadline=None)
@given(value=st.binary(max_size=400), framed=st.booleans())
def test_random_bytes(channel, value, framed):
    admitted_or_refused(channel, REGISTRY.reference(channel).prefix + value if framed else value)


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_single_bit_of_an_event(channel):
    good = published(channel, "")
    values = [good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :] for at in range(len(good)) for bit in range(8)]
    answers = ADMISSIONS[channel].admit_run(values, [NOW] * len(values), [""] * len(values), NOW)
    assert {type(answer) for answer in answers} == {Admitted, Refusal}


@settings(max_examples=100, deadline=None)
@given(zone=st.text(max_size=40), day=st.text(max_size=12))
def test_any_zone_and_day(zone, day):
    schema = REGISTRY.current("store")
    promise = {"due_date": day, "zone": zone}
    (datum,) = ENCODERS["store"].encode_run([record_of(schema, example("store", "promise_made") | {"promise": promise})])
    admitted_or_refused("store", REGISTRY.reference("store").prefix + datum)
