"""An account's journeys are those of all its customers together, whoever these turn out to be and however the touchpoints come."""

import asyncio
import hashlib
import io
from collections.abc import Callable
from typing import Any

import fastavro
from conversing import START, Installation, touch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from streams.avro.registry import FileRegistry
from streams.journeys.accounts import account_settings
from streams.journeys.customer import Customer
from streams.journeys.journey import id_of
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Order, Promise, References, Touchpoint
from streams.processes import shipped_processes
from streams.wording_file import load_wording

HOUR = 3_600_000_000
REGISTRY = FileRegistry()
SETTINGS = JourneySettings(shipped_processes(), wording=load_wording())
ACME, ZENO = "ACME Ltd", "Zeno & Söhne"


def named(type_: str, letter: str) -> str:
    return f"{type_}:{hashlib.md5(f'{type_}{letter}'.encode()).hexdigest()}"


ANN, BOB, PHONE, COOKIE = named("customer_number", "a"), named("customer_number", "b"), named("phone", "p"), named("cookie", "c")


def bought(event_id: str, names: tuple[str, ...], at: int, action: str, account: str = ACME, **more: Any) -> Touchpoint:
    return touch(
        event_id, names, at, kind=f"order_{action}", orders=(Order(action),), references=References(order="7"), account=account, **more
    )


def rows(installation: Installation, topic: str = "journeys") -> dict[str, dict[str, Any]]:
    """Current rows by id."""
    name = {"journeys": "journey", "inconsistencies": "inconsistency"}[topic]
    found: dict[str, dict[str, Any]] = {}
    for output in installation.published:
        if output.topic == topic:
            datum = (output.value or b"")[len(REGISTRY.reference(name).prefix) :]
            row = fastavro.schemaless_reader(io.BytesIO(datum), REGISTRY.current(name).parsed)
            assert isinstance(row, dict)
            if row[f"{name}_id"] not in found or row["version"] > found[row[f"{name}_id"]]["version"]:
                found[row[f"{name}_id"]] = row
    return {row_id: row for row_id, row in found.items() if row["status"] not in ("superseded", "retracted")}


def of_accounts(installation: Installation) -> dict[str, tuple[Any, ...]]:
    """By id of an account's journey: what it shows."""
    return {
        row_id: (row["account"], row["process"], row["status"], tuple(moment["event_id"] for moment in row["moments"]))
        for row_id, row in rows(installation).items()
        if not row["customer"]
    }


def expected(found: list[Touchpoint], hours: int) -> dict[str, tuple[Any, ...]]:
    """The same, by folding what names an account, of each event the content that counts."""
    counting: dict[str, Touchpoint] = {}
    for each in found:
        held = counting.get(each.event_id)
        if held is None or each.content_hash < held.content_hash:
            counting[each.event_id] = each
    wanted = account_settings(SETTINGS)
    assert wanted is not None
    shown: dict[str, tuple[Any, ...]] = {}
    for account in {each.account for each in counting.values()} - {""}:
        fold = Customer("", wanted, Knowledge())
        for each in counting.values():
            if each.account == account:
                fold.add(each)
        for row in fold.results(START + hours * HOUR).journeys:
            shown[row.journey_id] = (account, row.process, row.status, tuple(moment.event_id for moment in row.moments))
    return shown


async def seen(installation: Installation, *touchpoints: Touchpoint) -> None:
    for each in touchpoints:
        installation.see(each)
        await installation.drain()
    installation.time(50)
    await installation.drain()


async def test_two_customers_share_their_account_s_journeys_beside_their_own(installation: Callable[[int], Installation]) -> None:
    held = installation(2)
    look, ask = (touch(name, (who,), at, account=ACME) for name, who, at in (("look", BOB, 0), ("ask", ANN, 1)))
    await seen(held, look, ask, bought("placed", (ANN,), 2, "placed"), bought("there", (ANN,), 3, "delivered"))
    assert of_accounts(held) == {
        id_of("account", ACME, "orientation", "look"): (ACME, "orientation", "completed", ("look", "ask")),
        id_of("account", ACME, "purchase", "order:7"): (ACME, "purchase", "completed", ("placed", "there")),
    }
    own = sorted((row["customer"], row["process"], row["status"]) for row in rows(held).values() if row["customer"])
    ann, bob = ANN.partition(":")[2], BOB.partition(":")[2]
    assert own == sorted([(bob, "orientation", "open"), (ann, "orientation", "completed"), (ann, "purchase", "completed")])


async def test_what_is_no_matter_of_accounts_is_left_to_the_customer(installation: Callable[[int], Installation]) -> None:
    held = installation(2)
    broken = Promise("P", "made", what="delivery", due_until=START + HOUR)
    await seen(
        held, touch("call", (ANN,), 0, kind="conversation_started", account=ACME), bought("o", (ANN,), 0, "placed", promises=(broken,))
    )
    assert [shown[3] for shown in of_accounts(held).values()] == [("o",)]
    assert [row["customer"] for row in rows(held, "inconsistencies").values()] == [ANN.partition(":")[2]], "a finding is told once"


async def test_copies_are_not_counted(installation: Callable[[int], Installation]) -> None:
    held = installation(2)
    first = bought("placed", (ANN,), 0, "placed")
    await seen(held, first, first)
    memos = [held.processors["identified", number].memo for number in range(2)]
    counts = [(sum(memo.new.values()), sum(memo.duplicate.values()), sum(memo.conflict.values())) for memo in memos]
    assert tuple(map(sum, zip(*counts, strict=True))) == (1, 1, 0)


async def test_a_content_that_gives_way_leaves_its_account(installation: Callable[[int], Installation]) -> None:
    wrong, right = (bought("e", (ANN,), 0, "placed", account, content_hash=number) for account, number in ((ZENO, 2), (ACME, 1)))
    for order in ((wrong, right), (right, wrong), (wrong, right, wrong)):
        held = installation(2)
        await seen(held, *order)
        assert {shown[0] for shown in of_accounts(held).values()} == {ACME}


async def test_an_account_with_too_many_touchpoints_is_followed_no_longer(installation: Callable[..., Installation]) -> None:
    held = installation(2, account_touchpoints=3)
    many = [bought(f"e{number}", (ANN,), number, "paid", "N/A") for number in range(3)]
    acme = bought("placed", (BOB,), 0, "placed")
    await seen(held, *many, acme)
    assert {shown[0] for shown in of_accounts(held).values()} == {"N/A", ACME}, "as many as may be"
    await seen(held, many[0], bought("one more", (ANN,), 3, "paid", "N/A"))
    assert {shown[0] for shown in of_accounts(held).values()} == {ACME}, "its journeys are taken back, the others stay"
    assert [row["customer"] for row in rows(held).values() if row["process"] == "purchase" and row["customer"]].count(ANN.partition(":")[2])
    for which in sorted(held.processors):
        held.restart(which)
    await seen(held, *many, *(bought(f"late{number}", (ANN,), number, "paid", "N/A") for number in range(3)))
    assert {shown[0] for shown in of_accounts(held).values()} == {ACME}
    assert sum(held.processors["identified", number].memo.accounts_left for number in range(2)) == 1, "counted once, over restarts too"


async def test_whether_an_account_has_too_many_does_not_depend_on_the_order(installation: Callable[..., Installation]) -> None:
    found = [bought(f"e{number}", (ANN,), number, "paid", "N/A" if number % 2 else ACME) for number in range(7)]
    for order in (found, found[::-1]):
        held = installation(1, account_touchpoints=3)
        await seen(held, *order, *order)
        assert {shown[0] for shown in of_accounts(held).values()} == {"N/A"}, "three of one and four of the other"


NAMES = [(ANN,), (BOB,), (ANN, PHONE), (BOB, PHONE), (COOKIE,), (BOB, COOKIE), (PHONE, COOKIE)]
touchpoints = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 300), st.sampled_from(["placed", "paid", ""]), st.sampled_from([ACME, ZENO, ""]), st.integers(1, 2)),
    min_size=1,
    max_size=10,
).map(
    lambda found: [
        bought(f"e{index}", names, at, action, account, content_hash=content) if action else touch(f"e{index}", names, at, account=account)
        for index, (names, at, action, account, content) in enumerate(found)
    ]
)  # fmt: skip


@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(touchpoints, st.integers(1, 3), st.data())
def test_whatever_the_order_with_duplicates_splits_and_restarts(
    installation: Callable[[int], Installation], found: list[Touchpoint], partitions: int, data: st.DataObject
) -> None:
    actions: list[Any] = [*found, *data.draw(st.lists(st.sampled_from(found), max_size=3)), (ANN, PHONE), (BOB, COOKIE)]
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
            if data.draw(st.integers(0, 3)) == 0:
                shaken.restart(data.draw(st.sampled_from(sorted(shaken.processors))))
            if data.draw(st.integers(0, 3)) == 0:
                shaken.time(data.draw(st.integers(0, 300)))
        await shaken.drain()
        shaken.time(400)
        await shaken.drain()

    asyncio.run(shake())
    assert of_accounts(shaken) == expected(found, 400)
