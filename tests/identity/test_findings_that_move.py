"""What becomes of a finding whose customer is merged or split: told why, for its reader, in the row that takes it back."""

import asyncio
import hashlib
import io
from collections.abc import Callable
from typing import Any

import fastavro
import pytest
from conversing import START, Installation, touch

from streams.avro.registry import FileRegistry
from streams.journeys.touchpoint import Promise

HOUR = 3_600_000_000
MADE = {"promises": (Promise("P", "made", what="delivery", due_until=START + 20 * HOUR),)}
KEPT = {"promises": (Promise("P", "kept"),)}
REGISTRY = FileRegistry()
PREFIX = REGISTRY.reference("inconsistency").prefix


def named(type_: str, letter: str) -> str:
    return f"{type_}:{hashlib.md5(f'{type_}{letter}'.encode()).hexdigest()}"


NUMBER, EMAIL, ORDER = named("customer_number", "a"), named("email", "b"), named("order", "c")


def findings(installation: Installation) -> list[dict[str, Any]]:
    rows = [
        fastavro.schemaless_reader(io.BytesIO((each.value or b"")[len(PREFIX) :]), REGISTRY.current("inconsistency").parsed)
        for each in installation.published
        if each.topic == "inconsistencies"
    ]
    return sorted((row for row in rows if isinstance(row, dict)), key=lambda row: row["version"])


def said(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["status"], row["reason"]) for row in rows]


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_merge_takes_a_finding_from_one_customer_to_another_and_says_so(
    installation: Callable[[int], Installation], partitions: int
) -> None:
    made = installation(partitions)

    async def run() -> None:
        made.see(touch("made", (EMAIL,), 0, **MADE))
        made.time(50)
        await made.drain()
        made.see(touch("both", (NUMBER, EMAIL), 60))
        await made.drain()

    asyncio.run(run())
    opened, taken, given = findings(made)
    assert said([opened, taken, given]) == [("open", ""), ("retracted", "merge"), ("open", "")]
    assert len({row["inconsistency_id"] for row in (opened, taken, given)}) == 1
    assert opened["customer"] == taken["customer"] != given["customer"]


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_finding_that_rested_on_two_people_together_is_retracted_by_their_split(
    installation: Callable[[int], Installation], partitions: int
) -> None:
    made = installation(partitions)

    async def run() -> None:
        for each in (touch("both", (NUMBER, EMAIL), 0), touch("made", (EMAIL,), 1, **MADE), touch("late", (NUMBER,), 30, **KEPT)):
            made.see(each)
        for hours in (50, 51):  # whom a late touchpoint links is judged a second later
            made.time(hours)
            await made.drain()
        assert said(findings(made)) == [("resolved", "")]
        made.split(NUMBER, EMAIL, "s1")
        await made.drain()
        made.time(52)
        await made.drain()

    asyncio.run(run())
    told = findings(made)
    assert said(told) == [("resolved", ""), ("retracted", "split"), ("open", "")]
    assert told[-1]["customer"] != told[0]["customer"]


@pytest.mark.parametrize("partitions", [1, 3])
@pytest.mark.parametrize(("direction", "told"), [("outbound", []), ("inbound", [("open", "")])])
def test_what_the_company_writes_about_an_order_to_an_address_that_nobody_knows_is_heard_by_whose_order_it_is(
    installation: Callable[[int], Installation], partitions: int, direction: str, told: list[tuple[str, str]]
) -> None:
    made = installation(partitions)

    async def run() -> None:
        made.see(touch("made", (NUMBER, ORDER), 0, **MADE))
        made.see(touch("kept", (EMAIL, ORDER), 10, direction=direction, **KEPT))
        await made.drain()
        made.time(50)
        await made.drain()

    asyncio.run(run())
    assert said(findings(made)) == told
