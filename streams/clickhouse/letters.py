"""Dead letters as ClickHouse has them: how many died of what, and the letters themselves, still sealed.

Reads the table, not the analysts' view: the sealed bytes are there alone, for whoever may read the store.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams.avro.sealing import Sealed
from streams.clickhouse.asking import asked
from streams.clickhouse.client import connect
from streams.clickhouse.engine import quoted
from streams.settings import Settings

RUN: Final = 500
"""Letters that are read together: with their bytes they may be half a megabyte each."""
REPLAYS: Final = "dead_letter_replays"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant; what is empty or None leaves all.

    since, until    us, when they were refused: from the one on, before the other
    ids             these alone
    replayed        those too that were published again before
    """

    reason: str = ""
    channel: str = ""
    since: int | None = None
    until: int | None = None
    ids: tuple[str, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """Letters of one channel, reason and field: how many, how many of them were published again, when (us), and one of them."""

    channel: str
    reason: str
    field: str
    letters: int
    replayed: int
    first_at: int
    last_at: int
    example: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. Times in us; `replayed_at` None: never published again. `sealed` has no value where it was not asked for."""

    dead_letter_id: str
    reason: str
    field: str
    detail: str
    channel: str
    topic: str
    partition: int
    offset: int
    event_id: str
    received_at: int
    died_at: int
    content_hash: str
    size_bytes: int
    replayed_at: int | None
    sealed: Sealed


def tallies(settings: Settings, wanted: Wanted) -> list[Tally]:
    """Counts of the wanted letters, the most first. Raises ClickHouseError, ClickHouseAwayError."""
    rows = _rows(
        settings,
        "SELECT channel, reason, field, count() AS letters, countIf(replayed_at IS NOT NULL) AS replayed,"  # noqa: S608  # our own names
        " toUnixTimestamp64Micro(min(died_at)) AS first_at, toUnixTimestamp64Micro(max(died_at)) AS last_at,"
        " argMax(dead_letter_id, died_at) AS example"
        f" FROM ({_letters(settings)}) WHERE {_CONDITION}"
        " GROUP BY channel, reason, field ORDER BY letters DESC, channel, reason, field",
        wanted,
    )
    return [Tally(**row) for row in rows]


def letters(settings: Settings, wanted: Wanted, *, after: str = "", limit: int = RUN) -> list[Letter]:
    """The wanted letters by id, those `after` an id, with their sealed bytes. Raises ClickHouseError, ClickHouseAwayError."""
    rows = _rows(
        settings,
        f"{_FIELDS}, base64Encode(sealed) AS bytes FROM ({_letters(settings)})"
        f" WHERE {_CONDITION} AND dead_letter_id > {{after:String}} ORDER BY dead_letter_id LIMIT {{limit:UInt32}}",
        wanted,
        after=after,
        limit=str(limit),
    )
    return [_letter(row) for row in rows]


def latest(settings: Settings, wanted: Wanted, limit: int) -> list[Letter]:
    """The wanted letters that died last, without their bytes. Raises ClickHouseError, ClickHouseAwayError."""
    rows = _rows(
        settings,
        f"{_FIELDS}, '' AS bytes FROM ({_letters(settings)}) WHERE {_CONDITION}"
        " ORDER BY died_at DESC, dead_letter_id LIMIT {limit:UInt32}",
        wanted,
        limit=str(limit),
    )
    return [_letter(row) for row in rows]


def note_replayed(settings: Settings, ids: Sequence[str]) -> None:
    """Keep that these letters were published again, now. Raises clickhouse-connect's ClickHouseError."""
    client = connect(settings)
    try:
        client.insert(REPLAYS, [[each] for each in ids], column_names=["dead_letter_id"], database=settings.clickhouse_store)
    finally:
        client.close()


_FIELDS: Final = (
    "SELECT dead_letter_id, reason, field, detail, channel, topic, partition, offset, event_id, content_hash, size_bytes, key_id,"
    " toUnixTimestamp64Micro(received_at) AS received_us, toUnixTimestamp64Micro(died_at) AS died_us,"
    " toUnixTimestamp64Micro(replayed_at) AS replayed_us"
)
_CONDITION: Final = (
    "({reason:String} = '' OR reason = {reason:String}) AND ({channel:String} = '' OR channel = {channel:String})"
    " AND ({since:Int64} = 0 OR toUnixTimestamp64Micro(died_at) >= {since:Int64})"
    " AND ({until:Int64} = 0 OR toUnixTimestamp64Micro(died_at) < {until:Int64})"
    " AND (empty({ids:Array(String)}) OR has({ids:Array(String)}, dead_letter_id))"
    " AND ({replayed:UInt8} = 1 OR replayed_at IS NULL)"
)


def _letters(settings: Settings) -> str:
    """The current letters, each with when it was last published again."""
    store = quoted(settings.clickhouse_store)
    return (
        f"SELECT letters.*, if(replays.dead_letter_id = '', NULL, replays.at) AS replayed_at FROM {store}.dead_letters AS letters FINAL"  # noqa: S608  # our own names
        f" LEFT JOIN (SELECT dead_letter_id, max(replayed_at) AS at FROM {store}.{REPLAYS} GROUP BY dead_letter_id) AS replays"
        " ON replays.dead_letter_id = letters.dead_letter_id"
    )


def _rows(settings: Settings, text: str, wanted: Wanted, **more: str) -> list[dict[str, Any]]:
    ids = ", ".join(f"'{each}'" for each in wanted.ids if each.isalnum())
    parameters = {
        "reason": wanted.reason,
        "channel": wanted.channel,
        "since": str(wanted.since or 0),
        "until": str(wanted.until or 0),
        "ids": f"[{ids}]",
        "replayed": str(int(wanted.replayed)),
    }
    return asked(settings, text, parameters | more)


def _letter(row: dict[str, Any]) -> Letter:
    sealed = Sealed(row.pop("key_id"), base64.b64decode(row.pop("bytes")))
    times = {f"{name}_at": row.pop(f"{name}_us") for name in ("received", "died", "replayed")}
    return Letter(**row, **times, sealed=sealed)
