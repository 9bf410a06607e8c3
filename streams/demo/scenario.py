"""What a demonstration publishes: made-up customers, mapped files, or both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from streams.events import ChannelEvent
from streams.shipped import folder
from streams.simulation.truth import Planted

DEFAULT_CUSTOMERS = 250
DEFAULT_SEED = 1


@dataclass(frozen=True, slots=True)
class Import:
    """Events to publish under one name; `until` (us) is the clock that they end with, None leaves it open."""

    name: str
    events: Sequence[ChannelEvent]
    until: int | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """Imports one after the other; the truth where the customers are made up; rows of files that did not map."""

    told: str
    imports: tuple[Import, ...]
    truth: tuple[Planted, ...] = ()
    unmapped: int = 0


def out_of_order(scenario: Scenario, window: int, seed: int) -> Scenario:
    """The scenario with every event published up to `window` us after its place. What it comes to is the same."""
    from streams.demo.shuffling import shuffled  # noqa: PLC0415  # only where it is asked for

    return replace(scenario, imports=tuple(replace(each, events=shuffled(each.events, window, seed)) for each in scenario.imports))


def simulated(customers: int, seed: int) -> Scenario:
    """A month of made-up customers, some of whose stories go wrong on purpose."""
    from streams.simulation import simulate  # noqa: PLC0415  # only where it is asked for

    simulation = simulate(customers, seed, rules="all")
    events = Import(f"simulation-{customers}-{seed}", list(simulation.events()), simulation.until)
    return Scenario(f"{customers:,} made-up customers over 30 days (seed {seed})", (events,), simulation.truth)


def mapped(mapping: Path, data: Path, until: str, show: Callable[[str], None]) -> Scenario:
    """An export's rows, by a mapping. Raises MappingError, UnreadableFileError, ValueError for `until`."""
    from streams.imports import Mapping, read_events  # noqa: PLC0415

    loaded = Mapping.load(mapping)
    end = loaded.until(until) if until else None
    show(f"mapping {data} by {mapping.name}")
    found = read_events(loaded, data)
    return Scenario(f"{found.rows:,} rows of {data}", (Import(loaded.name, found.events, end),), unmapped=found.rows_unmapped)


def default(show: Callable[[str], None]) -> Scenario:
    """Made-up customers in seven channels, together with an excerpt of a real service desk's log."""
    people = simulated(DEFAULT_CUSTOMERS, DEFAULT_SEED)
    examples = folder("examples")
    desk = mapped(examples / "incidents" / "mapping.yaml", examples / "demo-incidents", "", show)
    last = max(event.at for event in desk.imports[0].events)
    log = Import(desk.imports[0].name, desk.imports[0].events, last)
    told = f"{people.told}, and {len(log.events):,} updates of a real service desk's log"
    return Scenario(told, (*people.imports, log), people.truth)
