"""The ClickHouse engine in this process (chDB), one statement at a time for each session.

Every request gets a session of its own, so that its database, settings and parameters end with it; requests that name a
`session_id` share one. Inserts have a thread of their own and never wait for an analyst's query.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from streams.clickhouse import native
from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.statements import Kind, Statement

LOCK_FILE: Final = "touchpoints.lock"
READ_DEFAULTS: Final[Mapping[str, str]] = {
    "max_execution_time": "30",
    "max_result_rows": "1000000",
    "max_memory_usage": str(2 << 30),
}
"""Caps of a read that sets none itself: seconds, rows, bytes. A read that needs more says so in its settings."""

_SESSION_NOT_FOUND: Final = 372
_SESSION_IS_LOCKED: Final = 373
_READONLY: Final = 164
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class FolderInUseError(RuntimeError):
    """Another process has the engine open over the same folder."""


@dataclass(frozen=True, slots=True)
class Query:
    """One statement with all that belongs to it.

    settings        ClickHouse settings for this statement alone
    parameters      values of `{name:Type}` in its text
    session_id      "" for a session of its own
    session_timeout_s   after which an unused session is forgotten
    may_write       False refuses everything but reads
    revision        of ClickHouse's protocol, for answers in Native
    """

    statement: Statement
    format: str = "TabSeparated"
    database: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    session_id: str = ""
    session_check: bool = False
    session_timeout_s: float = 60.0
    may_write: bool = True
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave: its rows as bytes in `format`, and what it read and wrote."""

    body: bytes
    format: str
    rows_read: int = 0
    bytes_read: int = 0
    rows_written: int = 0
    bytes_written: int = 0
    result_rows: int = 0
    elapsed_ns: int = 0


@dataclass(slots=True)
class _Held:
    session: Any
    expires_at: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class Engine:
    """chDB over one folder: one process at a time, held by a lock that ends with the process.

    Raises FolderInUseError where another process has it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = _locked(folder / LOCK_FILE)
        os.environ["TZ"] = "UTC"
        time.tzset()
        from chdb import session  # noqa: PLC0415  # reads the time zone when it loads

        make: Any = session.Session  # untyped
        self._open: Callable[[], Any] = lambda: make(str(folder / "store"))
        self._keeper = self._open()
        self._held: dict[str, _Held] = {}
        self._held_lock = threading.Lock()
        self.version = self._scalar("SELECT version()")
        self.timezone = self._scalar("SELECT timezone()")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Flush and close: the folder is free for another process."""
        for held in self._held.values():
            held.session.close()
        self._held.clear()
        self._keeper.close()
        os.close(self._lock)

    def run(self, query: Query) -> Answer:
        """Run one statement; blocks. Raises ClickHouseError."""
        if not query.may_write and query.statement.kind is not Kind.READ:
            raise ClickHouseError(_READONLY, "default: Cannot execute query in readonly mode. (READONLY)")
        try:
            if query.session_id:
                return self._run_in_held(query)
            with closing(self._open()) as session:
                _prepare(session, query, own=True)
                return _run(session, query)
        except RuntimeError as error:
            raise ClickHouseError.parsed(str(error)) from error

    def _run_in_held(self, query: Query) -> Answer:
        held = self._hold(query)
        if not held.lock.acquire(blocking=False):
            raise ClickHouseError(_SESSION_IS_LOCKED, f"Session {query.session_id} is locked by a concurrent client. (SESSION_IS_LOCKED)")
        try:
            before = held.session.query("SELECT currentDatabase()", "TabSeparatedRaw").bytes().decode().rstrip("\n")
            _prepare(held.session, query, own=False)
            try:
                return _run(held.session, query)
            finally:
                if query.database:
                    held.session.query(f"USE {quoted(before)}")
                for name in query.settings:
                    held.session.query(f"SET {_plain(name)} = DEFAULT")
        finally:
            held.expires_at = time.monotonic() + query.session_timeout_s
            held.lock.release()

    def _hold(self, query: Query) -> _Held:
        now = time.monotonic()
        with self._held_lock:
            for name, held in list(self._held.items()):
                if held.expires_at < now and not held.lock.locked():
                    held.session.close()
                    del self._held[name]
            found = self._held.get(query.session_id)
            if found is None:
                if query.session_check:
                    raise ClickHouseError(_SESSION_NOT_FOUND, f"Session {query.session_id} not found. (SESSION_NOT_FOUND)")
                found = self._held[query.session_id] = _Held(self._open(), now + query.session_timeout_s)
            return found

    def _scalar(self, text: str) -> str:
        return str(self._keeper.query(text, "TabSeparatedRaw").bytes().decode().rstrip("\n"))


def quoted(name: str) -> str:
    """A ClickHouse identifier in backticks, whatever it contains."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def literal(value: str) -> str:
    """A ClickHouse string literal, whatever it contains."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _locked(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.read(lock, 32).decode(errors="replace").strip()
        os.close(lock)
        raise FolderInUseError(
            f"{path.parent} is open in another process (id {owner or 'unknown'}), and one alone can have it:"
            " stop that one, or use its HTTP address"
        ) from error
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def _plain(name: str) -> str:
    if not name or not _NAME.issuperset(name):
        raise ClickHouseError(115, f"Setting {name} is neither a builtin setting nor started with the prefix 'SQL_'. (UNKNOWN_SETTING)")
    return name


def _prepare(session: Any, query: Query, *, own: bool) -> None:
    if query.database:
        session.query(f"USE {quoted(query.database)}")
    settings = dict(query.settings)
    reads = query.statement.kind is Kind.READ
    if reads and own:
        settings = {**READ_DEFAULTS, **settings}
    asked_readonly = settings.pop("readonly", "")
    if query.statement.kind is Kind.INSERT:
        settings |= {f"param_{_plain(name)}": value for name, value in query.parameters.items()}
    if settings:
        session.query("SET " + ", ".join(f"{_plain(name)} = {literal(value)}" for name, value in settings.items()))
    if not own:
        return
    if reads or asked_readonly not in {"", "0"}:
        session.query("SET readonly = 2")


def _run(session: Any, query: Query) -> Answer:
    started = time.perf_counter_ns()
    statement = query.statement
    form = statement.format or query.format
    if statement.kind is Kind.INSERT:
        with session.send_insert(statement.text, form) as inserter:
            inserter.append(statement.payload)
            written = inserter.finish()
        return Answer(
            b"",
            form,
            rows_written=written.rows_written,
            bytes_written=written.bytes_written,
            elapsed_ns=time.perf_counter_ns() - started,
        )
    parameters = dict(query.parameters) or None
    result = session.query(statement.text, form, params=parameters)
    body = result.bytes() or b""
    if not body and form == "Native" and statement.kind is Kind.READ:
        body = _native_header(session, statement.text, parameters)
    if form == "Native" and query.revision >= native.CUSTOM_SERIALIZATION:
        body = native.with_revision(body)
    return Answer(
        body,
        form,
        rows_read=result.storage_rows_read(),
        bytes_read=result.storage_bytes_read(),
        rows_written=result.rows_written(),
        bytes_written=result.bytes_written(),
        result_rows=result.rows_read(),
        elapsed_ns=time.perf_counter_ns() - started,
    )


def _native_header(session: Any, text: str, parameters: dict[str, str] | None) -> bytes:
    """Columns of a read without rows, as a Native block of none: a server sends it, chDB leaves it out, clients take names from it."""
    try:
        form = f"DESCRIBE TABLE ({text}\n) SETTINGS print_pretty_type_names = 0"
        described = session.query(form, "JSONCompactEachRow", params=parameters).bytes()
    except RuntimeError:  # a read that has no columns to describe
        return b""
    columns = [json.loads(line)[:2] for line in described.splitlines()]
    return b"".join([_varint(len(columns)), b"\x00", *(_text(part) for column in columns for part in column)])


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004  # seven bits a byte, the lowest first
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _text(value: str) -> bytes:
    raw = value.encode()
    return _varint(len(raw)) + raw
