"""The first bytes of a packed customer: his times, which are read without unpacking him."""

import struct
from typing import Final, NamedTuple

from streams.processors import markers
from streams.processors.stitch_records import NEVER


class Times(NamedTuple):
    """When a customer is due, how far he was judged, what he is lined up for (us), and the number of the domain of these times."""

    deadline: int = NEVER
    now: int = 0
    lined_up: int = NEVER
    domain: int = 0


NOBODYS: Final = Times()
"""Of somebody of whom nothing is known."""
_HAS_DEADLINE, _IS_LINED_UP_FOR_ANOTHER, _IS_WIDE = 1, 2, 4
"""Added up in a header's first byte: he has a deadline; he is lined up for another time; the domain takes two bytes."""


def _layout(form: int) -> struct.Struct:
    times = 1 + bool(form & _HAS_DEADLINE) + bool(form & _IS_LINED_UP_FOR_ANOTHER)
    return struct.Struct(f">B{'q' * times}{'H' if form & _IS_WIDE else 'B'}")


_headers: Final = [_layout(form) for form in range(8)]
_NARROW: Final = 0xFF


def header(times: Times) -> bytes:
    """The first bytes of a packed customer."""
    deadline, now, lined_up, domain = times
    form, values = 0, [now]
    if deadline != NEVER:
        form += _HAS_DEADLINE
        values.append(deadline)
    if lined_up != deadline:
        form += _IS_LINED_UP_FOR_ANOTHER
        values.append(lined_up)
    if domain > _NARROW:
        form += _IS_WIDE
    return _headers[form].pack(form, *values, domain)


def header_bytes(entry: bytes) -> int:
    """How long the header is that an entry begins with."""
    return _headers[entry[0]].size


def times_of(entry: bytes) -> Times:
    """What the header says."""
    if entry[:1] == markers.FIRST:
        return NOBODYS
    form, now, *values, domain = _headers[entry[0]].unpack_from(entry)
    deadline = values[0] if form & _HAS_DEADLINE else NEVER
    return Times(deadline, now, values[-1] if form & _IS_LINED_UP_FOR_ANOTHER else deadline, domain)
