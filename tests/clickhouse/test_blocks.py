"""Insert bodies from encoded values: what stands in them is what was given."""

from io import BytesIO

import fastavro
import msgspec
import pytest

from streams.clickhouse.blocks import TOUCHPOINT_COLUMNS, BlockError, avro_block, touchpoint_block
from streams.journeys.touchpoint import Touchpoint, encode

SCHEMA = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "long"}]}


def datum(record: dict) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, SCHEMA, record)
    return out.getvalue()


@pytest.mark.parametrize("count", [0, 1, 63, 64, 10_000])
def test_an_avro_block_is_a_file_of_its_datums(count: int):
    records = [{"a": "x" * (number % 7), "b": number - 5} for number in range(count)]
    assert list(fastavro.reader(BytesIO(avro_block(SCHEMA, [datum(record) for record in records])))) == records


def test_the_single_object_form_is_taken_off():
    wrapped = b"\xc3\x01" + b"12345678" + datum({"a": "x", "b": 1})
    assert list(fastavro.reader(BytesIO(avro_block(SCHEMA, [wrapped])))) == [{"a": "x", "b": 1}]


def test_a_touchpoint_row_has_no_array_around_it(touchpoint):
    values = [encode(touchpoint("e1")), encode(touchpoint("e2"))]
    assert touchpoint_block(values) == values[0][3:] + values[1][3:]
    assert tuple(name for name in Touchpoint.__struct_fields__) == TOUCHPOINT_COLUMNS


def test_a_touchpoint_of_an_earlier_version_is_filled_up(touchpoint):
    whole = encode(touchpoint("e1", content_hash=0))
    fields = msgspec.msgpack.decode(whole)
    earlier = msgspec.msgpack.encode(fields[:-1])
    assert touchpoint_block([whole, earlier]) == whole[3:] * 2


def test_bytes_that_are_no_touchpoint_are_named_by_their_place(touchpoint):
    with pytest.raises(BlockError) as refused:
        touchpoint_block([encode(touchpoint("e1")), b"\xc1\x00"])
    assert refused.value.index == 1
