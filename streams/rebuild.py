"""An embedded stack over an existing folder: its broker forgot everything, so state is rebuilt from what was recorded.

Recorded touchpoints go through identify and stitch again, after the links that a person has cut. They are recorded and counted
already, so record leaves them out. Nobody is truncated then: all history is folded. What channels knew and how imports ended
stands in two files of the folder.
"""

import asyncio

from streams import topics
from streams.broker.sending import Lanes
from streams.clickhouse.client import connect_async
from streams.clickhouse.engine import quoted
from streams.clickhouse.recorded import recorded
from streams.identity_graph import forbidden, send_split
from streams.journeys.touchpoint import Touchpoint, encode
from streams.processors.internal import REBUILT, partition_of, partition_of_identifier, touchpoint_output
from streams.publishing import end_import
from streams.settings import Settings
from streams.stack_folder import IMPORTS_FILE, KNOWLEDGE_FILE, read_back


async def rebuild(settings: Settings) -> int:
    """Send what the folder holds through the pipeline again; returns the number of touchpoints. Raises PublishError."""
    assert settings.folder is not None, "only an embedded stack forgets"
    knowledge = await asyncio.to_thread(read_back, settings.folder / KNOWLEDGE_FILE)
    ended = await asyncio.to_thread(read_back, settings.folder / IMPORTS_FILE)
    count, imports = 0, set[str]()
    client = await connect_async(settings)
    try:
        async with Lanes(settings.brokers, idempotent=False) as lanes:
            for key, value in knowledge.items():
                await _send_knowledge(lanes, settings, bytes.fromhex(key), bytes.fromhex(value))
            for number, link in enumerate(await asyncio.to_thread(forbidden, settings)):
                await send_split(lanes, settings, link.identifier, link.other, f"rebuilt-{number}")
            await client.command(f"TRUNCATE TABLE {quoted(settings.clickhouse_store)}.truncations")
            async for run in recorded(client, settings.clickhouse_store):
                for touchpoint in run:
                    await send_again(lanes, settings, touchpoint)
                    imports.add(touchpoint.replay)
                count += len(run)
            await lanes.acknowledged()
    finally:
        await client.close()
    for name in sorted(imports - {""}):
        await end_import(settings, name, ended.get(name))
    return count


async def _send_knowledge(lanes: Lanes, settings: Settings, key: bytes, value: bytes) -> None:
    await lanes.append(settings.topic(topics.KNOWLEDGE), partition_of(key.decode(), settings.partitions), key, value, [])


async def send_again(lanes: Lanes, settings: Settings, touchpoint: Touchpoint, *headers: tuple[str, bytes]) -> None:
    """A recorded touchpoint goes through identify and stitch again, with these headers as well. Raises BrokerRefusedError."""
    partition = partition_of_identifier(touchpoint.anchor, settings.partitions)
    output = touchpoint_output(settings.topic(topics.ADMITTED), partition, touchpoint.anchor, touchpoint, encode(touchpoint))
    await lanes.append(output.topic, partition, output.key, output.value or b"", [*output.headers, (REBUILT, b"1"), *headers])
