"""`touchpoints migrate` and `touchpoints query`, over a folder and over a running server."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from streams.clickhouse.client import connect
from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.migrations import Names, found
from streams.clickhouse.migrations import migrate as apply
from streams.clickhouse.reading import ClickHouseAwayError, StoreBehindError, reached, read
from streams.commands.migrate import migrate
from streams.commands.query import query
from streams.settings import Settings

pytestmark = pytest.mark.stack

app = typer.Typer()
app.command()(query)
app.command()(migrate)


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def running(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("TOUCHPOINTS_CLICKHOUSE_URL", installation.clickhouse_url)
    monkeypatch.setenv("TOUCHPOINTS_CLICKHOUSE_DATABASE", installation.clickhouse_database)
    monkeypatch.setenv("TOUCHPOINTS_CLICKHOUSE_STORE", installation.clickhouse_store)
    return installation


def test_a_folder_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TOUCHPOINTS_CLICKHOUSE_URL", raising=False)
    (tmp_path / "clickhouse").mkdir()
    code, said, _ = run("migrate", "--json", "--dir", str(tmp_path))
    assert (code, json.loads(said)["applied"][0], json.loads(said)["already"]) == (0, "0001_tables.sql", 0)
    code, said, _ = run("query", "SELECT count() AS n FROM journeys", "--json", "--dir", str(tmp_path))
    assert (code, said) == (0, '{"n":0}\n')


def test_a_store_that_is_older_than_the_program_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TOUCHPOINTS_CLICKHOUSE_URL", raising=False)
    (tmp_path / "clickhouse").mkdir()
    with reached(Settings(), tmp_path) as settings:
        with pytest.raises(StoreBehindError) as none:
            read(settings, "SELECT told FROM inconsistencies")
        assert none.value.lacking[0] == "0001_tables.sql", "there is no store at all"
        client = connect(settings)
        of_before = [each for each in found() if each.name < "0017"]
        apply(client, Names.of(settings), of_before)
        with pytest.raises(StoreBehindError) as behind:
            read(settings, "SELECT told FROM inconsistencies")
        assert "0017_findings_in_any_language.sql" in str(behind.value)
        assert "touchpoints migrate" in str(behind.value)
        assert "\n" not in str(behind.value)
        apply(client, Names.of(settings))
        client.close()
        assert read(settings, "SELECT told FROM inconsistencies").body == b""
        with pytest.raises(ClickHouseError) as mistyped:
            read(settings, "SELECT tolled FROM inconsistencies")
        assert "migrate" not in str(mistyped.value), "nothing is wrong with the store"


def test_a_table_for_people(running: Settings):
    code, said, _ = run("query", "SELECT 'chat' AS channel, 12.5 AS n, NULL AS nothing, [1, 2] AS list")
    assert code == 0
    for part in ("channel", "chat", "12.5", "–", "[1,2]", "1 row,"):
        assert part in said


def test_csv_json_lines_and_a_format_of_its_own(running: Settings):
    assert run("query", "SELECT 1 AS a, 'x' AS b", "--csv")[:2] == (0, '"a","b"\n1,"x"\n')
    assert run("query", "SELECT number AS a FROM numbers(2)", "--json")[:2] == (0, '{"a":0}\n{"a":1}\n')
    assert run("query", "SELECT 1 AS a FORMAT TSVWithNames")[:2] == (0, "a\n1\n")
    assert run("query", "SELECT 1", "--csv", "--json")[0] == 2


def test_parameters_are_bound(running: Settings):
    assert run("query", "SELECT {x:String} AS x", "--json", "--param", "x=it's; DROP TABLE t")[:2] == (0, '{"x":"it\'s; DROP TABLE t"}\n')
    assert run("query", "SELECT 1", "--param", "x")[0] == 2


def test_nothing_can_be_written(running: Settings):
    store = running.clickhouse_store
    for statement in (
        f"TRUNCATE TABLE {store}.journey_rows",
        f"INSERT INTO {store}.identities (type) VALUES ('x')",
        "CREATE TABLE t (a Int8) ENGINE = Memory",
    ):
        code, _, complaint = run("query", statement)
        assert (code, "Code: 164" in complaint) == (1, True), complaint


def test_an_error_is_clickhouses_own_and_the_exit_code_1(running: Settings):
    code, said, complaint = run("query", "SELECT * FROM nothing_here")
    assert (code, said) == (1, "")
    assert complaint.startswith("Code: 60. DB::Exception: ")


def test_no_clickhouse_anywhere_says_what_to_do(tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOUCHPOINTS_CLICKHOUSE_URL", f"http://127.0.0.1:{free_port}")
    code, _, complaint = run("query", "SELECT 1", "--dir", str(tmp_path))
    assert (code, "touchpoints up" in complaint) == (1, True)


def test_a_running_server_goes_before_a_folder(installation: Settings, tmp_path: Path):
    (tmp_path / "clickhouse").mkdir()
    with reached(Settings(clickhouse_url=installation.clickhouse_url, folder=tmp_path)) as settings:
        assert settings.clickhouse_url == installation.clickhouse_url
    assert list((tmp_path / "clickhouse").iterdir()) == []


def test_an_address_where_none_answers_is_an_error_of_its_own(free_port: int):
    with pytest.raises(ClickHouseAwayError, match="TOUCHPOINTS_CLICKHOUSE_URL"):
        read(Settings(clickhouse_url=f"http://127.0.0.1:{free_port}"), "SELECT 1")
