"""A store of a few customers, recorded as the pipeline records them."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import fastavro
import pytest

from streams import shipped
from streams.channels.identifiers import Pseudonyms, key_of
from streams.clickhouse.blocks import TOUCHPOINTS, output_table
from streams.clickhouse.client import InsertClient, connect
from streams.clickhouse.migrations import Names, migrate
from streams.journeys.touchpoint import Identifier, Touchpoint, encode
from streams.settings import Settings

KEY = "00112233445566778899aabbccddeeff"
HOUR = 3_600_000_000
NOON = 1_700_049_600_000_000
PSEUDONYMS = Pseudonyms(key_of(KEY))


def identified(type_: str, value: str) -> Identifier:
    return Identifier(type_, PSEUDONYMS.of(type_, value))


@pytest.fixture(scope="module")
def settings(clickhouse_url: str) -> Iterator[Settings]:
    name = f"t{uuid.uuid4().hex[:10]}"
    settings = Settings(clickhouse_url=clickhouse_url, clickhouse_database=name, clickhouse_store=f"{name}_store", pseudonym_key=KEY)
    client = connect(settings)
    migrate(client, Names.of(settings))
    yield settings
    for database in (settings.clickhouse_database, settings.clickhouse_store):
        client.command(f"DROP DATABASE {database} SYNC")
    client.close()


@pytest.fixture(scope="session")
def touchpoint() -> Callable[..., Touchpoint]:
    """A touchpoint of a customer known by the identifiers given, the strongest first."""

    def made(event_id: str, *identifiers: tuple[str, str], at: int = NOON, **fields: Any) -> Touchpoint:
        all_of = tuple(identified(*each) for each in identifiers)
        base = {
            "occurred_at": at,
            "corrected_at": at,
            "received_at": at,
            "channel": "website",
            "kind": "page_viewed",
            "anchor": f"{all_of[0].type}:{all_of[0].pseudonym}",
            "identifiers": all_of,
            "content_hash": 1,
        }
        return Touchpoint(event_id=event_id, **(base | fields))

    return made


@pytest.fixture(scope="module")
def record(settings: Settings) -> Callable[..., None]:
    """Record touchpoints, and outputs as (name, fields)."""
    empty = {
        "journey": {"version": 1, "process": "purchase", "started_at": NOON, "last_at": NOON, "detected_at": NOON},
        "inconsistency": {"version": 1, "rule": "promise_broken", "opened_at": NOON, "detected_at": NOON},
    }

    async def inserted(rows: tuple[Any, ...]) -> None:
        async with InsertClient(settings, patience_s=5.0) as inserts:
            assert await inserts.insert(TOUCHPOINTS, [encode(row) for row in rows if isinstance(row, Touchpoint)]) == []
            for row in rows:
                if isinstance(row, Touchpoint):
                    continue
                name, fields = row
                schema = json.loads((shipped.folder("schemas") / f"{name}.avsc").read_text())
                out = BytesIO()
                fastavro.schemaless_writer(out, fastavro.parse_schema(schema), empty[name] | fields)
                table = output_table({"journey": "journey_rows", "inconsistency": "inconsistencies"}[name], schema)
                assert await inserts.insert(table, [out.getvalue()]) == []

    def now(*rows: Any) -> None:
        asyncio.run(inserted(rows))

    return now
