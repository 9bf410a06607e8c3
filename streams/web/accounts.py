"""What an account's journeys are, who of its customers took part, and what is to be put right for them."""

from typing import Final

from streams.clickhouse.asking import asked, bound
from streams.settings import Settings
from streams.web.answer import Record
from streams.web.lookup import NOT_FOR_THE_DESK, QuestionError, array_of, indexed

CUSTOMERS_SHOWN: Final = 50
"""Customers of an account that are named, those that came last; the answer says how many there are."""


class AccountCustomer(Record, frozen=True):
    """Who acts for the account: how many touchpoints name it, the last one's time (us) and channel, and what is open for him."""

    customer: str
    touchpoints: int
    last_at: int
    channel: str
    inconsistencies: int


class AccountJourney(Record, frozen=True):
    """A journey of all the account's customers together."""

    journey_id: str
    process: str
    status: str
    phase: str
    reference: str
    last_step: str
    touchpoints: int
    customers: int
    started_at: int
    last_at: int


class AccountAnswer(Record, frozen=True):
    """The answer about one account; `customers_count` is of all its customers, times are us."""

    known: bool
    account: str
    asked_at: int
    touchpoints: int = 0
    customers_count: int = 0
    customers: tuple[AccountCustomer, ...] = ()
    journeys: tuple[AccountJourney, ...] = ()


def look_up_account(settings: Settings, account: str, last: int) -> AccountAnswer:
    """The answer about an account, by its name as channels give it; with its `last` journeys that have ended, and all that are open.

    Raises QuestionError, and read's ClickHouseError and ClickHouseAwayError.
    """
    if not account.strip():
        raise QuestionError("the account is empty; its name, as channels publish it, was expected")
    named = {"account": bound(account)}
    seen = indexed(settings, "touchpoints", "event_id", "account = {account:String}")
    customers = asked(
        settings,
        "SELECT customer, count() AS touchpoints, toUnixTimestamp64Micro(max(corrected_at)) AS latest,"  # noqa: S608  # our own text; values are bound
        f" toString(argMax(channel, (corrected_at, event_id))) AS channel FROM touchpoints WHERE {seen}"
        " GROUP BY customer ORDER BY latest DESC, customer",
        named,
    )
    (clock,) = asked(settings, "SELECT toUnixTimestamp64Micro(now64(6)) AS now", {})
    if not customers:
        return AccountAnswer(known=False, account=account, asked_at=clock["now"])
    shown = customers[:CUSTOMERS_SHOWN]
    open_for = _open_inconsistencies(settings, [each["customer"] for each in shown])
    return AccountAnswer(
        known=True,
        account=account,
        asked_at=clock["now"],
        touchpoints=sum(each["touchpoints"] for each in customers),
        customers_count=len(customers),
        customers=tuple(
            AccountCustomer(last_at=each.pop("latest"), inconsistencies=open_for.get(each["customer"], 0), **each) for each in shown
        ),
        journeys=_journeys(settings, named, last),
    )


def _journeys(settings: Settings, named: dict[str, str], last: int) -> tuple[AccountJourney, ...]:
    rows = asked(
        settings,
        "SELECT journey_id, process, status, phase, reference, last_step, touchpoints, customers_count AS customers,"  # noqa: S608
        " toUnixTimestamp64Micro(started_at) AS started, toUnixTimestamp64Micro(last_at) AS latest"
        f" FROM account_journeys WHERE {indexed(settings, 'journey_rows', 'journey_id', 'account = {account:String}')}"
        " ORDER BY status = 'open' DESC, last_at DESC, journey_id",
        named,
    )
    kept = [*(row for row in rows if row["status"] == "open"), *[row for row in rows if row["status"] != "open"][:last]]
    return tuple(AccountJourney(started_at=row.pop("started"), last_at=row.pop("latest"), **row) for row in kept)


def _open_inconsistencies(settings: Settings, customers: list[str]) -> dict[str, int]:
    condition = "has({customers:Array(String)}, customer)"
    rows = asked(
        settings,
        f"SELECT customer, count() AS n FROM inconsistencies WHERE {condition} AND status = 'open'"  # noqa: S608
        " AND NOT has({hidden:Array(String)}, rule) GROUP BY customer",
        {"customers": array_of(customers), "hidden": array_of(NOT_FOR_THE_DESK)},
    )
    return {row["customer"]: row["n"] for row in rows}
