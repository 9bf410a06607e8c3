"""The embedded ClickHouse: the real engine behind ClickHouse's HTTP interface, on this machine alone.

    python -m streams.clickhouse.server FOLDER PORT [--until-stdin-ends]

prints `ready URL` when it takes requests, and stops cleanly on SIGTERM, or when its standard input ends (with its parent).
A password comes from TOUCHPOINTS_CLICKHOUSE_PASSWORD.
"""

import asyncio
import ipaddress
import json
import os
import signal
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from streams.clickhouse import compression
from streams.clickhouse.engine import Answer, Engine, FolderInUseError
from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.requests import Access, query_of
from streams.clickhouse.statements import Kind

LARGEST_BODY_BYTES: Final = 256 << 20
READERS: Final = 2
UNTIL_STDIN_ENDS: Final = "--until-stdin-ends"
_NO_CONTENT_TYPE: Final = "text/plain; charset=UTF-8"
_CONTENT_TYPES: Final = {
    "JSON": "application/json; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "MsgPack": "application/msgpack",
    "Avro": "application/octet-stream",
    "Arrow": "application/octet-stream",
    "Parquet": "application/octet-stream",
}


@dataclass(slots=True)
class _Handlers:
    engine: Engine
    access: Access
    readers: ThreadPoolExecutor
    writer: ThreadPoolExecutor
    server_name: str = "touchpoints"

    async def ping(self, _request: web.Request) -> web.Response:
        return web.Response(text="Ok.\n", headers={"X-ClickHouse-Server-Display-Name": self.server_name})

    async def missing(self, request: web.Request) -> web.Response:
        text = f"There is no handle {request.path}\n\nUse /ping for health checks, / for queries: by POST, or GET /?query=...\n"
        return web.Response(status=404, text=text)

    async def query(self, request: web.Request) -> web.Response:
        query_id = request.query.get("query_id") or str(uuid.uuid4())
        headers = {
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Server-Display-Name": self.server_name,
            "X-ClickHouse-Timezone": self.engine.timezone,
        }
        try:
            _check_origin(request)
            answer = await self._answer(request)
        except ClickHouseError as error:
            headers |= {"X-ClickHouse-Exception-Code": str(error.code)}
            if error.http_status == 401:  # noqa: PLR2004
                headers |= {"WWW-Authenticate": 'Basic realm="ClickHouse server HTTP API"'}
            return web.Response(status=error.http_status, text=f"{error} (version {self.engine.version})\n", headers=headers)
        if answer is None:
            return await self.ping(request)
        headers |= {
            "X-ClickHouse-Format": answer.format,
            "X-ClickHouse-Summary": _summary(answer),
            "Content-Type": _content_type(answer.format),
        }
        body = answer.body
        if body and request.query.get("enable_http_compression", "0") == "1":
            body, encoding = compression.compressed(body, request.headers.get("Accept-Encoding", ""))
            headers |= {"Content-Encoding": encoding} if encoding else {}
        return web.Response(body=body, headers=headers)

    async def _answer(self, request: web.Request) -> Answer | None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        options: dict[str, str] = dict(request.query)
        self.access.check(options, headers)
        if request.method not in {"GET", "HEAD", "POST"}:
            raise ClickHouseError(48, f"Method {request.method} is not supported: use GET or POST. (NOT_IMPLEMENTED)")
        body = b""
        if headers.get("content-type", "").startswith("multipart/form-data"):
            options |= await _form(request)
        else:
            body = await _body(request)
            body = compression.decompressed(body, headers.get("content-encoding", ""), LARGEST_BODY_BYTES)
        query = query_of(request.method, options, headers, body)
        if query is None:
            return None
        pool = self.writer if query.statement.kind is Kind.INSERT else self.readers
        return await asyncio.get_running_loop().run_in_executor(pool, self.engine.run, query)


def application(engine: Engine, access: Access) -> web.Application:
    """The HTTP interface over an engine; the engine stays the caller's to close."""
    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    handlers = _Handlers(engine, access, ThreadPoolExecutor(READERS, "read"), ThreadPoolExecutor(1, "insert"))
    app.router.add_get("/ping", handlers.ping)
    app.router.add_get("/replicas_status", handlers.ping)
    app.router.add_route("*", "/", handlers.query)
    app.router.add_route("*", "/{path:.*}", handlers.missing)

    async def stop(_app: web.Application) -> None:
        for pool in (handlers.writer, handlers.readers):
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    app.on_cleanup.append(stop)
    return app


async def serve(folder: Path, port: int, host: str = "127.0.0.1", access: Access | None = None, lifeline: int | None = None) -> None:
    """Serve `folder` until SIGTERM or SIGINT, or until the file descriptor `lifeline` ends.

    Port 0 takes a free one. Prints one line when ready.

    Raises ValueError for an address that others could reach, FolderInUseError where another process has the folder.
    """
    check_loopback(host)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    if lifeline is not None:
        asyncio.get_running_loop().add_reader(lifeline, stopped.set)  # nothing is ever written to it: readable means ended
    with Engine(folder) as engine:
        runner = web.AppRunner(application(engine, access or Access()), access_log=None, shutdown_timeout=5.0, auto_decompress=False)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            sys.stdout.write(f"ready http://{host}:{runner.addresses[0][1]}\n")
            sys.stdout.flush()
            await stopped.wait()
        finally:
            await runner.cleanup()


def check_loopback(host: str) -> None:
    """Raise ValueError unless `host` can be reached from this machine alone."""
    try:
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise ValueError(
        f"the embedded ClickHouse binds to this machine alone, not to {host!r}: use 127.0.0.1, or a ClickHouse server of its own"
    )


def _check_origin(request: web.Request) -> None:
    """A page in a browser must not reach the server by way of its user: neither by another name nor from another site."""
    for address in (f"http://{request.host}", request.headers.get("Origin", "")):
        try:
            if address:
                check_loopback(urlsplit(address).hostname or "")
        except ValueError as error:
            raise ClickHouseError(
                497, f"default: Not enough privileges. Requests of {address!r} are not served here. (ACCESS_DENIED)"
            ) from error


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise ClickHouseError(
            65, f"The body is over {LARGEST_BODY_BYTES} bytes: send it in smaller blocks. (QUERY_IS_TOO_LARGE)"
        ) from error


async def _form(request: web.Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in (await request.post()).items():
        if not isinstance(value, str):
            raise ClickHouseError(48, "External tables in a form are not supported by the embedded server. (NOT_IMPLEMENTED)")
        found[name] = value
    return found


def _summary(answer: Answer) -> str:
    fields: dict[str, Any] = {
        "read_rows": answer.rows_read,
        "read_bytes": answer.bytes_read,
        "written_rows": answer.rows_written,
        "written_bytes": answer.bytes_written,
        "total_rows_to_read": answer.rows_read,
        "result_rows": answer.result_rows or answer.rows_written,
        "result_bytes": len(answer.body) or answer.bytes_written,
        "elapsed_ns": answer.elapsed_ns,
    }
    return json.dumps({name: str(value) for name, value in fields.items()}, separators=(",", ":"))


def _content_type(name: str) -> str:
    if name in _CONTENT_TYPES:
        return _CONTENT_TYPES[name]
    if name.startswith("JSON"):
        each_row = name.endswith("EachRow")
        return "application/x-ndjson; charset=UTF-8" if each_row else _CONTENT_TYPES["JSON"]
    return _NO_CONTENT_TYPE


def main(arguments: list[str]) -> int:
    """Run the server from a command line; 2 for wrong arguments, 1 where it cannot start."""
    try:
        folder, port = Path(arguments[0]), int(arguments[1])
    except (IndexError, ValueError):
        sys.stderr.write("usage: python -m streams.clickhouse.server FOLDER PORT [--until-stdin-ends]\n")
        return 2
    access = Access(
        os.environ.get("TOUCHPOINTS_CLICKHOUSE_USER", "default"),
        os.environ.get("TOUCHPOINTS_CLICKHOUSE_PASSWORD", ""),
    )
    try:
        asyncio.run(serve(folder, port, access=access, lifeline=0 if UNTIL_STDIN_ENDS in arguments[2:] else None))
    except (FolderInUseError, OSError) as error:
        sys.stderr.write(f"ClickHouse cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
