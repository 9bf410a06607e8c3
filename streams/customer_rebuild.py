"""One customer folded again from all that is recorded of him, and what that changes.

His recorded touchpoints go through identify and stitch again; stitch keeps them beside what it has and, once all have come, folds him
from all of them. It stays the only one that publishes his rows: they keep their ids, and their versions go on.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams import topics
from streams.broker.sending import Lanes
from streams.clickhouse.asking import UNQUOTED, asked, bound
from streams.clickhouse.engine import quoted
from streams.clickhouse.reading import read
from streams.clickhouse.recorded import ROWS_AT_ONCE, decoded, selection
from streams.journeys.touchpoint import Touchpoint
from streams.processors.internal import rebuild_header
from streams.rebuild import send_again
from streams.settings import Settings
from streams.web.lookup import OWN, indexed, own_pseudonyms

POLL_S: Final = 0.5
QUIET_S: Final = 2.0
"""Rows are all there where none of an older time is left, and none has come for this long: record takes each topic by itself."""
STALE_S: Final = 10.0
"""Where rows of an older time are left for this long, stitch does not know them: they are of another installation's state."""
_PROCESSING: Final = ("detected_at", "published_at", "ingested_at")


class RebuildError(RuntimeError):
    """A customer could not be folded again; the message is one line and says what to do."""


Rows = Mapping[str, Mapping[str, Any]]
"""A customer's current rows by id, less what belongs to their processing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A customer after a rebuild.

    touchpoints     recorded ones that he was folded from
    truncated       the row of `truncated_customers`, None where he is none
    journeys, inconsistencies   his rows before and after
    """

    customer: str
    touchpoints: int
    truncated: Mapping[str, Any] | None
    journeys: tuple[Rows, Rows]
    inconsistencies: tuple[Rows, Rows]


def rebuild_customer(settings: Settings, customer: str, within_s: float) -> Outcome:
    """Fold the customer (his pseudonym) again, and wait at most `within_s` for his rows.

    Raises RebuildError, and read's ClickHouseError and ClickHouseAwayError, BrokerRefusedError.
    """
    before = _rows(settings, customer)
    touchpoints = _recorded(settings, customer)
    if not touchpoints:
        raise RebuildError(f"no touchpoint of customer {customer} is recorded; touchpoints lookup says who a value is")
    name = f"rebuild-{time.time_ns()}"
    asyncio.run(_send(settings, customer, name, touchpoints))
    after = _awaited(settings, customer, name, within_s)
    rows = asked(settings, "SELECT * FROM truncated_customers WHERE customer = {customer:String}", {"customer": bound(customer)})
    return Outcome(
        customer=customer,
        touchpoints=len(touchpoints),
        truncated=rows[0] if rows else None,
        journeys=(before[0], after[0]),
        inconsistencies=(before[1], after[1]),
    )


async def _send(settings: Settings, customer: str, name: str, touchpoints: Sequence[Touchpoint]) -> None:
    idempotent = await topics.has_transactions(settings.brokers)
    async with Lanes(settings.brokers, idempotent=idempotent) as lanes:
        for number, touchpoint in enumerate(touchpoints):
            await send_again(lanes, settings, touchpoint, rebuild_header(customer, name, number, len(touchpoints)))
        await lanes.acknowledged()


def _recorded(settings: Settings, customer: str) -> list[Touchpoint]:
    """All that is recorded of the customer, as it travelled."""
    text = (
        f"SELECT {selection()} FROM {quoted(settings.clickhouse_store)}.touchpoints FINAL WHERE event_id > {{after:String}}"  # noqa: S608  # our own names
        f" AND event_id IN (SELECT event_id FROM touchpoints WHERE {indexed(settings, 'touchpoints', 'event_id', OWN)}"
        " AND customer = {customer:String}) ORDER BY event_id LIMIT {rows:UInt32}"
    )
    found: list[Touchpoint] = []
    parameters = {"customer": bound(customer), "pseudonyms": own_pseudonyms(settings, customer), "rows": str(ROWS_AT_ONCE)}
    while True:
        after = bound(found[-1].event_id) if found else ""
        run = decoded(read(settings, text + UNQUOTED, "JSONCompactEachRow", parameters | {"after": after}).body)
        found += run
        if len(run) < ROWS_AT_ONCE:
            return found


def _awaited(settings: Settings, customer: str, name: str, within_s: float) -> tuple[Rows, Rows]:
    """The customer's rows once stitch has published them all again and they are recorded."""
    until = time.monotonic() + within_s
    text = (
        f"SELECT toString(min(detected_at)) AS at, count() AS n FROM {quoted(settings.clickhouse_store)}.truncations"  # noqa: S608  # our own names
        " WHERE customer = {customer:String} AND rebuild = {name:String}"
    )
    since, held, came = "", None, 0.0
    while time.monotonic() < until:
        if not since:
            (row,) = asked(settings, text, {"customer": bound(customer), "name": name})
            since = row["at"] if row["n"] else ""
        else:
            rows = _rows(settings, customer)
            if rows != held:
                held, came = rows, time.monotonic()
            elif time.monotonic() - came >= (STALE_S if _older(settings, customer, since) else QUIET_S):
                return rows
        time.sleep(POLL_S)
    raise RebuildError(
        f"customer {customer} was not folded again within {within_s:g} s: is a worker running, or who is who changing? His touchpoints are"
        " published; he is folded once all have come to him. Look at touchpoints_lag_seconds, then ask again"
    )


def _older(settings: Settings, customer: str, since: str) -> int:
    """Rows of the customer that were published before a time."""
    text = " UNION ALL ".join(
        f"SELECT count() AS n FROM {view} WHERE {indexed(settings, table, key, 'customer = {customer:String}')}"  # noqa: S608  # our own names
        " AND detected_at < {since:DateTime64(6, 'UTC')}"
        for view, table, key in _TABLES
    )
    return sum(row["n"] for row in asked(settings, text, {"customer": bound(customer), "since": since}))


def _rows(settings: Settings, customer: str) -> tuple[Rows, Rows]:
    found = []
    for view, table, key in _TABLES:
        text = f"SELECT * EXCEPT ({', '.join(_left_out(table))}) FROM {view}"  # noqa: S608  # our own names
        text += f" WHERE {indexed(settings, table, key, 'customer = {customer:String}')}"
        body = read(settings, text, "JSONEachRow", {"customer": bound(customer)}).body
        found.append({row[key]: row for row in map(json.loads, body.splitlines())})
    return found[0], found[1]


_TABLES: Final = (("customer_journeys", "journey_rows", "journey_id"), ("inconsistencies", "inconsistencies", "inconsistency_id"))
"""View, table behind it, key."""


def _left_out(table: str) -> Sequence[str]:
    return [each for each in _PROCESSING if each != "published_at" or table == "inconsistencies"]
