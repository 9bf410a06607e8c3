"""How the identity graph of one partition stands in the changelog: a record per node and one per edge, so that it grows with the change.

Keys are `n` and the identifier, or `e`, the identifier, a space, and the other one.
"""

import msgspec

from streams.journeys.identity.graph import Graph
from streams.journeys.identity.records import Edge, Node

_encode = msgspec.msgpack.Encoder().encode
_nodes = msgspec.msgpack.Decoder(Node)
_edges = msgspec.msgpack.Decoder(Edge)


def load(graph: Graph, key: bytes, value: bytes | None) -> None:
    """Take in one record of the changelog."""
    name = key[1:].decode()
    if value is None:
        return
    if key[:1] == b"n":
        node = _nodes.decode(value)
        before = graph.nodes.get(name)
        graph.shared += node.is_shared - (before is not None and before.is_shared)
        graph.nodes[name] = node
    else:
        identifier, _, other = name.partition(" ")
        graph.edges.setdefault(identifier, {})[other] = _edges.decode(value)


def take_changes(graph: Graph) -> dict[bytes, bytes | None]:
    """What changed since the last call."""
    changes: dict[bytes, bytes | None] = {b"n" + name.encode(): _encode(graph.nodes[name]) for name in graph.changed_nodes}
    for identifier, other in graph.changed_edges:
        changes[f"e{identifier} {other}".encode()] = _encode(graph.edges[identifier][other])
    graph.changed_nodes.clear()
    graph.changed_edges.clear()
    return changes
