"""What the desk is told about a customer: what goes wrong first, then what was promised, then what happened last.

Times are us; "" stands for none.
"""

from typing import Any, Final

import msgspec

from streams.avro.json_events import iso_of

_SECOND_US: Final = 1_000_000


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what an answer holds."""


class Match(Record, frozen=True):
    """A customer whom the value points to.

    by      what the value is: a type of identifier, order, case, conversation, offer or customer
    """

    customer: str
    by: str


class OpenInconsistency(Record, frozen=True):
    """An inconsistency that is open, with what to do about it."""

    inconsistency_id: str
    severity: str
    rule: str
    remedy: str
    sentence: str
    subject: str
    opened_at: int


class OpenPromise(Record, frozen=True):
    """A promise neither kept nor withdrawn; `due_at` is None where no time was named."""

    promise_id: str
    what: str
    about: str
    channel: str
    made_at: int
    due_at: int | None
    is_overdue: bool


class Moment(Record, frozen=True):
    """A touchpoint in words."""

    event_id: str
    occurred_at: int
    channel: str
    direction: str
    what: str


class OpenJourney(Record, frozen=True):
    """A journey whose goal is not reached yet."""

    journey_id: str
    process: str
    phase: str
    reference: str
    last_step: str
    touchpoints: int
    started_at: int
    last_at: int


class Answer(Record, frozen=True):
    """The answer to one question.

    known           whether the value points to one customer
    asked_at        by ClickHouse's clock
    customer        pseudonym; "" where not known
    by              what the value turned out to be
    others          further customers that it points to, at most ten; `customer` is the one known by the strongest identifier
    tried           what the value was taken for
    untried         what it was not taken for, because the pseudonym key is not set
    touchpoints     how many the customer has, since `first_at`
    recorded_at     when the last of them was recorded
    truncated_at    of a customer with more touchpoints than the bound: what is older is in ClickHouse alone; None for everybody else
    needs_rebuild   whether of that some is in no journey and no inconsistency: it came late, or with an identifier
    fresh_at        when any touchpoint of any customer was recorded last; None where there is none
    """

    known: bool
    asked_at: int
    customer: str = ""
    by: str = ""
    others: tuple[Match, ...] = ()
    tried: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()
    inconsistencies: tuple[OpenInconsistency, ...] = ()
    promises: tuple[OpenPromise, ...] = ()
    last: tuple[Moment, ...] = ()
    journeys: tuple[OpenJourney, ...] = ()
    touchpoints: int = 0
    first_at: int | None = None
    recorded_at: int | None = None
    fresh_at: int | None = None
    truncated_at: int | None = None
    needs_rebuild: bool = False

    @property
    def fresh_s(self) -> float | None:
        """How long ago any touchpoint was recorded, seconds."""
        return None if self.fresh_at is None else max(0, self.asked_at - self.fresh_at) / _SECOND_US


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer for a program: times in ISO 8601, and `fresh_s`."""
    return plain(answer) | {"fresh_s": answer.fresh_s}


def plain(record: Record) -> dict[str, Any]:
    """A record for a program: times in ISO 8601."""
    found: dict[str, Any] = _json(msgspec.to_builtins(record))
    return found


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: iso_of(each) if name.endswith("_at") and each is not None else _json(each) for name, each in value.items()}
    return [_json(each) for each in value] if isinstance(value, list | tuple) else value
