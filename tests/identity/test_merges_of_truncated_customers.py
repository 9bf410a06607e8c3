"""Truncated customers who merge and are parted: nothing that only the dropped part held is taken back, and a rebuild mends the rest."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from conversing import START, Installation, touch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_hand_over import current, ids, links_of, named, placed, seen, take

from streams.journeys.touchpoint import Promise, References, Touchpoint, encode
from streams.processors.internal import REBUILT, partition_of, rebuild_header, touchpoint_output

HOUR = 3_600_000_000
BOUND = 4
PARTS: Sequence[dict[str, Any]] = (
    {},
    {"kind": "promise_made", "promises": (Promise("P", "made", what="delivery", due_until=START + 20 * HOUR),)},
    {"kind": "promise_kept", "promises": (Promise("P", "kept"),)},
    {"kind": "conversation_started", "references": References(case="C")},
)
lives = st.lists(st.tuples(ids, st.integers(0, 9), st.sampled_from(PARTS)), min_size=4, max_size=14).map(
    lambda found: [touch(f"e{index}", names, at, **parts) for index, (names, at, parts) in enumerate(found)]
)


async def rebuild(installation: Installation, found: Sequence[Touchpoint], splits: Sequence[tuple[str, str]], name: str) -> None:
    """Every customer is folded again from what is recorded of him."""
    customers = placed(found, splits)
    for customer in sorted(set(customers.values())):
        recorded = [each for each in found if customers[each.event_id] == customer]
        for number, each in enumerate(recorded):
            partition = partition_of(each.anchor, installation.partitions)
            output = touchpoint_output("admitted", partition, each.anchor, each, encode(each))
            headers = [*output.headers, (REBUILT, b"1"), rebuild_header(customer, name, number, len(recorded))]
            installation.publish(output._replace(headers=headers))
        await installation.drain()


@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lives, st.integers(1, 3), st.data())
def test_after_a_rebuild_the_rows_are_those_of_a_run_without_a_bound(
    installation: Callable[..., Installation], found: list[Touchpoint], partitions: int, data: st.DataObject
) -> None:
    pairs = sorted(tuple(sorted(pair)) for pair in links_of([seen(each) for each in found])[0])
    splits = data.draw(st.lists(st.sampled_from(pairs), max_size=1)) if pairs else []
    bounded, whole = installation(partitions, BOUND), installation(partitions)

    async def live() -> None:
        for each in data.draw(st.permutations([*found, *splits])):
            take(whole, each)
            take(bounded, each)
            await _some_steps(bounded, data)
        for run in (bounded, whole):
            await run.drain()
            run.time(100)
            await run.drain()
        for name in ("first", "second"):
            await rebuild(bounded, found, splits, name)

    asyncio.run(live())
    assert current(bounded) == current(whole)
    held = set(bounded.held().values())
    assert held <= set(placed(found, splits).values())


async def _some_steps(installation: Installation, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(0, 3))):
        if installation.waiting:
            await installation.step(data.draw(st.sampled_from(installation.waiting)), data.draw(st.integers(1, 4)))
    if data.draw(st.integers(0, 4)) == 0:
        installation.restart(data.draw(st.sampled_from(sorted(installation.processors))))
    if data.draw(st.integers(0, 2)) == 0:
        installation.time(100)


def test_a_merge_takes_nothing_back_that_only_the_dropped_part_held(installation: Callable[..., Installation]) -> None:
    """A cookie's long life, then its login: the old journeys stay as they are until the login's customer is folded from all."""
    cookie, login = named("cookie", "a"), named("customer_number", "a")
    promise = {"kind": "promise_made", "promises": (Promise("P", "made", what="delivery", due_until=START + HOUR),)}
    life = [touch(f"e{number}", (cookie,), number, **(promise if number == 0 else PARTS[number % 2 * 3])) for number in range(12)]
    merged = touch("login", (login, cookie), 12)
    bounded, whole = installation(2, BOUND), installation(2)

    async def live() -> None:
        for run in (bounded, whole):
            for each in life:
                run.see(each)
                await run.drain()
                run.time(100)
                await run.drain()
        before = {key[:2] for key in current(bounded)}
        assert current(bounded) == current(whole)
        for run in (bounded, whole):
            run.see(merged)
            await run.drain()
        assert {key[:2] for key in current(bounded)} >= before, "nothing is taken back"
        (mark,) = [each for (topic, _), stitch in bounded.processors.items() if topic == "identified" for each in stitch.truncated.marks()]
        assert mark.needs_rebuild
        assert current(bounded) != current(whole)
        await rebuild(bounded, [*life, merged], [], "run")
        assert current(bounded) == current(whole)
        (mark,) = [each for (topic, _), stitch in bounded.processors.items() if topic == "identified" for each in stitch.truncated.marks()]
        assert not mark.needs_rebuild

    asyncio.run(live())


def test_what_the_heir_has_no_more_is_taken_back_in_the_name_of_who_left_it(installation: Callable[..., Installation]) -> None:
    """The heir looked around before the cookie did: folded from all, the journey that was left has another first touchpoint and another id."""
    cookie, login = named("cookie", "a"), named("customer_number", "a")
    life = [touch("early", (login,), 0), *(touch(f"e{number}", (cookie,), number) for number in range(1, 12))]
    merged = touch("login", (login, cookie), 12)
    bounded, whole = installation(2, BOUND), installation(2)

    async def live() -> None:
        for run in (bounded, whole):
            for each in [*life, merged]:
                run.see(each)
                await run.drain()
                run.time(100)
                await run.drain()
        left = current(bounded).keys() - current(whole).keys()
        assert [customer for _, _, customer in left] == [cookie.partition(":")[2]]
        await rebuild(bounded, [*life, merged], [], "run")
        assert current(bounded) == current(whole)

    asyncio.run(live())
