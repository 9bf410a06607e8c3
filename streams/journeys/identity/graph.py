"""The protocol by which identifiers in different partitions agree on one customer, in whatever order they hear of each other.

Labels only improve until a cut; a cut makes both sides begin again from themselves under a later epoch, so that no label that
crossed the cut edge can survive. Messages between two nodes must keep their order; repeats change nothing.
"""

from collections.abc import Callable, Mapping, Sequence

from streams.journeys.identity.lives import Lives
from streams.journeys.identity.nodes import Nodes
from streams.journeys.identity.records import NEVER_SEEN, Cut, Edge, Label, Message, Move, Node
from streams.journeys.identity.strength import TYPES, IdentifierType, customer_of, name_of, type_of


class Graph:
    """The nodes of one partition. Changes are noted by key, effects in the order in which they must be sent."""

    def __init__(self, types: Mapping[str, IdentifierType] = TYPES) -> None:
        self._types = types
        self.nodes = Nodes()
        self.lives = Lives(self.nodes, types)
        self.changed_nodes: dict[str, None] = {}
        self.changed_edges: dict[tuple[str, str], None] = {}
        self.effects: list[Message | Move] = []
        self._shared: set[str] = set()
        self._to_tell: dict[str, None] = {}
        self._cut_off: set[str] = set()
        self._hear: dict[str, Callable[[Message], None]] = {
            "link": self._hear_link,
            "label": self._hear_label,
            "shared": self._hear_shared,
            "split": self._hear_split,
        }

    @property
    def shared(self) -> int:
        """How many identifiers of this partition are shared."""
        return len(self._shared)

    def note_shared(self, identifier: str, *, is_shared: bool) -> None:
        """An identifier stands as shared, or not, in what is loaded."""
        (self._shared.add if is_shared else self._shared.discard)(identifier)

    # -- what comes in -----------------------------------------------------

    def seen(self, identifiers: Sequence[str], at: int, event_id: str) -> None:
        """The first of `identifiers`, the anchor, was seen together with the others at `at` (us)."""
        anchor = identifiers[0]
        node = self._node(anchor)
        edges = node.edges
        for other in identifiers[1:]:
            edge = edges.get(other)
            if edge is None and node.is_shared:
                # Whom a shared one was seen with is for the others to count; it keeps no more of them itself.
                self.effects.append(Message("link", anchor, other, at, event_id))
                continue
            if edge is not None and (at, event_id) >= (edge.at, edge.event_id):
                continue
            self._met(anchor, node, other, at, event_id)
            label = None if node.is_shared else node.label
            self.effects.append(Message("link", anchor, other, at, event_id, label, node.version))

    def hear(self, message: Message) -> None:
        """Take what another node tells one of this partition."""
        self._node(message.receiver)
        self._hear[message.word](message)

    # -- what goes out -----------------------------------------------------

    def is_shared(self, identifier: str) -> bool:
        """Whether an identifier of this partition points to nobody."""
        node = self.nodes.get(identifier)
        return node is not None and node.is_shared

    def place(self, identifier: str) -> tuple[str, int]:
        """Whom a touchpoint of the identifier goes to: the customer and the epoch of the assignment. A move comes before it."""
        node = self._node(identifier)
        customer = customer_of(node.label.name)
        if not node.customer:
            node.customer = customer
            self.changed_nodes[identifier] = None
        elif node.customer != customer:
            self._move(identifier, node, customer)
        return node.customer, node.epoch

    def settle(self) -> None:
        """Tell the neighbours of every node whose label changed, and move its touchpoints."""
        for identifier in self._to_tell:
            node = self.nodes[identifier]
            for other, edge in node.edges.items():
                if not edge.cut and self._tells(identifier, other):
                    self.effects.append(Message("label", identifier, other, label=node.label, version=node.version))
            if node.customer and not node.is_shared:
                self.place(identifier)
        self._to_tell.clear()
        self._cut_off.clear()

    # -- words -------------------------------------------------------------

    def _hear_link(self, message: Message) -> None:
        receiver, sender = message.receiver, message.sender
        node = self.nodes[receiver]
        edge = node.edges.get(sender)
        if edge is None and node.is_shared:
            self.effects.append(Message("shared", receiver, sender))
            return
        edge = self._met(receiver, node, sender, message.at, message.event_id)
        if message.label is None and not edge.cut:
            edge.cut = "shared"
        if node.is_shared:
            self.effects.append(Message("shared", receiver, sender))
        elif not edge.cut and message.label is not None:
            self._take_label(receiver, node, sender, edge, message)
            if self._tells(receiver, sender) and node.label.improves(message.label):
                self.effects.append(Message("label", receiver, sender, label=node.label, version=node.version))
        if self._follows(receiver, sender):
            self._choose(receiver)

    def _hear_label(self, message: Message) -> None:
        node = self.nodes[message.receiver]
        edge = node.edges.get(message.sender)
        if edge is not None and not edge.cut and not node.is_shared:
            self._take_label(message.receiver, node, message.sender, edge, message)

    def _hear_shared(self, message: Message) -> None:
        self._cut(message.receiver, message.sender, message, "shared", restart=message.restart)

    def _hear_split(self, message: Message) -> None:
        sender, base = message.sender, self.lives.base
        for receiver in self.lives.all_of(message.receiver):
            edges = self.nodes[receiver].edges
            if receiver == message.receiver and sender not in edges:
                edges[sender] = Edge(NEVER_SEEN, "")
            for other in [each for each in edges if base(each) == sender]:
                self._cut(receiver, other, message, "split", restart=True)

    # -- labels ------------------------------------------------------------

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
        elif self._follows(receiver, sender) and message.version > edge.version:
            edge.label, edge.version = label, message.version
            self.changed_edges[receiver, sender] = None
            self._choose(receiver)

    def _choose(self, identifier: str) -> None:
        """Let a life follow whom it was seen with first, a strong one before a weak one; its first period where nobody is left."""
        life = [(each, self.nodes[each]) for each in self.lives.of(identifier)]
        found = [
            (not self._is_strong(other), edge.at, edge.event_id, other, edge.label)
            for _, node in life
            for other, edge in node.edges.items()
            if not edge.cut and edge.label is not None and self._follows(identifier, other)
        ]
        own = Label(0, "", name_of(life[0][0]))
        followed = min(found, key=lambda each: each[:4])[4] if found else own
        for each, node in life:
            self._set_label(each, node, Label(0, "", name_of(each)) if node.is_shared else followed)

    def _set_label(self, identifier: str, node: Node, label: Label) -> None:
        if label != node.label:
            node.label, node.version = label, node.version + 1
            self._to_tell[identifier] = None
            self.changed_nodes[identifier] = None

    # -- cuts --------------------------------------------------------------

    def _cut(self, receiver: str, sender: str, message: Message, why: Cut, *, restart: bool) -> None:
        node = self.nodes[receiver]
        edge = node.edges.get(sender)
        if edge is None or edge.cut in (why, "split"):
            return
        was_linking = not edge.cut
        edge.cut = why
        edge.label = None
        self.changed_edges[receiver, sender] = None
        self._cut_off.update(self.lives.of(receiver))
        if not self._is_strong(receiver):
            self._choose(receiver)
        elif self._is_strong(sender) and was_linking and restart and not node.is_shared:
            splitter = message.event_id if why == "split" else sender
            self._set_label(receiver, node, Label(node.label.epoch + 1, splitter, name_of(receiver)))

    def _met(self, identifier: str, node: Node, other: str, at: int, event_id: str) -> Edge:
        """The edge to another, by the first touchpoint that shows both."""
        edge = node.edges.get(other)
        if edge is None:
            node.edges[other] = edge = Edge(NEVER_SEEN, "")
        is_new = edge.at == NEVER_SEEN
        edge.at, edge.event_id = min((edge.at, edge.event_id), (at, event_id))
        self.changed_edges[identifier, other] = None
        if is_new:
            self._share_if_too_many(identifier, node, other)
        if not edge.cut and self.lives.is_split(identifier, other):
            edge.cut = "split"
        if node.is_shared and not edge.cut:
            edge.cut = "shared"
        return edge

    def _share_if_too_many(self, identifier: str, node: Node, newcomer: str) -> None:
        """Mark the identifier shared where it is now seen with too many strong ones of the newcomer's type."""
        if node.is_shared or not self._is_seen_with_too_many(identifier, type_of(newcomer)):
            return
        for each in self.lives.of(identifier):
            self._share(each, newcomer if each == identifier else "")

    def _is_seen_with_too_many(self, identifier: str, type_: str) -> bool:
        most = self._types[type_of(identifier)].most_seen_with.get(type_)
        if most is None:
            return False
        prefix = f"{type_}:"
        nodes = (self.nodes[each] for each in self.lives.of(identifier))
        return (
            self.lives.different(
                other for node in nodes for other, edge in node.edges.items() if other.startswith(prefix) and edge.at != NEVER_SEEN
            )
            > most
        )

    def _share(self, identifier: str, newcomer: str) -> None:
        """Let it belong to nobody, and tell all that it was seen with, but for a newcomer that is told by who met it."""
        node = self.nodes[identifier]
        node.is_shared = True
        self._shared.add(identifier)
        self.changed_nodes[identifier] = None
        for other, edge in node.edges.items():
            if other != newcomer and not edge.cut:
                edge.cut, edge.label = "shared", None
                self.changed_edges[identifier, other] = None
                self.effects.append(Message("shared", identifier, other, restart=True))
        self._set_label(identifier, node, Label(node.label.epoch + 1, identifier, name_of(identifier)))
        if node.customer:
            self._move(identifier, node, "")

    # -- small parts -------------------------------------------------------

    def _move(self, identifier: str, node: Node, customer: str) -> None:
        by_cut = identifier in self._cut_off or node.is_shared
        self.effects.append(Move(identifier, node.epoch, node.customer, customer, by_cut))
        node.customer, node.epoch = customer, node.epoch + 1
        self.changed_nodes[identifier] = None

    def _node(self, identifier: str) -> Node:
        node = self.nodes.get(identifier)
        if node is None:
            node = self.nodes.add(identifier)
            self.changed_nodes[identifier] = None
            self._join_life(identifier)
        return node

    def _join_life(self, identifier: str) -> None:
        """A period that was not seen before goes on with the life beside it, or makes one life of two."""
        life = self.lives.of(identifier)
        if len(life) == 1:
            return
        limited = self._types[type_of(identifier)].most_seen_with
        if any(self.nodes[each].is_shared for each in life) or any(self._is_seen_with_too_many(identifier, each) for each in limited):
            for each in life:
                if not self.nodes[each].is_shared:
                    self._share(each, "")
        else:
            self._choose(identifier)

    def _is_strong(self, identifier: str) -> bool:
        return self._types[type_of(identifier)].is_strong

    def _follows(self, follower: str, other: str) -> bool:
        """Whether `follower` is weak and may follow `other`: only what comes before it, so that nothing follows in a circle."""
        return not self._is_strong(follower) and name_of(other) < name_of(follower)

    def _tells(self, sender: str, receiver: str) -> bool:
        """Whether the receiver cares for the sender's label: both are strong, or it may follow the sender."""
        return self._is_strong(sender) if self._is_strong(receiver) else self._follows(receiver, sender)
