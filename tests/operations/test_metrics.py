"""/metrics has the names that others rely on, from committed state, and nothing that comes in can make it grow without bound."""

import re

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from streams import metrics as names
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.metrics import LABEL_VALUES, STATE_METRICS, Metrics, metrics_app, served

RELIED_ON = {
    "touchpoints_events_total": {"channel", "outcome"},
    "touchpoints_inconsistencies_total": {"rule", "severity"},
    "touchpoints_lag_seconds": {"role", "partition"},
    "touchpoints_conservation_difference": set(),
    "touchpoints_deadlines_waiting": set(),
    "touchpoints_publish_to_inconsistency_seconds": set(),
    "touchpoints_publish_to_row_seconds": set(),
}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def direct_metrics(metrics: Metrics) -> list[Collector]:
    return [metrics.publish_to_inconsistency, metrics.publish_to_row, metrics.commit, metrics.refetches, metrics.restores]


def labels_by_name(metrics: Metrics) -> dict[str, set[str]]:
    declared = {metric.name: set(metric.labels) for metric in STATE_METRICS}
    for each in direct_metrics(metrics):
        (family,) = each.describe()
        declared[family.name + ("_total" if family.type == "counter" else "")] = set(each._labelnames)
    return declared


def test_the_names_and_labels_that_others_rely_on_exist():
    declared = labels_by_name(Metrics())
    for name, labels in RELIED_ON.items():
        assert labels <= declared[name], name


def test_every_label_of_every_metric_has_a_listed_set_of_values():
    for name, labels in labels_by_name(Metrics()).items():
        assert labels <= set(LABEL_VALUES), f"{name} has a label whose values are not bounded"
    assert max(map(len, LABEL_VALUES.values())) <= names.MOST_PARTITIONS


def test_no_label_can_name_a_person_an_event_or_a_subject():
    assert not {"customer", "identifier", "event_id", "subject", "offer", "order", "case", "account"} & set(LABEL_VALUES)


def test_ten_thousand_values_that_nobody_listed_make_one_series():
    metrics = Metrics()
    metrics.state.register(lambda: (names.DEAD_LETTERS.sample(1, f"c{n}", f"r{n}", str(10**6 + n)) for n in range(10_000)))
    (family,) = [each for each in metrics.state.collect() if each.name == "touchpoints_dead_letters"]
    assert [(sample.labels, sample.value) for sample in family.samples] == [
        ({"channel": "other", "reason": "other", "partition": "other"}, 10_000)
    ]


def test_every_rule_in_force_is_a_listed_label_value():
    assert set(BY_NAME) <= set(names.RULES)


def test_a_wrong_number_of_labels_is_refused_with_the_right_ones():
    with pytest.raises(ValueError, match=r"touchpoints_lag_seconds has the labels role, partition; 1 were given"):
        names.LAG.sample(1.0, "stitch")


def test_counts_of_partitions_add_up_and_ages_take_the_worst():
    metrics = Metrics()
    metrics.state.register(lambda: [names.CONSERVATION.sample(3), names.LAST_EVENT.sample(100, "chat"), names.DEADLINES_WAITING.sample(2)])
    metrics.state.register(lambda: [names.CONSERVATION.sample(-1), names.LAST_EVENT.sample(200, "chat"), names.DEADLINES_WAITING.sample(5)])
    assert value(metrics, "touchpoints_conservation_difference") == 2
    assert value(metrics, "touchpoints_channel_last_event_timestamp_seconds", channel="chat") == 200
    assert value(metrics, "touchpoints_deadlines_waiting") == 7


def test_a_partition_that_was_given_up_is_no_longer_counted_here():
    metrics = Metrics()
    unregister = metrics.state.register(lambda: [names.EVENTS.sample(9, "chat", "received", "0")])
    assert value(metrics, "touchpoints_events_total", channel="chat", outcome="received", partition="0") == 9
    unregister()
    unregister()
    assert value(metrics, "touchpoints_events_total", channel="chat", outcome="received", partition="0") is None


def test_each_scrape_asks_the_state_again():
    metrics = Metrics()
    counted = {"dead": 1}
    metrics.state.register(lambda: [names.EVENTS.sample(counted["dead"], "app", "dead", "1")])
    assert value(metrics, "touchpoints_events_total", channel="app", outcome="dead", partition="1") == 1
    counted["dead"] = 4
    assert value(metrics, "touchpoints_events_total", channel="app", outcome="dead", partition="1") == 4


def test_restores_are_there_at_0_before_the_first_so_that_the_first_counts_as_an_increase():
    metrics = Metrics()
    assert value(metrics, "touchpoints_restores_total", role="stitch") == 0
    metrics.restores.labels("stitch").inc()
    assert value(metrics, "touchpoints_restores_total", role="stitch") == 1


def test_two_instances_in_one_process_do_not_share_anything():
    first, second = Metrics(), Metrics()
    first.restores.labels("admit").inc()
    assert value(second, "touchpoints_restores_total", role="admit") == 0


async def test_the_page_is_what_prometheus_reads_and_is_served_on_loopback_only():
    metrics = Metrics()
    metrics.state.register(lambda: [names.LAG.sample(1.5, "record", "3")])
    metrics.publish_to_row.observe(0.4)
    async with served(metrics_app(metrics), 0) as port, aiohttp.request("GET", f"http://127.0.0.1:{port}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = await answer.text()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert [(s.labels, s.value) for s in families["touchpoints_lag_seconds"].samples] == [({"role": "record", "partition": "3"}, 1.5)]
    assert re.search(r'touchpoints_publish_to_row_seconds_bucket\{le="0.5"\} 1\.0', text)
    assert "process_start_time_seconds" in text
