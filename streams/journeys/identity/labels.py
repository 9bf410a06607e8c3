"""Which label an identifier has: its component's, that of whom it follows, and whom one that nobody has linked leans on.

An address (strong, but not what a person has one of, as a customer number) that no strong identifier is linked with leans on the owner of
the orders, cases and conversations about which the company turned to it, where that is one customer: its touchpoints go to him, and its
own label stays what it is. So it joins nobody: what it leans on is told to those who follow it, never to those that lean.
"""

from collections.abc import Mapping

from streams.journeys.identity.lives import Lives
from streams.journeys.identity.nodes import Nodes
from streams.journeys.identity.records import Edge, Label, Message, Move, Node
from streams.journeys.identity.strength import TYPES, IdentifierType, name_of, type_of


class Labels:
    """The labels of one partition's nodes. Changes are noted by key, effects in the order in which they must be sent."""

    def __init__(self, types: Mapping[str, IdentifierType] = TYPES) -> None:
        self._types = types
        self.nodes = Nodes()
        self.lives = Lives(self.nodes, types)
        self.changed_nodes: dict[str, None] = {}
        self.changed_edges: dict[tuple[str, str], None] = {}
        self.effects: list[Message | Move] = []
        self._to_tell: dict[str, Label] = {}
        self._cut_off: set[str] = set()

    def _take_label(self, receiver: str, node: Node, sender: str, edge: Edge, message: Message) -> None:
        label = message.label
        assert label is not None, "a label's message has a label"
        if self._is_strong(receiver):
            if self._is_strong(sender) and label.improves(node.label):
                is_same_cut = label.cut == node.label.cut
                name = label.name if is_same_cut else min(label.name, name_of(receiver))
                if not is_same_cut and message.word == "label":
                    self._cut_off.add(receiver)
                self._set_label(receiver, node, Label(label.epoch, label.splitter, name))
            elif edge.is_addressed and message.version > edge.version and self._is_alone(node):
                edge.label = None if label.name in (name_of(receiver), name_of(sender)) else label
                edge.version = message.version
                self.changed_edges[receiver, sender] = None
                self._lean(receiver, node)
        elif self._follows(receiver, sender) and message.version > edge.version:
            edge.label, edge.version, edge.leans = label, message.version, message.leans
            self.changed_edges[receiver, sender] = None
            self._choose(receiver)

    def _choose(self, identifier: str) -> None:
        """Let a life follow whom it was seen with first, a strong one before a weak one; its first period where nobody is left."""
        life = [(each, self.nodes[each]) for each in self.lives.of(identifier)]
        found = [
            (not self._is_strong(other), edge.at, edge.event_id, other, edge.label, edge.leans)
            for _, node in life
            for other, edge in node.edges.items()
            if not edge.cut and edge.label is not None and self._follows(identifier, other)
        ]
        own = Label(0, "", name_of(life[0][0]))
        followed, leans = min(found, key=lambda each: each[:4])[4:] if found else (own, "")
        for each, node in life:
            if node.is_shared:
                self._set_label(each, node, Label(0, "", name_of(each)))
            else:
                self._set_label(each, node, followed, leans)

    def _set_label(self, identifier: str, node: Node, label: Label, leans: str = "") -> None:
        if label != node.label or leans != node.leans:
            self._to_tell.setdefault(identifier, node.label)
            node.label, node.leans, node.version = label, leans, node.version + 1
            self.changed_nodes[identifier] = None

    def _tell(self, identifier: str, node: Node, other: str) -> None:
        self.effects.append(Message("label", identifier, other, label=node.label, version=node.version, leans=node.leans))

    # -- leaning -----------------------------------------------------------

    def _lean(self, identifier: str, node: Node) -> None:
        """Let a strong identifier that is alone lean on the one owner of all things that it was addressed about, if it is one."""
        owners = {edge.label.name for edge in node.edges.values() if edge.is_addressed and edge.label is not None and not edge.cut}
        self._set_label(identifier, node, node.label, owners.pop() if len(owners) == 1 else "")

    def _may_lean(self, identifier: str) -> bool:
        """Whether it is an address of some kind: strong, and not what a person has one of."""
        type_ = self._types[type_of(identifier)]
        return type_.is_strong and not type_.is_single_valued

    def _is_alone(self, node: Node) -> bool:
        """Whether no strong identifier is linked with the node's."""
        return not any(not edge.cut and self._is_strong(other) for other, edge in node.edges.items())

    def _linked(self, identifier: str, node: Node, other: str, edge: Edge) -> None:
        """A strong identifier that another strong one is linked with is its component's: what things told it counts no more."""
        if edge.cut or not self._is_strong(other) or not self._is_strong(identifier):
            return
        for thing, beside in node.edges.items():
            if beside.is_addressed and beside.version >= 0:
                beside.label, beside.version = None, -1
                self.changed_edges[identifier, thing] = None
        self._set_label(identifier, node, node.label)

    def _ask(self, identifier: str, node: Node) -> None:
        """One that is alone again hears from the things that it was addressed about."""
        if self._may_lean(identifier) and self._is_alone(node):
            for other, edge in node.edges.items():
                if edge.is_addressed and not edge.cut:
                    self.effects.append(
                        Message("addressed", identifier, other, edge.at, edge.event_id, node.label, node.version, leans=node.leans)
                    )

    def _answer(self, thing: str, node: Node, other: str) -> None:
        """Tell one that may lean on it whose a thing is, where that was not told."""
        edge = node.edges.get(other)
        if edge is not None and not edge.cut and thing not in self._to_tell and self._is_asked(thing, node.label, other, edge):
            self._tell(thing, node, other)

    def _is_asked(self, thing: str, label: Label, other: str, edge: Edge) -> bool:
        """Whether `other` may lean on whom the label says that a thing belongs to: it calls itself by its own name."""
        return (
            edge.is_addressed
            and edge.label is not None
            and edge.label.name == name_of(other)
            and not self._is_strong(thing)
            and label.name not in (name_of(thing), name_of(other))
        )

    # -- small parts -------------------------------------------------------

    def _is_strong(self, identifier: str) -> bool:
        return self._types[type_of(identifier)].is_strong

    def _follows(self, follower: str, other: str) -> bool:
        """Whether `follower` is weak and may follow `other`: only what comes before it, so that nothing follows in a circle."""
        return not self._is_strong(follower) and name_of(other) < name_of(follower)

    def _tells(self, sender: str, receiver: str) -> bool:
        """Whether the receiver cares for the sender's label: both are strong, or it may follow the sender."""
        return self._is_strong(sender) if self._is_strong(receiver) else self._follows(receiver, sender)
