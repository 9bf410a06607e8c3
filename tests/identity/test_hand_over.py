"""identify and stitch together: every touchpoint ends with its customer, once, and what is published is as if it had always been so."""

import asyncio
import hashlib
import io
from collections.abc import Callable, Sequence
from typing import Any

import fastavro
from conversing import START, Installation, touch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from streams.avro.registry import FileRegistry
from streams.journeys.identity.strength import customer_of, name_of
from streams.journeys.touchpoint import Promise, References, Touchpoint
from streams.processors.internal import is_addressed, solitary
from tests.identity.by_the_words import customers, links_of


def named(type_: str, letter: str) -> str:
    return f"{type_}:{hashlib.md5(f'{type_}{letter}'.encode()).hexdigest()}"


NAMES = [
    *(named("customer_number", each) for each in "abc"),
    *(named("email", each) for each in "abcde"),
    *(named("phone", each) for each in "ab"),
    *(named("cookie", each) for each in "abc"),
    *(named("order", each) for each in "ab"),
]
ids = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(lambda found: tuple(sorted(found, key=name_of)))
PARTS: Sequence[dict[str, Any]] = (
    {},
    {"promises": (Promise("P", "made", what="delivery", due_until=START + 20 * 3_600_000_000),)},
    {"promises": (Promise("P", "kept"),)},
    {"references": References(case="C")},
    {"direction": "outbound"},
)
touchpoints = st.lists(st.tuples(ids, st.integers(0, 9), st.sampled_from(PARTS)), min_size=1, max_size=10).map(
    lambda found: [touch(f"e{index}", names, at, **parts) for index, (names, at, parts) in enumerate(found)]
)
REGISTRY = FileRegistry()


def current(installation: Installation) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The rows that hold, by the highest version of each key: a finding's id; a journey's, and the customer whose part of it it is."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for output in installation.published:
        name = {"journeys": "journey", "inconsistencies": "inconsistency"}.get(output.topic)
        if name is not None:
            prefix = REGISTRY.reference(name).prefix
            row = fastavro.schemaless_reader(io.BytesIO((output.value or b"")[len(prefix) :]), REGISTRY.current(name).parsed)
            assert isinstance(row, dict)
            key = (name, row[f"{name}_id"], row["customer"] if name == "journey" else "")
            if key not in rows or row["version"] > rows[key]["version"]:
                rows[key] = row
    gone = ("superseded", "retracted")
    processing = ("version", "detected_at", "published_at")
    return {
        key: {field: value for field, value in row.items() if field not in processing}
        for key, row in rows.items()
        if row["status"] not in gone
    }


def seen(touchpoint: Touchpoint) -> tuple[tuple[str, ...], int, str]:
    names = tuple(f"{each.type}:{each.pseudonym}" for each in touchpoint.identifiers)
    return names, touchpoint.corrected_at, touchpoint.event_id


def placed(found: Sequence[Touchpoint], splits: Sequence[tuple[str, str]]) -> dict[str, str]:
    addressed = {each.event_id for each in found if is_addressed(each)}
    expected = customers([seen(each) for each in found], [frozenset(pair) for pair in splits], addressed=addressed)
    return {
        event_id: customer_of(name) if not name.startswith("event ") else solitary(event_id).partition(":")[2]
        for event_id, name in expected.items()
    }


@settings(
    max_examples=150,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(touchpoints, st.integers(1, 3), st.data())
def test_touchpoints_end_with_their_customer_in_any_order(
    installation: Callable[[int], Installation], found: list[Touchpoint], partitions: int, data: st.DataObject
) -> None:
    pairs = sorted(tuple(sorted(pair)) for pair in links_of([seen(each) for each in found])[0])
    splits = data.draw(st.lists(st.sampled_from(pairs), max_size=2, unique=True)) if pairs else []
    actions: list[Any] = [*found, *data.draw(st.lists(st.sampled_from(found), max_size=2)), *splits]
    shaken = installation(partitions)

    async def shake() -> None:
        for number, each in enumerate(data.draw(st.permutations(actions))):
            if isinstance(each, Touchpoint):
                shaken.see(each)
            else:
                shaken.split(*each, f"s{number}")
            for _ in range(data.draw(st.integers(0, 3))):
                if shaken.waiting:
                    await shaken.step(data.draw(st.sampled_from(shaken.waiting)), data.draw(st.integers(1, 4)))
            if data.draw(st.integers(0, 4)) == 0:
                shaken.restart(data.draw(st.sampled_from(sorted(shaken.processors))))
            if data.draw(st.integers(0, 3)) == 0:
                shaken.time(data.draw(st.integers(0, 30)))
        await shaken.drain()
        shaken.time(100)
        await shaken.drain()

    asyncio.run(shake())
    assert shaken.held() == placed(found, splits)


@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(touchpoints, st.integers(1, 3), st.data())
def test_what_is_published_does_not_tell_the_order(
    installation: Callable[[int], Installation], found: list[Touchpoint], partitions: int, data: st.DataObject
) -> None:
    calm, shaken = installation(1), installation(partitions)
    pairs = sorted(tuple(sorted(pair)) for pair in links_of([seen(each) for each in found])[0])
    splits = data.draw(st.lists(st.sampled_from(pairs), max_size=2, unique=True)) if pairs else []

    async def run() -> None:
        for each in [*found, *splits]:
            take(calm, each)
            await calm.drain()
        for each in data.draw(st.permutations([*found, *data.draw(st.lists(st.sampled_from(found), max_size=2)), *splits])):
            take(shaken, each)
            for _ in range(data.draw(st.integers(0, 3))):
                if shaken.waiting:
                    await shaken.step(data.draw(st.sampled_from(shaken.waiting)), data.draw(st.integers(1, 4)))
            if data.draw(st.integers(0, 3)) == 0:
                shaken.time(data.draw(st.integers(0, 30)))
        await shaken.drain()
        for each in (calm, shaken):
            each.time(100)
            await each.drain()

    asyncio.run(run())
    assert current(calm) == current(shaken)


def take(installation: Installation, action: Touchpoint | tuple[str, str]) -> None:
    if isinstance(action, Touchpoint):
        installation.see(action)
    else:
        installation.split(*action, "split " + " ".join(action))


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(touchpoints, st.integers(1, 3), st.data())
def test_disruptions_count_the_customers_with_an_open_finding_whatever_merged_and_split(
    installation: Callable[[int], Installation], found: list[Touchpoint], partitions: int, data: st.DataObject
) -> None:
    pairs = sorted(tuple(sorted(pair)) for pair in links_of([seen(each) for each in found])[0])
    splits = data.draw(st.lists(st.sampled_from(pairs), max_size=2, unique=True)) if pairs else []
    shaken = installation(partitions)
    asyncio.run(_shaken(shaken, [*found, *splits], data))
    stitches = [each for (topic, _), each in shaken.processors.items() if topic == "identified"]
    published = [(customer, each.state.published(customer)) for each in stitches for customer in each.state.customers()]
    expected: dict[int, set[str]] = {}
    for customer, entries in published:
        for entry in entries.values():
            if entry.disruption:
                expected.setdefault(entry.disruption, set()).add(customer)
    counted = {number: held.customers for each in stitches for number, held in each.disruptions.held.items() if held.customers}
    assert counted == {number: len(those) for number, those in expected.items()}
    findings = [row for (name, _, _), row in current(shaken).items() if name == "inconsistency" and row["status"] == "open"]
    assert sum(sum(held.findings) for each in stitches for held in each.disruptions.held.values()) == len(findings)


async def _shaken(shaken: Installation, actions: Sequence[Any], data: st.DataObject) -> None:
    """Everything in a drawn order, with deliveries, restarts and clocks in between, until all is settled."""
    for each in data.draw(st.permutations(actions)):
        take(shaken, each)
        for _ in range(data.draw(st.integers(0, 3))):
            if shaken.waiting:
                await shaken.step(data.draw(st.sampled_from(shaken.waiting)), data.draw(st.integers(1, 4)))
        if data.draw(st.integers(0, 4)) == 0:
            shaken.restart(data.draw(st.sampled_from(sorted(shaken.processors))))
        if data.draw(st.integers(0, 2)) == 0:
            shaken.time(data.draw(st.integers(0, 40)))
    await shaken.drain()
    shaken.time(100)
    await shaken.drain()
