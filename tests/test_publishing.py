"""Publishing: what arrives, where, in which order, and what an import says about time."""

import asyncio
import zlib

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams import publishing
from streams.avro.codec import Decoder
from streams.avro.json_events import record_of
from streams.avro.registry import FileRegistry
from streams.commands.tail import entries, line
from streams.events import ChannelEvent
from streams.publishing import PublishError, knowledge_key, publish, publish_import, source_key
from streams.settings import CHANNELS, Settings
from streams.topics import create_topics

NOON = 1_740_000_000_000_000
PARTITIONS = 3
FILES = FileRegistry()


def event(number, channel="chat", *, customer=None, **fields):
    record = {
        "event_id": f"{channel}-{number}",
        "occurred_at": NOON + number,
        "kind": {"chat": "customer_said", "email": "message_sent"}.get(channel, "page_viewed"),
        "identifiers": [{"type": "customer_number", "value": f"C{number % 7 if customer is None else customer}"}],
    }
    return ChannelEvent(channel, record | fields, NOON + number)


def knowledge(number, value="yes"):
    given = {"channel": "phone", "subject": f"product:{number}", "attribute": "stock", "value": value, "known_from": "2025-02-19T12:00:00Z"}
    return ChannelEvent("knowledge", record_of(FILES.current("knowledge"), given), NOON)


@pytest.fixture
async def settings(embedded_broker, topic_prefix):
    found = Settings(brokers=embedded_broker.bootstrap, prefix=topic_prefix, partitions=PARTITIONS)
    await create_topics(found)
    return found


async def held(settings, *names):
    """All records of topics, by topic and partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.brokers, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(name, number) for name in names for number in range(settings.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        found = {each: [] for each in partitions}
        idle = 0
        while idle < 3:
            fetched = await consumer.getmany(timeout_ms=200)
            idle = 0 if fetched else idle + 1
            for each, records in fetched.items():
                found[each].extend(records)
        return found
    finally:
        await consumer.stop()


def headers(record):
    return dict(record.headers)


def is_clock(record):
    return headers(record).get("kind") == b"clock"


def test_the_first_identifier_decides_the_partition_then_a_followed_reference_then_the_number():
    assert source_key(event(1, customer=5).record) == "customer_number:C5"
    assert source_key({"event_id": "e", "identifiers": [], "references": {"order": "O1", "offer": "X"}}) == "order:O1"
    assert source_key({"event_id": "e", "references": {"order": "O1", "case": "K1"}}) == "case:K1"
    assert source_key({"event_id": "e"}) == "e"
    assert knowledge_key(knowledge(1).record) == "phone||product:1|stock"


@pytest.mark.stack
async def test_events_arrive_once_in_order_in_their_customers_partition(settings):
    events = [event(number, "chat" if number % 2 else "email") for number in range(1_500)]
    published = await publish(settings, iter(events))
    assert published.counts == {"chat": 750, "email": 750}
    assert published.refused == []
    for channel in ("chat", "email"):
        topic = settings.channel_topic(channel)
        decoder = Decoder(FILES.current(channel))
        arrived = []
        for place, records in (await held(settings, topic)).items():
            decoded = decoder.decode_run([record.value for record in records], start=10)
            times = [each["occurred_at"] for each in decoded]
            assert times == sorted(times)
            for record, each in zip(records, decoded, strict=True):
                assert record.key == each["event_id"].encode()
                assert record.headers == ()
                key = f"customer_number:{each['identifiers'][0]['value']}"
                assert zlib.crc32(key.encode()) % PARTITIONS == place.partition
            arrived += [each["event_id"] for each in decoded]
        assert sorted(arrived) == sorted(each.record["event_id"] for each in events if each.channel == channel)


@pytest.mark.stack
async def test_what_does_not_fit_is_left_out_and_named(settings):
    wrong = event(2, case="K1")
    large = event(3, attributes={"page": "x" * 300_000})
    published = await publish(settings, [event(1), wrong, large, event(4)])
    assert published.counts == {"chat": 2}
    assert [(each.event_id, each.refusal.reason) for each in published.refused] == [("chat-2", "malformed"), ("chat-3", "too_large")]
    with pytest.raises(PublishError, match="there is no channel 'fax'"):
        await publish(settings, [ChannelEvent("fax", event(1).record, NOON)])


@pytest.mark.stack
async def test_an_import_tells_every_partition_of_every_channel_how_far_it_is(settings, monkeypatch):
    monkeypatch.setattr(publishing, "CLOCK_EVERY", 1_000)
    events = [event(number) for number in range(2_600)]
    heard = []
    published = await publish_import(settings, iter(events), name="bought", until=NOON + 9_999, progress=heard.append)
    assert published.counts == {"chat": 2_600}
    assert heard[-1] == 2_600
    for place, records in (await held(settings, *map(settings.channel_topic, CHANNELS))).items():
        clocks = [record for record in records if is_clock(record)]
        untils = [int(headers(record)["until"]) - NOON for record in clocks]
        assert untils == [0, 999, 1_999, 2_599, 9_999], place
        assert [headers(record).get("ended") for record in clocks] == [None, None, None, None, b"1"]
        assert all(record.key is None and not record.value for record in clocks)
        assert all(headers(record)["replay"] == b"bought" for record in records)
        # No event comes behind a clock that is later than it: not before it was published, and not after.
        told = 0
        for record in records:
            if is_clock(record):
                told = int(headers(record)["until"]) - NOON
            else:
                assert int(record.key.decode().removeprefix("chat-")) >= told


@pytest.mark.stack
async def test_the_clock_of_an_import_out_of_order_never_passes_what_is_still_to_come(settings, monkeypatch):
    monkeypatch.setattr(publishing, "CLOCK_EVERY", 1_000)
    events = sorted((event(number) for number in range(2_600)), key=lambda each: each.at + each.at * 7_919 % 700)
    await publish_import(settings, events, name="late", until=NOON + 9_999)
    late = publishing.lateness(events)
    assert 600 < late < 700
    heard = set()
    for records in (await held(settings, *map(settings.channel_topic, CHANNELS))).values():
        numbers = [int(record.key.decode().removeprefix("chat-")) for record in records if not is_clock(record)]
        assert not numbers or numbers != sorted(numbers)
        told = None
        for record in records:
            if is_clock(record):
                told = int(headers(record)["until"]) - NOON
                heard.add(told)
            else:
                assert int(record.key.decode().removeprefix("chat-")) >= told
                assert headers(record)["late"] == b"%d" % late
    assert len(heard) == 5
    assert {2_599, 9_999} < heard
    assert max(heard - {2_599, 9_999}) > 1_000, "it moves while the import is under way"


@pytest.mark.stack
async def test_an_import_without_a_time_given_ends_open(settings):
    await publish_import(settings, [], name="nothing")
    for records in (await held(settings, *map(settings.channel_topic, CHANNELS))).values():
        assert [headers(record) for record in records] == [{"kind": b"clock", "replay": b"nothing", "until": b"open", "ended": b"1"}]
    with pytest.raises(PublishError, match="cannot be named"):
        await publish_import(settings, [], name="two\nlines")


@pytest.mark.stack
async def test_knowledge_is_there_before_the_first_event_of_an_import(settings, monkeypatch):
    order = []
    append = publishing.Lanes.append
    acknowledged = publishing.Lanes.acknowledged

    async def noted(self, topic, *rest):
        order.append(topic)
        await append(self, topic, *rest)

    async def noted_acknowledgement(self):
        await acknowledged(self)
        order.append("acknowledged")

    monkeypatch.setattr(publishing.Lanes, "append", noted)
    monkeypatch.setattr(publishing.Lanes, "acknowledged", noted_acknowledgement)
    published = await publish_import(settings, [event(1), knowledge(1, "old"), event(2), knowledge(1, "new"), knowledge(2)], name="known")
    assert published.counts == {"knowledge": 3, "chat": 2}
    assert published.total == 2
    topic = settings.topic("knowledge")
    assert order[:4] == [topic, topic, topic, "acknowledged"]
    assert topic not in order[4:]
    places = await held(settings, topic)
    assert sorted(record.key for records in places.values() for record in records) == [
        b"phone||product:1|stock",
        b"phone||product:1|stock",
        b"phone||product:2|stock",
    ]
    (same,) = [records for records in places.values() if any(record.key == b"phone||product:1|stock" for record in records)]
    values = Decoder(FILES.current("knowledge")).decode_run([each.value for each in same if each.key.endswith(b":1|stock")], start=10)
    assert [each["value"] for each in values] == ["old", "new"]


@pytest.mark.stack
async def test_an_event_of_a_pipe_that_stays_open_does_not_wait_for_the_next(settings):
    asked_for_more, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def pipe():
        yield event(1)
        loop.call_soon_threadsafe(asked_for_more.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        yield event(2)

    publication = asyncio.create_task(publish(settings, pipe()))
    await asked_for_more.wait()
    topic = settings.channel_topic("chat")
    async with asyncio.timeout(20):
        while not any((await held(settings, topic)).values()):
            pass
    assert not publication.done()
    go_on.set()
    assert (await publication).counts == {"chat": 2}


@pytest.mark.stack
async def test_what_the_source_raises_is_raised(settings):
    def broken():
        yield event(1)
        raise RuntimeError("the file ends inside a row")

    with pytest.raises(RuntimeError, match="ends inside a row"):
        await publish(settings, broken())


async def test_without_broker_or_topics_it_is_one_line(free_port):
    with pytest.raises(PublishError, match="no broker answers at"):
        await publish(Settings(brokers=f"127.0.0.1:{free_port}"), [event(1)])


@pytest.mark.stack
async def test_without_topics_it_is_one_line(embedded_broker, topic_prefix):
    with pytest.raises(PublishError, match="create with: touchpoints topics"):
        await publish_import(Settings(brokers=embedded_broker.bootstrap, prefix=topic_prefix), [event(1)], name="x")


@pytest.mark.kafka
async def test_on_kafka_an_import_arrives_whole_and_in_order(kafka, topic_prefix):
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix, partitions=PARTITIONS)
    await create_topics(settings)
    await publish_import(settings, [event(number) for number in range(12_000)], name="large", until=NOON + 12_000)
    places = await held(settings, settings.channel_topic("chat"))
    arrived = [[int(each.key.decode().removeprefix("chat-")) for each in records if not is_clock(each)] for records in places.values()]
    assert all(each == sorted(each) for each in arrived)
    assert sorted(number for each in arrived for number in each) == list(range(12_000))


@pytest.mark.stack
async def test_tail_shows_good_and_bad_as_admit_reads_them(settings):
    nobody = event(2, identifiers=[])
    await publish_import(settings, [event(1), nobody], name="shown")
    shown = []
    async for entry in entries(settings, "chat", from_start=True):
        shown.append(entry)
        if len(shown) == 2:
            break
    good, bad = sorted(shown, key=lambda entry: not entry["admitted"])
    assert good["touchpoint"]["event_id"] == "chat-1"
    assert good["touchpoint"]["replay"] == "shown"
    assert "customer_said chat-1" in line(good)
    assert "C1" not in line(good).replace("chat-1", "")
    assert (bad["reason"], bad["field"], bad["event_id"]) == ("no_identifier", "identifiers", "chat-2")
    assert "REFUSED no_identifier (chat-2 identifiers)" in line(bad)
