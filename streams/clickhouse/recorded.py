"""The touchpoints that ClickHouse has, as they travelled: what a stack without a durable broker rebuilds its state from."""

from collections.abc import AsyncIterator
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec

from streams.clickhouse.engine import quoted
from streams.journeys.touchpoint import Touchpoint

ROWS_AT_ONCE: Final = 5000
_SETTINGS: Final = {
    "output_format_json_quote_64bit_integers": 0,
    "max_execution_time": 0,
    "max_result_rows": 0,
}
_TIMES: Final = ("_at", "_from", "_until", "_for")
_lines: Final = msgspec.json.Decoder(Touchpoint)


async def recorded(client: Any, store: str, rows_at_once: int = ROWS_AT_ONCE) -> AsyncIterator[list[Touchpoint]]:
    """The current touchpoints of a store in runs, by event_id; each comes equal to what was recorded.

    `client` is clickhouse-connect's async client. Memory is bounded by one run.
    """
    text = (
        f"SELECT {selection()} FROM {quoted(store)}.touchpoints FINAL"  # noqa: S608  # our own names
        " WHERE event_id > {after:String} ORDER BY event_id LIMIT {rows:UInt32}"
    )
    after = ""
    while True:
        body = await client.raw_query(text, parameters={"after": after, "rows": rows_at_once}, settings=_SETTINGS, fmt="JSONCompactEachRow")
        run = decoded(body)
        if run:
            yield run
        if len(run) < rows_at_once:
            return
        after = run[-1].event_id


def selection() -> str:
    """What to select of the table `touchpoints` so that `decoded` reads it."""
    return ", ".join(_fields(Touchpoint, ""))


def decoded(lines: bytes) -> list[Touchpoint]:
    """The touchpoints of rows in JSONCompactEachRow, numbers unquoted. Raises msgspec.DecodeError."""
    return _lines.decode_lines(lines)


def _fields(struct: type[msgspec.Struct], row: str, depth: int = 0) -> list[str]:
    hints = get_type_hints(struct)
    return [_expression(f"{row}{quoted(name)}", name, hints[name], depth) for name in struct.__struct_fields__]


def _expression(value: str, name: str, hint: Any, depth: int) -> str:
    """ClickHouse's expression that gives a column as the record has it: times in us, amounts in ten-thousandths, parts as arrays."""
    inner = get_args(hint)[0] if get_origin(hint) is tuple else hint
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        if inner is hint:
            return f"tuple({', '.join(_fields(inner, value + '.', depth))})"
        part = f"part{depth}"
        return f"arrayMap({part} -> tuple({', '.join(_fields(inner, part + '.', depth + 1))}), {value})"
    if name == "amount":
        return f"toInt64(toDecimal128({value}, 4) * 10000)"
    if name.endswith(_TIMES):
        return f"toUnixTimestamp64Micro({value})"
    return value
