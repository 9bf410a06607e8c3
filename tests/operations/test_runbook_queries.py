"""The queries of the runbooks run as they stand, before someone needs one at night."""

import re
from pathlib import Path

import pytest

from streams.clickhouse.client import connect
from streams.clickhouse.migrations import Names, migrate
from streams.settings import Settings

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
QUERIES = re.findall(r'touchpoints query "([^"]+)"', TEXT)


def test_the_runbooks_have_queries():
    assert QUERIES


@pytest.mark.stack
def test_every_query_of_the_runbooks_runs_on_the_tables_as_they_are(clickhouse_url: str):
    settings = Settings(clickhouse_url=clickhouse_url, clickhouse_database="runbook", clickhouse_store="runbook_store")
    preparing = connect(settings, "default")
    try:
        migrate(preparing, Names.of(settings))
        analyst = connect(settings, settings.clickhouse_database)
        for query in QUERIES:
            analyst.query(query)
        analyst.close()
    finally:
        for database in ("runbook", "runbook_store"):
            preparing.command(f"DROP DATABASE IF EXISTS {database}")
        preparing.close()
