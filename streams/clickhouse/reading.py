"""Reads over plain HTTP, as bytes in any of ClickHouse's formats; and where to find the ClickHouse of an installation."""

import http.client
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from streams.clickhouse.embedded import ClickHouseStartError, EmbeddedClickHouse
from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.migrations import Names, found
from streams.settings import DEFAULT_FOLDER, PREFIX, STACK_FILE, Settings

FOLDER_NAME: Final = "clickhouse"
"""Where an embedded stack's folder has ClickHouse's data."""

_OK: Final = 200
_ASKED_WITHIN_S: Final = 10.0
_SAID_SHOWN: Final = 200
"""Characters of ClickHouse's own words that are shown beside ours."""


class StoreBehindError(ClickHouseError):
    """The store is older than this program, or there is none: what it lacks, and what to do."""

    def __init__(self, error: ClickHouseError, lacking: Sequence[str]) -> None:
        super().__init__(error.code, error.text)
        self.lacking = lacking

    def __str__(self) -> str:
        said = self.text if len(self.text) <= _SAID_SHOWN else self.text[:_SAID_SHOWN] + " ..."
        return (
            f"ClickHouse's store is older than this program, it lacks {self.lacking[0]} and {len(self.lacking) - 1} more:"
            f" run `touchpoints migrate` (ClickHouse says: {said})"
        )


class ClickHouseAwayError(ConnectionError):
    """No ClickHouse answers: where it was looked for, and what to do."""


@dataclass(frozen=True, slots=True)
class Result:
    """Rows as bytes in `format`."""

    body: bytes
    format: str


def read(
    settings: Settings,
    text: str,
    form: str = "TabSeparated",
    parameters: Mapping[str, str] | None = None,
    timeout_s: float = 300.0,
) -> Result:
    """Run one statement that reads, in the analysts' database; anything that writes is refused.

    `parameters` are the values of `{name:Type}` in the text. Raises ClickHouseError, as StoreBehindError where the store is older than this
    program; ClickHouseAwayError.
    """
    options = {"database": settings.clickhouse_database, "default_format": form}
    options |= {f"param_{name}": value for name, value in (parameters or {}).items()}
    try:
        return _asked(settings, text, options, timeout_s)
    except ClickHouseError as error:
        if error.names_what_is_not_there and (lacking := _lacking(settings)):
            raise StoreBehindError(error, lacking) from error
        raise


def _asked(settings: Settings, text: str, options: Mapping[str, str], timeout_s: float) -> Result:
    """What ClickHouse answers. Raises ClickHouseError, ClickHouseAwayError."""
    headers = {"X-ClickHouse-User": settings.clickhouse_user, "X-ClickHouse-Key": settings.clickhouse_password}
    path = "/?" + urlencode({**options, "readonly": "2"})
    status, answer, body = _request(settings.clickhouse_url, "POST", path, text.encode(), headers, timeout_s=timeout_s)
    if status != _OK:
        raise ClickHouseError.parsed(body.decode(errors="replace"))
    return Result(body, answer.get("X-ClickHouse-Format", options["default_format"]))


def _lacking(settings: Settings) -> list[str]:
    """Names of the migrations of this version that the store does not have."""
    text = f"SELECT DISTINCT name FROM {Names.of(settings).store}.migrations"  # noqa: S608  # a checked name
    try:
        done = _asked(settings, text, {"database": "default", "default_format": "TabSeparated"}, _ASKED_WITHIN_S).body.decode().split()
    except ClickHouseError as error:
        if not error.names_what_is_not_there:
            return []
        done = []  # there is no store
    return [each.name for each in found() if each.name not in done]


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a ClickHouse answers at an address."""
    try:
        status, _, body = _request(url, "GET", "/ping", b"", {}, timeout_s=timeout_s)
    except ClickHouseAwayError:
        return False
    return status == _OK and body.startswith(b"Ok.")


@contextmanager
def reached(settings: Settings, folder: Path | None = None) -> Iterator[Settings]:
    """Settings whose ClickHouse answers: the one that runs, else the embedded one over the folder's data, for as long as this lasts.

    Raises ClickHouseAwayError where there is neither.
    """
    stored = (settings.folder or folder or DEFAULT_FOLDER) / FOLDER_NAME
    named = settings.folder is not None or folder is None or PREFIX + "CLICKHOUSE_URL" in os.environ
    if (named or not stored.is_dir()) and answers(settings.clickhouse_url):
        yield settings
        return
    if not stored.is_dir():
        raise ClickHouseAwayError(
            f"no ClickHouse answers at {settings.clickhouse_url}, and {stored} does not exist:"
            f" start one (`touchpoints up`), set {PREFIX}CLICKHOUSE_URL, or name the folder of a stack with {STACK_FILE} in it"
        )
    try:
        server = EmbeddedClickHouse(stored, password=settings.clickhouse_password).start()
    except ClickHouseStartError as error:
        raise ClickHouseAwayError(str(error)) from error
    try:
        yield replace(settings, clickhouse_url=server.url)
    finally:
        server.stop()


def _request(
    url: str, method: str, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float
) -> tuple[int, Mapping[str, str], bytes]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "127.0.0.1", parts.port or 8123, timeout=timeout_s)
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, dict(headers))
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ClickHouseAwayError(f"no ClickHouse answers at {url} ({error}): check {PREFIX}CLICKHOUSE_URL, or start one") from error
