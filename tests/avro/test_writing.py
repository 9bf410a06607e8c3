"""The compiled writer against fastavro: the same bytes for whatever it takes, and the same answer for whatever it does not."""

import io
import math
import string
from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from operator import mul

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.avro.codec import Encoder
from streams.avro.refusal import Refusal
from streams.avro.registry import FileRegistry
from streams.avro.resolution import View
from streams.avro.schema import Schema, SchemaError
from streams.avro.writing import STRANGE, compile_writer, long
from streams.simulation import simulate

REGISTRY = FileRegistry()
NAMES = REGISTRY.names
WRITERS = {name: compile_writer(REGISTRY.current(name)) for name in NAMES}
ENCODERS = {name: Encoder(REGISTRY.current(name)) for name in NAMES}
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.sampled_from([UTC, timezone(timedelta(hours=5.5))]))  # noqa: DTZ001


@cache
def records(name):
    """Any record of a schema that the compiled writer takes itself; made once, as that takes longer than to draw one."""
    return plain(View.top(REGISTRY.current(name)))


def plain(view):  # noqa: PLR0911  one return a type
    """Any value of a type that the compiled writer takes itself; fields with a default may be left out."""
    match view.kind:
        case "union":
            return st.one_of(*(plain(branch) for branch in view.branches))
        case "record":
            fields = {each["name"]: plain(view.within(each["type"])) for each in view.fields}
            needed = {each["name"]: fields.pop(each["name"]) for each in view.fields if "default" not in each}
            return st.fixed_dictionaries(needed, optional=fields)
        case "array":
            items = st.lists(plain(view.items), max_size=3)
            return items | items.map(tuple)
        case "map":
            return st.dictionaries(st.text(max_size=5), plain(view.items), max_size=3)
        case "enum":
            return st.sampled_from(view.symbols)
        case "bytes" if view.decimal:
            precision, scale = view.decimal
            whole = st.integers(-(10**precision) + 1, 10**precision - 1)
            return st.builds(lambda unscaled, zeros: cut(Decimal(unscaled).scaleb(-scale), zeros), whole, st.booleans())
        case "long" if view.logical:
            return TIMES | st.integers(-(1 << 63), (1 << 63) - 1)
        case kind:
            return {
                "null": st.none(),
                "string": st.text(max_size=200) | st.builds(mul, st.text(string.ascii_letters, min_size=1, max_size=11), st.just(100)),
                "long": st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-3, 1030),
                "boolean": st.booleans(),
                "double": st.floats(),
                "bytes": st.binary(max_size=300),
            }[kind]


def cut(value, zeros):
    """The same number without trailing zeros, or as it is."""
    return value.normalize() if zeros and value else value


def by_fastavro(schema, record):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema.parsed, record, strict_allow_default=True)
    return out.getvalue()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_plain_records_become_the_bytes_that_fastavro_gives(name, data):
    schema = REGISTRY.current(name)
    record = data.draw(records(name))
    assert WRITERS[name](record) == by_fastavro(schema, record)


ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.just("\ud800")
    | st.decimals(allow_nan=True)
    | st.just(Decimal("1.00000"))
    | st.just(datetime(2026, 3, 2, 10, 15))  # noqa: DTZ001  a time without a zone
    | st.builds(dict)
    | st.builds(list)
    | st.builds(OrderedDict)
    | st.tuples(st.text(max_size=5), st.integers())
)


def spoilt(data, value):
    """The value with something in it that is odd: a value of another type, a field that is unknown, one that is missing."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.integers(0, 5)) == 0:
            return {each: held for each, held in value.items() if each != name}
        return value | {name: spoilt(data, value[name])}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        return [*value[:-1], spoilt(data, value[-1])]
    if isinstance(value, dict) and data.draw(st.booleans()):
        return value | {data.draw(st.sampled_from(["no_such_field", "-type", 1])): data.draw(ODD)}
    return data.draw(ODD)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_odd_records_get_the_answer_that_fastavro_gives(name, data):
    schema = REGISTRY.current(name)
    record = spoilt(data, data.draw(records(name)))
    (answer,) = ENCODERS[name].encode_run([record])
    try:
        expected = by_fastavro(schema, record)
    except (ValueError, TypeError, KeyError, LookupError, OverflowError, AttributeError):
        assert isinstance(answer, Refusal)
    else:
        assert answer == expected


def test_the_simulations_events_are_all_written_by_the_compiled_writer():
    events = list(simulate(40, 3).events())
    assert {event.channel for event in events} >= {"website", "email", "phone", "knowledge"}
    for event in events:
        assert WRITERS[event.channel](event.record) == by_fastavro(REGISTRY.current(event.channel), event.record)


@given(
    st.integers(-(1 << 63), (1 << 63) - 1)
    | st.integers(0, 62).map(lambda bit: 1 << bit)
    | st.integers(0, 62).map(lambda bit: (1 << bit) - 1)
)
def test_numbers_of_every_size_take_the_fewest_bytes(value):
    schema = fastavro.parse_schema("long")
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    assert long(value) == out.getvalue()


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1, True, 1.0, "1", None])
def test_what_is_no_long_is_strange(value):
    with pytest.raises(STRANGE):
        long(value)


def schema_of(type_, **more):
    return Schema.of({"type": "record", "name": "R", "fields": [{"name": "a", "type": type_, **more}]})


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("float", 1.5),
        ("int", 7),
        (["null", "string", "long"], 3),
        ({"type": "fixed", "name": "F", "size": 2}, b"ab"),
        ({"type": "string", "logicalType": "uuid"}, "e3ee1e04-0b4f-4b6e-9a4f-3f6b7a1d9c1e"),
        ({"type": "int", "logicalType": "date"}, 20_000),
        (["null", "R"], {"a": None}),
    ],
)
def test_shapes_that_no_schema_of_ours_has_are_left_to_fastavro(type_, value):
    schema = schema_of(type_)
    with pytest.raises(SchemaError):
        compile_writer(schema)
    assert Encoder(schema).encode_run([{"a": value}]) == [by_fastavro(schema, {"a": value})]


@pytest.mark.parametrize(
    ("type_", "default"),
    [
        ("string", "x"),
        ("string", ""),
        ("long", -70_000),
        ("double", 0.5),
        ("boolean", True),
        (["null", "string"], None),
        (["string", "null"], "x"),
        ({"type": "array", "items": "string"}, ["x", "y"]),
        ({"type": "map", "values": "long"}, {"x": 1}),
        ({"type": "enum", "name": "E", "symbols": ["x", "y"]}, "y"),
        (
            {"type": "record", "name": "I", "fields": [{"name": "b", "type": "string"}, {"name": "c", "type": "long", "default": 4}]},
            {"b": "x"},
        ),
    ],
)
def test_a_field_that_is_left_out_holds_its_default(type_, default):
    schema = schema_of(type_, default=default)
    assert compile_writer(schema)({}) == by_fastavro(schema, {}) == by_fastavro(schema, {"a": default})


def test_not_a_number_is_written_as_fastavro_does():
    schema = schema_of("double")
    assert compile_writer(schema)({"a": math.nan}) == by_fastavro(schema, {"a": math.nan})
