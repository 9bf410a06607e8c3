"""ClickHouse's HTTP interface as unmodified clients use it; the same against the embedded engine and a real server."""

import gzip
import json
import shutil
import subprocess
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import clickhouse_connect
import lz4.frame
import pytest
import zstandard
from clickhouse_connect.driver.exceptions import DatabaseError

from streams.clickhouse.client import connect, connect_async
from streams.settings import Settings

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def table(clickhouse_url: str) -> Iterator[str]:
    client = connect(Settings(clickhouse_url=clickhouse_url))
    name = f"default.t{uuid.uuid4().hex[:10]}"
    client.command(
        f"CREATE TABLE {name} (id UInt64, name LowCardinality(String), price Nullable(Decimal(18, 4)), at DateTime64(6, 'UTC'),"
        " tags Array(String)) ENGINE = MergeTree ORDER BY id"
    )
    yield name
    client.command(f"DROP TABLE {name} SYNC")
    client.close()


@pytest.fixture(scope="module")
def plain(clickhouse_url: str) -> Iterator[Any]:
    client = connect(Settings(clickhouse_url=clickhouse_url))
    yield client
    client.close()


@pytest.fixture
def curl(clickhouse_url: str):
    program = shutil.which("curl")
    if program is None:
        pytest.fail("curl is needed: apt-get install curl")

    def call(*arguments: str, path: str = "/", data: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        command = [program, "-s", "-i", *arguments, clickhouse_url + path]
        if data is not None:
            command[1:1] = ["--data-binary", "@-"]
        said = subprocess.run(command, input=data, capture_output=True, check=True, timeout=30).stdout
        head, _, body = said.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        return int(status.split()[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body

    return call


def test_rows_go_in_and_come_out_as_they_were(plain, table: str):
    rows = [
        [1, "chat", Decimal("12.5000"), datetime(2024, 2, 1, 10, 0, 0, 123456, tzinfo=UTC), ["a", "b"]],
        [2, "it's; FORMAT \\ \n x", None, datetime(1970, 1, 1, tzinfo=UTC), []],
    ]
    columns = ["id", "name", "price", "at", "tags"]
    plain.command(f"TRUNCATE TABLE {table}")
    assert plain.insert(table, rows, column_names=columns).written_rows == 2
    found = plain.query(f"SELECT * FROM {table} ORDER BY id", query_tz="UTC", tz_mode="aware")
    assert [list(row) for row in found.result_rows] == rows
    assert found.column_names == tuple(columns)
    nothing = plain.query(f"SELECT *, CAST((1, 'x'), 'Tuple(a UInt8, b String)') AS pair FROM {table} WHERE id = 99")
    assert (nothing.column_names, nothing.result_rows) == ((*columns, "pair"), [])


def test_bound_parameters_keep_their_values_whatever_they_contain(plain):
    value = 'it\'s \\ a "test" -- ; FORMAT JSON\n\t{x:String}'
    parameters = {"text": value, "number": -5, "list": ["a'b", "c"], "at": datetime(2024, 2, 1, 10, tzinfo=UTC), "none": None}
    found = plain.query(
        "SELECT {text:String}, {number:Int32}, {list:Array(String)}, {at:DateTime('UTC')}, {none:Nullable(String)}", parameters=parameters
    )
    assert found.result_rows[0][:3] == (value, -5, ["a'b", "c"])
    assert found.result_rows[0][4] is None


async def test_the_async_client_runs_queries_beside_each_other(clickhouse_url: str):
    import asyncio

    client = await connect_async(Settings(clickhouse_url=clickhouse_url))
    found = await asyncio.gather(*(client.query("SELECT {n:UInt32} + 1", parameters={"n": number}) for number in range(8)))
    assert [result.result_rows for result in found] == [[(number + 1,)] for number in range(8)]
    await client.close()


@pytest.mark.parametrize("method", ["gzip", "lz4", "zstd", None])
def test_clients_may_compress_both_ways(clickhouse_url: str, table: str, method: str | None):
    settings = Settings(clickhouse_url=clickhouse_url)
    port = int(settings.clickhouse_url.rsplit(":", 1)[1])
    client = clickhouse_connect.get_client(host="127.0.0.1", port=port, compress=method or False)
    client.command(f"TRUNCATE TABLE {table}")
    client.insert(table, [[number, "chat"] for number in range(5000)], column_names=["id", "name"])
    assert client.query(f"SELECT count(), sum(id) FROM {table}").result_rows == [(5000, 12_497_500)]
    assert len(client.query(f"SELECT * FROM {table}").result_rows) == 5000
    client.close()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"SELECT 42", mtime=0)),
        ("deflate", zlib.compress(b"SELECT 42")),
        ("lz4", lz4.frame.compress(b"SELECT 42")),
        ("zstd", zstandard.ZstdCompressor().compress(b"SELECT 42")),
    ],
)
def test_a_compressed_request_is_read(curl, encoding: str, packed: bytes):
    assert curl("-H", f"Content-Encoding: {encoding}", data=packed)[::2] == (200, b"42\n")


@pytest.mark.parametrize(
    ("statement", "status", "code", "name"),
    [
        ("SELECT * FROM nothing_here", 404, 60, "UNKNOWN_TABLE"),
        ("SELECT nothing_here", 404, 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT nothing_here(1)", 404, 46, "UNKNOWN_FUNCTION"),
        ("SELECT * FROM nothing_here.t", 404, 81, "UNKNOWN_DATABASE"),
        ("SELEC 1", 400, 62, "SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", 400, 62, "SYNTAX_ERROR"),
        ("SELECT toInt8('x')", 400, 6, "CANNOT_PARSE_TEXT"),
        ("SELECT 1 FORMAT Nothing", 404, 73, "UNKNOWN_FORMAT"),
        ("SELECT {x:String}", 500, 456, "UNKNOWN_QUERY_PARAMETER"),
        ("SELECT 1 SETTINGS nothing_here = 1", 404, 115, "UNKNOWN_SETTING"),
        ("SELECT number FROM numbers(100) SETTINGS max_result_rows = 10", 500, 396, "TOO_MANY_ROWS_OR_BYTES"),
        ("SELECT throwIf(1)", 500, 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
    ],
)
def test_errors_are_clickhouses_own(curl, statement: str, status: int, code: int, name: str):
    found, headers, body = curl(data=statement.encode())
    text = body.decode()
    assert (found, headers["x-clickhouse-exception-code"]) == (status, str(code)), text
    assert text.startswith(f"Code: {code}. DB::Exception: ")
    assert f"({name}) (version " in text
    assert text.count("Code: ") == 1
    assert text.endswith("\n")


def test_an_unmodified_client_raises_the_servers_error(plain):
    with pytest.raises(DatabaseError, match=r"code: 60"):
        plain.query("SELECT * FROM nothing_here")


def test_get_reads_and_never_writes(curl, table: str):
    status, headers, body = curl("-G", "--data-urlencode", "query=SELECT 1 AS a, 'x' AS b FORMAT JSONEachRow")
    assert (status, json.loads(body)) == (200, {"a": 1, "b": "x"})
    assert headers["x-clickhouse-format"] == "JSONEachRow"
    for statement in (f"TRUNCATE TABLE {table}", f"INSERT INTO {table} (id) VALUES (1)", f"INSERT INTO {table} (id) FORMAT TSV\n1\n"):
        status, headers, body = curl("-G", "--data-urlencode", f"query={statement}")
        assert (status, headers["x-clickhouse-exception-code"]) == (500, "164"), body


def test_rows_may_stand_in_the_body_with_or_without_the_statement(curl, plain, table: str):
    plain.command(f"TRUNCATE TABLE {table}")
    insert = f"INSERT INTO {table} (id, name) FORMAT TSV"
    assert curl(data=f"{insert}\n1\ta\n2\tb\n".encode())[0] == 200
    status, headers, _ = curl(path=f"/?query={insert.replace(' ', '%20')}", data=b"3\tc\n4\td\n")
    assert (status, json.loads(headers["x-clickhouse-summary"])["written_rows"]) == (200, "2")
    assert curl(data=f"INSERT INTO {table} (id, name) VALUES (5, 'e')".encode())[0] == 200
    assert plain.query(f"SELECT groupArray(name) FROM (SELECT name FROM {table} ORDER BY id)").result_rows == [(["a", "b", "c", "d", "e"],)]


def test_a_broken_row_refuses_the_whole_block(curl, plain, table: str):
    plain.command(f"TRUNCATE TABLE {table}")
    status, headers, body = curl(data=f"INSERT INTO {table} (id, name) FORMAT TSV\n1\ta\nx\tb\n".encode())
    assert (status, headers["x-clickhouse-exception-code"]) == (400, "27"), body
    assert plain.query(f"SELECT count() FROM {table}").result_rows == [(0,)]


def test_settings_hold_for_one_request_on_reads_and_inserts(curl, plain, table: str):
    setting = b"SELECT value FROM system.settings WHERE name = 'max_threads'"
    assert curl(path="/?max_threads=1", data=setting)[2] == b"1\n"
    assert curl(data=setting)[2] != b"1\n"
    plain.command(f"TRUNCATE TABLE {table}")
    body = f"INSERT INTO {table} (id, name) FORMAT CSV\n1;a\n".encode()
    assert curl(path="/?format_csv_delimiter=%3B", data=body)[0] == 200
    assert curl(data=body)[0] == 400
    status, headers, _ = curl(path="/?nothing_here=1", data=b"SELECT 1")
    assert (status, headers["x-clickhouse-exception-code"]) == (404, "115")


def test_database_and_default_format_come_with_the_request(curl):
    assert curl(path="/?database=system&default_format=JSONCompactEachRow", data=b"SELECT currentDatabase()")[2] == b'["system"]\n'
    status, headers, _ = curl(path="/?database=nothing_here", data=b"SELECT 1")
    assert (status, headers["x-clickhouse-exception-code"]) == (404, "81")


def test_headers_say_what_a_client_needs(curl):
    status, headers, _ = curl(path="/?query_id=my-query", data=b"SELECT number FROM numbers(10) FORMAT JSON")
    assert (status, headers["x-clickhouse-query-id"], headers["x-clickhouse-format"]) == (200, "my-query", "JSON")
    assert headers["content-type"].startswith("application/json")
    assert headers["x-clickhouse-timezone"]
    assert json.loads(headers["x-clickhouse-summary"])["read_rows"] == "10"


def test_a_session_keeps_what_was_set_in_it(curl):
    name = uuid.uuid4().hex
    assert curl(path=f"/?session_id={name}", data=b"CREATE TEMPORARY TABLE mine (a Int8) ENGINE = Memory")[0] == 200
    assert curl(path=f"/?session_id={name}", data=b"INSERT INTO mine VALUES (7)")[0] == 200
    assert curl(path=f"/?session_id={name}", data=b"SELECT a FROM mine")[2] == b"7\n"
    assert curl(data=b"SELECT a FROM mine")[0] == 404
    status, headers, _ = curl(path=f"/?session_id=other{name}&session_check=1", data=b"SELECT 1")
    assert (status, headers["x-clickhouse-exception-code"]) == (404, "372") or headers["x-clickhouse-exception-code"] == "372"


def test_health_and_unknown_addresses(curl):
    assert curl(path="/ping")[::2] == (200, b"Ok.\n")
    assert curl(path="/replicas_status")[0] == 200
    assert curl()[::2] == (200, b"Ok.\n")
    assert curl(path="/nothing_here")[0] == 404


def test_a_wrong_user_is_refused(curl):
    status, headers, body = curl("-H", "X-ClickHouse-User: nobody", "-H", "X-ClickHouse-Key: x", data=b"SELECT 1")
    assert (status, headers["x-clickhouse-exception-code"]) == (403, "516"), body
    assert curl("-u", "nobody:x", data=b"SELECT 1")[0] == 403
    assert curl(path="/?user=nobody&password=x", data=b"SELECT 1")[0] == 403


async def test_an_answer_is_compressed_where_asked(clickhouse_url: str):
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        for name in ("gzip", "zstd", "lz4"):
            options = {"enable_http_compression": "1", "query": "SELECT repeat('a', 100000)"}
            async with session.get(clickhouse_url, params=options, headers={"Accept-Encoding": name}) as response:
                body = await response.read()
                assert response.headers["Content-Encoding"] == name
                assert len(body) < 10_000
