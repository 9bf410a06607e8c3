"""What a worker's state costs: memory of a million customers, what a touchpoint adds to the changelogs, and open deadlines.

Run: .venv/bin/python -m bench.memory [PEOPLE [COPIES]]
Simulated people with about 20 touchpoints each live through identify and stitch; a fresh process then restores the state of
COPIES times as many, who differ in every pseudonym, in the order in which compaction leaves changelogs of many people: each one's
records all over it. Measured is the process's resident memory. `bench.memory 3000 336` is a million, for real; it takes half an hour.
"""

import gc
import hashlib
import pickle
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.lives import ADMITTED, IDENTIFIED, Installation, by_part, empty, touchpoints
from streams.delivery.commit import POSITION_KEY, Position
from streams.journeys.identity.packing import edge_item, long, node_item, short, unpacked
from streams.journeys.identity.records import Node
from streams.journeys.identity.strength import THINGS
from streams.processors.folds import AT_REST_BYTES, CUSTOMER_COSTS, TOUCHPOINTS_FOLDED
from streams.processors.squeezing import squeezed_touchpoint, unsqueezed
from streams.processors.stitch import StitchPartition
from streams.processors.stitch_records import Head, encode_head
from streams.processors.stitch_state import StitchState

MILLION: Final = 1_000_000
MIB: Final = 2**20
GOAL_MIB: Final = 3072
PARTITIONS: Final = 16
"""Of the worker: read back one after the other."""
RUN: Final = 2000
NOW: Final = 2**60
"""A time (us) after all deadlines."""
OF_TOUCHPOINTS: Final = (1, 20, 500)
PARTS: Final = {"n": "nodes", "e": "edges", "h": "heads", "a": "holdings", "p": "published", "t": "touchpoints", "c": "refused"}
_DIGITS: Final = 32
_PSEUDONYM: Final = re.compile(rb"[0-9a-f]{%d}" % _DIGITS)
Records = dict[bytes, bytes]


def resident_mib() -> float:
    """What this process has in memory (proc(5), statm, field 2)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / MIB


# -- other people, like these ----------------------------------------------


class Other:
    """The same life under other pseudonyms."""

    def __init__(self, number: int) -> None:
        self._salt = number.to_bytes(8, "big")

    def raw(self, pseudonym: bytes) -> bytes:
        """Another pseudonym in place of one, 16 bytes."""
        return hashlib.blake2b(pseudonym, digest_size=16, salt=self._salt).digest()

    def text(self, value: bytes) -> bytes:
        """Bytes in which pseudonyms stand as text."""
        return _PSEUDONYM.sub(lambda found: self.raw(bytes.fromhex(found[0].decode())).hex().encode(), value)

    def name(self, identifier: str) -> str:
        """An identifier, a label's name, a customer: what ends with a pseudonym, and stands before it, stays."""
        before, pseudonym = identifier[:-_DIGITS], identifier[-_DIGITS:]
        if _PSEUDONYM.fullmatch(pseudonym.encode()) is None:
            return identifier
        return before + self.raw(bytes.fromhex(pseudonym)).hex()

    def stitch(self, key: bytes, value: bytes) -> tuple[bytes, bytes]:
        """A record of stitch's changelog."""
        letter, part = key[:1], key[17:]
        if letter in b"tc":
            value = squeezed_touchpoint(self.text(unsqueezed(value)))
        elif letter == b"a":
            value = self.text(value)
        elif letter == b"p":
            part = self.raw(part)
        return letter + self.raw(key[1:17]) + part, value

    def identify(self, key: bytes, value: bytes) -> tuple[bytes, bytes]:
        """A record of identify's changelog."""
        identifier = long(key[1:18])
        node = self._node(unpacked(identifier, value))
        whose = short(self.name(identifier))
        if key[:1] == b"n":
            return b"n" + whose, node_item(self.name(identifier), node)
        ((other, edge),) = node.edges.items()
        return b"e" + whose + short(other), edge_item(other, edge)

    def _node(self, node: Node) -> Node:
        for each in (node, *node.edges.values()):
            if each.label is not None:
                label = each.label
                each.label = type(label)(label.epoch, self.name(label.splitter), self.name(label.name))
        node.customer = self.name(node.customer)
        node.edges = {self.name(other): edge for other, edge in node.edges.items()}
        return node


def of_many(topic: str, records: Records, numbers: Sequence[int]) -> Iterator[tuple[bytes, bytes]]:
    """A changelog's records, of the other people of those numbers in turn."""
    others = [Other(number) for number in numbers]
    for key, value in records.items():
        if key != POSITION_KEY:
            for other in others:
                yield other.identify(key, value) if topic == ADMITTED else other.stitch(key, value)


# -- in a process of its own -----------------------------------------------


def restored(folder: Path, fold_kib: float, people: int, copies: int) -> None:
    """Restore all of them here, and print what it takes."""
    customers = people * copies
    changelogs: dict[str, Records] = pickle.loads((folder / "changelogs").read_bytes())
    for topic in (ADMITTED, IDENTIFIED):  # once for nothing: what a process needs at all is not the state's
        restore(topic, dict(islice(changelogs[topic].items(), 30_000)), [0])
    began_mib = before_mib = resident_mib()
    partitions = []
    for topic, role in ((ADMITTED, "identify"), (IDENTIFIED, "stitch")):
        count, cpu, most_mib = 0, 0.0, 0.0
        for number in range(PARTITIONS):
            partition, loaded, took, held_mib = restore(topic, changelogs[topic], range(number, copies, PARTITIONS))
            partitions.append(partition)
            count, cpu, most_mib = count + loaded, cpu + took, max(most_mib, held_mib)
        after_mib = resident_mib()
        print(
            f"{role:10} {after_mib - before_mib:8,.0f} MiB, {(after_mib - before_mib) * MIB / customers:6,.0f} bytes a customer"
            f"  (at most {max(most_mib, after_mib) - before_mib:,.0f} MiB while it was read back)"
            f"  {count / cpu:9,.0f} records/s of CPU, from memory",
            flush=True,
        )
        before_mib = after_mib
    _, folded = fill(partitions[-1])
    folds_mib, at_rest_mib = TOUCHPOINTS_FOLDED * fold_kib / 1024, AT_REST_BYTES / MIB
    million_mib = began_mib + (before_mib - began_mib) * MILLION / customers + folds_mib + at_rest_mib
    print(
        f"all of it  {resident_mib():8,.0f} MiB, {began_mib:,.0f} of them before any state; with folds of {folded:,} touchpoints\n"
        f"folds      {folds_mib:8,.0f} MiB: {TOUCHPOINTS_FOLDED:,} touchpoints of {fold_kib:.1f} KiB; at rest {at_rest_mib:,.0f} MiB\n"
        f"a worker with a million customers: {million_mib:,.0f} MiB; goal {GOAL_MIB:,} MiB",
        flush=True,
    )


def restore(topic: str, records: Records, numbers: Sequence[int]) -> tuple[Any, int, float, float]:
    """A partition of some people, how many records it was, CPU seconds, and what the process held before all was in order (MiB)."""
    partition = empty(topic)
    given, count, cpu = of_many(topic, records, numbers), 0, 0.0
    while run := list(islice(given, RUN)):
        began = time.process_time()
        for key, value in run:
            partition.load(key, value)
        cpu += time.process_time() - began
        count += len(run)
    held_mib, began = resident_mib(), time.process_time()
    while partition.settle():
        pass
    partition.loaded(Position({}))
    return partition, count, cpu + time.process_time() - began, held_mib


def fill(stitch: StitchPartition) -> tuple[float, int]:
    """Fold as many customers as a worker keeps folded; what that takes (MiB), and their touchpoints."""
    before_mib, folded = resident_mib(), 0
    for customer in stitch.state.customers():
        fold = stitch._judging.fold(customer)  # noqa: SLF001  # as its work does
        fold.changed(NOW)
        folded += len(fold) + CUSTOMER_COSTS
        stitch.state.rest(len(stitch._judging.folds))  # noqa: SLF001
        if folded >= TOUCHPOINTS_FOLDED:
            break
    return resident_mib() - before_mib, folded


def folds(folder: Path) -> None:
    """Print what a touchpoint of a fold takes (KiB), in a process that has little else."""
    stitch = empty(IDENTIFIED)
    for key, value in pickle.loads((folder / "changelogs").read_bytes())[IDENTIFIED].items():
        if key != POSITION_KEY:
            stitch.load(key, value)
    while stitch.settle():
        pass
    taken_mib, folded = fill(stitch)
    print(taken_mib * 1024 / folded)


# -- changelogs and deadlines ----------------------------------------------


def parts(changelogs: Mapping[str, Records], people: int) -> None:
    """Print what compaction leaves of a customer, by part."""
    for records in changelogs.values():
        for letter, count, size in by_part(records):
            print(f"  {PARTS[letter]:12} {count / people:6.2f} records a customer  {size / people:7,.0f} bytes, keys included")
    size = sum(len(key) + len(value) for records in changelogs.values() for key, value in records.items())
    print(f"  after compaction {size / people:,.0f} bytes a customer", flush=True)


def growth() -> None:
    """Print what a customer's first touchpoints and his later ones add to the changelogs, one a commit: a hundred lives made one."""
    life = []
    for each in touchpoints(100, 5):
        if each.identifiers and each.identifiers[0].type == "customer_number":
            own = life[0].identifiers[0] if life else each.identifiers[0]
            things = (other for other in each.identifiers if other.type in THINGS)
            anchor = f"{own.type}:{own.pseudonym}"
            life.append(msgspec.structs.replace(each, anchor=anchor, identifiers=(own, *things)))
    installation = Installation()
    written = []
    for each in life[: max(OF_TOUCHPOINTS) + 9]:
        before = sum(log.written for log in installation.changelogs.values())
        installation.live([each], batch=1)
        written.append(sum(log.written for log in installation.changelogs.values()) - before)
    for number in OF_TOUCHPOINTS:
        near = written[number - 1 : number + 9]
        print(f"  touchpoint {number:3}: {written[number - 1]:5,} bytes; mean of it and the 9 after {sum(near) / len(near):5,.0f}")


def deadlines() -> None:
    """Print what clocks cost where a million customers have a deadline."""
    state = StitchState()
    before_mib = resident_mib()
    for number in range(MILLION):
        state.load(b"h" + number.to_bytes(16, "big"), encode_head(Head(MILLION + number, "*", 1)))
    while state.settle():
        pass
    state.loaded()
    print(f"  {resident_mib() - before_mib:,.0f} MiB of customers who have nothing else, and of their waiting line")
    for name, now in (("none", 1), *((f"{count:,}", MILLION + count - 1) for count in (1, 1000, 100_000))):
        began = time.perf_counter()
        found = len(state.due({"*": now}.get, MILLION))
        took = time.perf_counter() - began
        print(f"  a clock that fires {name:>7} (then {found:,}): {took * 1e6:11,.1f} us", flush=True)


def main(people: int = 3000, copies: int = 16) -> None:
    """Print all of it."""
    installation = Installation()
    given = touchpoints(people, 5)
    installation.live(given)
    changelogs = {topic: log.records for topic, log in installation.changelogs.items()}
    written = sum(log.written for log in installation.changelogs.values())
    print(f"{people * copies:,} customers, {len(given) / people:.1f} touchpoints each", flush=True)
    parts(changelogs, people)
    print(f"changelog: {written / len(given):,.0f} bytes a touchpoint on average", flush=True)
    del installation, given
    growth()
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as folder:
        (Path(folder) / "changelogs").write_bytes(pickle.dumps(changelogs))
        again = [sys.executable, "-m", "bench.memory", folder]
        fold_kib = subprocess.run(again, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        subprocess.run([*again, fold_kib, str(people), str(copies)], check=True)
    print("a million open deadlines")
    deadlines()


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder, fold_kib, people, copies]:
            restored(Path(folder), float(fold_kib), int(people), int(copies))
        case [folder] if not folder.isdigit():
            folds(Path(folder))
        case numbers:
            main(*map(int, numbers))
