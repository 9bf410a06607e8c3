"""Room for nodes: what packed ones do not take of the spare memory is for open ones, by partitions."""

from streams.journeys.identity.nodes import OPEN, Nodes
from streams.processors.node_room import NODE_BYTES, NodeRoom

SPARE = 100 * NODE_BYTES


def test_the_spare_is_shared_by_all_partitions():
    room, first = NodeRoom(SPARE), Nodes()
    room.add(first)
    assert room.most == OPEN + 100 - _packed(first)
    second = Nodes()
    room.add(second)
    assert room.most == OPEN + (SPARE - first.packed_bytes - second.packed_bytes) // NODE_BYTES // 2


def test_what_packed_nodes_take_is_taken_from_it():
    room, nodes = NodeRoom(SPARE), Nodes()
    room.add(nodes)
    before = room.most
    for number in range(2000):
        nodes.add(f"login:{number:032x}")
    nodes.rest(0)
    assert nodes.packed_bytes > 0
    assert room.most == max(OPEN, before - _packed(nodes))


def test_without_a_spare_each_partition_has_what_it_always_has():
    room, nodes = NodeRoom(), Nodes()
    room.add(nodes)
    assert room.most == OPEN


def test_a_partition_that_is_gone_counts_no_longer():
    room, stays, gone = NodeRoom(SPARE), Nodes(), Nodes()
    room.add(stays)
    alone = room.most
    room.add(gone)
    assert room.most < alone
    del gone
    assert room.most == alone


def _packed(nodes):
    """Nodes whose room the packed ones take, rounded up."""
    return -(-nodes.packed_bytes // NODE_BYTES)
