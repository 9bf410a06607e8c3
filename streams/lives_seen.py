"""The lives of an identifier as ClickHouse has them: in which periods it was seen, and which of these are one life."""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.clickhouse.asking import asked
from streams.clickhouse.engine import quoted
from streams.journeys.identity.periods import DAY_US, lasting, on_day, period_of
from streams.journeys.identity.strength import type_of
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class SeenLife:
    """One life of an identifier.

    periods             its identifiers, `type:pseudonym` with the period, in order
    first_at, last_at   us, of its touchpoints by the source's clock
    touchpoints         how many
    """

    periods: tuple[str, ...]
    first_at: int
    last_at: int
    touchpoints: int


def seen_lives(settings: Settings, identifier: str, lifetime_days: int) -> list[SeenLife]:
    """Lives of an identifier, given with its period or without, from the first to the last. Raises read's errors."""
    lives: list[SeenLife] = []
    for found in _periods(settings, identifier, lifetime_days):
        before = lives[-1] if lives else None
        if before is not None and _follow(before.periods[-1], found.periods[0], lifetime_days):
            lives[-1] = SeenLife(before.periods + found.periods, before.first_at, found.last_at, before.touchpoints + found.touchpoints)
        else:
            lives.append(found)
    return lives


def last_life(settings: Settings, identifier: str, lifetimes: Mapping[str, int]) -> tuple[str, ...]:
    """What an identifier is called in its last life; as it is where it lives for ever, or was never seen with a period."""
    lifetime = lifetimes.get(type_of(identifier))
    lives = seen_lives(settings, identifier, lifetime) if lifetime is not None else []
    return lives[-1].periods if lives else (identifier,)


def _follow(before: str, after: str, lifetime_days: int) -> bool:
    first, second = period_of(before), period_of(after)
    return first is not None and second is not None and second - first == lifetime_days


def _periods(settings: Settings, identifier: str, lifetime_days: int) -> list[SeenLife]:
    """Periods in which the identifier was seen, in order. Looks for those between the first and the last touchpoint of anybody."""
    span = "SELECT toUnixTimestamp64Micro(min(occurred_at)) AS first, toUnixTimestamp64Micro(max(occurred_at)) AS last"
    (recorded,) = asked(settings, f"{span} FROM touchpoints_history")
    first = recorded["first"] // DAY_US
    days = range(first - first % lifetime_days, recorded["last"] // DAY_US + 1, lifetime_days)
    type_, _, pseudonym = lasting(identifier).partition(":")
    names = "[" + ",".join(f"'{on_day(pseudonym, day)}'" for day in days) + "]"
    condition = "hasAny(identifiers.pseudonym, {names:Array(String)})"
    rows = asked(
        settings,
        "SELECT named.2 AS pseudonym, count() AS touchpoints,"  # noqa: S608  # our own names; values are bound
        " toUnixTimestamp64Micro(min(occurred_at)) AS first_at, toUnixTimestamp64Micro(max(occurred_at)) AS last_at"
        " FROM (SELECT occurred_at, arrayJoin(identifiers) AS named FROM touchpoints WHERE event_id IN"
        f" (SELECT event_id FROM {quoted(settings.clickhouse_store)}.touchpoints WHERE {condition}))"
        " WHERE named.1 = {type:String} AND has({names:Array(String)}, named.2) GROUP BY pseudonym ORDER BY pseudonym",
        {"names": names, "type": type_},
    )
    return [SeenLife((f"{type_}:{row.pop('pseudonym')}",), **row) for row in rows]
