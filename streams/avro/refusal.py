"""Why an event is not admitted: data, not an exception, because one bad event never stops a run of good ones."""

from dataclasses import dataclass
from typing import Final, Literal

Reason = Literal[
    "not_avro",
    "unknown_schema",
    "too_large",
    "truncated",
    "trailing_bytes",
    "malformed",
    "unknown_kind",
    "no_event_id",
    "event_id_too_long",
    "occurred_too_early",
    "occurred_in_future",
    "no_identifier",
    "event_id_conflict",
    "too_large_for_state",
    "invalid_value",
]

LARGEST_EVENT_BYTES: Final = 256 * 1024
"""An event of more bytes than this is not even decoded."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused event.

    reason      one of `Reason`
    field       path of the field at fault (`offer.valid_until`), "" where it is the whole event
    detail      what was expected; never the value, which may be personal
    event_id    the source's number, where it could be read
    """

    reason: Reason
    field: str = ""
    detail: str = ""
    event_id: str = ""
