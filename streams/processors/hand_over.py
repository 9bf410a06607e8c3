"""How an identifier's touchpoints go from one customer to another, whose stitch may be another partition's.

identify tells the holder to let go (a move); the holder sends the touchpoints in chunks; the receiver keeps what comes under the
new epoch and folds nothing of it before the last chunk is there. A holding that is told to move on before it is complete does so
once it is. Where one has gone, a marker stays: what still comes for it is sent after it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from streams.delivery.commit import Output
from streams.journeys.identity.records import Move
from streams.journeys.identity.strength import name_of
from streams.journeys.touchpoint import Touchpoint, decode, encode, event_id_of
from streams.processors.internal import (
    HAND_OVER,
    KIND,
    MOVED,
    account_copy,
    again_headers,
    identified_headers,
    partition_of,
    partition_of_identifier,
    solitary,
    touchpoint_output,
)
from streams.processors.stitch_records import Entry, Holding
from streams.processors.stitch_state import StitchState

CHUNK_BYTES: Final = 256 * 1024
"""Touchpoints in one chunk at most, so that a commit holds several."""


class Chunk(msgspec.Struct, array_like=True, frozen=True):
    """A part of a hand-over.

    identifier, epoch, customer     the holding that receives it
    number, of                      which chunk, from 1, and of how many
    touchpoints                     encoded
    entries                         with the last chunk: ids that the sender published and that are gone there, so that the
                                    receiver's versions of them come after
    refused                         with the last chunk: other contents that were refused under the touchpoints' event ids
    before                          us, with the last chunk: of a truncated customer, up to when history does not come along; 0: all does
    """

    identifier: str
    epoch: int
    customer: str
    number: int
    of: int
    touchpoints: list[bytes]
    entries: dict[str, Entry] = {}
    refused: list[bytes] = []
    before: int = 0


_encode = msgspec.msgpack.Encoder().encode
_chunks = msgspec.msgpack.Decoder(Chunk)
_moves = msgspec.msgpack.Decoder(Move)


def read_chunk(value: bytes) -> Chunk:
    """The chunk of a record's value; raises msgspec.DecodeError."""
    return _chunks.decode(value)


def holding_of(state: StitchState, identifier: str, epoch: int, customer: str) -> Holding:
    """The holding of an identifier under an epoch. The first epoch begins with nothing; any other awaits its hand-over."""
    holding = state.holding(customer, identifier, epoch)
    if holding is None:
        holding = Holding(identifier, epoch, customer, is_awaited=epoch > 0)
        state.set_holding(holding)
    return holding


def read_move(value: bytes) -> Move:
    """The move of a record's value; raises msgspec.DecodeError."""
    return _moves.decode(value)


def told_to_move(state: StitchState, move: Move) -> Holding | None:
    """Take identify's word that a holding goes to another customer; the holding where it can leave now."""
    holding = holding_of(state, move.identifier, move.epoch, move.sender)
    if holding.moved_to is not None:
        return None
    holding.moved_to = move.receiver
    state.set_holding(holding)
    return None if holding.is_awaited else holding


def received(state: StitchState, chunk: Chunk, merge: Callable[[bytes, bytes], bytes]) -> Holding | None:
    """Keep a chunk's touchpoints; the holding where it is complete now.

    `merge` decides between what came in the meantime and what is handed over under one event id.
    """
    holding = holding_of(state, chunk.identifier, chunk.epoch, chunk.customer)
    if not holding.is_awaited or chunk.number in holding.chunks:
        return None
    here = state.held_under(holding)
    for value in chunk.touchpoints:
        event_id = event_id_of(value)
        held = here.get(event_id)
        state.keep(holding, event_id, value if held is None else merge(held, value))
    holding.chunks.append(chunk.number)
    holding.of = chunk.of
    if len(holding.chunks) == holding.of:
        holding.is_awaited = False
        holding.chunks = []
    state.set_holding(holding)
    return None if holding.is_awaited else holding


class Leaving(NamedTuple):
    """What goes: a holding, its touchpoints by event id, and what was refused beside them."""

    holding: Holding
    touchpoints: Mapping[str, bytes]
    refused: Sequence[bytes]


def leave(state: StitchState, holding: Holding) -> Leaving:
    """Let go of a holding's touchpoints; its marker stays."""
    holding.is_gone = True
    state.set_holding(holding)
    refused = list(state.refused_under(holding).values())
    return Leaving(holding, state.let_go(holding), refused)


class Sender:
    """Makes the records that carry touchpoints to where they belong now."""

    def __init__(self, identified_topic: str, admitted_topic: str, partitions: int) -> None:
        self._identified_topic, self._admitted_topic, self._partitions = identified_topic, admitted_topic, partitions

    def hand_over(self, leaving: Leaving, entries: Mapping[str, Entry], before: int = 0) -> Iterator[Output]:
        """A holding's touchpoints, to its next customer; each to its next identifier where the holding's is shared.

        `before` (us) is up to when a truncated customer's history stays behind.
        """
        holding, touchpoints, refused = leaving
        customer = holding.moved_to
        if not customer:
            for value in touchpoints.values():
                yield self._to_next_identifier(holding.identifier, value, [(MOVED, b"1")])
            return
        partition = partition_of(customer, self._partitions)
        parts = _parts(touchpoints)
        for number, part in enumerate(parts, 1):
            chunk = Chunk(holding.identifier, holding.epoch + 1, customer, number, len(parts), part)
            if number == len(parts):
                chunk = msgspec.structs.replace(chunk, entries=dict(entries), refused=list(refused), before=before)
            yield Output(self._identified_topic, partition, customer.encode(), _encode(chunk), [(KIND, HAND_OVER)])

    def send_after(self, holding: Holding, record: Any) -> Output:
        """A touchpoint that came for a holding that has gone, as it came, to where that went."""
        headers = dict(record.headers)
        if holding.moved_to:
            assigned = identified_headers(headers, holding.identifier, holding.epoch + 1)
            partition = partition_of(holding.moved_to, self._partitions)
            return Output(self._identified_topic, partition, holding.moved_to.encode(), record.value, assigned)
        return self._to_next_identifier(holding.identifier, record.value, again_headers(headers))

    def correct_account(self, loser: Touchpoint, winner: Touchpoint) -> Iterator[Output]:
        """Of two contents under one event id the one that counts, to the account that had a copy of the other."""
        if loser.account:
            yield account_copy(self._identified_topic, self._partitions, loser.account, encode(winner))

    def _to_next_identifier(self, identifier: str, value: bytes, again: Sequence[tuple[str, bytes]]) -> Output:
        touchpoint = decode(value)
        following = _next_identifier(identifier, touchpoint)
        partition = partition_of_identifier(following, self._partitions)
        output = touchpoint_output(self._admitted_topic, partition, following, touchpoint, value)
        return output._replace(headers=[*output.headers, *again])


def _next_identifier(identifier: str, touchpoint: Touchpoint) -> str:
    """The strongest identifier of a touchpoint after the one given."""
    names = sorted((f"{each.type}:{each.pseudonym}" for each in touchpoint.identifiers), key=name_of)
    return next((each for each in names if name_of(each) > name_of(identifier)), solitary(touchpoint.event_id))


def _parts(touchpoints: Mapping[str, bytes]) -> list[list[bytes]]:
    """Touchpoints in parts of bounded size; one empty part where there are none: the receiver waits for it."""
    parts: list[list[bytes]] = [[]]
    size = 0
    for value in touchpoints.values():
        if size + len(value) > CHUNK_BYTES and parts[-1]:
            parts.append([])
            size = 0
        parts[-1].append(value)
        size += len(value)
    return parts
