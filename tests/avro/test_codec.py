"""The compiled decoder against fastavro, on every schema, on good and on broken input."""

import io
import math
import string
import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, partial

import fastavro
import pytest
from expense import at_most
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.avro.codec import Decoder, Encoder
from streams.avro.refusal import Refusal
from streams.avro.registry import FileRegistry
from streams.avro.resolution import View
from streams.avro.schema import Schema, SchemaError

REGISTRY = FileRegistry()
NAMES = REGISTRY.names
DECODERS = {name: Decoder(REGISTRY.current(name)) for name in NAMES}
ENCODERS = {name: Encoder(REGISTRY.current(name)) for name in NAMES}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def records(name):
    """Any record of a schema; made once, as that takes longer than to draw one."""
    return values(View.top(REGISTRY.current(name)))


def values(view):  # noqa: PLR0911  one return a type
    """Any value of a type, as a decoded record holds it."""
    match view.kind:
        case "union":
            return st.one_of(*(values(branch) for branch in view.branches))
        case "record":
            return st.fixed_dictionaries({each["name"]: values(view.within(each["type"])) for each in view.fields})
        case "array":
            return st.lists(values(view.items), max_size=3)
        case "map":
            return st.dictionaries(st.text(string.ascii_letters, max_size=5), values(view.items), max_size=3)
        case "enum":
            return st.sampled_from(view.symbols)
        case "bytes" if view.decimal:
            return st.integers(-(10**18) + 1, 10**18 - 1)
        case "long" if view.logical:
            return st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
        case kind:
            return {
                "null": st.none(),
                "string": st.text(max_size=200),
                "long": st.integers(-(1 << 63), (1 << 63) - 1),
                "boolean": st.booleans(),
                "double": st.floats(allow_nan=False),
                "bytes": st.binary(max_size=300),
            }[kind]


def encodable(view, value):
    """The same value as fastavro takes it."""
    match view.kind:
        case "union" if value is not None:
            return encodable(next(branch for branch in view.branches if branch.kind != "null"), value)
        case "record":
            return {each["name"]: encodable(view.within(each["type"]), value[each["name"]]) for each in view.fields}
        case "array":
            return [encodable(view.items, each) for each in value]
        case "map":
            return {name: encodable(view.items, each) for name, each in value.items()}
        case _:
            return Decimal(value).scaleb(-view.decimal[1]) if view.kind == "bytes" and view.decimal else value


def plain(value):
    """What fastavro decodes, in the plain values of our decoder."""
    match value:
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case datetime():
            return (value - EPOCH) // timedelta(microseconds=1)
        case Decimal():
            return int(value.scaleb(4))
        case _:
            return value


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_record_comes_out_as_it_went_in_and_as_fastavro_reads_it(name, data):
    schema = REGISTRY.current(name)
    top = View.top(schema)
    record = data.draw(records(name))
    (datum,) = ENCODERS[name].encode_run([encodable(top, record)])
    assert isinstance(datum, bytes), datum
    assert DECODERS[name].decode_run([datum]) == [record]
    assert plain(fastavro.schemaless_reader(io.BytesIO(datum), schema.parsed)) == record
    assert DECODERS[name].decode_run([b"prefix" + datum], 6) == [record]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_broken_bytes_give_a_refusal_or_what_fastavro_reads_and_never_anything_else(name, data):
    schema = REGISTRY.current(name)
    top = View.top(schema)
    (datum,) = ENCODERS[name].encode_run([encodable(top, data.draw(records(name)))])
    broken = bytearray(datum)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(broken) - 1, 0)))
        match data.draw(st.sampled_from(["flip", "cut", "put", "huge"])):
            case "flip" if broken:
                broken[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del broken[at : at + data.draw(st.integers(1, 8))]
            case "put":
                broken[at:at] = data.draw(st.binary(max_size=8))
            case _:
                broken[at:at] = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    (answer,) = at_most(1_000, partial(DECODERS[name].decode_run, [bytes(broken)]), partial(DECODERS[name].decode_run, [datum]))
    if isinstance(answer, Refusal):
        assert answer.reason in ("truncated", "trailing_bytes", "malformed")
        return
    source = io.BytesIO(bytes(broken))
    try:
        reference = plain(fastavro.schemaless_reader(source, schema.parsed))
    except OverflowError:
        return  # a time that no datetime can hold: as a number it is one
    assert same(reference, answer)
    assert source.read() == b""


def same(one, other):
    """Equal, where not a number is equal to itself."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50, deadline=None)
@given(value=st.binary(max_size=600))
def test_random_bytes_never_raise(name, value):
    (answer,) = DECODERS[name].decode_run([value])
    assert isinstance(answer, Refusal | dict)


def record(*fields, name="R"):
    return Schema.of({"type": "record", "name": name, "fields": list(fields)})


HUGE = b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"  # 2**63 - 1
LEAST = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"  # -2**63


@pytest.mark.parametrize(
    "type_",
    ["string", "bytes", {"type": "array", "items": "string"}, {"type": "map", "values": "long"}, {"type": "array", "items": "double"}],
)
@pytest.mark.parametrize(
    "length", [HUGE, LEAST, b"\x80\x80\x80\x80\x08", b"\x01", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\xff" * 30]
)
def test_a_length_that_lies_costs_neither_memory_nor_time(type_, length):
    decoder = Decoder(record({"name": "a", "type": type_}))
    decode = partial(decoder.decode_run, [length, length + bytes(1000), length + length + bytes(1000)])
    answers = at_most(1_000, decode, partial(decoder.decode_run, [b"\x00"]))
    tracemalloc.start()
    decode()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {type(answer) for answer in answers} == {Refusal}
    assert peak < 200_000


def test_negative_block_counts_carry_their_size():
    decoder = Decoder(record({"name": "a", "type": {"type": "array", "items": "long"}}))
    assert decoder.decode_run([b"\x03\x04\x02\x04\x00"]) == [{"a": [1, 2]}]


@pytest.mark.parametrize(
    ("type_", "datum"),
    [
        ({"type": "enum", "name": "E", "symbols": ["a", "b"]}, b"\x01"),
        ({"type": "enum", "name": "E", "symbols": ["a", "b"]}, b"\x04"),
        (["null", "string"], b"\x04"),
        (["null", "string"], b"\x01"),
        ("boolean", b"\x02"),
        ("string", b"\x02\xff"),
        ("long", b"\xff" * 9 + b"\x7f"),
        ("int", b"\x80\x80\x80\x80\x20"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4}, b"\x40" + b"\x7f" * 32),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 4}, b"\x04\x7f\xff"),
    ],
)
def test_what_is_not_of_the_type_is_malformed(type_, datum):
    (answer,) = Decoder(record({"name": "a", "type": type_})).decode_run([datum])
    assert answer.reason == "malformed"


def nested(depth):
    type_ = "string"
    for _ in range(depth):
        type_ = {"type": "array", "items": type_}
    return type_


def doubling(levels):
    """A schema of a few lines whose values hold 2**levels strings: names that are used twice, again and again."""
    fields = [{"name": "x", "type": "string"}]
    for level in range(levels):
        inner = {"type": "record", "name": f"L{level}", "fields": fields}
        fields = [{"name": "x", "type": inner}, {"name": "y", "type": f"L{level}"}]
    return fields


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "a", "type": {"type": "array", "items": "null"}}],
        [{"name": "a", "type": {"type": "array", "items": {"type": "record", "name": "N", "fields": []}}}],
        [{"name": "a", "type": {"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}}],
        [{"name": "a", "type": ["null", "R"]}],
        [{"name": "a", "type": {"type": "array", "items": "R"}}],
        [{"name": "a", "type": {"type": "fixed", "name": "F", "size": -1}}],
        [{"name": "a", "type": {"type": "fixed", "name": "F", "size": "0 and print('run')"}}],
        [{"name": "a", "type": {"type": "fixed", "name": "F", "size": 10**12}}],
        [{"name": "a", "type": nested(20)}],
        doubling(20),
    ],
)
def test_a_writers_schema_that_is_a_weapon_is_not_compiled(fields):
    with pytest.raises(SchemaError):
        Decoder(record(*fields))


@pytest.mark.parametrize("bounds", [{"precision": 10**9, "scale": 4}, {"scale": 4}, {"precision": "9"}, {"precision": 4, "scale": 9}])
def test_a_decimal_without_sensible_bounds_cannot_be_read_as_one(bounds):
    foreign = {"name": "a", "type": {"type": "bytes", "logicalType": "decimal", **bounds}}
    own = {"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4}}
    with pytest.raises(SchemaError):
        Decoder(record(foreign), record(own))


def test_an_encoder_refuses_fields_that_the_schema_lacks(registry):
    (answer,) = Encoder(registry.current("survey")).encode_run([{"event_id": "1", "occurred_at": 0, "case": "C1"}])
    assert isinstance(answer, Refusal)


def test_an_encoder_takes_datetimes_and_microseconds(registry):
    encoder = Encoder(registry.current("survey"))
    one, other = encoder.encode_run([{"event_id": "1", "occurred_at": at} for at in (EPOCH + timedelta(microseconds=7), 7)])
    assert one == other


def test_large_values_are_refused_before_they_are_read():
    decoder = Decoder(record({"name": "a", "type": "string"}), largest_bytes=100)
    (answer,) = decoder.decode_run([bytes(101)])
    assert answer.reason == "too_large"
