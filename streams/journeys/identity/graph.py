"""The protocol by which identifiers in different partitions agree on one customer, in whatever order they hear of each other.

Labels only improve until a cut; a cut makes both sides begin again from themselves under a later epoch, so that no label that
crossed the cut edge can survive. Messages between two nodes must keep their order; repeats change nothing.
"""

from collections.abc import Callable, Mapping, Sequence

from streams.journeys.identity.labels import Labels
from streams.journeys.identity.periods import lasting
from streams.journeys.identity.records import NEVER_SEEN, Cut, Edge, Label, Message, Move, Node, Word
from streams.journeys.identity.strength import THINGS, TYPES, IdentifierType, customer_of, name_of, type_of


class Graph(Labels):
    """The nodes of one partition. Changes are noted by key, effects in the order in which they must be sent."""

    def __init__(self, types: Mapping[str, IdentifierType] = TYPES) -> None:
        super().__init__(types)
        self._shared: set[str] = set()
        self._hear: dict[str, Callable[[Message], None]] = {
            "link": self._hear_link,
            "addressed": self._hear_addressed,
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
        self._see(identifiers, at, event_id, "link")

    def addressed(self, identifiers: Sequence[str], at: int, event_id: str) -> None:
        """The same, where the company turned to the anchor about the numbers of things among the others."""
        if self._may_lean(identifiers[0]):
            self._see(identifiers, at, event_id, "addressed")
        else:
            self.seen(identifiers, at, event_id)

    def _see(self, identifiers: Sequence[str], at: int, event_id: str, how: Word) -> None:
        anchor = identifiers[0]
        node = self._node(anchor)
        edges = node.edges
        for other in identifiers[1:]:
            edge = edges.get(other)
            if edge is None and node.is_shared:
                # Whom a shared one was seen with is for the others to count; it keeps no more of them itself.
                self.effects.append(Message("link", anchor, other, at, event_id))
                continue
            is_news = edge is None or (at, event_id) < (edge.at, edge.event_id)
            if edge is None or is_news:
                edge = self._met(anchor, node, other, at, event_id)
            word: Word = "link"
            if how == "addressed" and not edge.is_addressed and type_of(other) in THINGS:
                edge.is_addressed = True
                self.changed_edges[anchor, other] = None
                if self._is_alone(node):
                    word, is_news = how, True
            if is_news:
                label = None if node.is_shared else node.label
                self.effects.append(Message(word, anchor, other, at, event_id, label, node.version, leans=node.leans))
                self._linked(anchor, node, other, edge)

    def hear(self, message: Message) -> None:
        """Take what another node tells one of this partition."""
        self._node(message.receiver)
        self._hear[message.word](message)

    # -- what goes out -----------------------------------------------------

    def is_shared(self, identifier: str) -> bool:
        """Whether an identifier of this partition points to nobody."""
        node = self.nodes.get(identifier)
        return node is not None and node.is_shared

    def place(self, identifier: str) -> tuple[str, int] | None:
        """Whom a touchpoint of the identifier goes to: the customer and the epoch of the assignment. A move comes before it.

        None where the identifier is shared: it points to nobody.
        """
        node = self._node(identifier)
        if node.is_shared:
            return None
        customer = customer_of(node.owner)
        if not node.customer:
            node.customer = customer
            self.changed_nodes[identifier] = None
        elif node.customer != customer:
            self._move(identifier, node, customer)
        return node.customer, node.epoch

    def settle(self) -> None:
        """Tell the neighbours of every node whose label changed, and move its touchpoints."""
        for identifier, before in self._to_tell.items():
            node = self.nodes[identifier]
            for other, edge in node.edges.items():
                if not edge.cut and (
                    self._tells(identifier, other)
                    or self._is_asked(identifier, node.label, other, edge)
                    or self._is_asked(identifier, before, other, edge)
                ):
                    self._tell(identifier, node, other)
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
            self._ask(receiver, node)
        if node.is_shared:
            self.effects.append(Message("shared", receiver, sender))
        elif not edge.cut and message.label is not None:
            self._take_label(receiver, node, sender, edge, message)
            if self._tells(receiver, sender) and node.label.improves(message.label):
                self._tell(receiver, node, sender)
        if self._follows(receiver, sender):
            self._choose(receiver)
        self._linked(receiver, node, sender, edge)

    def _hear_addressed(self, message: Message) -> None:
        receiver, sender = message.receiver, message.sender
        self._hear_link(message)
        node = self.nodes[receiver]
        edge = node.edges.get(sender)
        if edge is not None and not edge.is_addressed:
            edge.is_addressed = True
            self.changed_edges[receiver, sender] = None
        self._answer(receiver, node, sender)

    def _hear_label(self, message: Message) -> None:
        node = self.nodes[message.receiver]
        edge = node.edges.get(message.sender)
        if edge is not None and not edge.cut and not node.is_shared:
            self._take_label(message.receiver, node, message.sender, edge, message)

    def _hear_shared(self, message: Message) -> None:
        self._cut(message.receiver, message.sender, message, "shared", restart=message.restart)

    def _hear_split(self, message: Message) -> None:
        sender, thing = message.sender, lasting(message.sender)
        for receiver in self.lives.all_of(message.receiver):
            edges = self.nodes[receiver].edges
            if receiver == message.receiver and sender not in edges:
                edges[sender] = Edge(NEVER_SEEN, "")
            for other in [each for each in edges if lasting(each) == thing]:
                if other != sender and edges[other].cut != "split" and self.lives.is_former(other):
                    self.effects.append(Message("split", receiver, other, event_id=message.event_id))
                self._cut(receiver, other, message, "split", restart=True)

    # -- cuts --------------------------------------------------------------

    def _cut(self, receiver: str, sender: str, message: Message, why: Cut, *, restart: bool) -> None:
        node = self.nodes[receiver]
        edge = node.edges.get(sender)
        if edge is None or edge.cut in (why, "split"):
            return
        was_linking = not edge.cut
        edge.cut = why
        edge.label, edge.leans = None, ""
        self.changed_edges[receiver, sender] = None
        self._cut_off.update(self.lives.of(receiver))
        if not self._is_strong(receiver):
            self._choose(receiver)
        elif not self._is_strong(sender):
            self._lean(receiver, node)
        elif was_linking and not node.is_shared:
            if restart:
                splitter = message.event_id if why == "split" else sender
                self._set_label(receiver, node, Label(node.label.epoch + 1, splitter, name_of(receiver)))
            self._ask(receiver, node)

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
                edge.cut, edge.label, edge.leans = "shared", None, ""
                self.changed_edges[identifier, other] = None
                self.effects.append(Message("shared", identifier, other, restart=True))
        self._set_label(identifier, node, Label(node.label.epoch + 1, identifier, name_of(identifier)))
        if node.customer:
            self._move(identifier, node, "")

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
