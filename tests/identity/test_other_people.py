"""The people that bench.memory makes of others are stored in as many bytes: each name changes alike, whoever it stands for."""

import pytest

from bench.memory import Other
from streams.journeys.identity.packing import edge_item, node_item
from streams.journeys.identity.records import Edge, Label, Node
from streams.journeys.identity.strength import TYPES, customer_of, name_of

PSEUDONYMS = ["a" * 32, "0123456789abcdef" * 2]


@pytest.mark.parametrize("pseudonym", PSEUDONYMS)
@pytest.mark.parametrize("type_", sorted(TYPES))
def test_an_identifiers_label_and_its_customer_become_those_of_the_other_identifier(type_: str, pseudonym: str) -> None:
    other, identifier = Other(1), f"{type_}:{pseudonym}"
    assert other.name(identifier) != identifier
    assert name_of(other.name(identifier)) == other.name(name_of(identifier))
    assert customer_of(other.name(name_of(identifier))) == other.name(customer_of(name_of(identifier)))


@pytest.mark.parametrize("name", ["order:ORDER-1-7", "event:d44fa0bb-70bf-462f-b8e2-e5e902f6bca5", "customer_number:" + "g" * 32, ""])
def test_what_is_no_pseudonym_stays(name: str) -> None:
    assert Other(1).name(name) == name


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_other_people_take_as_many_bytes(type_: str) -> None:
    label = Label(0, "", name_of(f"{type_}:{PSEUDONYMS[1]}"))
    node = Node(label, 3, customer=customer_of(label.name), edges={f"cookie:{'b' * 32}": Edge(7, "E-1", label=label, version=2)})
    changelog = {
        b"n" + bytes(17): node_item(f"email:{'c' * 32}", node),
        b"e" + bytes(17) + bytes(17): edge_item(*next(iter(node.edges.items()))),
    }
    for key, value in changelog.items():
        other_key, other_value = Other(1).identify(key, value)
        assert len(other_key) == len(key)
        assert len(other_value) == len(value)
        assert other_value != value
