"""Who is this, and what should be said first: one customer by an identifier, or by the number of an order, case, conversation or offer.

Every query first finds ids by a skip index of the store, over all versions of the rows, then reads the current rows of these ids by their
key, and applies its condition again, since another version of a row may have met it. So a look-up reads a few granules,
whatever the size of the store.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from streams.channels.identifiers import PSEUDONYM_DIGITS
from streams.clickhouse.asking import UNQUOTED, asked, bound
from streams.clickhouse.engine import quoted
from streams.clickhouse.reading import read
from streams.clickhouse.recorded import decoded, selection
from streams.identifiers_file import configured_pseudonyms
from streams.journeys.inconsistencies.telling import Wording
from streams.journeys.promised import KEEPING, WITHDRAWING
from streams.journeys.settings import JourneySettings
from streams.journeys.touchpoint import Touchpoint, type_order
from streams.lives_seen import last_life
from streams.processes import shipped_processes
from streams.settings import Settings, SettingsError
from streams.web.answer import Answer, Match, Moment, OpenInconsistency, OpenJourney
from streams.web.findings import in_words
from streams.web.promises import open_promises
from streams.web.words import what

REFERENCES: Final = ("order", "case", "conversation", "offer")
IDENTIFIERS: Final = tuple(name for name in type_order if name not in REFERENCES)
TYPES: Final = (*IDENTIFIERS, *REFERENCES, "customer")
"""What a value can be; `customer` is a pseudonym as answers and inconsistencies have it."""
ACCOUNT: Final = "account"
"""What a value is only where that is said: the name of a company, whose customers are several."""

LAST_SHOWN: Final = 10
OTHERS_SHOWN: Final = 10
NOT_FOR_THE_DESK: Final = ("identity_conflict",)
"""Rules whose findings would have an agent tell one person about another."""

_PSEUDONYM: Final = re.compile(f"[0-9a-f]{{{PSEUDONYM_DIGITS}}}")
OWN: Final = "hasAny(identifiers.pseudonym, {pseudonyms:Array(String)})"
_NAMED: Final = "hasAny(identifiers.pseudonym, {wanted:Array(String)})"


class _Kept(NamedTuple):
    """What is recorded of a customer.

    telling     touchpoints in fold order: the last ones, and those on which promises depend
    number      of all touchpoints; with the first one's time and the last one's recording, us
    """

    telling: tuple[Touchpoint, ...]
    number: int
    first_at: int | None
    recorded_at: int | None


class QuestionError(ValueError):
    """A question that cannot be asked: what is wrong with it, and what to do."""


def look_up(settings: Settings, value: str, type_: str = "", last: int = LAST_SHOWN, wording: Wording | None = None) -> Answer:
    """The answer about `value`, taken for `type_`, or for everything that it can be; with the `last` touchpoints.

    What goes wrong is told in the wording given; without one, and where it was published by an earlier version, as it was published.
    Raises QuestionError, and read's ClickHouseError and ClickHouseAwayError.
    """
    value = value.strip()
    if not value:
        raise QuestionError("the value is empty; an identifier, or the number of an order, case, conversation or offer was expected")
    if type_ and type_ not in TYPES:
        raise QuestionError(f"there is no type {type_!r}; choose one of {', '.join((*TYPES, ACCOUNT))}")
    pseudonyms, untried = _pseudonyms(settings, value, type_)
    tried = tuple(each for each in TYPES if each in (type_ or each) and each not in untried)
    matches = _matches(settings, value, tried, pseudonyms)
    at, fresh_at = _clock(settings)
    if not matches or (matches[0].by == "offer" and len(matches) > 1):  # an offer that many hold says nothing about who this is
        others_held = tuple(matches[:OTHERS_SHOWN])
        return Answer(known=False, asked_at=at, fresh_at=fresh_at, tried=tried, untried=untried, others=others_held)
    found, *others = matches
    kept = _kept(settings, found.customer, last)
    truncated = _truncated(settings, found.customer)
    return Answer(
        known=True,
        asked_at=at,
        fresh_at=fresh_at,
        tried=tried,
        untried=untried,
        customer=found.customer,
        by=found.by,
        others=tuple(others[:OTHERS_SHOWN]),
        inconsistencies=_inconsistencies(settings, found.customer, wording),
        promises=open_promises(kept.telling, at, JourneySettings(shipped_processes())),
        last=_last(kept, last),
        journeys=_journeys(settings, found.customer),
        touchpoints=kept.number,
        first_at=kept.first_at,
        recorded_at=kept.recorded_at,
        **truncated,
    )


def _pseudonyms(settings: Settings, value: str, type_: str) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """By type of identifier the value's pseudonyms, and by type of reference with a lifetime; and the types not tried for want of the key.

    A value with a lifetime has those of its last life: who had it before is not meant.
    """
    wanted = [name for name in IDENTIFIERS if name in (type_ or name)]
    if not settings.pseudonym_key:
        if type_ and wanted:
            raise QuestionError(
                f"an identifier ({type_}) is found by its pseudonym: set TOUCHPOINTS_PSEUDONYM_KEY, or name the stack's --dir"
            )
        return {}, tuple(wanted)
    try:
        pseudonyms = configured_pseudonyms(settings, remembered=0)
    except SettingsError as error:
        raise QuestionError(str(error)) from error
    wanted += [name for name in REFERENCES if name in pseudonyms.lifetimes and name in (type_ or name)]
    found = {name: pseudonym for name in wanted if (pseudonym := pseudonyms.of(name, value))}
    return {
        name: tuple(each.partition(":")[2] for each in last_life(settings, f"{name}:{pseudonym}", pseudonyms.lifetimes))
        for name, pseudonym in found.items()
    }, ()


def _matches(settings: Settings, value: str, tried: tuple[str, ...], pseudonyms: Mapping[str, Sequence[str]]) -> list[Match]:
    """Customers that the value points to: by the strongest meaning of the value, then the strongest anchor, then the latest."""
    found: list[tuple[int, int, int, Match]] = []
    named = [each for name, those in pseudonyms.items() if name not in REFERENCES for each in those]
    if named:
        by = "arrayFirst(each -> has({wanted:Array(String)}, each.pseudonym), identifiers).type"
        found += _by(settings, by, _NAMED, {"wanted": array_of(named)})
    for name in REFERENCES:
        if name in tried and (name != "offer" or not found):  # no index leads to an offer, so it comes last
            condition, parameters = f"references.`{name}` = {{value:String}}", {"value": bound(value)}
            if name in pseudonyms:
                condition, parameters = f"{condition} AND {_NAMED}", parameters | {"wanted": array_of(pseudonyms[name])}
            found += _by(settings, f"'{name}'", condition, parameters)
    if "customer" in tried and not found and _PSEUDONYM.fullmatch(value.lower()):
        own = {"pseudonyms": own_pseudonyms(settings, value.lower())}
        found += [each for each in _by(settings, "'customer'", OWN, own) if each[-1].customer == value.lower()]
    unique: dict[str, Match] = {}
    for *_, match in sorted(found, key=lambda each: each[:3]):
        unique.setdefault(match.customer, match)
    return list(unique.values())


def _by(settings: Settings, by: str, condition: str, parameters: Mapping[str, str]) -> list[tuple[int, int, int, Match]]:
    rows = asked(
        settings,
        f"SELECT customer, {by} AS found_by, splitByChar(':', anchor)[1] AS strength, toUnixTimestamp64Micro(max(corrected_at)) AS at"  # noqa: S608  # our own text; values are bound
        f" FROM touchpoints WHERE {indexed(settings, 'touchpoints', 'event_id', condition)} GROUP BY ALL ORDER BY at DESC LIMIT 1000",
        parameters,
    )
    return [
        (_rank(TYPES, row["found_by"]), _rank(type_order, row["strength"]), -row["at"], Match(customer=row["customer"], by=row["found_by"]))
        for row in rows
    ]


def own_pseudonyms(settings: Settings, customer: str) -> str:
    """Pseudonyms that the customer's touchpoints come by: of identifiers assigned to him, and the one that is his name."""
    rows = asked(settings, "SELECT pseudonym FROM identities WHERE customer = {customer:String}", {"customer": bound(customer)})
    return array_of(sorted({customer, *(row["pseudonym"] for row in rows)}))


def _clock(settings: Settings) -> tuple[int, int | None]:
    """ClickHouse's time, and when it recorded a touchpoint last, of whomever; both us."""
    row = asked(
        settings,
        "SELECT toUnixTimestamp64Micro(now64(6)) AS now, toUnixTimestamp64Micro(max(ingested_at)) AS fresh, count() AS n"
        " FROM touchpoints_history",
    )[0]
    return row["now"], row["fresh"] if row["n"] else None


def _inconsistencies(settings: Settings, customer: str, wording: Wording | None) -> tuple[OpenInconsistency, ...]:
    condition = "customer = {customer:String}"
    rows = asked(
        settings,
        "SELECT inconsistency_id, severity, rule, remedy, sentence, subject, toUnixTimestamp64Micro(opened_at) AS opened, told, count,"  # noqa: S608
        " first_channel, toUnixTimestamp64Micro(first_at) AS first_us, second_channel, toUnixTimestamp64Micro(second_at) AS second_us"
        f" FROM inconsistencies WHERE {indexed(settings, 'inconsistencies', 'inconsistency_id', condition)}"
        " AND status = 'open' AND NOT has({hidden:Array(String)}, rule)"
        " ORDER BY indexOf(['critical', 'warning', 'info'], severity), opened_at DESC, inconsistency_id",
        {"customer": bound(customer), "hidden": array_of(NOT_FOR_THE_DESK)},
    )
    return tuple(_open_inconsistency(row, wording) for row in rows)


def _open_inconsistency(row: dict[str, Any], wording: Wording | None) -> OpenInconsistency:
    named = in_words(row | {"opened_at": row["opened"], "first_at": row["first_us"], "second_at": row["second_us"]}, wording)
    return OpenInconsistency(**{name: named[name] for name in OpenInconsistency.__struct_fields__})


def _journeys(settings: Settings, customer: str) -> tuple[OpenJourney, ...]:
    rows = asked(
        settings,
        "SELECT journey_id, process, phase, reference, last_step, touchpoints,"  # noqa: S608
        " toUnixTimestamp64Micro(started_at) AS started, toUnixTimestamp64Micro(last_at) AS latest"
        f" FROM customer_journeys WHERE {indexed(settings, 'journey_rows', 'journey_id', 'customer = {customer:String}')}"
        " AND status = 'open' ORDER BY last_at DESC, journey_id",
        {"customer": bound(customer)},
    )
    return tuple(OpenJourney(started_at=row.pop("started"), last_at=row.pop("latest"), **row) for row in rows)


def _truncated(settings: Settings, customer: str) -> dict[str, Any]:
    """How the answer's journeys and inconsistencies stand to what is recorded, of a customer with more touchpoints than the bound."""
    rows = asked(
        settings,
        "SELECT toUnixTimestamp64Micro(assumeNotNull(before)) AS truncated_at, needs_rebuild FROM truncated_customers"
        " WHERE customer = {customer:String}",
        {"customer": bound(customer)},
    )
    return rows[0] if rows else {}


def _last(kept: _Kept, last: int) -> tuple[Moment, ...]:
    newest = reversed(kept.telling[-last:] if last else ())
    return tuple(
        Moment(
            event_id=each.event_id,
            occurred_at=each.corrected_at,
            channel=each.channel,
            direction=each.direction,
            what=what(each),
        )
        for each in newest
    )


def _kept(settings: Settings, customer: str, last: int) -> _Kept:
    """One read for all that touchpoints tell: reading whole touchpoints is most of what a look-up costs."""
    text = (
        f"WITH toUInt64(0) AS content_hash SELECT {selection()}, n, first, recorded FROM (SELECT *, count() OVER () AS n,"  # noqa: S608  # the views show no hash
        " toUnixTimestamp64Micro(min(corrected_at) OVER ()) AS first, toUnixTimestamp64Micro(max(ingested_at) OVER ()) AS recorded,"
        " row_number() OVER (ORDER BY corrected_at DESC, source DESC, sequence DESC, event_id DESC) AS place"
        f" FROM touchpoints WHERE {indexed(settings, 'touchpoints', 'event_id', OWN)} AND customer = {{customer:String}})"
        " WHERE place <= {last:UInt32} OR notEmpty(promises) OR has({kinds:Array(String)}, kind)"
        " ORDER BY corrected_at, source, sequence, event_id"
    )
    parameters = {
        "customer": bound(customer),
        "pseudonyms": own_pseudonyms(settings, customer),
        "last": str(max(last, 1)),
        "kinds": array_of((*KEEPING, WITHDRAWING)),
    }
    body = read(settings, text + UNQUOTED, "JSONCompactEachRow", parameters).body
    if not body:
        return _Kept((), 0, None, None)
    number, first_at, recorded_at = json.loads(body[: body.index(b"\n")])[-3:]
    return _Kept(tuple(decoded(body)), number, first_at, recorded_at)  # what stands behind a touchpoint's fields is passed over


def indexed(settings: Settings, table: str, key: str, condition: str) -> str:
    """A condition on a view's current rows, by way of the table's own skip index: no index on a part of a column works through a view."""
    stored = f"{quoted(settings.clickhouse_store)}.{quoted(table)}"
    return f"{key} IN (SELECT {key} FROM {stored} WHERE {condition}) AND {condition}"  # noqa: S608  # our own names


def array_of(values: Iterable[str]) -> str:
    """An Array(String) of types, pseudonyms, rules and kinds: letters, digits, colons and underscores alone need no escape."""
    return "[" + ",".join(f"'{each}'" for each in values) + "]"


def _rank(order: tuple[str, ...], name: str) -> int:
    return order.index(name) if name in order else len(order)
