"""Reads over plain HTTP, as bytes in any of ClickHouse's formats; and where to find the ClickHouse of an installation."""

import http.client
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from streams.clickhouse.embedded import ClickHouseStartError, EmbeddedClickHouse
from streams.clickhouse.errors import ClickHouseError
from streams.settings import DEFAULT_FOLDER, PREFIX, STACK_FILE, Settings

FOLDER_NAME: Final = "clickhouse"
"""Where an embedded stack's folder has ClickHouse's data."""

_OK: Final = 200


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

    `parameters` are the values of `{name:Type}` in the text. Raises ClickHouseError, ClickHouseAwayError.
    """
    options = {"database": settings.clickhouse_database, "default_format": form, "readonly": "2"}
    options |= {f"param_{name}": value for name, value in (parameters or {}).items()}
    headers = {"X-ClickHouse-User": settings.clickhouse_user, "X-ClickHouse-Key": settings.clickhouse_password}
    status, answer, body = _request(settings.clickhouse_url, "POST", "/?" + urlencode(options), text.encode(), headers, timeout_s=timeout_s)
    if status != _OK:
        raise ClickHouseError.parsed(body.decode(errors="replace"))
    return Result(body, answer.get("X-ClickHouse-Format", form))


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
