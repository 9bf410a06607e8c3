"""What stitch keeps of one customer beside the touchpoints: head, holdings, and what was published."""

import struct
from typing import Final

import msgspec

NEVER: Final = 2**63 - 1
"""Stands for no deadline."""
_times = struct.Struct(">qq")


class Head(msgspec.Struct, array_like=True, frozen=True):
    """A customer's head: when (us) he changes next by time alone, in which domain of time, and how far he was judged (us).

    Who waits for an import, or for what is handed over, is due when his domain's time is again as far as he was judged.
    """

    deadline: int | None = None
    domain: str = ""
    now: int = 0

    @property
    def is_held(self) -> bool:
        """Whether he waits: any other deadline is later than what he was judged by."""
        return self.deadline is not None and self.deadline <= self.now


def encode_head(head: Head) -> bytes:
    """A head as a changelog value: deadline and how far he was judged as eight raw bytes each, then the domain."""
    return _times.pack(NEVER if head.deadline is None else head.deadline, head.now) + head.domain.encode()


def decode_head(value: bytes) -> Head:
    """The head of a changelog value."""
    deadline, now = _times.unpack_from(value)
    return Head(None if deadline == NEVER else deadline, value[_times.size :].decode(), now)


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """What was published last under an id: version, 64 bits of its content (0: it is gone), rule or process, severity of a finding.

    disruption  number of the disruption that an open finding is part of; 0 for none
    left_by     of a journey: the customer in whose name the row stands, who could leave it and nothing else; "": it stands in the
                name of who keeps this
    """

    version: int
    digest: int
    word: str
    severity: str = ""
    disruption: int = 0
    left_by: str = ""

    def left(self, customer: str) -> "Entry":
        """The entry for whoever has the customer's identifiers now, where the row is left as it stands."""
        in_his_name = self.digest and not self.severity and not self.left_by
        return msgspec.structs.replace(self, left_by=customer) if in_his_name else self


class Holding(msgspec.Struct, array_like=True):
    """An identifier's touchpoints, here under one assignment of it.

    customer        whose they are
    is_awaited      its hand-over is not complete: they are kept, and not folded yet
    chunks, of      chunks of the hand-over that have come, and how many there are (0: not known)
    moved_to        the customer that they go or went to; "" each to its next identifier; None: they stay
    is_gone         they have gone: what still comes is sent after them
    number          among the customer's holdings, from 0; -1 before the state knows it
    """

    identifier: str
    epoch: int
    customer: str
    is_awaited: bool = False
    chunks: list[int] = []
    of: int = 0
    moved_to: str | None = None
    is_gone: bool = False
    number: int = -1

    @property
    def counts(self) -> bool:
        """Whether its touchpoints are the customer's: all have come, and none has gone."""
        return not self.is_awaited and not self.is_gone
