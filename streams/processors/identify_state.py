"""How the identity graph of one partition stands in the changelog: a record per node and one per edge, so that it grows with the change.

Keys are `n` and the identifier, or `e`, the identifier and the other one; values as `streams.journeys.identity.packing` has them.
"""

from streams.journeys.identity.graph import Graph
from streams.journeys.identity.packing import edge_item, first_of, long, node_item, says_shared, short


def load(graph: Graph, key: bytes, value: bytes | None) -> None:
    """Take in one record of the changelog."""
    if value is None:
        return
    name = first_of(key[1:])
    graph.nodes.load(name, value)
    if key[:1] == b"n":
        graph.note_shared(long(name), is_shared=says_shared(value))


def take_changes(graph: Graph) -> dict[bytes, bytes | None]:
    """What changed since the last call."""
    changes: dict[bytes, bytes | None] = {}
    for identifier in graph.changed_nodes:
        changes[b"n" + short(identifier)] = node_item(identifier, graph.nodes[identifier])
        graph.nodes.changed(identifier)
    for identifier, other in graph.changed_edges:
        changes[b"e" + short(identifier) + short(other)] = edge_item(other, graph.nodes[identifier].edges[other])
        graph.nodes.changed(identifier)
    graph.changed_nodes.clear()
    graph.changed_edges.clear()
    return changes
