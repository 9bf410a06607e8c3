"""Rules on history: recorded touchpoints folded once as the rules are set and once as they might be, and what differs.

The live state is not touched, nor is anything published: both folds are made here and thrown away.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from streams.clickhouse.asking import UNQUOTED, asked
from streams.clickhouse.reading import read
from streams.clickhouse.recorded import decoded, selection
from streams.journeys.customer import Customer
from streams.journeys.inconsistencies.findings import Finding
from streams.journeys.knowledge import Knowledge
from streams.journeys.settings import SECOND_US, JourneySettings
from streams.journeys.touchpoint import Touchpoint
from streams.settings import Settings

TOUCHPOINTS_AT_ONCE: Final = 50_000
"""Touchpoints that are read together: some 100 MB."""
_CUSTOMER_TAIL: Final = slice(-34, -2)
"""Where a row's last column, 32 hexadecimal digits in quotes, stands in its line."""


@dataclass(frozen=True, slots=True)
class Life:
    """A customer and all recorded touchpoints of his."""

    customer: str
    touchpoints: Sequence[Touchpoint]


@dataclass(frozen=True, slots=True)
class History:
    """What is recorded: how far time is in it (us), since when (us) customers are looked at, and how many touchpoints those have."""

    now: int
    since: int | None
    touchpoints: int


@dataclass(slots=True)
class Trial:
    """What a change of settings would do to one rule's findings.

    appear, vanish, change  found only with the changed settings; only without; with both, but otherwise open, severe or counted
    stay                    how many are the same
    others                  of other rules, which give way to it or take its place: by rule, how many appear and vanish
    customers, touchpoints  that were folded
    """

    appear: list[Finding] = field(default_factory=list)
    vanish: list[Finding] = field(default_factory=list)
    change: list[tuple[Finding, Finding]] = field(default_factory=list)
    stay: int = 0
    others: dict[str, Counter[str]] = field(default_factory=dict)
    customers: int = 0
    touchpoints: int = 0


def history(settings: Settings, since_s: int | None) -> History:
    """How far the recorded history goes. Raises ClickHouseError, ClickHouseAwayError.

    Its end is the last touchpoint, or the last finding: a promise that was broken after it has shown that time went on.
    """
    row = asked(
        settings,
        "SELECT greatest((SELECT toUnixTimestamp64Micro(max(corrected_at)) FROM touchpoints),"
        " (SELECT toUnixTimestamp64Micro(max(opened_at)) FROM inconsistencies)) AS now",
    )[0]
    now = int(row["now"])
    since = None if since_s is None else now - since_s * SECOND_US
    count = asked(settings, f"SELECT count() AS n FROM touchpoints WHERE {_LIVELY}", _bound(since))[0]["n"]  # noqa: S608  # our own text
    return History(now, since, int(count))


def lives(settings: Settings, found: History) -> Iterator[Life]:
    """Every customer with a touchpoint since then, with all of his, those before it too. Raises ClickHouseError, ClickHouseAwayError."""
    buckets = found.touchpoints // TOUCHPOINTS_AT_ONCE + 1
    text = (
        f"WITH toUInt64(0) AS content_hash SELECT {selection()}, customer FROM touchpoints"  # noqa: S608  # our own names; values are bound
        f" WHERE cityHash64(customer) % {{buckets:UInt32}} = {{bucket:UInt32}} AND {_LIVELY}"
        " ORDER BY customer, corrected_at, source, sequence, event_id" + UNQUOTED
    )
    for bucket in range(buckets):
        parameters = {"buckets": str(buckets), "bucket": str(bucket), **_bound(found.since)}
        body = read(settings, text, "JSONCompactEachRow", parameters).body
        if body:
            yield from _by_customer(body)


_LIVELY: Final = (
    "({since:Int64} = 0 OR customer IN (SELECT customer FROM touchpoints WHERE corrected_at >= fromUnixTimestamp64Micro({since:Int64})))"
)


def _bound(since: int | None) -> dict[str, str]:
    return {"since": str(since or 0)}


def _by_customer(body: bytes) -> Iterator[Life]:
    whose, held = "", list[Touchpoint]()
    for line, touchpoint in zip(body.splitlines(), decoded(body), strict=True):
        customer = line[_CUSTOMER_TAIL].decode()
        if customer != whose and held:
            yield Life(whose, held)
            held = []
        whose = customer
        held.append(touchpoint)
    yield Life(whose, held)


def tried(
    every: Iterable[Life],
    knowledge: Knowledge,
    rule: str,
    settings: tuple[JourneySettings, JourneySettings],
    found: History,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Trial:
    """Fold each life under the first and under the second settings, and compare. `progress` hears how many touchpoints are done."""
    trial = Trial()
    for life in every:
        before, after = (_findings(life, knowledge, each, found) for each in settings)
        trial.customers += 1
        trial.touchpoints += len(life.touchpoints)
        _compare(trial, rule, before, after)
        progress(trial.touchpoints)
    trial.appear.sort(key=_latest_first)
    trial.vanish.sort(key=_latest_first)
    return trial


def _findings(life: Life, knowledge: Knowledge, settings: JourneySettings, found: History) -> dict[str, Finding]:
    customer = Customer(life.customer, settings, knowledge)
    for touchpoint in life.touchpoints:
        customer.add(touchpoint)
    since = found.since or 0
    return {each.inconsistency_id: each for each in customer.results(found.now).inconsistencies if each.opened_at >= since}


def _compare(trial: Trial, rule: str, before: dict[str, Finding], after: dict[str, Finding]) -> None:
    for row_id in before.keys() | after.keys():
        one, other = before.get(row_id), after.get(row_id)
        finding = one or other
        assert finding is not None, "each id is of one of the two"
        if finding.rule != rule:
            if one is None or other is None:
                trial.others.setdefault(finding.rule, Counter())["vanish" if other is None else "appear"] += 1
        elif one is None:
            trial.appear.append(finding)
        elif other is None:
            trial.vanish.append(finding)
        elif (one.status, one.severity, one.count) != (other.status, other.severity, other.count):
            trial.change.append((one, other))
        else:
            trial.stay += 1


def _latest_first(finding: Finding) -> tuple[int, str]:
    return -finding.opened_at, finding.inconsistency_id
