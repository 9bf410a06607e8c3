"""A datum of one version of a schema read as another: as the specification has it, and as fastavro does it."""

import io

import fastavro
import pytest

from streams.avro.codec import Decoder, Encoder
from streams.avro.refusal import Refusal
from streams.avro.schema import Schema, SchemaError


def schema(*fields):
    return Schema.of({"type": "record", "name": "R", "namespace": "t", "fields": list(fields)})


def enum(*symbols, default=None):
    return {"type": "enum", "name": "E", "symbols": list(symbols)} | ({"default": default} if default else {})


PAIRS = [
    # a field that the reader lacks, and one that the writer lacks
    (
        schema({"name": "a", "type": "string"}, {"name": "b", "type": ["null", "long"]}),
        schema({"name": "b", "type": ["null", "long"]}),
        {"a": "x", "b": 7},
    ),
    (
        schema({"name": "a", "type": "string"}),
        schema({"name": "n", "type": "long", "default": 3}, {"name": "a", "type": "string"}),
        {"a": "x"},
    ),
    (
        schema({"name": "a", "type": "long"}),
        schema({"name": "a", "type": "long"}, {"name": "l", "type": {"type": "array", "items": "long"}, "default": []}),
        {"a": 1},
    ),
    # order and symbols of an enum
    (schema({"name": "e", "type": enum("a", "b", "c")}), schema({"name": "e", "type": enum("c", "a", default="a")}), {"e": "b"}),
    (schema({"name": "e", "type": enum("a", "b")}), schema({"name": "e", "type": enum("b", "a")}), {"e": "b"}),
    # promotions, into and out of unions
    (schema({"name": "a", "type": "int"}), schema({"name": "a", "type": "double"}), {"a": 5}),
    (schema({"name": "a", "type": "int"}), schema({"name": "a", "type": "long"}), {"a": -5}),
    (schema({"name": "a", "type": "string"}), schema({"name": "a", "type": "bytes"}), {"a": "é"}),
    (schema({"name": "a", "type": "bytes"}), schema({"name": "a", "type": "string"}), {"a": b"e"}),
    (schema({"name": "a", "type": "string"}), schema({"name": "a", "type": ["null", "string"]}), {"a": "x"}),
    (schema({"name": "a", "type": ["null", "string"]}), schema({"name": "a", "type": "string"}), {"a": "x"}),
    (schema({"name": "a", "type": ["null", "int"]}), schema({"name": "a", "type": ["null", "double"]}), {"a": 4}),
    # inside collections
    (
        schema({"name": "m", "type": {"type": "map", "values": enum("a", "b")}}),
        schema({"name": "m", "type": {"type": "map", "values": enum("b", default="b")}}),
        {"m": {"x": "a"}},
    ),
]


@pytest.mark.parametrize(("writer", "reader", "record"), PAIRS)
def test_versions_resolve_as_fastavro_resolves_them(writer, reader, record):
    (datum,) = Encoder(writer).encode_run([record])
    (answer,) = Decoder(writer, reader).decode_run([datum])
    assert answer == fastavro.schemaless_reader(io.BytesIO(datum), writer.parsed, reader.parsed)
    assert {name: type(value) for name, value in answer.items()} == {
        name: type(value) for name, value in fastavro.schemaless_reader(io.BytesIO(datum), writer.parsed, reader.parsed).items()
    }


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        (schema({"name": "a", "type": "string"}), schema({"name": "a", "type": "long"})),
        (schema({"name": "a", "type": "long"}), schema({"name": "a", "type": "int"})),
        (schema({"name": "a", "type": "string"}), schema({"name": "b", "type": "string"})),
        (
            schema({"name": "a", "type": {"type": "long", "logicalType": "timestamp-millis"}}),
            schema({"name": "a", "type": {"type": "long", "logicalType": "timestamp-micros"}}),
        ),
        (
            schema({"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}}),
            schema({"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 4}}),
        ),
    ],
)
def test_versions_that_do_not_fit_are_refused_before_any_datum(writer, reader):
    with pytest.raises(SchemaError):
        Decoder(writer, reader)


def test_a_null_where_the_reader_has_none_is_malformed():
    writer, reader = schema({"name": "a", "type": ["null", "string"]}), schema({"name": "a", "type": "string"})
    (answer,) = Decoder(writer, reader).decode_run([b"\x00"])
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.field) == ("malformed", "a")


def test_a_symbol_that_the_reader_neither_knows_nor_has_a_default_for_is_malformed():
    writer, reader = schema({"name": "e", "type": enum("a", "b")}), schema({"name": "e", "type": enum("a")})
    (known, unknown) = Decoder(writer, reader).decode_run([b"\x00", b"\x02"])
    assert known == {"e": "a"}
    assert unknown.reason == "malformed"


def test_defaults_are_not_shared_between_records():
    inner = {"type": "record", "name": "I", "fields": [{"name": "x", "type": "string", "default": "d"}]}
    writer = schema({"name": "a", "type": "long"})
    reader = schema(
        {"name": "a", "type": "long"},
        {"name": "m", "type": {"type": "map", "values": "string"}, "default": {}},
        {"name": "i", "type": inner, "default": {}},
    )
    one, other = Decoder(writer, reader).decode_run([b"\x02", b"\x02"])
    one["m"]["k"] = one["i"]["x"] = "changed"
    assert other == {"a": 1, "m": {}, "i": {"x": "d"}}


def test_a_channels_newer_version_is_read_by_this_one(registry):
    """A producer that is ahead: a field and a kind that this installation does not know yet."""
    import copy

    current = registry.current("chat")
    definition = copy.deepcopy(current.definition)
    kind = next(each for each in definition["fields"] if each["name"] == "kind")
    kind["type"]["symbols"].append("emoji_sent")
    definition["fields"].insert(0, {"name": "mood", "type": "string", "default": "", "doc": "New."})
    newer = Schema.of(definition)
    data = Encoder(newer).encode_run(
        [{"event_id": "1", "occurred_at": 5, "kind": symbol, "mood": "good"} for symbol in ("emoji_sent", "agent_said")]
    )
    unknown, known = Decoder(newer, current).decode_run(data)
    assert (unknown["kind"], known["kind"]) == ("unknown", "agent_said")
    assert "mood" not in known
