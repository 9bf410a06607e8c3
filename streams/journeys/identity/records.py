"""What a node of the identity graph holds, and what nodes tell each other.

Identifiers are written `type:pseudonym`. Times are us.
"""

from typing import Final, Literal

import msgspec


class Label(msgspec.Struct, array_like=True, frozen=True):
    """Who a component is, as far as a node has heard: the smallest name in it, since its last cut.

    epoch, splitter     grow with every cut: a later one makes all nodes begin again from themselves
    name                own label of the node that the component is called after
    """

    epoch: int
    splitter: str
    name: str

    @property
    def cut(self) -> tuple[int, str]:
        """The last cut that it knows of."""
        return self.epoch, self.splitter

    def improves(self, other: "Label") -> bool:
        """Whether it counts before `other`: by the later cut, then by the smaller name."""
        return self.cut > other.cut or (self.cut == other.cut and self.name < other.name)


NEVER_SEEN: Final = 2**62
"""Time of an edge that was forbidden before any touchpoint showed it."""

Cut = Literal["", "split", "shared"]
"""Why an edge links nobody: cut by a person, or an end of it is shared; "" where it links."""


class Edge(msgspec.Struct):
    """One identifier seen together with another.

    at, event_id    the first touchpoint, by event time, in which they were
    cut             why it links nobody
    label, version  what the other end said last, and which of its words that was; kept where this end follows or leans
    leans           whom the other end leaned on by that word
    is_addressed    whether the company turned to the stronger end about the weaker one
    """

    at: int
    event_id: str
    cut: Cut = ""
    label: Label | None = None
    version: int = -1
    leans: str = ""
    is_addressed: bool = False


class Node(msgspec.Struct):
    """One identifier.

    label       who it belongs to
    version     how often that changed
    is_shared   seen with too many: it belongs to nobody
    customer    whom its touchpoints were given to last; "" before the first
    epoch       how often they were given to another
    edges       by the identifier at the other end
    leans       name of the label of whom its touchpoints go to instead, while no strong one is linked with it; "" for nobody
    """

    label: Label
    version: int = 0
    is_shared: bool = False
    customer: str = ""
    epoch: int = 0
    edges: dict[str, Edge] = {}
    leans: str = ""

    @property
    def owner(self) -> str:
        """Name of the label of whom its touchpoints go to."""
        return self.leans or self.label.name


Word = Literal["link", "addressed", "label", "shared", "split"]


class Message(msgspec.Struct, array_like=True, frozen=True):
    """What one node tells another.

    link        they were seen together in a touchpoint; with the sender's label, None where the sender is shared
    addressed   the same, and the company turned to the sender about the receiver
    label       the sender's label is this now; `leans` is whom it leans on
    shared      the sender is shared; `restart` where it was not while they were linked
    split       the edge between them is cut for good; `event_id` is the number of the command
    """

    word: Word
    sender: str
    receiver: str
    at: int = 0
    event_id: str = ""
    label: Label | None = None
    version: int = 0
    restart: bool = False
    leans: str = ""


class Move(msgspec.Struct, array_like=True, frozen=True):
    """An identifier's touchpoints go from one customer to another; its epoch grows by one. To "": each to its next identifier.

    by_cut  whether a cut made it, not a link
    """

    identifier: str
    epoch: int
    sender: str
    receiver: str
    by_cut: bool = False
