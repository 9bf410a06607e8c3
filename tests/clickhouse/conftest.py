"""An installation of its own for each module: databases that no other test has, migrated, dropped at the end."""

import json
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from typing import Any

import fastavro
import pytest

from streams import shipped
from streams.clickhouse.blocks import Table, output_table
from streams.clickhouse.client import InsertClient, connect
from streams.clickhouse.migrations import Names, migrate
from streams.journeys.touchpoint import Identifier, Touchpoint
from streams.settings import Settings

SECOND = 1_000_000
NOON = 1_700_049_600 * SECOND


@pytest.fixture(scope="module")
def installation(clickhouse_url: str) -> Iterator[Settings]:
    name = f"t{uuid.uuid4().hex[:10]}"
    settings = Settings(
        clickhouse_url=clickhouse_url,
        clickhouse_user=os.environ.get("TOUCHPOINTS_CLICKHOUSE_USER", "default"),
        clickhouse_password=os.environ.get("TOUCHPOINTS_CLICKHOUSE_PASSWORD", ""),
        clickhouse_database=name,
        clickhouse_store=f"{name}_store",
    )
    client = connect(settings)
    migrate(client, Names.of(settings))
    yield settings
    for database in (settings.clickhouse_database, settings.clickhouse_store):
        client.command(f"DROP DATABASE {database} SYNC")
    client.close()


@pytest.fixture(scope="module")
def client(installation: Settings) -> Iterator[Any]:
    """clickhouse-connect as an analyst has it."""
    client = connect(installation, installation.clickhouse_database)
    yield client
    client.close()


@pytest.fixture
async def inserts(installation: Settings) -> AsyncIterator[InsertClient]:
    async with InsertClient(installation, patience_s=2.0) as found:
        yield found


def schema(name: str) -> dict[str, Any]:
    return json.loads((shipped.folder("schemas") / f"{name}.avsc").read_text())


@pytest.fixture(scope="session")
def output() -> Callable[..., bytes]:
    """One encoded output: `output("journey", journey_id="j", ...)`; fields that are not named are empty."""
    schemas = {name: fastavro.parse_schema(schema(name)) for name in ("journey", "inconsistency", "dead_letter")}
    empty = {
        "journey": {
            "version": 1, "customer": "c1", "process": "purchase", "started_at": NOON, "last_at": NOON, "detected_at": NOON,
        },
        "inconsistency": {"version": 1, "rule": "promise_broken", "customer": "c1", "opened_at": NOON, "detected_at": NOON},
        "dead_letter": {
            "version": 1, "reason": "not_avro", "channel": "chat", "topic": "touchpoints.in.chat", "partition": 0, "offset": 7,
            "received_at": NOON, "died_at": NOON, "content_hash": "ab", "size_bytes": 3, "key_id": "k1", "sealed": b"\x00secret\xff",
        },
    }  # fmt: skip

    def encoded(name: str, **fields: Any) -> bytes:
        out = BytesIO()
        fastavro.schemaless_writer(out, schemas[name], empty[name] | fields)
        return out.getvalue()

    return encoded


@pytest.fixture(scope="session")
def tables() -> dict[str, Table]:
    return {
        "journey": output_table("journey_rows", schema("journey")),
        "inconsistency": output_table("inconsistencies", schema("inconsistency")),
        "dead_letter": output_table("dead_letters", schema("dead_letter")),
    }


@pytest.fixture(scope="session")
def touchpoint() -> Callable[..., Touchpoint]:
    """A touchpoint of the customer c1 by login, at noon, unless said otherwise."""

    def made(event_id: str, *, at: int = NOON, customer: str = "c1", **fields: Any) -> Touchpoint:
        base = {
            "occurred_at": at,
            "corrected_at": at,
            "received_at": at,
            "channel": "website",
            "kind": "page_viewed",
            "anchor": f"login:{customer}",
            "identifiers": (Identifier("login", customer),),
            "content_hash": 1,
        }
        return Touchpoint(event_id=event_id, **(base | fields))

    return made
