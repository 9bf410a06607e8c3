"""Customers of whom nothing is left but where their identifiers went, in few bytes: there are more of them than of others.

Each identifier that was nobody's yet was a customer for a while. What still comes for it under its first epoch is sent after it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from streams.journeys.identity.packing import long, short
from streams.processors.stitch_records import Holding

FIRST: Final = b"\x80"
"""First byte of a customer who is markers only: no header (`kept`) begins so."""
_RANK: Final = 0x0F
_OWN, _TO_NEXT, _BY_CHUNK = 0x20, 0x40, 0x80
"""Added to the rank of an identifier's type: its pseudonym is the customer's number; each touchpoint went to its next identifier; it came
in one chunk. Then epoch, pseudonym and new customer, those two of 16 bytes and left out where the rank's byte says them."""
_RAW_BYTES: Final = 16
_MOST_EPOCHS: Final = 0xFF


def packed(customer: bytes, holdings: Iterable[Holding]) -> bytes | None:
    """The holdings, all gone, of a customer; None where one of them has something that this form has no place for."""
    items = [FIRST]
    for number, holding in enumerate(holdings):
        fits = holding.is_gone and not holding.is_awaited and not holding.chunks and holding.of <= 1 and holding.number == number
        to = _raw(holding.moved_to)
        if not fits or to is None or holding.epoch > _MOST_EPOCHS or holding.customer != customer.hex():
            return None  # an account that is followed no longer has moved nowhere either
        name = short(holding.identifier)
        if name[0] > _RANK:
            return None
        is_own = name[1:] == customer
        first = name[0] | (is_own and _OWN) | (not to and _TO_NEXT) | (holding.of and _BY_CHUNK)
        items += (bytes((first, holding.epoch)), b"" if is_own else name[1:], to)
    return b"".join(items)


def unpacked(customer: bytes, entry: bytes) -> Iterator[Holding]:
    """The holdings of `packed`'s bytes."""
    at, number = len(FIRST), 0
    while at < len(entry):
        first, epoch = entry[at], entry[at + 1]
        at += 2
        pseudonym, moved_to = customer, ""
        if not first & _OWN:
            pseudonym = entry[at : at + _RAW_BYTES]
            at += _RAW_BYTES
        if not first & _TO_NEXT:
            moved_to = entry[at : at + _RAW_BYTES].hex()
            at += _RAW_BYTES
        identifier = long(bytes((first & _RANK,)) + pseudonym)
        of = 1 if first & _BY_CHUNK else 0
        yield Holding(identifier, epoch, customer.hex(), of=of, moved_to=moved_to, is_gone=True, number=number)
        number += 1


def _raw(customer: str | None) -> bytes | None:
    """The 16 bytes of a customer's number, none of "", None where it is anything else."""
    if not customer:
        return None if customer is None else b""
    try:
        raw = bytes.fromhex(customer)
    except ValueError:
        return None
    return raw if len(raw) == _RAW_BYTES and raw.hex() == customer else None
