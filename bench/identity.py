"""Who is found to be whom: simulated people with three to five identifiers each, through the identity graph of several partitions.

Run as `python -m bench.identity [CUSTOMERS [SEED [PARTITIONS]]]`. Prints pairs precision and recall against the simulation's truth, the
largest customer beside the largest person, and what the graph costs: CPU and memory. Events come in disorder of up to an hour.
"""

import random
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from streams.channels.catalogue import CHANNELS
from streams.journeys.identity.graph import Graph
from streams.journeys.identity.records import Message, Move
from streams.journeys.identity.strength import THINGS, name_of
from streams.processors import identify_state
from streams.processors.internal import partition_of
from streams.simulation import simulate
from streams.simulation.pairs import pair_score

TOUCHPOINTS: Final = 20
DISORDER_US: Final = 3_600_000_000


class Seen(NamedTuple):
    """Identifiers of a touchpoint from strong to weak, its time (us), its event id, and whether the company turned to the first."""

    identifiers: tuple[str, ...]
    at: int
    event_id: str
    is_outbound: bool


class Partitions:
    """The identity graphs of an installation, with what they tell each other."""

    def __init__(self, partitions: int) -> None:
        self.graphs = [Graph() for _ in range(partitions)]
        self.moves = self.messages = 0
        self._waiting: deque[Message | Seen] = deque()

    def see(self, seen: Seen) -> None:
        """One touchpoint, and all that follows from it."""
        self._waiting.append(seen)
        while self._waiting:
            self._take(self._waiting.popleft())

    def customer(self, seen: Seen) -> str:
        """Whom a touchpoint belongs to now: its first identifier that is not shared decides."""
        for identifier in seen.identifiers:
            graph = self._graph(identifier)
            if not graph.is_shared(identifier):
                return graph.nodes[identifier].owner if identifier in graph.nodes else identifier
        return f"event {seen.event_id}"

    def _graph(self, identifier: str) -> Graph:
        return self.graphs[partition_of(identifier, len(self.graphs))]

    def _take(self, item: Message | Seen) -> None:
        if isinstance(item, Message):
            graph = self._graph(item.receiver)
            graph.hear(item)
        else:
            anchor, *others = item.identifiers
            graph = self._graph(anchor)
            (graph.addressed if item.is_outbound else graph.seen)(item.identifiers, item.at, item.event_id)
            if not graph.is_shared(anchor):
                graph.place(anchor)
            elif others:
                self._waiting.append(item._replace(identifiers=tuple(others)))
        graph.settle()
        for effect in graph.effects:
            if isinstance(effect, Move):
                self.moves += 1
            else:
                self.messages += 1
                self._waiting.append(effect)
        graph.effects.clear()
        identify_state.take_changes(graph)
        graph.nodes.rest()


def main(customers: int = 100_000, seed: int = 1, partitions: int = 4) -> None:
    """Run once and print the figures."""
    simulation = simulate(customers, seed, identities="mixed", touchpoints_per_customer=TOUCHPOINTS)
    seen = list(_disordered(simulation.events(), seed))
    before_mib = _resident_mib()
    installation = Partitions(partitions)
    began = time.process_time()
    for number, each in enumerate(seen):
        installation.see(each)
        if number % 100_000 == 0 and sys.stderr.isatty():
            print(f"\r{number:,} of {len(seen):,}", end="", file=sys.stderr)
    spent_s = time.process_time() - began
    send_on(installation, seen)
    found = ((each.event_id, installation.customer(each)) for each in seen)
    shared = sum(graph.shared for graph in installation.graphs)
    score = pair_score(found, simulation.persons())
    nodes = sum(1 for graph in installation.graphs for _ in graph.nodes)
    edges = sum(len(graph.nodes[each].edges) for graph in installation.graphs for each in list(graph.nodes))
    print(
        f"{customers:,} people, {score.events:,} touchpoints, seed {seed}, {partitions} partitions\n"
        f"pairs: precision {score.precision:.4%}, recall {score.recall:.4%}; {score.joined:,} customers of several people, "
        f"{score.parted:,} people in several customers\n"
        f"largest customer {score.largest_customer} touchpoints, largest person {score.largest_person}\n"
        f"{nodes:,} identifiers, {edges:,} ends of links, {shared:,} shared\n"
        f"{installation.messages:,} messages, {installation.moves:,} moves\n"
        f"{spent_s / len(seen) * 1e6:.1f} us of CPU a touchpoint; graphs about {_resident_mib() - before_mib:,.0f} MiB"
    )


def send_on(installation: Partitions, seen: list[Seen]) -> None:
    """What was held under an identifier before that became shared goes to the next one: stitch's part of it."""
    before: dict[str, str] | None = None
    while before != (before := {each.event_id: installation.customer(each) for each in seen if len(each.identifiers) > 1}):
        for each in seen:
            for index, name in enumerate(each.identifiers[:-1]):
                if installation._graph(name).is_shared(name):  # noqa: SLF001  # the bench is the network
                    installation.see(each._replace(identifiers=each.identifiers[index + 1 :]))
                else:
                    break


def _disordered(events: Any, seed: int) -> Iterator[Seen]:
    shaken = random.Random(seed)  # disorder, not a secret
    rows: list[tuple[float, Seen]] = []
    for event in events:
        record = event.record
        if event.channel == "knowledge":
            continue
        names = {f"{each['type']}:{each['value']}" for each in record["identifiers"]}
        references = record.get("references") or {}
        names |= {f"{type_}:{references[type_]}" for type_ in THINGS if references.get(type_)}
        direction = record.get("direction", "unknown")
        is_outbound = (CHANNELS[event.channel].kinds[record["kind"]].direction if direction == "unknown" else direction) == "outbound"
        seen = Seen(tuple(sorted(names, key=name_of)), event.at, record["event_id"], is_outbound)
        rows.append((event.at + shaken.random() * DISORDER_US, seen))
    rows.sort(key=lambda row: row[0])
    return (row[1] for row in rows)


def _resident_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
