"""ClickHouse as the pipeline uses it: inserts that try again what may pass, and name the row where one cannot be stored.

Every insert may be sent twice: rows replace each other by key and version, so a repeat changes nothing.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import aiohttp

from streams.clickhouse.blocks import BlockError, Table
from streams.clickhouse.engine import quoted
from streams.clickhouse.errors import ClickHouseError
from streams.settings import Settings

FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 10.0
INSERT_TIMEOUT_S: Final = 60.0
_NOT_GRANTED: Final = 497
_INSERT_SETTINGS: Final = {
    "async_insert": "0",  # an answer means that the rows are stored
    "optimize_on_insert": "0",  # rows replace each other when they are read; a block need not be merged first
    "input_format_parallel_parsing": "0",
}


class InsertError(RuntimeError):
    """Rows were not stored."""


class TransientInsertError(InsertError):
    """Rows were not stored yet: ClickHouse is away or overloaded. The same rows can be sent again later."""


class PermanentInsertError(InsertError):
    """Rows will not be stored until someone changes something: what, is in the message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that ClickHouse cannot store, whatever comes with it.

    index   among the values given
    reason  why, as ClickHouse says it, without the value
    """

    index: int
    reason: str


class InsertClient:
    """Inserts blocks over HTTP; an async context manager.

    patience_s      how long one insert is tried again before it raises TransientInsertError
    retries         counts the attempts that had to be repeated
    """

    def __init__(self, settings: Settings, patience_s: float = 60.0) -> None:
        self._url = settings.clickhouse_url.rstrip("/") + "/"
        self._store = settings.clickhouse_store
        self._headers = {"X-ClickHouse-User": settings.clickhouse_user}
        if settings.clickhouse_password:
            self._headers["X-ClickHouse-Key"] = settings.clickhouse_password
        self._patience_s = patience_s
        self._session: aiohttp.ClientSession | None = None
        self.retries = 0

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=INSERT_TIMEOUT_S, connect=5.0)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def insert(self, table: Table, values: Sequence[bytes]) -> list[Refused]:
        """Store encoded values; returns those that cannot be stored, every other one is.

        Raises TransientInsertError when ClickHouse stays away longer than the patience, PermanentInsertError for what no row explains.
        """
        return await self._insert(table, values, 0)

    async def follow_identities(self) -> None:
        """Make the views see new rows of `identities` at once: a server follows within 40 s by itself, the embedded engine does not.

        Raises PermanentInsertError, TransientInsertError.
        """
        try:
            await self._until_stored(f"SYSTEM RELOAD DICTIONARY {quoted(self._store)}.customer_of", b"", "identities")
        except ClickHouseError as error:
            hint = f"; grant this user SYSTEM RELOAD DICTIONARY on {self._store}.*" if error.code == _NOT_GRANTED else ""
            raise PermanentInsertError(f"ClickHouse refuses to reload customer_of: {_first_line(error)}{hint}") from error

    async def _insert(self, table: Table, values: Sequence[bytes], offset: int) -> list[Refused]:
        if not values:
            return []
        try:
            await self._send(table, table.block(values))
        except (BlockError, ClickHouseError) as error:
            if isinstance(error, ClickHouseError) and not error.blames_rows:
                raise PermanentInsertError(_advice(table, error)) from error
            if len(values) == 1:
                return await self._again(table, values[0], Refused(offset, _first_line(error)))
        else:
            return []
        middle = len(values) // 2
        refused = await self._insert(table, values[:middle], offset)
        return refused + await self._insert(table, values[middle:], offset + middle)

    async def _again(self, table: Table, value: bytes, refused: Refused) -> list[Refused]:
        """One row alone was refused: an earlier version of the program may have written it, with fewer fields in a part."""
        if table.refreshed is None:
            return [refused]
        try:
            fresh = table.refreshed(value)
            if fresh == value:
                return [refused]
            await self._send(table, table.block([fresh]))
        except (ValueError, ClickHouseError):  # ValueError: what msgspec raises for bytes that cannot be decoded
            return [refused]
        return []

    async def _send(self, table: Table, body: bytes) -> None:
        """Send one block until it is stored. Raises ClickHouseError for what will not pass by itself."""
        columns = ", ".join(quoted(name) for name in table.columns)
        await self._until_stored(
            f"INSERT INTO {quoted(self._store)}.{quoted(table.name)} ({columns}) FORMAT {table.format}", body, table.name
        )

    async def _until_stored(self, query: str, body: bytes, name: str) -> None:
        until = asyncio.get_running_loop().time() + self._patience_s
        wait = FIRST_WAIT_S
        while True:
            try:
                await self._post(query, body)
            except (aiohttp.ClientError, TimeoutError, OSError, ClickHouseError) as error:
                if isinstance(error, ClickHouseError) and not error.passes_by_itself:
                    raise
                left = until - asyncio.get_running_loop().time()
                if left <= 0:
                    raise TransientInsertError(
                        f"ClickHouse at {self._url} has not stored rows of {name} for {self._patience_s:.0f} s: {_first_line(error)}"
                    ) from error
                self.retries += 1
                await asyncio.sleep(min(left, wait * random.uniform(0.5, 1.0)))  # noqa: S311  # jitter, no secret
                wait = min(wait * 2, LONGEST_WAIT_S)
            else:
                return

    async def _post(self, query: str, body: bytes) -> None:
        assert self._session is not None, "enter the client first: async with InsertClient(...)"
        async with self._session.post(self._url, params={"query": query, **_INSERT_SETTINGS}, data=body) as response:
            said = await response.text(errors="replace")
            if response.status == 200 and "X-ClickHouse-Exception-Code" not in response.headers:  # noqa: PLR2004
                return
        error = ClickHouseError.parsed(said)
        code = response.headers.get("X-ClickHouse-Exception-Code", "")
        if not code and not said.startswith("Code: "):  # a proxy, or a server that goes down
            raise aiohttp.ClientError(f"status {response.status}: {said[:200]}")
        raise ClickHouseError(int(code) if code.isdecimal() else error.code, error.text)


def connect(settings: Settings, database: str | None = None) -> Any:
    """A clickhouse-connect client for reads and commands; raises clickhouse_connect's errors where none answers."""
    import clickhouse_connect  # noqa: PLC0415  # heavy

    return clickhouse_connect.get_client(**_address(settings), database=database or "default", autogenerate_session_id=False)


async def connect_async(settings: Settings, database: str | None = None) -> Any:
    """The same for asyncio; many queries may run at once over it."""
    import clickhouse_connect  # noqa: PLC0415  # heavy

    return await clickhouse_connect.get_async_client(**_address(settings), database=database or "default", autogenerate_session_id=False)


def _address(settings: Settings) -> dict[str, Any]:
    parts = urlsplit(settings.clickhouse_url)
    secure = parts.scheme == "https"
    return {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or (8443 if secure else 8123),
        "secure": secure,
        "username": settings.clickhouse_user,
        "password": settings.clickhouse_password,
    }


def _advice(table: Table, error: ClickHouseError) -> str:
    hints = {
        60: "run `touchpoints migrate`",
        81: "run `touchpoints migrate`",
        16: "run `touchpoints migrate`: the table lacks a column",
        193: "check TOUCHPOINTS_CLICKHOUSE_USER and TOUCHPOINTS_CLICKHOUSE_PASSWORD",
        194: "check TOUCHPOINTS_CLICKHOUSE_USER and TOUCHPOINTS_CLICKHOUSE_PASSWORD",
        516: "check TOUCHPOINTS_CLICKHOUSE_USER and TOUCHPOINTS_CLICKHOUSE_PASSWORD",
        _NOT_GRANTED: "grant this user INSERT on the store",
    }
    return f"ClickHouse refuses rows of {table.name}: {_first_line(error)}; {hints.get(error.code, 'see its log')}"


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:300] if lines else type(error).__name__
