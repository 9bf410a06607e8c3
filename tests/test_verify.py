"""`touchpoints verify` tells what is lost from what is on its way, by what lies behind the committed positions in the topics."""

from types import SimpleNamespace

import msgspec
import pytest

from streams import topics
from streams.broker.sending import Lanes
from streams.delivery.commit import POSITION_KEY, Position, encode_position
from streams.processors.admit import AdmitMemo
from streams.processors.internal import CLOCK, KIND, TOUCHPOINT
from streams.processors.record import RecordMemo
from streams.processors.stitch_plan import StitchMemo
from streams.processors.watermark import ClockBoard, SourceTimes
from streams.settings import Settings
from streams.verify import verify

RECEIVED = 10


@pytest.mark.stack
@pytest.mark.parametrize(
    ("written", "behind", "rows", "expected"),
    [
        (10, [CLOCK], 10, (True, 0, 0, True)),
        (9, [CLOCK], 9, (True, 1, 0, False)),
        (9, [CLOCK, TOUCHPOINT], 9, (False, 0, 0, True)),
        (10, [], 25, (True, 0, 15, True)),
        (10, [], 8, (True, 0, 0, False)),
    ],
)
async def test_what_is_lost_shows_once_nothing_waits_and_rows_of_before_are_told(
    embedded_broker, topic_prefix, monkeypatch, *, written, behind, rows, expected
):
    settings = Settings(brokers=embedded_broker.bootstrap, prefix=topic_prefix, partitions=1)
    await topics.create_topics(settings)
    monkeypatch.setattr("streams.verify.read", lambda *_: SimpleNamespace(body=f"{rows}\n".encode()))
    identified = settings.topic(topics.IDENTIFIED)
    memos = {
        "admit": AdmitMemo(times=SourceTimes(), received={"chat": RECEIVED}),
        "stitch": StitchMemo(ClockBoard(), {"chat": RECEIVED}),
        "record": RecordMemo(touchpoints={"chat": written}),
    }
    async with Lanes(settings.brokers, idempotent=False) as lanes:
        for _ in range(3):
            await lanes.append(identified, 0, b"c", b"", [(KIND, TOUCHPOINT)])
        for role, memo in memos.items():
            position = Position(offsets={} if role == "admit" else {identified: 3}, memo=msgspec.msgpack.encode(memo))
            await lanes.append(settings.changelog(role), 0, POSITION_KEY, encode_position(position), [])
        for kind in behind:
            await lanes.append(identified, 0, b"c", b"", [(KIND, kind)])
        await lanes.acknowledged()
    verdict = await verify(settings)
    assert verdict.without_row == max(0, written - rows)
    assert (verdict.is_drained, verdict.line.difference, verdict.earlier, verdict.is_sound) == expected
