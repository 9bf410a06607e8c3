"""Disruptions that are open reach the metric, and stay there while ClickHouse is away."""

from streams.clickhouse.reading import ClickHouseAwayError
from streams.disruptions import DisruptionWatch
from streams.settings import Settings

ROW = b'{"rule":"offer_unknown","channel":"phone","severity":"critical","open":"2"}\n'


async def test_what_clickhouse_says_is_open_becomes_samples():
    watch = DisruptionWatch(Settings(), ask=lambda _settings: ROW)
    await watch.ask()
    assert [(each.labels, each.value) for each in watch.samples()] == [(("offer_unknown", "phone", "critical"), 2)]


async def test_the_last_answer_stands_while_clickhouse_is_away():
    answers = [ROW]

    def ask(_settings: Settings) -> bytes:
        if not answers:
            raise ClickHouseAwayError("nobody there")
        return answers.pop()

    watch = DisruptionWatch(Settings(), ask=ask)
    await watch.ask()
    await watch.ask()
    assert [each.value for each in watch.samples()] == [2]
