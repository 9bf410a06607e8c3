"""A node of the identity graph in few bytes: one item for itself and one for each edge, in any order; of two of one name the later counts.

An item is its length, whose it is (nothing: the node's own; else the identifier at the edge's other end), and its content. Contents are
MessagePack arrays that leave out what is at its default at the end. Pseudonyms and names that are 32 hexadecimal digits stand as 16 bytes.
"""

import struct
from typing import Any, Final

import msgspec

from streams.journeys.identity.records import Cut, Edge, Label, Node
from streams.journeys.identity.strength import TYPES, name_of
from streams.journeys.touchpoint import type_order

Short = bytes | str
"""Of a text: msgspec has no type for either of the two, so fields that hold one are Any below."""
_length: Final = struct.Struct(">H")
_TYPES: Final = (*type_order, "event")
_RANKS: Final = {type_: rank for rank, type_ in enumerate(_TYPES)}
_HEX_DIGITS: Final = 32
_RAW_BYTES: Final = _HEX_DIGITS // 2
_AS_TEXT: Final = 0x80
"""Added to a type's rank where the pseudonym is no hexadecimal number: its length, one byte, then text."""
_OWN: Final = 0xFF
"""Stands for the node itself in place of an identifier."""
_CUTS: Final[tuple[Cut, ...]] = ("", "split", "shared")
_UUID_DIGITS: Final = (8, 13, 18, 23)
assert set(_TYPES) == set(TYPES)


class _Node(msgspec.Struct, array_like=True, frozen=True):
    """label: b"" is its own. customer: None is the label's."""

    version: int
    epoch: int
    customer: Any = None
    label: Any = b""
    label_epoch: int = 0
    splitter: Any = ""
    is_shared: bool = False
    leans: Any = ""


class _Edge(msgspec.Struct, array_like=True, frozen=True):
    """label: None where there is none, b"" where it is the other end's own. cut: its number, more by all of them where addressed."""

    at: int
    event_id: Any
    version: int = -1
    label: Any = None
    cut: int = 0
    label_epoch: int = 0
    splitter: Any = ""
    leans: Any = ""


_encode = msgspec.msgpack.Encoder().encode
_nodes = msgspec.msgpack.Decoder(_Node)
_edges = msgspec.msgpack.Decoder(_Edge)


def short(identifier: str) -> bytes:
    """An identifier, `type:pseudonym`, in few bytes."""
    type_, _, pseudonym = identifier.partition(":")
    raw = _raw(pseudonym)
    if raw is not None:
        return _FIRST[type_] + raw
    text = pseudonym.encode()
    return bytes((_AS_TEXT + _RANKS[type_], len(text))) + text


def long(name: bytes) -> str:
    """The identifier of `short`'s bytes."""
    rank = name[0]
    if rank < _AS_TEXT:
        return f"{_TYPES[rank]}:{name[1:].hex()}"
    return f"{_TYPES[rank - _AS_TEXT]}:{name[2:].decode()}"


def first_of(names: bytes) -> bytes:
    """The first of several identifiers' `short` bytes."""
    return names[: 1 + _RAW_BYTES if names[0] < _AS_TEXT else 2 + names[1]]


def node_item(identifier: str, node: Node) -> bytes:
    """The item of a node itself."""
    label = node.label
    values: list[object] = [node.version, node.epoch]
    if node.is_shared or label.epoch or label.splitter or node.leans:
        values += [_shorter(node.customer), _label(label, identifier), label.epoch, _shorter(label.splitter), node.is_shared]
        if node.leans:
            values.append(_shorter_name(node.leans))
    elif label.name != name_of(identifier):
        values += [None if node.customer == label.name[1:] else _shorter(node.customer), _shorter_name(label.name)]
    elif node.customer != label.name[1:]:
        values.append(_shorter(node.customer))
    return _item(_OWN_NAME, _encode(values))


def edge_item(other: str, edge: Edge) -> bytes:
    """The item of an edge to another identifier."""
    label = edge.label
    values: list[object] = [edge.at, _shorter(edge.event_id)]
    cut = _CUTS.index(edge.cut) + len(_CUTS) * edge.is_addressed
    if label is not None or cut or edge.version != -1:
        values += [edge.version, None if label is None else _label(label, other)]
        has_more = edge.leans or (label is not None and (label.epoch or label.splitter))
        if cut or has_more:
            values.append(cut)
            if has_more:
                values += [label.epoch, _shorter(label.splitter)] if label is not None else [0, ""]
                if edge.leans:
                    values.append(_shorter_name(edge.leans))
    return _item(short(other), _encode(values))


def packed(identifier: str, node: Node) -> bytes:
    """A node with its edges."""
    return b"".join((node_item(identifier, node), *(edge_item(other, edge) for other, edge in node.edges.items())))


def unpacked(identifier: str, items: bytes) -> Node:
    """The node of its items. Where they lack its own, it belongs to itself."""
    node = Node(Label(0, "", name_of(identifier)))
    at = 0
    while at < len(items):
        end = at + _length.size + _length.unpack_from(items, at)[0]
        at += _length.size
        first = items[at]
        if first == _OWN:
            _take_own(identifier, node, items[at + 1 : end])
        else:
            name = first_of(items[at:end])
            other = long(name)
            node.edges[other] = _edge(other, items[at + len(name) : end])
        at = end
    return node


def says_shared(item: bytes) -> bool:
    """Whether the item of a node itself says that it is shared."""
    return _nodes.decode(item[_length.size + 1 :]).is_shared


def _take_own(identifier: str, node: Node, content: bytes) -> None:
    own = _nodes.decode(content)
    name = name_of(identifier) if own.label == b"" else _longer_name(own.label)
    node.label = Label(own.label_epoch, _longer(own.splitter), name)
    node.version, node.epoch, node.is_shared = own.version, own.epoch, own.is_shared
    node.customer = name[1:] if own.customer is None else _longer(own.customer)
    node.leans = _longer_name(own.leans)


def _edge(other: str, content: bytes) -> Edge:
    found = _edges.decode(content)
    label = None
    if found.label is not None:
        name = name_of(other) if found.label == b"" else _longer_name(found.label)
        label = Label(found.label_epoch, _longer(found.splitter), name)
    is_addressed, cut = divmod(found.cut, len(_CUTS))
    return Edge(found.at, _longer(found.event_id), _CUTS[cut], label, found.version, _longer_name(found.leans), bool(is_addressed))


# -- texts -----------------------------------------------------------------


def _label(label: Label, identifier: str) -> Short:
    return b"" if label.name == name_of(identifier) else _shorter_name(label.name)


def _raw(text: str) -> bytes | None:
    """The bytes of a text that is 32 hexadecimal digits, in lower case."""
    if len(text) != _HEX_DIGITS:
        return None
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw if raw.hex() == text else None


def _shorter(text: str) -> Short:
    """A text as it is, or as bytes: the 16 of a hexadecimal number, and of a UUID with one more behind them."""
    raw = _raw(text)
    if raw is not None:
        return raw
    if len(text) == _HEX_DIGITS + len(_UUID_DIGITS) and all(text[each] == "-" for each in _UUID_DIGITS):
        raw = _raw(text.replace("-", ""))
        if raw is not None:
            return raw + b"-"
    return text


def _longer(value: Short) -> str:
    if isinstance(value, str):
        return value
    digits = value[:_RAW_BYTES].hex()
    if len(value) == _RAW_BYTES:
        return digits
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _shorter_name(name: str) -> Short:
    raw = _raw(name[1:])
    return name if raw is None else name[0].encode() + raw


def _longer_name(value: Short) -> str:
    return value if isinstance(value, str) else chr(value[0]) + value[1:].hex()


def _item(name: bytes, content: bytes) -> bytes:
    return b"".join((_length.pack(len(name) + len(content)), name, content))


_OWN_NAME: Final = bytes((_OWN,))
_FIRST: Final = {type_: bytes((rank,)) for type_, rank in _RANKS.items()}
