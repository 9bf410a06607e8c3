"""One HTTP request in ClickHouse's terms: statement, data, settings, parameters, session; whoever sent it, and may he."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from streams.clickhouse.engine import Query
from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.statements import Kind, Statement, parse

PARAMETER: Final = "param_"
_NOT_SETTINGS: Final = frozenset(
    {
        *("query", "database", "default_format", "format", "user", "password", "quota_key", "stacktrace", "role"),
        *("session_id", "session_timeout", "session_check", "query_id", "client_protocol_version", "buffer_size", "wait_end_of_query"),
        *("compress", "decompress", "enable_http_compression", "http_zlib_compression_level", "add_http_cors_header", "close_session"),
        *("send_progress_in_http_headers", "http_headers_progress_interval_ms", "http_write_exception_in_output_format"),
        *("cancel_http_readonly_queries_on_client_close", "network_compression_method"),
    }
)
_AUTHENTICATION_FAILED: Final = 516
_REQUIRED_PASSWORD: Final = 194
_LONGEST_SESSION_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Access:
    """The one user of the embedded server; an empty password lets everyone in who names no other user."""

    user: str = "default"
    password: str = ""

    def check(self, options: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """Raise ClickHouseError unless the request names this user with this password, or none where none is set."""
        user, password = _credentials(options, headers)
        if self.password and not password:
            raise ClickHouseError(_REQUIRED_PASSWORD, f"{user}: Authentication failed: password is required. (REQUIRED_PASSWORD)")
        same = hmac.compare_digest(user.encode(), self.user.encode()) and hmac.compare_digest(password.encode(), self.password.encode())
        if not same:
            raise ClickHouseError(
                _AUTHENTICATION_FAILED,
                f"{user}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)",
            )


def query_of(method: str, options: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Query | None:
    """The statement of a request with all that belongs to it; None where it has none.

    `options` are the fields of the address (and of a form); header names are lower case. Raises ClickHouseError.
    """
    for name in ("compress", "decompress"):
        if options.get(name, "0") not in {"", "0", "false"}:
            raise ClickHouseError(
                48, f"The option {name}=1 (ClickHouse's own block compression) is not here: use HTTP compression. (NOT_IMPLEMENTED)"
            )
    text = options.get("query", "").encode()
    if not text.strip() and not body.strip():
        return None
    may_write = method == "POST" and options.get("readonly", "0") in {"", "0"}
    return Query(
        statement=_statement(text, body),
        format=headers.get("x-clickhouse-format") or options.get("default_format") or "TabSeparated",
        database=options.get("database") or headers.get("x-clickhouse-database", ""),
        settings={name: value for name, value in options.items() if name not in _NOT_SETTINGS and not name.startswith(PARAMETER)},
        parameters={name.removeprefix(PARAMETER): value for name, value in options.items() if name.startswith(PARAMETER)},
        session_id=options.get("session_id", ""),
        session_check=options.get("session_check", "0") == "1",
        session_timeout_s=_session_timeout_s(options.get("session_timeout", "60")),
        may_write=may_write,
        revision=int(revision) if (revision := options.get("client_protocol_version", "0")).isdecimal() else 0,
    )


def _statement(text: bytes, body: bytes) -> Statement:
    if not text.strip():
        return parse(body)
    if not body:
        return parse(text)
    statement = parse(text)
    if statement.kind is Kind.INSERT:
        return Statement(Kind.INSERT, statement.text, statement.format, statement.payload + body)
    return parse(text + b"\n" + body)


def _session_timeout_s(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 < found <= _LONGEST_SESSION_S:
        raise ClickHouseError(36, f"Session timeout {text!r} is not a number of seconds up to {_LONGEST_SESSION_S:.0f}. (BAD_ARGUMENTS)")
    return found


def _credentials(options: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user") or "default", headers.get("x-clickhouse-key", "")
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme:
        return _basic(scheme, value)
    return options.get("user") or "default", options.get("password", "")


def _basic(scheme: str, value: str) -> tuple[str, str]:
    wrong = ClickHouseError(
        _AUTHENTICATION_FAILED, "The Authorization header is not `Basic` with user and password. (AUTHENTICATION_FAILED)"
    )
    if scheme.lower() != "basic":
        raise wrong
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (ValueError, binascii.Error) as error:
        raise wrong from error
    return user or "default", password
