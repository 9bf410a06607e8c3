"""Precision and recall of every rule against simulated truth, clean and noisy, each miss with its story.

Run: .venv/bin/python -m bench.truth [CUSTOMERS [SEED ...]] [--rules first|all] [--only clean|noisy|outage|mixed] [--pipeline]

The events are encoded, admitted as channels' events are, and folded by customer as they are published. Time passes as in
live traffic, so that what is raised and later retracted is counted too (what a stronger rule takes over is not). Identity is
taken as known, but for `mixed`: there each channel shows the identifiers that it would know, the identity graph of four partitions says
who is whom, and what it says in the end is folded. `--pipeline` sends the clean events through broker, processors and ClickHouse
instead. Exit code 0 only where every rule is exact in the end, and what it found is open or resolved as the truth says.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from time import process_time
from typing import NamedTuple

from bench.encoded import encoded
from bench.identity import Partitions, Seen, send_on
from streams.avro.refusal import Refusal
from streams.avro.registry import FileRegistry
from streams.channels.admission import Admission
from streams.events import ChannelEvent
from streams.journeys.customer import Customer
from streams.journeys.inconsistencies.findings import Finding
from streams.journeys.inconsistencies.identities import event_conflict
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.knowledge import Knowledge
from streams.journeys.results import Added
from streams.journeys.rule_settings import RuleSettings
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint
from streams.processes import shipped_processes
from streams.simulation import Found, Simulation, score, simulate
from streams.simulation.clock import DAY, SECOND
from streams.simulation.noise import USUAL, Noise, Outage, noisy
from streams.simulation.stories import STORIES, Rules
from streams.wording_file import load_wording

KEY = bytes(range(32))
DELAY = 5 * SECOND
"""How far the watermark stays behind the wall clock: a channel's usual delay."""
PARTITIONS = 4
SHOWN = 3
"""Misses of a rule that are named."""


class Arrived(NamedTuple):
    """A touchpoint, and when (us) it arrived."""

    at: int
    touchpoint: Touchpoint


class Lived(NamedTuple):
    """One customer's findings in the end, by id, and the rule of each that was ever raised."""

    held: dict[str, Finding]
    raised: dict[str, str]


def admitted(events: Iterable[ChannelEvent]) -> Iterable[Arrived]:
    """What admission makes of the events, in the order in which they arrive."""
    registry, published = FileRegistry(), list(events)
    by_channel: dict[str, list[tuple[int, ChannelEvent, bytes]]] = defaultdict(list)
    for number, (event, value) in enumerate(zip(published, encoded(published, registry), strict=True)):
        by_channel[event.channel].append((number, event, value))
    arrived: list[tuple[int, Arrived]] = []
    for channel, numbered in by_channel.items():
        arrivals = [event.at for _, event, _ in numbered]
        values = [value for _, _, value in numbered]
        answers = Admission(channel, registry, KEY).admit_run(values, arrivals, [""] * len(values), arrivals[-1])
        for (number, event, _), answer in zip(numbered, answers, strict=True):
            assert not isinstance(answer, Refusal), f"{event.record['event_id']}: {answer}"
            arrived.append((number, Arrived(event.at, answer.touchpoint)))
    return (each for _, each in sorted(arrived, key=lambda each: each[0]))


def lived(customer: Customer, life: Iterable[Arrived], until: int) -> Lived:
    """Fold a life as it arrives; deadlines fire when the watermark passes them."""
    raised: dict[str, str] = {}
    conflicts: dict[str, Finding] = {}
    deadline: int | None = None

    def look(now: int) -> int | None:
        results = customer.changed(now)
        raised.update((each.inconsistency_id, each.rule) for each in results.inconsistencies)
        return results.next_deadline

    for arrival in life:
        watermark = arrival.at - DELAY
        while deadline is not None and deadline <= watermark:
            deadline = look(deadline)
        before = customer.of_event(arrival.touchpoint.event_id)
        added = customer.add(arrival.touchpoint)
        if before is not None and added in {Added.CONFLICT_KEPT, Added.CONFLICT_REPLACED}:
            conflict = event_conflict(customer.customer, before, arrival.touchpoint, customer.settings.rules, customer.settings.wording)
            if conflict is not None:
                conflicts[conflict.inconsistency_id] = conflict
                raised[conflict.inconsistency_id] = conflict.rule
        deadline = look(watermark)
    while deadline is not None and deadline <= until:
        deadline = look(deadline)
    return Lived(conflicts | {each.inconsistency_id: each for each in customer.results(until).inconsistencies}, raised)


def whose(arrived: Sequence[Arrived]) -> dict[str, str]:
    """By event id: the customer to whom the identity graph gives it in the end, whatever came when."""
    installation = Partitions(PARTITIONS)
    seen = [
        Seen(
            tuple(f"{one.type}:{one.pseudonym}" for one in touchpoint.identifiers),
            touchpoint.corrected_at,
            touchpoint.event_id,
            touchpoint.direction == "outbound",
        )
        for _, touchpoint in arrived
    ]
    for each in seen:
        installation.see(each)
    send_on(installation, seen)
    return {each.event_id: installation.customer(each) for each in seen}


def named(customers: Mapping[str, str], person: Mapping[str, str]) -> dict[str, str]:
    """By customer number: the customer who has most of that person's touchpoints."""
    held: dict[str, Counter[str]] = defaultdict(Counter)
    for event_id, customer in customers.items():
        held[person[event_id]][customer] += 1
    return {number: counts.most_common(1)[0][0] for number, counts in held.items()}


def settings_of(rules: Rules) -> JourneySettings:
    """The settings as shipped, but for rules of which no stories are told: the truth says nothing of what those find."""
    told = {story.rule for story in STORIES[rules]}
    return JourneySettings(shipped_processes(), rules=RuleSettings(off=frozenset(BY_NAME) - told), wording=load_wording())


def report(name: str, simulation: Simulation, events: Iterable[ChannelEvent], settings: JourneySettings, *, mixed: bool = False) -> bool:
    """Print a line for each rule, and the misses; whether every rule is exact."""
    began = process_time()
    events = list(events)
    knowledge = Knowledge(event.record for event in events if event.channel == "knowledge")
    person = dict(simulation.persons())
    lives: dict[str, list[Arrived]] = defaultdict(list)
    arrived = list(admitted(event for event in events if event.channel != "knowledge"))
    customers = whose(arrived) if mixed else person
    name_of_person = named(customers, person)
    for each in arrived:
        lives[customers[each.touchpoint.event_id]].append(each)
    weaker = {(name_of_person.get(each.customer, each.customer), rule) for each in simulation.truth for rule in each.also}
    found: list[Found] = []
    raised: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for number, life in lives.items():
        outcome = lived(Customer(number, settings, knowledge), life, simulation.until)
        found += [Found(each.rule, each.subject, number, each.status, each.evidence) for each in outcome.held.values()]
        raised.update(outcome.raised.values())
        kept.update(rule for each, rule in outcome.raised.items() if each in outcome.held or (number, rule) in weaker)
    exact = True
    for rule, one in score(simulation.truth, found, lambda number: name_of_person.get(number, number)).items():
        exact = exact and one.precision == one.recall == 1.0 and not one.other_status
        lost = raised[rule] - kept[rule]
        print(
            f"{name:18} {rule:24} planted {one.planted:5}  precision {one.precision:7.2%}  recall {one.recall:7.2%}"
            f"  raised {raised[rule]:5}, retracted {lost} ({lost / (raised[rule] or 1):.1%})"
        )
        for story, count in Counter(each.story for each in one.missed).most_common(SHOWN):
            example = next(each for each in one.missed if each.story == story)
            print(f"{'':18}   missed {count} of story {story}: customer {example.customer}, {example.subject}")
        for other in one.unexpected[:SHOWN]:
            near = simulation.stories.get(other.customer, "none: daily life")
            print(
                f"{'':18}   unexpected ({len(one.unexpected)}): customer {other.customer}, {other.subject}; story {near}, {other.evidence}"
            )
        for story, count in Counter(each.story for each in one.other_status).most_common(SHOWN):
            print(f"{'':18}   open where it should be resolved, or the other way round: {count} of story {story}")
    lost = raised.total() - kept.total()
    print(
        f"{name:18} {len(events):,} events; of {raised.total():,} findings ever raised {lost} were retracted"
        f" ({lost / (raised.total() or 1):.2%}); {process_time() - began:.0f} s of CPU",
        flush=True,
    )
    return exact


def ways(simulation: Simulation) -> dict[str, Noise]:
    """The noises by name."""
    outage = Outage("phone", simulation.start + 10 * DAY, simulation.start + 10 * DAY + DAY // 2)
    return {"clean": Noise(), "noisy": USUAL, "outage": Noise(outages=(outage,))}


def through_the_pipeline(customers: int, seed: int) -> bool:
    """Print a line for each rule of a demonstration; whether every rule is exact."""
    command = [sys.executable, "-m", "streams.cli", "demo", "--customers", str(customers), "--seed", str(seed), "--json"]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        print(f"seed {seed}: the demonstration failed")
        return False
    result = json.loads(run.stdout.splitlines()[-1])
    for rule, one in result["truth"].items():
        print(f"seed {seed}  {rule:24} planted {one['planted']:4}  precision {one['precision']:.2%}  recall {one['recall']:.2%}")
    print(f"seed {seed}  {result['received']:,} touchpoints, difference {result['difference']}, {result['seconds']:.0f} s", flush=True)
    return all(one["precision"] == one["recall"] == 1.0 for one in result["truth"].values())


def main(arguments: Sequence[str] | None = None) -> int:
    """0 only where every rule is exact; `arguments` are those of the command line unless given."""
    parser = argparse.ArgumentParser(description="Precision and recall of every rule against simulated truth.")
    parser.add_argument("customers", nargs="?", type=int, default=5000)
    parser.add_argument("seeds", nargs="*", type=int)
    parser.add_argument(
        "--rules", choices=("first", "all"), default="all", help="stories of the first six rules, and those rules alone, or of all"
    )
    noises_said = "one kind of noise (default: clean, noisy, and noisy with mixed identifiers)"
    parser.add_argument("--only", choices=("clean", "noisy", "outage", "mixed"), help=noises_said)
    parser.add_argument("--pipeline", action="store_true", help="through broker, processors and ClickHouse")
    given = parser.parse_args(arguments)
    exact, settings = True, settings_of(given.rules)
    for seed in given.seeds or (1, 2, 3, 4, 5):
        if given.pipeline:
            exact = through_the_pipeline(given.customers, seed) and exact
            continue
        simulation = simulate(given.customers, seed, rules=given.rules)
        noises = ways(simulation)
        for name in [given.only] if given.only else ["clean", "noisy", "mixed"]:
            if name == "mixed":
                people = simulate(given.customers, seed, rules=given.rules, identities="mixed")
                exact = report(f"seed {seed} mixed", people, noisy(people.events(), USUAL, seed), settings, mixed=True) and exact
            else:
                exact = report(f"seed {seed} {name}", simulation, noisy(simulation.events(), noises[name], seed), settings) and exact
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main())
