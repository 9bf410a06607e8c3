"""What the processors share whose whole state is a memo: a few counts and times that go with the position."""

from typing import Generic, TypeVar

import msgspec

from streams.delivery.commit import Position

Memo = TypeVar("Memo", bound=msgspec.Struct)


class MemoPartition(Generic[Memo]):
    """One partition of a processor that keeps nothing in its changelog beside its memo.

    memo        as of the last step; of the last commit once a partition is restored
    """

    def __init__(self, memo: Memo) -> None:
        self.memo = memo

    def load(self, key: bytes, value: bytes | None) -> None:
        """There is no state beside the memo."""

    def settle(self) -> bool:
        """Nothing was loaded."""
        return False

    def loaded(self, position: Position) -> None:
        """Take up the memo of the last commit. Raises msgspec.DecodeError."""
        if position.memo:
            self.memo = msgspec.msgpack.decode(position.memo, type=type(self.memo))

    def committed(self, position: Position) -> None:
        """Nothing waits for the commit."""

    def remembered(self) -> bytes:
        """The memo, as a commit takes it."""
        return msgspec.msgpack.encode(self.memo)
