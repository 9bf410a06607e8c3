"""Which nodes of a partition's graph are one life of an identifier, and what it is cut from in all its lives.

A node stands for one period, and is there once the identifier was seen in it; all periods of an identifier are in one partition. A cut by
hand counts for all lives: the node without a period keeps it. Where a type's lifetime was changed, what came before keeps its name: who is
linked with it knows it by that.
"""

from collections.abc import Iterator, Mapping, Sequence

from streams.journeys.identity.nodes import Nodes
from streams.journeys.identity.periods import LAST_DAY, lasting, on_day, period_of
from streams.journeys.identity.strength import IdentifierType, lifetimes_of, type_of


class Lives:
    """Lives among `nodes`. Where no type has a lifetime, every identifier is a life by itself."""

    def __init__(self, nodes: Nodes, types: Mapping[str, IdentifierType]) -> None:
        self._nodes = nodes
        self._lifetimes = lifetimes_of(types)

    def of(self, identifier: str) -> Sequence[str]:
        """The periods of an identifier's life, in order; itself alone where it lives for ever."""
        if not self._lifetimes:
            return (identifier,)
        lifetime, day = self._lifetimes.get(type_of(identifier)), period_of(identifier)
        if lifetime is None or day is None:
            return (identifier,)
        base = lasting(identifier)
        before = list(self._seen(base, range(day - lifetime, -1, -lifetime)))
        after = self._seen(base, range(day + lifetime, LAST_DAY, lifetime))
        return (*reversed(before), identifier, *after)

    def all_of(self, base: str) -> Sequence[str]:
        """An identifier without a period, and all the periods in which it was seen; one of a former lifetime is by itself."""
        lifetime = self._lifetimes.get(type_of(base))
        if lifetime is None or base != lasting(base):
            return (base,)
        periods = (on_day(base, day) for day in range(0, LAST_DAY, lifetime))
        return (base, *(each for each in periods if each in self._nodes))

    def is_former(self, identifier: str) -> bool:
        """Whether it was written when its type had another lifetime, or none where it has one now: nothing new comes under that name."""
        lifetime, day = self._lifetimes.get(type_of(identifier)), period_of(identifier)
        if lifetime is None:
            return day is not None
        return identifier != lasting(identifier) if day is None else day % lifetime != 0

    def different(self, others: Iterator[str]) -> int:
        """How many different identifiers `others` are: the periods of one are one."""
        if not self._lifetimes:
            return sum(1 for _ in others)
        return len({self.base(each) for each in others})

    def is_split(self, identifier: str, other: str) -> bool:
        """Whether a cut by hand stands between two, of which one has periods."""
        if not self._lifetimes:
            return False
        base, base_of_other = self.base(identifier), self.base(other)
        if (base, base_of_other) == (identifier, other):
            return False
        node = self._nodes.get(base)
        edge = None if node is None else node.edges.get(base_of_other)
        return edge is not None and edge.cut == "split"

    def base(self, identifier: str) -> str:
        """An identifier of a type with a lifetime as it is in all its periods; any other as it is."""
        return lasting(identifier) if type_of(identifier) in self._lifetimes else identifier

    def _seen(self, base: str, days: range) -> Iterator[str]:
        for day in days:
            identifier = on_day(base, day)
            if identifier not in self._nodes:
                return
            yield identifier
