"""admit: every event becomes a touchpoint or a dead letter that can be opened, and the sources say how far time is."""

import hashlib
from dataclasses import replace

import msgspec
import pytest
from fetched import NOW, Fetched, batch, work

from streams.avro.codec import Encoder
from streams.avro.json_events import record_of
from streams.avro.refusal import LARGEST_EVENT_BYTES
from streams.avro.sealing import Contents, Sealed
from streams.channels.admission import Admission
from streams.delivery.commit import Position
from streams.journeys.touchpoint import decode
from streams.processors.admit import AdmitMemo, AdmitPartition, AdmitPlan
from streams.processors.internal import CLOCK, KIND, TOUCHPOINT, ImportClock, header, partition_of, read_clock
from streams.processors.watermark import SourceTimes

SECOND = 1_000_000
PARTITIONS = 2
CHANNELS = ("chat", "survey", "store")
DELAY = {"chat": 0, "survey": 30 * SECOND, "store": 86_400 * SECOND}
TOPICS = {channel: f"in.{channel}" for channel in CHANNELS}
KINDS = {"chat": "agent_said", "survey": "rating_given", "store": "visited"}


@pytest.fixture(scope="session")
def plan(registry, dead_letters):
    return AdmitPlan(
        channels={topic: channel for channel, topic in TOPICS.items()},
        admissions={channel: Admission(channel, registry, bytes(range(32))) for channel in CHANNELS},
        delay_us=DELAY,
        dead_letters=dead_letters,
        admitted_topic="admitted",
        partitions=PARTITIONS,
    )


@pytest.fixture
def partition(plan):
    return AdmitPartition(1, plan)


@pytest.fixture(scope="session")
def published(registry):
    """An event's bytes, as its channel publishes it."""

    def bytes_of(channel, **more):
        event = {
            "event_id": "e1",
            "occurred_at": NOW,
            "kind": KINDS[channel],
            "identifiers": [{"type": "email", "value": "kim@example.com"}],
        }
        schema = registry.current(channel)
        (datum,) = Encoder(schema).encode_run([record_of(schema, event | more)])
        assert isinstance(datum, bytes), datum
        return registry.reference(channel).prefix + datum

    return bytes_of


def fetched(channel, value, offset=0, *headers, **more):
    return Fetched(value, b"kim@example.com", headers, topic=TOPICS[channel], partition=1, offset=offset, **more)


def import_clock(channel, name, until, *, offset=0, ended=False):
    headers = [(KIND, CLOCK), ("replay", name), ("until", until), *([("ended", b"1")] if ended else [])]
    return Fetched(b"", None, tuple(headers), topic=TOPICS[channel], partition=1, offset=offset)


def memo_of(changes):
    return msgspec.msgpack.decode(changes.memo, type=AdmitMemo)


def split(changes):
    """Touchpoints, clocks and dead letters among outputs."""
    admitted = [each for each in changes.outputs if each.topic == "admitted"]
    touchpoints = [each for each in admitted if header(each, KIND) == TOUCHPOINT]
    clocks = [each for each in admitted if header(each, KIND) == CLOCK]
    return touchpoints, clocks, [each for each in changes.outputs if each.topic == "dead"]


def wrong_enum(value):
    at = value.index(bytes([2 * 2]) + b"\x00\x00\x00\x00\x00\x00\x22\x40")  # NPS is the symbol 2, 9.0 follows
    return value[:at] + b"\x7f" + value[at + 1 :]


NINE = {"rating": {"scale": "NPS", "score": 9}}
BAD = {
    "random bytes": ("not_avro", "", lambda published: hashlib.sha512(b"random").digest()),
    "nothing at all": ("not_avro", "", lambda published: b""),
    "a tombstone": ("not_avro", "", lambda published: None),
    "another channel's schema": ("unknown_schema", "", lambda published: published("chat")),
    "an unknown schema": ("unknown_schema", "", lambda published: b"\xc3\x01" + b"?" * 8 + b"abc"),
    "oversized": ("too_large", "", lambda published: published("survey", **NINE) + bytes(LARGEST_EVENT_BYTES)),
    "truncated": ("truncated", None, lambda published: published("survey", **NINE)[:-3]),
    "trailing bytes": ("trailing_bytes", "", lambda published: published("survey", **NINE) + b"\x00"),
    "a wrong enum": ("malformed", "rating.scale", lambda published: wrong_enum(published("survey", **NINE))),
    "1970": ("occurred_too_early", "occurred_at", lambda published: published("survey", **NINE, occurred_at="1970-01-01T00:00:00Z")),
    "2100": ("occurred_in_future", "occurred_at", lambda published: published("survey", **NINE, occurred_at="2100-01-01T00:00:00Z")),
    "no identifiers": ("no_identifier", "identifiers", lambda published: published("survey", **NINE, identifiers=[])),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_event_becomes_a_dead_letter_that_tells_where_it_was_and_opens_to_it(partition, published, sealing, read_output, name):
    reason, field, make = BAD[name]
    value = make(published)
    record = fetched("survey", value, 77, ("trace", b"kim"), timestamp=NOW // 1000 - 5_000)
    changes = await partition.step(work(batch(record)))
    touchpoints, _, (output,) = split(changes)
    assert touchpoints == []
    letter = read_output("dead_letter", output.value)
    assert letter["reason"] == reason
    assert field is None or letter["field"] == field
    assert (letter["channel"], letter["topic"], letter["partition"], letter["offset"]) == ("survey", "in.survey", 1, 77)
    assert (letter["received_at"], letter["died_at"]) == (NOW - 5 * SECOND, NOW)
    assert letter["size_bytes"] == len(value or b"")
    assert letter["content_hash"] == hashlib.sha256(value or b"").hexdigest()
    opened = sealing.open(Sealed(letter["key_id"], letter["sealed"]))
    assert opened == Contents(b"kim@example.com", (("trace", b"kim"),), value)
    assert b"kim@" not in output.value, "what is personal is sealed"
    assert memo_of(changes).dead == {f"survey {reason}": 1}


async def test_a_letter_keeps_its_id_when_its_record_is_taken_again(plan, published, read_output):
    ids = set()
    for now_us in (NOW, NOW + SECOND):
        changes = await AdmitPartition(1, plan).step(work(batch(fetched("survey", b"bad", 5)), now_us=now_us))
        (output,) = split(changes)[2]
        ids.add(read_output("dead_letter", output.value)["dead_letter_id"])
        assert output.key.decode() in ids
        assert output.partition == partition_of(output.key.decode(), PARTITIONS)
    assert len(ids) == 1
    other = await AdmitPartition(1, plan).step(work(batch(fetched("survey", b"bad", 6))))
    assert read_output("dead_letter", split(other)[2][0].value)["dead_letter_id"] not in ids


async def test_a_letter_fits_one_commit_however_large_its_record_was(partition, sealing, read_output):
    """A compressed record of a few kilobytes may hold many megabytes."""
    value, trace = bytes(3_000_000), bytes(2_000_000)
    record = Fetched(value, trace, (("first", b"kim"), ("trace", trace)), topic="in.chat", partition=1, offset=1)
    (output,) = split(await partition.step(work(batch(record))))[2]
    assert len(output.value) < 800_000
    letter = read_output("dead_letter", output.value)
    assert (letter["reason"], letter["size_bytes"]) == ("too_large", len(value))
    assert letter["content_hash"] == hashlib.sha256(value).hexdigest()
    opened = sealing.open(Sealed(letter["key_id"], letter["sealed"]))
    assert value.startswith(opened.value)
    assert len(opened.value) >= LARGEST_EVENT_BYTES


async def test_counts_add_up_and_outlive_a_restart(plan, published):
    good = published("survey", **NINE)
    values = [good, *[make(published) for _, _, make in BAD.values()], good]
    records = [fetched("survey", value, offset) for offset, value in enumerate(values)]
    changes = await AdmitPartition(1, plan).step(work(batch(*records), batch(fetched("chat", published("chat")))))
    touchpoints, _, letters = split(changes)
    memo = memo_of(changes)
    assert memo.received == {"survey": len(values), "chat": 1}
    assert (len(touchpoints), len(letters)) == (3, len(BAD))
    assert sum(memo.dead.values()) == len(BAD)
    heir = AdmitPartition(1, plan)
    heir.loaded(Position({}, memo=changes.memo))
    again = memo_of(await heir.step(work(batch(fetched("survey", good, len(values))))))
    assert again.received == {"survey": len(values) + 1, "chat": 1}
    assert again.dead == memo.dead


async def test_live_events_that_come_more_than_the_horizon_late_are_counted_by_channel(plan, published):
    partition = AdmitPartition(1, plan)
    day = 86_400_000_000
    values = [published("chat", event_id=f"e{age}", occurred_at=NOW - age) for age in (0, 2 * day, 2 * day + 1)]
    live = [fetched("chat", value, number) for number, value in enumerate(values)]
    imported = fetched("survey", published("survey", **NINE, occurred_at=NOW - 9 * day), 0, ("replay", b"old"))
    changes = await partition.step(work(batch(*live), batch(imported)))
    assert memo_of(changes).late == {"chat": 1}


async def test_a_record_too_large_for_a_commit_becomes_a_dead_letter(partition, published, read_output):
    given = work(batch(fetched("chat", published("chat"), 3), fetched("chat", published("chat"), 4)), refused=frozenset({("in.chat", 3)}))
    touchpoints, _, (letter,) = split(await partition.step(given))
    assert len(touchpoints) == 1
    row = read_output("dead_letter", letter.value)
    assert (row["reason"], row["offset"]) == ("too_large_for_state", 3)


async def test_a_touchpoint_travels_under_its_anchor_with_what_identify_must_know(partition, published):
    changes = await partition.step(work(batch(fetched("chat", published("chat", sequence=4)))))
    ((output,), _, _) = split(changes)
    touchpoint = decode(output.value)
    assert output.key.decode() == touchpoint.anchor
    assert output.partition == partition_of(touchpoint.anchor, PARTITIONS)
    assert (header(output, "event_id"), header(output, "channel"), header(output, "sequence")) == (b"e1", b"chat", b"4")
    assert header(output, "occurred_at") == b"%d" % NOW
    assert header(output, "identifiers").decode() == touchpoint.anchor
    assert b"kim" not in output.value


# -- time ------------------------------------------------------------------


def everything_caught_up(at_us):
    return dict.fromkeys(TOPICS.values(), at_us // 1000)


async def clock_of(partition, **more):
    """The clock that a tick sends, the same to every partition downstream; None where it sends none."""
    changes = await partition.step(work(tick=True, **more))
    if changes is None:
        return None
    _, clocks, _ = split(changes)
    assert [each.partition for each in clocks] == list(range(PARTITIONS))
    first, *rest = [read_clock(each.value) for each in clocks]
    assert all(each == first for each in rest)
    return first


async def test_an_idle_source_that_is_caught_up_moves_time_less_its_channel_s_delay(partition):
    first = await clock_of(partition, caught_up=everything_caught_up(NOW))
    assert (first.sender, first.live) == (1, NOW - DELAY["store"]), "the channel that may be latest decides"
    later = await clock_of(partition, now_us=NOW + 10 * SECOND, caught_up=everything_caught_up(NOW + 10 * SECOND))
    assert later.live == first.live + 10 * SECOND


async def test_each_source_moves_by_the_delay_of_its_own_channel(partition):
    await clock_of(partition, caught_up=everything_caught_up(NOW))
    live = {channel: source.live for channel, source in partition.memo.times.channels.items()}
    assert live == {channel: NOW - DELAY[channel] for channel in CHANNELS}


async def test_a_source_that_lags_holds_time_back(partition):
    before = await clock_of(partition, caught_up=everything_caught_up(NOW))
    lagging = {topic: (NOW + 900 * SECOND) // 1000 for topic in TOPICS.values() if topic != "in.store"}
    assert await clock_of(partition, now_us=NOW + 900 * SECOND, caught_up=lagging) is None
    assert partition.memo.times.collapsed(1, list(CHANNELS)).live == before.live


async def test_a_source_that_has_never_been_caught_up_leaves_time_open(partition):
    clock = await clock_of(partition, caught_up={"in.chat": NOW // 1000})
    assert clock.live is None


async def test_time_never_runs_ahead_of_the_wall_clock(partition):
    clock = await clock_of(partition, caught_up=everything_caught_up(NOW + 3600 * SECOND))
    assert clock.live == NOW - DELAY["store"]


async def test_a_backlog_moves_time_by_the_arrival_of_its_events(partition, published):
    await clock_of(partition, caught_up=everything_caught_up(NOW))
    arrived = NOW + 7200 * SECOND
    record = fetched("chat", published("chat", occurred_at=arrived), timestamp=arrived // 1000)
    await partition.step(work(batch(record), now_us=arrived + 3600 * SECOND))
    assert partition.memo.times.channels["chat"].live == arrived


async def test_events_of_an_import_that_come_late_move_its_time_to_what_may_still_come(partition, published):
    def event(offset, at, *headers):
        return fetched("chat", published("chat", event_id=f"e{offset}", occurred_at=at), offset, ("replay", b"old"), *headers)

    late = ("late", b"%d" % (48 * 3600 * SECOND))
    await partition.step(work(batch(event(0, NOW - 100 * SECOND, late), event(1, NOW - 7200 * SECOND, late))))
    assert partition.memo.times.channels["chat"].imports["old"].at == NOW - (100 + 48 * 3600) * SECOND
    await partition.step(work(batch(event(2, NOW - 900 * SECOND, ("late", b"soon")))))
    assert partition.memo.times.channels["chat"].imports["old"].at == NOW - 900 * SECOND, "what is no number says nothing"


async def test_a_bad_event_does_not_move_time(partition):
    await partition.step(work(batch(fetched("chat", b"bad"))))
    assert partition.memo.times.channels == {}


async def test_a_clock_is_sent_by_the_tick_and_only_when_it_says_something_new(partition, published):
    assert (await clock_of(partition, caught_up=everything_caught_up(NOW))) is not None
    assert (await clock_of(partition, caught_up=everything_caught_up(NOW))) is None
    _, clocks, _ = split(await partition.step(work(batch(fetched("chat", published("chat"))))))
    assert clocks == []


async def test_an_import_moves_its_own_time_and_leaves_live_time_alone(partition, published):
    old = NOW - 9_000_000 * SECOND
    record = fetched("chat", published("chat", occurred_at=old), 0, ("replay", b"old"))
    ((output,), _, _) = split(await partition.step(work(batch(record))))
    assert decode(output.value).replay == "old"
    assert partition.memo.times.channels["chat"].live is None
    assert partition.memo.times.channels["chat"].imports == {"old": ImportClock(at=old)}


async def test_clock_records_of_an_import_are_no_events(partition):
    records = [
        batch(*[import_clock(channel, b"old", b"100", offset=0), import_clock(channel, b"old", b"200", offset=1)]) for channel in CHANNELS
    ]
    changes = await partition.step(work(*records, tick=True))
    touchpoints, clocks, letters = split(changes)
    assert (touchpoints, letters, memo_of(changes).received) == ([], [], {})
    assert read_clock(clocks[0].value).imports == {"old": ImportClock(at=200)}


@pytest.mark.parametrize(("until", "given"), [(b"500", 500), (b"open", None)])
async def test_an_import_ends_when_every_channel_has_ended_it(partition, until, given):
    first, *rest = CHANNELS
    started = [batch(import_clock(channel, b"old", b"100")) for channel in CHANNELS]
    await partition.step(work(*started, batch(import_clock(first, b"old", until, ended=True))))
    clock = await clock_of(partition)
    assert clock.imports == {"old": ImportClock(at=100)}
    await partition.step(work(*[batch(import_clock(channel, b"old", until, offset=1, ended=True)) for channel in rest]))
    clock = await clock_of(partition)
    assert clock.imports == {"old": ImportClock(at=100, ended=True, until=given)}


def of_before(*channels, names=None):
    """admit's position as a version left it that had only some channels, in the midst of one import and after another."""
    memo = AdmitMemo(times=SourceTimes(), channels=channels if names is None else names)
    for channel in channels:
        memo.times.heard_live(channel, NOW)
        memo.times.heard_import(channel, "old", 100)
        memo.times.ended_import(channel, "old", 500)
        memo.times.heard_import(channel, "running", 200)
    return Position(offsets={}, memo=msgspec.msgpack.encode(memo))


async def test_a_channel_that_is_new_to_an_installation_takes_no_part_in_imports_from_before(partition):
    partition.loaded(of_before("chat", "survey"))
    clock = await clock_of(partition, caught_up=everything_caught_up(NOW))
    assert clock.imports == {"old": ImportClock(at=100, ended=True, until=500), "running": ImportClock(at=200)}
    ends = [batch(import_clock(channel, b"running", b"900", ended=True)) for channel in ("chat", "survey")]
    await partition.step(work(*ends))
    clock = await clock_of(partition)
    assert clock.imports["running"] == ImportClock(at=200, ended=True, until=900)


async def test_a_channel_that_is_not_new_and_silent_so_far_still_holds_an_import_open(partition):
    """What ended elsewhere may still come by it: it was only slower."""
    partition.loaded(of_before("chat", "survey", names=CHANNELS))
    assert (await clock_of(partition)).imports == {"old": ImportClock(at=None), "running": ImportClock(at=None)}


async def test_a_memo_that_names_no_channels_is_of_the_first_seven(plan, registry):
    admissions = {channel: Admission(channel, registry, bytes(range(32))) for channel in ("chat", "survey", "review")}
    wider = replace(
        plan, channels={f"in.{channel}": channel for channel in admissions}, admissions=admissions, delay_us=DELAY | {"review": 0}
    )
    partition = AdmitPartition(1, wider)
    partition.loaded(of_before("chat", "survey", names=()))
    assert (await clock_of(partition)).imports == {"old": ImportClock(at=100, ended=True, until=500), "running": ImportClock(at=200)}
    assert msgspec.msgpack.decode(partition.remembered(), type=AdmitMemo).channels == ("chat", "survey", "review")


async def test_a_clock_record_that_makes_no_sense_is_left_aside(partition):
    await partition.step(work(batch(import_clock("chat", b"old", b"soon"))))
    assert partition.memo.times.channels == {}


async def test_nothing_to_say_is_no_commit(partition):
    assert await partition.step(work()) is None
