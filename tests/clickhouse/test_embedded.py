"""What the embedded server adds to ClickHouse: one process per folder, this machine alone, caps, a clean stop."""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from streams.clickhouse.embedded import ClickHouseStartError, EmbeddedClickHouse
from streams.clickhouse.engine import LOCK_FILE
from streams.clickhouse.server import serve

pytestmark = pytest.mark.stack


def call(url: str, statement: str, options: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
    request = urllib.request.Request(f"{url}/?{options}", data=statement.encode(), headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with EmbeddedClickHouse(tmp_path_factory.mktemp("embedded")) as server:
        yield server


def test_rows_are_there_after_a_stop_a_kill_and_a_start(tmp_path: Path):
    with EmbeddedClickHouse(tmp_path) as first:
        call(first.url, "CREATE TABLE kept (a UInt64) ENGINE = MergeTree ORDER BY a")
        assert call(first.url, "INSERT INTO kept FORMAT TSV\n1\n2\n")[0] == 200
    second = EmbeddedClickHouse(tmp_path).start()
    assert call(second.url, "SELECT count() FROM kept")[1] == "2\n"
    call(second.url, "INSERT INTO kept FORMAT TSV\n3\n")
    os.kill(second.pid, signal.SIGKILL)
    second.stop()
    with EmbeddedClickHouse(tmp_path) as third:
        assert call(third.url, "SELECT groupArray(a) FROM (SELECT a FROM kept ORDER BY a)")[1] == "[1,2,3]\n"


def test_a_folder_in_use_is_refused_with_the_process_that_has_it(server: EmbeddedClickHouse):
    folder = Path(server._folder)
    with pytest.raises(ClickHouseStartError, match=f"is open in another process .id {server.pid}"):
        EmbeddedClickHouse(folder).start()
    assert call(server.url, "SELECT 1") == (200, "1\n")


def test_a_port_in_use_is_said(server: EmbeddedClickHouse, tmp_path: Path):
    with pytest.raises(ClickHouseStartError, match="cannot start"):
        EmbeddedClickHouse(tmp_path, port=int(server.url.rsplit(":", 1)[1])).start()


def test_sigterm_ends_it_with_0_and_answers_what_is_under_way(tmp_path: Path):
    process = subprocess.Popen([sys.executable, "-m", "streams.clickhouse.server", str(tmp_path), "0"], stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().removeprefix("ready ").strip()
    found: list[tuple[int, str]] = []
    slow = threading.Thread(target=lambda: found.append(call(url, "SELECT sleep(1)")))
    slow.start()
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    slow.join()
    assert found == [(200, "0\n")]
    process.stdout.close()


def test_it_ends_with_the_process_that_started_it(tmp_path: Path):
    start = "from pathlib import Path; import sys, time; from streams.clickhouse.embedded import EmbeddedClickHouse as E"
    program = f"{start}; print(E(Path({str(tmp_path)!r})).start().pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    server = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    lock = tmp_path / LOCK_FILE
    for _ in range(100):
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(0.1)
            else:
                return
    os.kill(server, signal.SIGKILL)
    pytest.fail("the server went on for 10 s after its parent was killed")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org", ""])
def test_an_address_that_others_reach_is_refused(tmp_path: Path, host: str):
    with pytest.raises(ValueError, match="this machine alone"):
        asyncio.run(serve(tmp_path, 0, host))


def test_wrong_arguments_are_said():
    ended = subprocess.run([sys.executable, "-m", "streams.clickhouse.server"], capture_output=True, text=True, check=False)
    assert (ended.returncode, "usage" in ended.stderr) == (2, True)


def test_a_page_of_another_site_cannot_reach_it(server: EmbeddedClickHouse):
    assert call(server.url, "SELECT 1", headers={"Origin": "https://example.org"})[0] == 403
    assert call(server.url, "SELECT 1", headers={"Host": "rebound.example.org"})[0] == 403
    assert call(server.url, "SELECT 1", headers={"Origin": "http://localhost:3000"})[0] == 200


def test_reads_are_capped_unless_they_say_otherwise(server: EmbeddedClickHouse):
    status, text = call(server.url, "SELECT number FROM numbers(1000001) FORMAT Null")
    assert (status, "396" in text) == (500, True)
    assert call(server.url, "SELECT number FROM numbers(1000001) FORMAT Null", "max_result_rows=0")[0] == 200
    status, text = call(
        server.url, "SELECT count() FROM numbers(100000000000) WHERE NOT ignore(cityHash64(number))", "max_execution_time=1"
    )
    assert (status, "TIMEOUT_EXCEEDED" in text) == (408, True)


def test_an_insert_does_not_wait_for_analysts(server: EmbeddedClickHouse):
    call(server.url, "CREATE TABLE busy (a UInt64) ENGINE = MergeTree ORDER BY a")
    slow = [threading.Thread(target=call, args=(server.url, "SELECT sleep(3)")) for _ in range(4)]
    for thread in slow:
        thread.start()
    time.sleep(0.2)
    assert call(server.url, "INSERT INTO busy FORMAT TSV\n1\n")[0] == 200
    assert all(thread.is_alive() for thread in slow)
    for thread in slow:
        thread.join()


def test_files_and_the_network_cannot_be_read_through_it(server: EmbeddedClickHouse):
    status, text = call(server.url, "SELECT * FROM file('/etc/passwd', 'LineAsString')")
    assert (status, "ACCESS_DENIED" in text) == (403, True)


def test_a_configured_password_is_asked_for(tmp_path: Path):
    with EmbeddedClickHouse(tmp_path, password="secret") as server:
        assert call(server.url, "SELECT 1")[0] == 401
        assert call(server.url, "SELECT 1", headers={"X-ClickHouse-User": "default", "X-ClickHouse-Key": "wrong"})[0] == 403
        assert call(server.url, "SELECT 1", headers={"X-ClickHouse-User": "default", "X-ClickHouse-Key": "secret"}) == (200, "1\n")
        assert call(server.url, "SELECT 1", "user=default&password=secret") == (200, "1\n")


def test_a_small_body_cannot_become_a_huge_one(server: EmbeddedClickHouse):
    import zstandard

    bomb = zstandard.ZstdCompressor().compress(b" " * (300 << 20))
    request = urllib.request.Request(server.url, data=bomb, headers={"Content-Encoding": "zstd"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert (refused.value.code, refused.value.headers["X-ClickHouse-Exception-Code"]) == (413, "65")


def native(url: str, statement: str, options: str = "") -> bytes:
    request = urllib.request.Request(f"{url}/?default_format=Native&max_threads=1&{options}", data=statement.encode())
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()


COLUMNS = (
    "number",
    "toString(number)",
    "repeat('x', number * 100)",
    "toLowCardinality(if(number % 2 = 0, 'a', 'bb'))",
    "[toLowCardinality('x'), toLowCardinality(toString(number))]",
    "toNullable(toLowCardinality('q'))",
    "CAST(if(number = 1, NULL, 'q'), 'LowCardinality(Nullable(String))')",
    "map('k', number, 'l', 2)",
    "map(toLowCardinality('k'), [(1, 'a')])",
    "(1, 't', [1.5])",
    "CAST((1, 'z', [(2, 'y')]), 'Tuple(a UInt8, `b (c` String, d Array(Tuple(e UInt16, f String)))')",
    "toDateTime64('2024-02-01 10:00:00.123456', 6, 'UTC')",
    "if(number = 1, NULL, toDecimal64(1.5, 4))",
    "toDecimal256(1, 2)",
    "CAST('a', 'Enum8(\\'a\\' = 1, \\'b, (\\' = 2)')",
    "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')",
    "toFixedString('abc', 5)",
    "emptyArrayString()",
    "toIntervalDay(1)",
    "NULL",
    "true",
    "range(number)",
)


@pytest.mark.parametrize("rows", [0, 3, 300])
def test_a_client_that_speaks_a_revision_gets_blocks_of_it(server: EmbeddedClickHouse, rows: int):
    """Grafana's data source does (clickhouse-go). Each column alone says where its values begin and end."""

    def counted(value: int) -> bytes:
        return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80, value >> 7])

    def text(value: str) -> bytes:
        return counted(len(value)) + value.encode()

    expected = b""
    for index, column in enumerate(COLUMNS):
        alone = native(server.url, f"SELECT {column} AS c{index} FROM numbers({rows})")
        _, kind = call(
            server.url,
            f"DESCRIBE TABLE (SELECT {column} AS c{index}, number FROM numbers(1)) FORMAT JSONCompact",
            "print_pretty_type_names=0",
        )
        header = text(f"c{index}") + text(json.loads(kind)["data"][0][1])
        begin = alone.index(header) + len(header)
        expected += header + b"\0" + alone[begin:]
    counts = counted(len(COLUMNS)) + counted(rows)
    statement = f"SELECT {', '.join(f'{column} AS c{index}' for index, column in enumerate(COLUMNS))} FROM numbers({rows})"
    assert native(server.url, statement, "client_protocol_version=54460") == b"\1\0\2\xff\xff\xff\xff\0" + counts + expected


def test_a_type_that_cannot_be_sent_to_such_a_client_is_said(server: EmbeddedClickHouse):
    options = "default_format=Native&client_protocol_version=54460"
    status, text = call(server.url, "SELECT CAST(1, 'Dynamic')", options)
    assert (status, "cannot be sent to this client" in text) == (501, True)


def test_what_grafana_asks_first_and_as_json(server: EmbeddedClickHouse):
    assert call(server.url, "SELECT displayName(), version(), revision(), timezone()")[0] == 200
    _, text = call(server.url, "SELECT toDateTime(0, 'UTC') AS time, 1 AS value FORMAT JSON", "add_http_cors_header=1&user=default")
    found = json.loads(text)
    assert [column["type"] for column in found["meta"]] == ["DateTime('UTC')", "UInt8"]
    assert found["rows"] == 1
