"""Inconsistencies as people ask for them: a list by what they have in common, and one of them with all that shows it.

Times are us; "" stands for none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from streams.clickhouse.asking import UNQUOTED, asked, bound
from streams.clickhouse.reading import read
from streams.clickhouse.recorded import decoded, selection
from streams.journeys.inconsistencies.retelling import retold
from streams.journeys.inconsistencies.telling import Wording
from streams.journeys.touchpoint import Touchpoint
from streams.settings import Settings

SHOWN_USUALLY: Final = 20
_PREFIX_LEAST: Final = 4


class UnknownFindingError(ValueError):
    """No inconsistency, or several, have the id asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the inconsistencies of a list have in common; "" and None for anything.

    channel     of either side
    since_s     opened at most this long before the last one was
    """

    rule: str = ""
    status: str = ""
    severity: str = ""
    channel: str = ""
    customer: str = ""
    subject: str = ""
    since_s: int | None = None
    most: int = SHOWN_USUALLY


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a finding: what it was then, and when (us) that was worked out."""

    version: int
    status: str
    severity: str
    count: int
    detected_at: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One inconsistency.

    fields      of its row, by name; times us
    evidence    touchpoints that show it, in fold order, as far as they are recorded
    versions    from the first to the last
    """

    fields: Mapping[str, Any]
    evidence: tuple[Touchpoint, ...]
    versions: tuple[Version, ...]


_ROW: Final = (
    "inconsistency_id, rule, severity, audience, status, customer, journey_id, subject,"
    " first_channel, toUnixTimestamp64Micro(first_at) AS first_us, first_said,"
    " second_channel, toUnixTimestamp64Micro(second_at) AS second_us, second_said, evidence, also, count, sentence, remedy, told,"
    " toUnixTimestamp64Micro(opened_at) AS opened_us, toUnixTimestamp64Micro(resolved_at) AS resolved_us, resolved_by"
)
_TIMES: Final = {"first_us": "first_at", "second_us": "second_at", "opened_us": "opened_at", "resolved_us": "resolved_at"}


def found(settings: Settings, wanted: Wanted, wording: Wording | None = None) -> tuple[list[dict[str, Any]], int]:
    """The inconsistencies asked for, the latest first, and how many there are of them in all; in the wording given, or as published.

    Raises read's errors.
    """
    conditions = {
        "rule = {rule:String}": wanted.rule,
        "status = {status:String}": wanted.status,
        "severity = {severity:String}": wanted.severity,
        "(first_channel = {channel:String} OR second_channel = {channel:String})": wanted.channel,
        "customer = {customer:String}": wanted.customer,
        "subject = {subject:String}": wanted.subject,
        "opened_at >= (SELECT max(opened_at) FROM inconsistencies) - {since:UInt32}": str(wanted.since_s or ""),
    }
    said = " AND ".join(condition for condition, value in conditions.items() if value) or "1"
    names = ("rule", "status", "severity", "channel", "customer", "subject", "since")
    parameters = {name: bound(value) for name, value in zip(names, conditions.values(), strict=True) if value}
    listed = asked(
        settings,
        f"SELECT {_ROW}, count() OVER () AS n FROM inconsistencies WHERE {said}"  # noqa: S608  # our own text; values are bound
        " ORDER BY opened_at DESC, inconsistency_id LIMIT {most:UInt32}",
        parameters | {"most": str(wanted.most)},
    )
    number = int(listed[0]["n"]) if listed else 0
    return [in_words(_named(row), wording) for row in listed], number


def shown(settings: Settings, inconsistency_id: str, wording: Wording | None = None) -> Shown:
    """One inconsistency by its id, or by the beginning of it, with its evidence; in the wording given, or as published.

    Raises UnknownFindingError, and read's errors.
    """
    given = inconsistency_id.strip().lower()
    if len(given) < _PREFIX_LEAST:
        raise UnknownFindingError(f"{inconsistency_id!r} is too short for an id; give its first {_PREFIX_LEAST} digits at least")
    ids = asked(
        settings,
        "SELECT DISTINCT inconsistency_id FROM inconsistencies_history WHERE startsWith(inconsistency_id, {id:String}) LIMIT 3",
        {"id": bound(given)},
    )
    if len(ids) != 1:
        said = "no inconsistency has the id" if not ids else "several inconsistencies have ids that begin with"
        raise UnknownFindingError(f"{said} {inconsistency_id}; `touchpoints inconsistencies list` shows ids")
    own = {"id": bound(ids[0]["inconsistency_id"])}
    versions = asked(
        settings,
        f"SELECT version, {_ROW}, toUnixTimestamp64Micro(detected_at) AS detected_us FROM inconsistencies_history"  # noqa: S608
        " WHERE inconsistency_id = {id:String} ORDER BY version, ingested_at LIMIT 1 BY version",
        own,
    )
    told = [row for row in versions if row["sentence"]] or versions
    last = in_words(_named(told[-1]), wording) | {"status": versions[-1]["status"]}
    return Shown(
        fields=last,
        evidence=_evidence(settings, own),
        versions=tuple(Version(int(row["version"]), row["status"], row["severity"], row["count"], row["detected_us"]) for row in versions),
    )


def in_words(row: Mapping[str, Any], wording: Wording | None) -> dict[str, Any]:
    """A row without what its words are made of: in the wording given as far as it carries that, else as it was published."""
    words = None if wording is None else retold(row, wording)
    return {name: value for name, value in row.items() if name != "told"} | ({} if words is None else words._asdict())


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {_TIMES.get(name, name): value for name, value in row.items() if name not in ("n", "version", "detected_us")}


def _evidence(settings: Settings, own: Mapping[str, str]) -> tuple[Touchpoint, ...]:
    answer = read(
        settings,
        f"WITH toUInt64(0) AS content_hash SELECT {selection()} FROM touchpoints WHERE event_id IN"  # noqa: S608
        " (SELECT arrayJoin(evidence) FROM inconsistencies_history WHERE inconsistency_id = {id:String})"
        " ORDER BY corrected_at, source, sequence, event_id" + UNQUOTED,
        "JSONCompactEachRow",
        own,
    )
    return tuple(decoded(answer.body)) if answer.body else ()
