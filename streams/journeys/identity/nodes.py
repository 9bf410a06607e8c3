"""The nodes of one partition's identity graph: those that were touched lately as they are, all others in few bytes."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from streams.journeys.identity.packing import long, packed, short, unpacked
from streams.journeys.identity.records import Label, Node
from streams.journeys.identity.strength import name_of
from streams.journeys.shelves import Shelves

OPEN: Final = 4096
"""Nodes of a partition that are kept as they are where nothing else is said, about 2 KiB each."""
SHELF_BYTES: Final = 1024


class Nodes:
    """Nodes by identifier. What is taken out may be changed; `changed` says that it was, so that it is packed again."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Node] = OrderedDict()
        self._changed: set[str] = set()
        self._packed = Shelves(SHELF_BYTES)

    @property
    def packed_bytes(self) -> int:
        """What the packed nodes take, those that are open beside among them."""
        return self._packed.size_bytes

    def __getitem__(self, identifier: str) -> Node:
        """The node of an identifier. Raises KeyError where there is none."""
        node = self.get(identifier)
        if node is None:
            raise KeyError(identifier)
        return node

    def __contains__(self, identifier: str) -> bool:
        return self.get(identifier) is not None

    def __iter__(self) -> Iterator[str]:
        """All identifiers."""
        yield from self._open
        for name in self._packed:
            identifier = long(name)
            if identifier not in self._open:
                yield identifier

    def get(self, identifier: str) -> Node | None:
        """The node of an identifier, where there is one."""
        node = self._open.get(identifier)
        if node is not None:
            self._open.move_to_end(identifier)
            return node
        items = self._packed.get(short(identifier))
        if items is None:
            return None
        node = self._open[identifier] = unpacked(identifier, items)
        return node

    def add(self, identifier: str) -> Node:
        """A new node, which belongs to itself."""
        node = self._open[identifier] = Node(Label(0, "", name_of(identifier)))
        self._changed.add(identifier)
        return node

    def changed(self, identifier: str) -> None:
        """A node that was taken out, or an edge of it, is not as it was packed."""
        self._changed.add(identifier)

    def load(self, name: bytes, item: bytes) -> None:
        """Take in an item of a node, before any is taken out."""
        self._packed.append(name, item)

    def rest(self, most: int = OPEN) -> None:
        """Pack nodes that nobody asked for lately."""
        while len(self._open) > most:
            identifier, node = self._open.popitem(last=False)
            if identifier in self._changed:
                self._changed.remove(identifier)
                self._packed.put(short(identifier), packed(identifier, node))
