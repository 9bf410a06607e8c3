"""A Touchpoint as a person reads it: only what it says, times in ISO 8601, amounts as decimals."""

from decimal import Decimal
from typing import Any, Final

from streams.avro.json_events import iso_of
from streams.journeys.touchpoint import AMOUNT_SCALE, Fact, Touchpoint

_TIMES: Final = frozenset(
    {"occurred_at", "corrected_at", "received_at", "valid_from", "valid_until", "stated_for", "due_from", "due_until"}
)
_AMOUNTS: Final = frozenset({"amount"})


def shown(touchpoint: Touchpoint) -> dict[str, Any]:
    """The touchpoint as JSON, fields that say nothing left out."""
    return _fact(touchpoint)


def _fact(fact: Fact) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in fact.__struct_fields__:
        value = getattr(fact, name)
        if value in (None, "", (), {}):
            continue
        if name in _TIMES:
            fields[name] = iso_of(value)
        elif name in _AMOUNTS:
            fields[name] = f"{Decimal(value).scaleb(-AMOUNT_SCALE):f}"
        elif isinstance(value, Fact):
            if inner := _fact(value):
                fields[name] = inner
        elif isinstance(value, tuple):
            fields[name] = [_fact(each) if isinstance(each, Fact) else each for each in value]
        else:
            fields[name] = value
    return fields
