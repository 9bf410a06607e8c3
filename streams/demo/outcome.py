"""What a run came to, asked of ClickHouse: counts, one inconsistency in full, a checksum over all that is current."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams.settings import Settings
from streams.simulation.truth import Planted

# As text: the hash of a row with a NULL in it is NULL, which aggregates leave out.
_CHECKED: Final = "SELECT count(), groupBitXor(cityHash64(toString(tuple(*)))), sum(cityHash64(toString(tuple(*)))) "
_JOURNEYS_CHECKED: Final = _CHECKED + "FROM (SELECT * EXCEPT (detected_at, ingested_at) FROM journeys)"  # noqa: S608  # our own names
_ACCOUNTS_CHECKED: Final = _CHECKED + "FROM (SELECT * EXCEPT (detected_at, ingested_at) FROM account_journeys)"  # noqa: S608  # our own names
_FINDINGS_COUNTED: Final = "SELECT rule, status, count() FROM inconsistencies GROUP BY rule, status ORDER BY rule, status"
_SIMULATED: Final = "SELECT DISTINCT customer FROM touchpoints WHERE startsWith(replay, 'simulation-')"
_FINDINGS_CHECKED: Final = _CHECKED + "FROM (SELECT * EXCEPT (told, detected_at, published_at, ingested_at) FROM inconsistencies)"  # noqa: S608  # our own names


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts by what they are counted by, the most telling finding, and the checksum."""

    channels: Mapping[str, int]
    journeys: Mapping[tuple[str, str], int]
    phases: Mapping[str, int]
    inconsistencies: Mapping[str, Mapping[str, int]]
    told: Mapping[str, Any] | None
    checksum: str

    @property
    def journey_count(self) -> int:
        """Journeys, all together."""
        return sum(self.journeys.values())


def outcome(client: Any) -> Outcome:
    """Ask a clickhouse-connect client of the analysts' views."""
    rules: dict[str, dict[str, int]] = {}
    for rule, status, count in _rows(client, _FINDINGS_COUNTED):
        rules.setdefault(rule, {"open": 0, "resolved": 0})[status] = count
    journeys = _rows(client, "SELECT process, status, count() FROM journeys GROUP BY process, status ORDER BY process, status")
    return Outcome(
        channels=dict(_rows(client, "SELECT channel, count() FROM touchpoints GROUP BY channel ORDER BY count() DESC")),
        journeys={(process, status): count for process, status, count in journeys},
        phases=dict(_rows(client, "SELECT phase, count() FROM journeys WHERE phase != 'none' GROUP BY phase")),
        inconsistencies=rules,
        told=_most_telling(client),
        checksum=checksum(client),
    )


def checksum(client: Any) -> str:
    """64 bits over the current rows of journeys and inconsistencies; versions, processing times and what sentences are made of aside."""
    rows = [*_rows(client, _JOURNEYS_CHECKED), *_rows(client, _FINDINGS_CHECKED)]
    rows += [row for row in _rows(client, _ACCOUNTS_CHECKED) if any(row)]
    return hashlib.blake2b(repr([tuple(map(int, row)) for row in rows]).encode(), digest_size=8).hexdigest()


def truth_scores(client: Any, truth: Sequence[Planted], settings: Settings) -> dict[str, dict[str, float]]:
    """By rule: what the stories planted, what was found, precision and recall."""
    from streams.identifiers_file import configured_pseudonyms  # noqa: PLC0415
    from streams.simulation.scoring import Found, score  # noqa: PLC0415

    pseudonyms = configured_pseudonyms(settings)
    numbers = "SELECT pseudonym, customer FROM identities WHERE type = 'customer_number' AND NOT is_shared"
    merged: dict[str, str] = dict(_rows(client, numbers))

    def customer_of(number: str) -> str:
        """Who has the number now: a person with two of them is one customer."""
        pseudonym = pseudonyms.of("customer_number", number)
        return merged.get(pseudonym, pseudonym)

    planted = {customer_of(each.customer) for each in truth}
    rows = _rows(client, "SELECT rule, subject, customer, status, evidence FROM inconsistencies")
    customers = {customer for (customer,) in _rows(client, _SIMULATED)}
    found = [
        Found(rule, subject, customer, status, tuple(evidence))
        for rule, subject, customer, status, evidence in rows
        if customer in customers or customer in planted
    ]
    scores = score(truth, found, customer_of)
    return {
        rule: {"planted": each.planted, "found": each.found, "precision": each.precision, "recall": each.recall}
        for rule, each in sorted(scores.items())
    }


def _most_telling(client: Any) -> Mapping[str, Any] | None:
    sides = [f"{side}_{part}" for side in ("first", "second") for part in ("channel", "at", "said")]
    columns = ("rule", "severity", "subject", "sentence", "remedy", *sides)
    rows = _rows(
        client,
        f"SELECT {', '.join(columns)} FROM inconsistencies"  # noqa: S608  # our own names
        " ORDER BY rule = 'offer_unknown' DESC, severity = 'critical' DESC, status = 'open' DESC, inconsistency_id LIMIT 1",
    )
    return dict(zip(columns, rows[0], strict=True)) if rows else None


def _rows(client: Any, sql: str) -> list[tuple[Any, ...]]:
    return list(client.query(sql).result_rows)
