"""What each rule costs: its share of a simulated touchpoint's fold, in microseconds of CPU and U, the most expensive first.

People of the simulation, with the stories of all rules, are folded one after the other, with the rows of what changed after each
touchpoint, which is the worst case. A rule's own share is the CPU of its `observe`, of which what the measuring takes is left out. What
rules have in common (finding out what a touchpoint concerns, holding, telling) is what a fold without any rule does not take; the
ledger, from which they learn what was before, is part of every fold.
Each figure is the least of several rounds, since other programs on the machine make the others slower.

Run: .venv/bin/python -m bench.rules [CUSTOMERS]
"""

import argparse
import gc
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import process_time_ns, thread_time_ns
from typing import Final

from bench.truth import admitted
from bench.unit import unit_us
from streams.journeys.customer import Customer
from streams.journeys.inconsistencies.rules import RULES
from streams.journeys.inconsistencies.scene import Rule, Scene
from streams.journeys.knowledge import Knowledge
from streams.journeys.rule_settings import RuleSettings
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint
from streams.processes import shipped_processes
from streams.simulation import simulate
from streams.topics import KNOWLEDGE
from streams.wording_file import load_wording

ROUNDS: Final = 5
GOAL_U: Final = 2.5
"""All that stitch does with a touchpoint, rules included, is to take no more; `bench.stages` measures it."""
WITH: Final = JourneySettings(shipped_processes(), wording=load_wording())
WITHOUT: Final = replace(WITH, rules=RuleSettings(off=frozenset(rule.name for rule in RULES)))


def lives_of(customers: int) -> tuple[list[list[Touchpoint]], Knowledge]:
    """By person: the touchpoints as they arrive; and what the channels know."""
    simulation = simulate(customers, 1, rules="all")
    person = dict(simulation.persons())
    events = list(simulation.events())
    lives: dict[str, list[Touchpoint]] = defaultdict(list)
    for arrived in admitted(event for event in events if event.channel != KNOWLEDGE):
        lives[person[arrived.touchpoint.event_id]].append(arrived.touchpoint)
    return list(lives.values()), Knowledge(event.record for event in events if event.channel == KNOWLEDGE)


def folded_ns(lives: Sequence[Sequence[Touchpoint]], settings: JourneySettings, knowledge: Knowledge) -> int:
    """CPU of folding the lives, ns."""
    began = process_time_ns()
    for life in lives:
        customer = Customer("someone", settings, knowledge)
        for touchpoint in life:
            customer.add(touchpoint)
            customer.changed(touchpoint.corrected_at)
    return process_time_ns() - began


class Timed:
    """What stands in place of a rule's `observe`: how often it was called, and its CPU (ns), the measuring included."""

    def __init__(self, observe: Callable[[Scene], None]) -> None:
        self._observe = observe
        self.calls = 0
        self.used_ns = 0

    def __call__(self, scene: Scene) -> None:
        """Observe, and note what it took."""
        began = thread_time_ns()
        self._observe(scene)
        self.used_ns += thread_time_ns() - began
        self.calls += 1


@contextmanager
def timed(rules: Sequence[Rule]) -> Iterator[dict[str, Timed]]:
    """By rule, what it takes meanwhile."""
    watched = {rule.name: Timed(rule.observe) for rule in rules}
    for rule in rules:
        vars(rule)["observe"] = watched[rule.name]
    try:
        yield watched
    finally:
        for rule in rules:
            del vars(rule)["observe"]


def measuring_ns() -> float:
    """What measuring adds to the CPU that is noted for one call, ns."""
    nothing = Timed(lambda _: None)
    for _ in range(50_000):
        nothing(Scene.__new__(Scene))
    return nothing.used_ns / nothing.calls


def observed(lives: Sequence[Sequence[Touchpoint]], knowledge: Knowledge) -> dict[str, tuple[int, float]]:
    """By rule: how many touchpoints it observes, and the CPU that it takes for them, ns."""
    least: dict[str, tuple[int, float]] = {}
    for _ in range(ROUNDS):
        own_ns = measuring_ns()
        with timed(RULES) as watched:
            folded_ns(lives, WITH, knowledge)
        for name, each in watched.items():
            used = max(each.used_ns - each.calls * own_ns, 0.0)
            least[name] = min(least.get(name, (each.calls, used)), (each.calls, used))
    return least


def main() -> None:
    """Print a line for each rule."""
    parser = argparse.ArgumentParser(description="What each rule costs: its share of a touchpoint's fold.")
    parser.add_argument("customers", nargs="?", type=int, default=1000)
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    lives, knowledge = lives_of(asked.customers)
    touchpoints = sum(map(len, lives))
    gc.collect()
    gc.freeze()
    unit = unit_us()
    whole = min(folded_ns(lives, WITH, knowledge) for _ in range(ROUNDS)) / 1000 / touchpoints
    bare = min(folded_ns(lives, WITHOUT, knowledge) for _ in range(ROUNDS)) / 1000 / touchpoints
    rules = observed(lives, knowledge)

    def line(name: str, seen: str, each: float) -> None:
        print(f"{name:26}{seen:>9}{each:10.2f}{each / unit:8.3f}{each / whole:10.1%}{each / unit / GOAL_U:13.1%}", flush=True)

    print(f"U = {unit:.1f} us; {touchpoints:,} touchpoints of {len(lives):,} customers, rows after each")
    print(f"{'rule':26}{'observes':>9}{'us':>10}{'U':>8}{'of fold':>10}{f'of {GOAL_U} U':>13}")
    for name, (calls, used) in sorted(rules.items(), key=lambda rule: -rule[1][1]):
        line(name, f"{calls / touchpoints:.0%}", used / 1000 / touchpoints)
    own = sum(used for _, used in rules.values()) / 1000 / touchpoints
    line("what rules have in common", "", max(whole - bare - own, 0.0))
    line("all rules", "", whole - bare)
    line("fold without rules", "", bare)
    line("fold", "", whole)
    share = f"the fold takes {whole / unit:.2f} U, of which rules {(whole - bare) / unit:.2f} U"
    print(f"the goal is {GOAL_U} U for all that stitch does (bench.stages): {share}")


if __name__ == "__main__":
    main()
