"""Marks: where and when a fact of the ledger was stated."""

import msgspec


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where and when (us) a fact was stated."""

    event_id: str
    at: int
    channel: str
