"""How many nodes of the identity graph a worker keeps as they are, over all its partitions; others are packed, and unpacked for use."""

from typing import Final
from weakref import WeakSet

from streams.journeys.identity.nodes import OPEN, Nodes

NODE_BYTES: Final = 2_048
"""What a node takes that is kept as it is."""


class NodeRoom:
    """`spare_bytes` are for nodes of all partitions, less what the packed ones take: where identifiers are few, none is packed."""

    def __init__(self, spare_bytes: int = 0) -> None:
        self.spare_bytes = spare_bytes
        self._nodes: WeakSet[Nodes] = WeakSet()

    def add(self, nodes: Nodes) -> None:
        """Nodes of one more partition; one that is not this worker's any more counts no longer."""
        self._nodes.add(nodes)

    @property
    def most(self) -> int:
        """Nodes of one partition that are kept as they are."""
        spare_bytes = max(0, self.spare_bytes - sum(each.packed_bytes for each in self._nodes))
        return OPEN + spare_bytes // NODE_BYTES // max(1, len(self._nodes))
