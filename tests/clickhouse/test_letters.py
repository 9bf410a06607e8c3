"""Dead letters as ClickHouse has them: counted, read with their sealed bytes, and noted as published again."""

import hashlib

import pytest

from streams.avro.sealing import Contents, Sealing
from streams.clickhouse.letters import Wanted, latest, letters, note_replayed, tallies
from streams.replaying import opened

NOON = 1_700_049_600_000_000
SECOND = 1_000_000
SEALING = Sealing("k1:" + "11" * 32)
IDS = ["aa" * 16, "bb" * 16, "cc" * 16, "dd" * 16]


def letter(number, reason, topic, value=b"bytes", **more):
    sealed = SEALING.seal(Contents(b"key", (("replay", b"old"),), value))
    return {
        "dead_letter_id": IDS[number],
        "reason": reason,
        "channel": "chat",
        "topic": topic,
        "partition": 3,
        "offset": number,
        "died_at": NOON + number * SECOND,
        "content_hash": hashlib.sha256(value).hexdigest(),
        "size_bytes": len(value),
        "key_id": sealed.key_id,
        "sealed": sealed.value,
    } | more


@pytest.fixture
async def died(installation, inserts, client, tables, output):
    """Three letters of the chat and one of a processor behind admit."""
    chat = installation.channel_topic("chat")
    rows = [
        letter(0, "truncated", chat),
        letter(1, "unknown_kind", chat),
        letter(2, "unknown_kind", chat, size_bytes=700_000),
        letter(3, "event_id_conflict", installation.topic("internal.identified")),
    ]
    await inserts.insert(tables["dead_letter"], [output("dead_letter", **row) for row in rows])
    yield installation
    store = installation.clickhouse_store
    for table in ("dead_letters", "dead_letter_replays"):
        client.command(f"TRUNCATE TABLE {store}.{table}")


def test_they_are_counted_by_channel_reason_and_field(died):
    first, *others = tallies(died, Wanted())
    assert (first.channel, first.reason, first.letters, first.replayed, first.example) == ("chat", "unknown_kind", 2, 0, IDS[2])
    assert (first.first_at, first.last_at) == (NOON + SECOND, NOON + 2 * SECOND)
    assert {each.reason for each in others} == {"truncated", "event_id_conflict"}


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), [0, 1, 2, 3]),
        (Wanted(reason="unknown_kind"), [1, 2]),
        (Wanted(channel="phone"), []),
        (Wanted(since=NOON + SECOND, until=NOON + 3 * SECOND), [1, 2]),
        (Wanted(ids=(IDS[3], IDS[0])), [0, 3]),
        (Wanted(reason="' OR 1 = 1 --"), []),
        (Wanted(ids=("') OR 1 = 1 --",), reason="truncated"), [0]),
    ],
)
def test_those_are_found_that_are_wanted(died, wanted, numbers):
    assert [each.dead_letter_id for each in letters(died, wanted)] == [IDS[number] for number in numbers]


def test_they_come_in_runs_with_the_bytes_that_open(died):
    (one,) = letters(died, Wanted(), limit=1)
    assert SEALING.open(one.sealed) == Contents(b"key", (("replay", b"old"),), b"bytes")
    assert [each.dead_letter_id for each in letters(died, Wanted(), after=one.dead_letter_id)] == IDS[1:]


def test_the_latest_come_first_and_without_their_bytes(died):
    found = latest(died, Wanted(), 2)
    assert [each.dead_letter_id for each in found] == [IDS[3], IDS[2]]
    assert {each.sealed.value for each in found} == {b""}


def test_one_that_was_published_again_is_counted_and_left_out_from_then_on(died, client):
    note_replayed(died, [IDS[0], IDS[1]])
    note_replayed(died, [IDS[0]])
    assert [each.dead_letter_id for each in letters(died, Wanted())] == IDS[2:]
    assert [each.dead_letter_id for each in letters(died, Wanted(replayed=True))] == IDS
    assert {each.reason: each.replayed for each in tallies(died, Wanted(replayed=True))}["unknown_kind"] == 1
    shown = client.query("SELECT dead_letter_id, replayed_at IS NOT NULL FROM dead_letters ORDER BY dead_letter_id").result_rows
    assert shown == [(IDS[0], 1), (IDS[1], 1), (IDS[2], 0), (IDS[3], 0)]


def test_what_cannot_be_published_again_stays_and_says_why(died):
    answer = opened(died, SEALING, letters(died, Wanted()))
    assert [each.letter.dead_letter_id for each in answer.revived] == IDS[:2]
    assert answer.revived[0].headers == [("replay", b"old"), ("dead_letter", IDS[0].encode())]
    assert {each.dead_letter_id: each.why.split(";")[0] for each in answer.kept} == {
        IDS[2]: "only the first 5 of its 700000 bytes were kept",
        IDS[3]: "its event_id has another content, which counts",
    }


def test_without_its_key_a_letter_stays(died):
    answer = opened(died, Sealing("k2:" + "22" * 32), letters(died, Wanted(ids=(IDS[0],))))
    assert answer.revived == []
    assert "has been rotated out" in answer.kept[0].why
