"""Migrations: in order, once each, unchanged."""

import uuid

import pytest

from streams.clickhouse.client import connect
from streams.clickhouse.migrations import Migration, MigrationError, Names, applied, found, migrate
from streams.clickhouse.statements import split
from streams.settings import Settings


def test_the_shipped_ones_are_in_order_and_can_be_run_again():
    names = [migration.name for migration in found()]
    assert names == sorted(names)
    for migration in found():
        for line in migration.text.splitlines():
            assert not line.startswith("CREATE ") or "IF NOT EXISTS" in line or "OR REPLACE" in line, line


@pytest.mark.parametrize("name", ["1_a.sql", "0001-a.sql", "notes.sql"])
def test_a_file_with_another_name_is_refused(tmp_path, name: str):
    (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match="not named like a migration"):
        found(tmp_path)


def test_two_files_of_one_number_are_refused(tmp_path):
    (tmp_path / "0001_a.sql").write_text("SELECT 1")
    (tmp_path / "0001_b.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="0001"):
        found(tmp_path)


@pytest.mark.parametrize("name", ["a b", "a`; DROP DATABASE x", "1a", ""])
def test_a_database_name_that_could_be_anything_else_is_refused(name: str):
    with pytest.raises(MigrationError, match="no name for a database"):
        Names(store=name)


def test_a_password_is_quoted_whatever_it_contains():
    assert Names(user="u'", password="p\\'x").fill("{credentials}") == "USER 'u\\'' PASSWORD 'p\\\\\\'x'"


@pytest.mark.stack
class TestOnClickHouse:
    @pytest.fixture
    def client(self, clickhouse_url: str):
        client = connect(Settings(clickhouse_url=clickhouse_url))
        yield client
        client.close()

    @pytest.fixture
    def names(self, client):
        name = f"m{uuid.uuid4().hex[:10]}"
        names = Names(f"{name}_store", name)
        yield names
        for database in (names.views, names.store):
            client.command(f"DROP DATABASE IF EXISTS {database} SYNC")

    def test_each_is_applied_once(self, client, names: Names):
        assert migrate(client, names) == [migration.name for migration in found()]
        assert migrate(client, names) == []
        assert applied(client, names) == {migration.name: migration.checksum for migration in found()}

    def test_a_new_file_is_applied_to_what_is_there(self, client, names: Names):
        first = Migration("0001_a.sql", "CREATE TABLE IF NOT EXISTS {store}.a (x Int8) ENGINE = MergeTree ORDER BY x; -- ;\n")
        second = Migration(
            "0002_b.sql", "ALTER TABLE {store}.a ADD COLUMN IF NOT EXISTS y Int8; ALTER TABLE {store}.a COMMENT COLUMN y 'why; not';"
        )
        assert migrate(client, names, [first]) == ["0001_a.sql"]
        assert migrate(client, names, [first, second]) == ["0002_b.sql"]
        assert client.query(f"SELECT y FROM {names.store}.a").result_rows == []

    def test_an_applied_file_that_changed_is_an_error(self, client, names: Names):
        migrate(client, names, [Migration("0001_a.sql", "SELECT 1")])
        with pytest.raises(MigrationError, match=r"0001_a\.sql has changed"):
            migrate(client, names, [Migration("0001_a.sql", "SELECT 2")])

    def test_a_store_newer_than_the_files_is_an_error(self, client, names: Names):
        migrate(client, names, [Migration("0001_a.sql", "SELECT 1"), Migration("0002_b.sql", "SELECT 1")])
        with pytest.raises(MigrationError, match=r"0002_b\.sql.*newer"):
            migrate(client, names, [Migration("0001_a.sql", "SELECT 1")])

    def test_one_that_was_cut_off_is_applied_again(self, client, names: Names):
        broken = Migration(
            "0001_a.sql", "CREATE TABLE IF NOT EXISTS {store}.a (x Int8) ENGINE = MergeTree ORDER BY x; SELECT nothing_here;"
        )
        with pytest.raises(Exception, match="nothing_here"):
            migrate(client, names, [broken])
        whole = Migration("0001_a.sql", broken.text.replace("SELECT nothing_here;", ""))
        assert migrate(client, names, [whole]) == ["0001_a.sql"]

    def test_a_store_of_before_a_row_for_each_customer_keeps_every_version(self, client, names: Names):
        every = found()
        before = [each for each in every if each.name < "0020"]
        migrate(client, names, before)
        columns = "(journey_id, version, customer, status, phase)"
        client.command(f"INSERT INTO {names.store}.journeys {columns} VALUES ('j', 1, 'ada', 'open', 'service')")
        client.command(f"INSERT INTO {names.store}.journeys {columns} VALUES ('j', 2, 'ada', 'completed', 'loyalty')")
        (copied,) = [each for each in every if each.name.startswith("0020")]
        for statement in split(names.fill(copied.text)):  # cut off before it was recorded: it is applied again
            client.command(statement)
        assert migrate(client, names) == [each.name for each in every if each not in before]
        client.command(f"INSERT INTO {names.store}.journey_rows {columns} VALUES ('j', 3, 'bob', 'open', 'service')")
        rows = client.query(f"SELECT DISTINCT version, status FROM {names.views}.journeys_history ORDER BY version")
        assert rows.result_rows == [(1, "open"), (2, "completed"), (3, "open")]
        rows = client.query(f"SELECT customer, status FROM {names.views}.customer_journeys ORDER BY customer")
        assert rows.result_rows == [("ada", "completed"), ("bob", "open")]

    def test_a_store_of_before_findings_in_any_language_goes_on_with_its_versions(self, client, names: Names):
        every = found()
        before = [each for each in every if each.name < "0017"]
        migrate(client, names, before)
        insert = f"INSERT INTO {names.store}.inconsistencies (inconsistency_id, version, status, sentence, resolved_by"
        client.command(f"{insert}) VALUES ('a', 1, 'open', 'Before.', 'e')")
        assert migrate(client, names) == [each.name for each in every if each not in before]
        client.command(f"{insert}, told) VALUES ('a', 2, 'open', 'After.', 'f', '[]')")
        rows = client.query(f"SELECT version, sentence, resolved_by, told FROM {names.views}.inconsistencies_history ORDER BY version")
        assert rows.result_rows == [(1, "Before.", "e", ""), (2, "After.", "f", "[]")]
        assert client.query(f"SELECT told FROM {names.views}.inconsistencies").result_rows == [("[]",)]
