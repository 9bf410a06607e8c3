"""Structs are written as the records of their fields are: the compiled writer of records, itself held to fastavro, is the measure."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.avro.registry import FileRegistry
from streams.avro.schema import Schema, SchemaError
from streams.avro.struct_writing import ITEMS_WRITTEN, compile_struct_writer
from streams.avro.writing import STRANGE, compile_writer
from streams.journeys.journey import JourneyRow, Moment
from streams.journeys.measures import JourneyRating, Unplanned

JOURNEY = FileRegistry().current("journey")
WRITER = compile_struct_writer(JOURNEY, JourneyRow, "version", "detected_at")
WRITE_RECORD = compile_writer(JOURNEY)

longs = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-3, 1030)
words = st.text(max_size=70)
scores = st.none() | st.floats(min_value=0, allow_nan=False)
moments = st.builds(Moment, event_id=words, at=longs, channel=words, kind=words, step=words, phase=words)
rows = st.builds(
    JourneyRow,
    journey_id=words,
    status=st.sampled_from(["open", "completed", "dropped", "superseded"]),
    phase=st.sampled_from(["none", "awareness", "consideration", "decision", "service", "loyalty"]),
    channels=st.lists(words, max_size=3).map(tuple),
    started_at=longs,
    last_at=longs,
    ended_at=st.none() | longs,
    moments=st.lists(moments, max_size=4).map(tuple),
    duration_s=st.floats(allow_nan=False),
    repeats=longs,
    phases_skipped=st.lists(words, max_size=2).map(tuple),
    unplanned=st.lists(st.builds(Unplanned, step=words, channel=words), max_size=3).map(tuple),
    drop_off_at=st.none() | longs,
    ratings=st.lists(st.builds(JourneyRating, scale=words, touchpoints=longs, lowest=scores, last=scores, journey=scores), max_size=2).map(
        tuple
    ),
    **dict.fromkeys(["customer", "account", "process", "reference", "first_channel", "last_channel", "last_step"], words),
    **dict.fromkeys(["channel_switches", "touchpoints"], longs),
)


def record(writer, held, *given):
    """The bytes of a struct and of the fields beside it."""
    return writer.joined(writer.pieces(held), *given)


def record_of(row, **more):
    """The row as a record of the schema."""
    record = msgspec.structs.asdict(row) | more
    return record | {name: [msgspec.structs.asdict(each) for each in record[name]] for name in ("moments", "unplanned", "ratings")}


@settings(deadline=None)
@given(rows, longs, longs)
def test_a_row_becomes_the_bytes_of_its_record(row, version, detected_at):
    expected = WRITE_RECORD(record_of(row, version=version, detected_at=detected_at))
    assert record(WRITER, row, version, detected_at) == expected
    assert record(WRITER, row, version, detected_at) == expected, "again, with what is kept of the first time"
    assert WRITER.pieces(row) == WRITER.pieces(msgspec.structs.replace(row)), "whatever its version"


def schema_of(*fields):
    return Schema.of({"type": "record", "name": "R", "fields": list(fields)})


class Pair(msgspec.Struct, frozen=True):
    a: str
    b: int


STRING = {"name": "a", "type": "string"}
LONG = {"name": "b", "type": "long"}


def test_a_field_that_the_struct_lacks_holds_its_default():
    schema = schema_of(STRING, {"name": "more", "type": "long", "default": 70_000}, LONG)
    assert record(compile_struct_writer(schema, Pair), Pair("x", 5)) == compile_writer(schema)({"a": "x", "b": 5})


@pytest.mark.parametrize(
    ("fields", "given_"),
    [
        ([STRING], ()),
        ([STRING, LONG], ("c",)),
        ([STRING, LONG, {"name": "c", "type": "long"}, {"name": "d", "type": "long"}], ("d", "c")),
        ([STRING, LONG, {"name": "c", "type": "long"}], ()),
        ([STRING, {"name": "b", "type": "float"}], ()),
        ([STRING, {"name": "b", "type": ["null", "long", "string"]}], ()),
        ([STRING, {"name": "b", "type": {"type": "array", "items": "long"}}], ()),
    ],
)
def test_a_struct_that_does_not_fit_is_refused_when_the_writer_is_made(fields, given_):
    with pytest.raises(SchemaError):
        compile_struct_writer(schema_of(*fields), Pair, *given_)


@pytest.mark.parametrize("pair", [Pair(1, 5), Pair("x", "y"), Pair("x", 1.0), Pair("x", None), Pair(None, 5), Pair("x", 1 << 63)])
def test_a_value_of_another_type_is_refused(pair):
    with pytest.raises(STRANGE):
        record(compile_struct_writer(schema_of(STRING, LONG), Pair), pair)


def test_more_items_than_are_kept_are_written_all_the_same():
    class Holder(msgspec.Struct, frozen=True):
        pairs: tuple[Pair, ...]

    schema = schema_of({"name": "pairs", "type": {"type": "array", "items": {"type": "record", "name": "P", "fields": [STRING, LONG]}}})
    pairs = tuple(Pair(str(number), number) for number in range(ITEMS_WRITTEN + 2))
    write = compile_struct_writer(schema, Holder)
    for each in (pairs, pairs[-3:], pairs[:3]):
        assert record(write, Holder(each)) == compile_writer(schema)({"pairs": [msgspec.structs.asdict(pair) for pair in each]})
