"""Small reads with bound values, as dicts by column."""

import json
from collections.abc import Mapping
from typing import Any, Final

from streams.clickhouse.reading import read
from streams.settings import Settings

UNQUOTED: Final = " SETTINGS output_format_json_quote_64bit_integers = 0"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


def asked(settings: Settings, statement: str, parameters: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The rows of one statement that reads, numbers as numbers. Raises read's ClickHouseError and ClickHouseAwayError."""
    return [json.loads(line) for line in read(settings, statement + UNQUOTED, "JSONEachRow", parameters).body.splitlines()]


def bound(value: str) -> str:
    """A String as a bound parameter has it: ClickHouse reads it as a field of TabSeparated."""
    return value.translate(_ESCAPES)
