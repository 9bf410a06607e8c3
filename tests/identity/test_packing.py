"""Nodes of the identity graph are the same packed, and read back from the changelog."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.journeys.identity.nodes import Nodes
from streams.journeys.identity.packing import edge_item, first_of, long, node_item, packed, says_shared, short, unpacked
from streams.journeys.identity.records import NEVER_SEEN, Edge, Label, Node
from streams.journeys.identity.strength import TYPES, name_of

hexadecimal = st.binary(min_size=16, max_size=16).map(bytes.hex)
pseudonyms = hexadecimal | st.text(min_size=1, max_size=40).filter(lambda text: ":" not in text) | hexadecimal.map(str.upper)
identifiers = st.builds("{}:{}".format, st.sampled_from(sorted(TYPES)), pseudonyms)
texts = hexadecimal | st.uuids().map(str) | st.uuids().map(lambda each: str(each).upper()) | st.text(max_size=40)
numbers = st.integers(0, 2**40)
names = identifiers.map(name_of)
labels = st.builds(Label, st.just(0), st.just(""), names) | st.builds(Label, st.integers(0, 3), texts, names)
edges = st.builds(
    Edge,
    st.just(NEVER_SEEN) | st.integers(-(2**62), 2**62),
    texts,
    st.sampled_from(["", "split", "shared"]),
    st.none() | labels,
    st.integers(-1, 2**40),
    st.just("") | names,
    st.booleans(),
)
nodes = st.builds(
    Node, labels, numbers, st.booleans(), texts, numbers, st.dictionaries(identifiers, edges, max_size=5), st.just("") | names
)


@given(identifiers, identifiers)
def test_an_identifier_is_read_as_it_was_written(first: str, second: str) -> None:
    assert long(short(first)) == first
    assert first_of(short(first) + short(second)) == short(first)


@given(identifiers, nodes)
def test_a_node_is_unpacked_as_it_was_packed(identifier: str, node: Node) -> None:
    assert unpacked(identifier, packed(identifier, node)) == node
    assert says_shared(node_item(identifier, node)) == node.is_shared


@given(identifier=identifiers, is_given=st.booleans())
def test_its_own_label_and_its_neighbours_take_no_room(identifier: str, *, is_given: bool) -> None:
    own = Label(0, "", name_of(identifier))
    node = Node(own, 0, customer=own.name[1:] if is_given else "")
    assert unpacked(identifier, packed(identifier, node)) == node
    edge = Edge(7, str(uuid.UUID(int=1)), label=own, version=3)
    assert unpacked("event:e", edge_item(identifier, edge)).edges == {identifier: edge}
    assert len(edge_item(identifier, edge)) <= len(short(identifier)) + 27


@given(identifiers, nodes, nodes)
def test_of_two_items_of_one_name_the_later_counts(identifier: str, before: Node, after: Node) -> None:
    found = unpacked(identifier, packed(identifier, before) + packed(identifier, after))
    assert found.edges == before.edges | after.edges
    after.edges = found.edges
    assert found == after


def test_a_node_that_was_changed_is_packed_as_it_is() -> None:
    kept = Nodes()
    kept.add("email:a").version = 1
    kept.rest(0)
    kept["email:a"].version = 2
    kept.changed("email:a")
    kept.rest(0)
    assert kept["email:a"].version == 2
    assert list(kept) == ["email:a"]
    assert kept.get("email:b") is None
    with pytest.raises(KeyError, match="email:b"):
        kept["email:b"]
