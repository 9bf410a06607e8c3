"""drop_off names one channel, the same at every read: the one in which most journeys ended, of several the first by name."""

from typing import Any

import pytest

from streams.clickhouse.client import InsertClient

pytestmark = pytest.mark.stack

NOON = 1_700_049_600_000_000


@pytest.mark.parametrize(
    "channels", [("social", "advertisement"), ("advertisement", "social"), ("search", "social", "advertisement", "social", "advertisement")]
)
async def test_of_channels_with_as_many_the_first_by_name_is_told(channels: tuple[str, ...], installation, tables, output, client: Any):
    process = "-".join(channels)

    def dropped(number: int, channel: str) -> bytes:
        moment = {
            "event_id": f"{process}{number}",
            "at": NOON,
            "channel": channel,
            "kind": "noticed",
            "step": "noticed",
            "phase": "awareness",
        }
        return output(
            "journey",
            journey_id=f"{process}{number}",
            process=process,
            status="dropped",
            last_step="noticed",
            last_channel=channel,
            moments=[moment],
        )

    async with InsertClient(installation) as inserts:
        for number, channel in enumerate(channels):  # blocks of their own, so that they are read in this order
            assert await inserts.insert(tables["journey"], [dropped(number, channel)]) == []
    query = (
        f"SELECT step, dropped, most_often_in_channel FROM {installation.clickhouse_database}.drop_off WHERE process = {{process:String}}"
    )
    assert client.query(query, {"process": process}).result_rows == [("noticed", len(channels), "advertisement")]
