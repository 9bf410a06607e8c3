"""Every metric: its name, labels and unit, in one place.

Two kinds. What partitions count lives in their state and is committed with their position, because a counter in a process would
not survive a kill: `StateCollector` asks for it at each scrape. What a process measures itself (durations, restores) is a plain
Prometheus metric of `Metrics`.

Labels are of bounded size. A value that is not listed here is counted under `other`, so that no event can make a series.
"""

import operator
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.avro.refusal import Reason
from streams.settings import CHANNELS, ROLES

OTHER: Final = "other"
MOST_PARTITIONS: Final = 1024

OUTCOMES: Final = ("received", "recorded", "dead", "duplicate", "erased", "expired")
SEVERITIES: Final = ("info", "warning", "critical")
RULES: Final = (
    "offer_unknown",
    "offer_unannounced",
    "offer_not_honoured",
    "offer_expired_shown",
    "price_mismatch",
    "stock_mismatch",
    "status_mismatch",
    "answer_mismatch",
    "promise_broken",
    "question_repeated",
    "handover_lost",
    "contact_unanswered",
    "contact_repeated",
    "case_reopened",
    "promotion_in_complaint",
    "contact_after_opt_out",
    "channel_failed",
    "satisfaction_dropped",
    "identity_conflict",
)
LABEL_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "channel": frozenset((*CHANNELS, "knowledge")),
    "outcome": frozenset(OUTCOMES),
    "partition": frozenset(map(str, range(MOST_PARTITIONS))),
    "reason": frozenset(get_args(Reason)),
    "role": frozenset(ROLES),
    "rule": frozenset(RULES),
    "severity": frozenset(SEVERITIES),
}
"""Every label, and every value that it can have beside `other`."""

_DURATIONS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


@dataclass(frozen=True, slots=True)
class StateMetric:
    """A metric that is read from committed state.

    name        with its unit, and `_total` where it only grows
    labels      names, each one of LABEL_VALUES
    meaning     what it says, for people who read /metrics
    together    what two samples with the same labels, from two partitions, make: their sum, or the larger
    """

    name: str
    labels: tuple[str, ...]
    meaning: str
    together: Callable[[float, float], float] = operator.add

    @property
    def kind(self) -> Literal["counter", "gauge"]:
        """Whether it only grows."""
        return "counter" if self.name.endswith("_total") else "gauge"

    def sample(self, value: float, *labels: str) -> "Sample":
        """One value of it, its labels in their order, unknown ones as `other`. Raises ValueError for a wrong number of labels."""
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {', '.join(self.labels) or '(none)'}; {len(labels)} were given")
        return Sample(self, tuple(map(bounded, self.labels, labels)), value)


class Sample(NamedTuple):
    """One value of a state metric; made by StateMetric.sample."""

    metric: StateMetric
    labels: tuple[str, ...]
    value: float


def bounded(label: str, value: str) -> str:
    """The label's value where it is a listed one, else `other`."""
    return value if value in LABEL_VALUES[label] else OTHER


# Counters carry the partition whose state they are. When it moves to another worker its series ends here and goes on there; without the
# label the sum of a worker would fall and rise, which Prometheus takes for a restart and counts again.
EVENTS: Final = StateMetric("touchpoints_events_total", ("channel", "outcome", "partition"), "Channel events by what became of them.")
DEAD_LETTERS: Final = StateMetric(
    "touchpoints_dead_letters_total", ("channel", "reason", "partition"), "Events that were not admitted, by reason."
)
INCONSISTENCIES: Final = StateMetric("touchpoints_inconsistencies_total", ("rule", "severity", "partition"), "Inconsistencies ever found.")
LATE: Final = StateMetric(
    "touchpoints_late_total", ("channel", "partition"), "Live events admitted that came more than 48 hours after they happened."
)
LAST_EVENT: Final = StateMetric(
    "touchpoints_channel_last_event_timestamp_seconds", ("channel",), "Unix time at which the channel's last event arrived.", max
)
LAG: Final = StateMetric(
    "touchpoints_lag_seconds", ("role", "partition"), "Age of the oldest record that the role has not taken yet; 0 when there is none.", max
)
CONSERVATION: Final = StateMetric(
    "touchpoints_conservation_difference",
    (),
    "received - (recorded + dead + duplicate + erased + expired + in flight); 0 over all workers unless something is lost or doubled.",
)
DEADLINES_WAITING: Final = StateMetric(
    "touchpoints_deadlines_waiting", (), "Deadlines that are past by the clock on the wall and held back by the watermark."
)
RULES_FAILED: Final = StateMetric(
    "touchpoints_rules_failed_total",
    ("rule", "partition"),
    "Customers for whom a rule failed and is left out; since the partition's beginning.",
)
TRUNCATED: Final = StateMetric(
    "touchpoints_customers_truncated", (), "Customers with more touchpoints than the bound: their oldest are in ClickHouse alone."
)
TO_REBUILD: Final = StateMetric(
    "touchpoints_customers_to_rebuild", (), "Those of them of whom recorded history says more than what is published: touchpoints rebuild."
)
ACCOUNTS_LEFT: Final = StateMetric(
    "touchpoints_accounts_left", (), "Accounts with more touchpoints than the bound: their journeys are followed no longer."
)
SHARED: Final = StateMetric(
    "touchpoints_identifiers_shared", (), "Identifiers that are seen with too many others to point to a person; for review."
)
WITHOUT_ROW: Final = StateMetric(
    "touchpoints_recorded_without_row",
    (),
    "Recorded touchpoints that have no row, as last compared: one event id for two customers, or lost; touchpoints verify.",
    max,
)
DISRUPTIONS: Final = StateMetric(
    "touchpoints_disruptions_open",
    ("rule", "channel", "severity"),
    "Disruptions open: one rule, one subject, one pair of channels; by the channel to brief, the one that contradicts the other.",
)
STATE_METRICS: Final = (
    EVENTS,
    DEAD_LETTERS,
    INCONSISTENCIES,
    LATE,
    LAST_EVENT,
    LAG,
    CONSERVATION,
    DEADLINES_WAITING,
    RULES_FAILED,
    TRUNCATED,
    TO_REBUILD,
    ACCOUNTS_LEFT,
    SHARED,
    WITHOUT_ROW,
    DISRUPTIONS,
)

_FAMILIES: Final[Mapping[str, type[CounterMetricFamily | GaugeMetricFamily]]] = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


class StateCollector(Collector):
    """Asks every registered source for its samples at each scrape."""

    def __init__(self) -> None:
        self._sources: list[Callable[[], Iterable[Sample]]] = []

    def register(self, source: Callable[[], Iterable[Sample]]) -> Callable[[], None]:
        """Ask `source` from now on; call what is returned when its partition is given up. It must answer from memory, at once."""
        self._sources.append(source)

        def unregister() -> None:
            if source in self._sources:
                self._sources.remove(source)

        return unregister

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Every state metric, also those that have no sample yet."""
        values: dict[StateMetric, dict[tuple[str, ...], float]] = {metric: {} for metric in STATE_METRICS}
        for source in list(self._sources):
            for metric, labels, value in source():
                held = values[metric]
                held[labels] = metric.together(held[labels], value) if labels in held else value
        for metric, by_labels in values.items():
            family = _FAMILIES[metric.kind](metric.name, metric.meaning, labels=metric.labels)
            for labels, value in by_labels.items():
                family.add_metric(labels, value)
            yield family


class Metrics:
    """All metrics of one process, in a registry of their own.

    state                       where partitions register what they have committed
    publish_to_inconsistency    seconds from an event's arrival in its channel topic to the publication of what it revealed
    publish_to_row              seconds from an event's arrival in its channel topic to its row in ClickHouse
    commit                      by role: seconds that a commit of a partition's state took
    refetches                   by role: batches refused because they began past the state's position
    restores                    by role: partitions whose state was restored
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.state = StateCollector()
        self.registry.register(self.state)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.publish_to_inconsistency = self._histogram(
            "touchpoints_publish_to_inconsistency_seconds",
            "From an event's arrival to the publication of the inconsistency that it revealed.",
        )
        self.publish_to_row = self._histogram("touchpoints_publish_to_row_seconds", "From an event's arrival to its row in ClickHouse.")
        self.commit = self._histogram("touchpoints_commit_seconds", "What a commit of a partition's state took.", ("role",))
        self.refetches = self._counter("touchpoints_refetches_total", "Batches refused because they began past the state's position.")
        self.restores = self._counter("touchpoints_restores_total", "Partitions whose state was restored from its changelog.")

    def _histogram(self, name: str, meaning: str, labels: tuple[str, ...] = ()) -> Histogram:
        return Histogram(name, meaning, labels, buckets=_DURATIONS_S, registry=self.registry)

    def _counter(self, name: str, meaning: str) -> Counter:
        counter = Counter(name, meaning, ("role",), registry=self.registry)
        for role in ROLES:
            counter.labels(role)  # there from the start at 0, or the first one would not count as an increase
        return counter


METRICS_KEY: Final = web.AppKey("metrics", Metrics)


def metrics_app(metrics: Metrics) -> web.Application:
    """An application that answers GET /metrics, to be served alone or mounted in a larger one."""
    app = web.Application()
    app[METRICS_KEY] = metrics
    app.router.add_get("/metrics", _expose)
    return app


async def _expose(request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(request.app[METRICS_KEY].registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


@asynccontextmanager
async def served(app: web.Application, port: int) -> AsyncIterator[int]:
    """Serve `app` on 127.0.0.1 while the block runs; yields the port, a free one where 0 was given. Raises OSError where it is taken."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
