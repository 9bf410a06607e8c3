"""The two wire forms, told apart by the first byte."""

import pytest

from streams.avro.wire import Fingerprint, SchemaId, WireError, frame, unframe


@pytest.mark.parametrize("reference", [Fingerprint(bytes(range(8))), SchemaId(0), SchemaId(2**32 - 1)])
def test_what_was_framed_comes_out_again(reference):
    assert unframe(frame(reference, b"datum")) == (reference, b"datum")


def test_the_forms_are_those_of_their_specifications():
    assert frame(Fingerprint(b"12345678"), b"d") == b"\xc3\x0112345678d"
    assert frame(SchemaId(258), b"d") == b"\x00\x00\x00\x01\x02d"


@pytest.mark.parametrize("value", [b"", b"\x00", b"\x00\x00\x00\x01", b"\xc3", b"\xc3\x01", b"\xc3\x011234567", b"\xc3\x0012345678", b"{"])
def test_anything_else_is_refused(value):
    with pytest.raises(WireError):
        unframe(value)


def test_a_refusal_does_not_repeat_the_value():
    with pytest.raises(WireError) as caught:
        unframe(b'{"email": "kim@example.com"}')
    assert "kim" not in str(caught.value)


def test_the_fingerprint_is_crc_64_avro_little_endian(registry):
    import copy

    from fastavro.schema import fingerprint, to_parsing_canonical_form

    assert bytes.fromhex(fingerprint('"null"', "CRC-64-AVRO"))[::-1].hex() == "63dd24e7cc258f8a"  # the specification's own value
    schema = registry.current("chat")
    canonical = to_parsing_canonical_form(copy.deepcopy(schema.definition))
    assert schema.fingerprint == _rabin(canonical.encode())


def _rabin(data):
    empty = 0xC15D213AA4D7A795
    table = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = (value >> 1) ^ (empty & -(value & 1))
        table.append(value)
    value = empty
    for byte in data:
        value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
    return value.to_bytes(8, "little")
