"""Rows of identities and of their links: who an identifier is now, and which touchpoint first showed two together."""

from collections.abc import Iterator

from streams.delivery.commit import Output
from streams.journeys.identity.graph import Graph
from streams.journeys.identity.records import NEVER_SEEN, Node
from streams.journeys.identity.strength import THINGS, customer_of, name_of, type_of
from streams.processors.dead_letters import OutputEncoder

_REFERENCES = frozenset({*THINGS, "event"})


class IdentityRows:
    """Turns what changed in a partition's graph into output records."""

    def __init__(self, identities_topic: str, identities: OutputEncoder, links_topic: str, links: OutputEncoder) -> None:
        self._identities_topic, self._identities = identities_topic, identities
        self._links_topic, self._links = links_topic, links

    def rows(self, graph: Graph, partition: int, now_us: int) -> Iterator[Output]:
        """A row of each changed node that is not simply itself, and of each changed edge.

        A period that goes on with another always has one: whom it follows may not be among its own links.
        """
        for identifier in graph.changed_nodes:
            node = graph.nodes[identifier]
            if _is_told(identifier, node) or (node.version and len(graph.lives.of(identifier)) > 1):
                yield self._identity(identifier, node, partition, now_us)
        for identifier, other in graph.changed_edges:
            edge = graph.nodes[identifier].edges[other]
            # Both ends hold the edge: the weaker one tells it, and whoever knows that it is cut.
            if name_of(other) < name_of(identifier) or edge.cut:
                stronger, weaker = sorted((identifier, other), key=name_of)
                record = {
                    "identifier": stronger,
                    "other": weaker,
                    "version": now_us,
                    "event_id": edge.event_id,
                    "seen_at": None if edge.at == NEVER_SEEN else edge.at,
                    "cut": edge.cut or "none",
                }
                yield Output(self._links_topic, partition, stronger.encode(), self._links.encode(record))

    def _identity(self, identifier: str, node: Node, partition: int, now_us: int) -> Output:
        type_, _, pseudonym = identifier.partition(":")
        record = {
            "type": type_,
            "pseudonym": pseudonym,
            "version": now_us,
            "customer": "" if node.is_shared else customer_of(node.owner),
            "epoch": node.epoch,
            "assigned_at": now_us,
        }
        return Output(self._identities_topic, partition, identifier.encode(), self._identities.encode(record))


def _is_told(identifier: str, node: Node) -> bool:
    """An identifier that was never anybody but itself needs no row; the number of a thing only where touchpoints came by it alone."""
    return node.version > 0 and (bool(node.customer) or type_of(identifier) not in _REFERENCES)
