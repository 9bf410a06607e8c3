"""`touchpoints tail` under bad input: each event is one line, good or bad, and none of it commands the terminal."""

import asyncio
from dataclasses import dataclass
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from streams.avro.codec import Encoder
from streams.avro.registry import FileRegistry
from streams.commands import tail
from streams.commands.terminal import printable
from streams.processors.internal import CLOCK, KIND
from streams.settings import Settings

NOW = 1_772_450_000_000_000
CHAT = FileRegistry().current("chat")
PREFIX = FileRegistry().reference("chat").prefix


@dataclass
class Record:
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = 0
    offset: int = 0
    timestamp: int = NOW // 1000


def said(event_id: str = "e1", **more: Any) -> bytes:
    identifiers = [{"type": "email", "value": "kim@example.com"}]
    record = {"event_id": event_id, "occurred_at": NOW, "kind": "customer_said", "identifiers": identifiers} | more
    return PREFIX + Encoder(CHAT).encode_run([record])[0]


def shown(*records: Record) -> list[dict[str, Any]]:
    return tail._reading(Settings(), "chat")(list(records))


def test_good_and_bad_stay_in_their_order_and_every_one_has_its_place():
    random = Random(3)
    values = [
        said(),
        None,
        b"",
        random.randbytes(50),
        said()[:-2],
        said() + b"x",
        said(occurred_at=0),
        said("", identifiers=[]),
        said("e2"),
    ]
    entries = shown(*(Record(value, offset=offset) for offset, value in enumerate(values)))
    assert [entry["offset"] for entry in entries] == list(range(len(values)))
    assert [entry.get("reason", "good") for entry in entries] == [
        "good",
        *("not_avro", "not_avro", "not_avro", "truncated", "trailing_bytes", "occurred_too_early", "no_event_id", "good"),
    ]
    assert all(tail.line(entry).count("\n") == 0 for entry in entries)


def test_random_bytes_of_any_kind_are_one_line_each():
    random = Random(4)
    starts = (b"", b"\x00", b"\xc3\x01", PREFIX, said()[:20])
    values = [random.choice(starts) + random.randbytes(random.randrange(80)) for _ in range(500)]
    entries = shown(*map(Record, values))
    assert len(entries) == len(values)
    assert all("\n" not in printable(tail.line(entry)) for entry in entries)


def test_clocks_of_an_import_are_no_events():
    assert shown(Record(b"", ((KIND, CLOCK), ("replay", b"\xff")))) == []
    assert len(shown(Record(said(), (("replay", b"\xff"),)))) == 1


@pytest.mark.parametrize("hostile", ["\x1b[2J\x1b]0;owned\x07", "a\nb", "\x9b31m", "\u202egnol"])
def test_an_events_own_text_moves_no_cursor(hostile, monkeypatch, capsys):
    """Neither of a good event nor of a bad one."""
    entries = shown(Record(said(hostile)), Record(said(hostile, occurred_at=0)))
    assert [entry["admitted"] for entry in entries] == [True, False]

    async def given(*_: Any, **__: Any):
        for entry in entries:
            yield entry

    monkeypatch.setattr(tail, "entries", given)
    asyncio.run(tail._tail(SimpleNamespace(), "chat", as_json=False, from_start=True, count=2))
    printed = capsys.readouterr().out
    assert printed.count("\n") == 2
    assert printed.replace("\n", "").isprintable()
    assert printable(hostile) in printed.replace("\\\\", "\\")
