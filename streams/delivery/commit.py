"""What one commit of a partition holds: changes of its state, the position that they reach, what is published with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from streams.delivery.batch import Batch


class Output(NamedTuple):
    """A record to publish."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a processor makes of its work: all of it takes effect, or nothing.

    state       by changelog key: the new value, None where it is gone
    outputs     records to publish, in order
    memo        the processor's own small words that go with the position (counts, clocks); None: as before
    unfinished  whether more is to be done that did not fit this commit: the processor is asked again at once, whatever comes
    """

    state: Mapping[bytes, bytes | None] = field(default_factory=dict)
    outputs: Sequence[Output] = ()
    memo: bytes | None = None
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What a partition's executor gives its processor at one time.

    batches     runs of records that start at the position, in the order in which they came; of each source topic in offset order
    tick        whether the clock ticked since the last work
    now_us      wall clock
    caught_up   by source topic: when the broker last said that the state has all of it, ms since 1970; absent where it lags
    refused     topic and offset of records that are too large for the state: to be made dead letters
    """

    batches: Sequence[Batch]
    tick: bool
    now_us: int
    refused: frozenset[tuple[str, int]] = frozenset()
    caught_up: Mapping[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of records."""
        return sum(len(batch.records) for batch in self.batches)


class Position(msgspec.Struct, array_like=True, frozen=True):
    """The record that every commit ends with: how far the state has come.

    offsets     by source topic: the first offset that is not in the state
    topic_ids   by source topic: the broker's id of it; a topic made anew has another
    memo        the processor's own words
    """

    offsets: dict[str, int]
    topic_ids: dict[str, str] = {}
    memo: bytes = b""


POSITION_KEY: Final = b"\0position"
OUTBOX_KEY: Final = b"\0outbox"
_encoder = msgspec.msgpack.Encoder()
_positions = msgspec.msgpack.Decoder(Position)
_outboxes = msgspec.msgpack.Decoder(list[tuple[str, int, bytes | None, bytes | None, list[tuple[str, bytes]]]])


def encode_position(position: Position) -> bytes:
    """The position as a changelog value."""
    return _encoder.encode(position)


def decode_position(value: bytes) -> Position:
    """The position of a changelog value; raises msgspec.DecodeError."""
    return _positions.decode(value)


def encode_outbox(outputs: Sequence[Output]) -> bytes:
    """Outputs as a changelog value: what a restart publishes again."""
    return _encoder.encode(outputs)


def decode_outbox(value: bytes) -> list[Output]:
    """Outputs of a changelog value; raises msgspec.DecodeError."""
    return [Output(topic, partition, key, content, headers) for topic, partition, key, content, headers in _outboxes.decode(value)]
