"""Every setting of an installation: its name, unit and default.

A setting comes from the environment (`TOUCHPOINTS_` and its name in capitals), else from the folder of an embedded stack
(`stack.json`, written by `touchpoints up` and `touchpoints demo`), else from the default below.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

PREFIX: Final = "TOUCHPOINTS_"
STACK_FILE: Final = "stack.json"
KEYS_FILE: Final = "keys.json"
"""Secrets of an embedded stack, readable by its owner alone; everywhere else secrets come from the environment."""
DEFAULT_FOLDER: Final = Path(".touchpoints")
CHANNELS: Final = (
    "website",
    "app",
    "chat",
    "email",
    "phone",
    "store",
    "survey",
    "occasion",
    "social",
    "advertisement",
    "search",
    "review",
)
ROLES: Final = ("admit", "identify", "stitch", "record")


class SettingsError(ValueError):
    """A setting that cannot be used: which one, where it came from, what was expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation.

    brokers                 Kafka bootstrap servers, host:port, comma separated
    prefix                  put in front of every topic and group: several installations on one cluster
    partitions              of every topic; fixed when the topics are created
    replication             copies of every topic
    transactions            on, off, or auto: on where the broker has them
    clickhouse_url          http://host:port of ClickHouse
    clickhouse_user, clickhouse_password, clickhouse_database (the analysts' views), clickhouse_store (the tables)
    registry_url            Confluent-compatible schema registry; "" reads the files in schemas/ alone
    metrics_port            of /metrics and of the desk's look-up; 0 takes a free one
    pseudonym_key           secret of the identifiers' HMAC, hexadecimal, 16 bytes at least
    dead_letter_key         secret that seals dead letters' bytes, as `id:hexadecimal`, 32 bytes
    dead_letter_former_keys keys that sealed before it, comma separated: they open what they sealed
    channel_delay_s         by channel: how late its events may be published (nightly uploads)
    skew_limit_s            an event this far ahead of the wall clock never moves time
    told_ahead_s            a finding that two facts decide is told while time is no further behind them than this; it waits in a backlog
    max_batch               records of one commit at most; record, whose blocks should be large, takes twice as many
    linger_ms               how far apart a partition takes up work, milliseconds; less, by its share, where a worker has fewer than four
    record_linger_ms        how far apart blocks go into ClickHouse, of all partitions together, milliseconds
    folded_touchpoints      touchpoints of the customers whom a stitch worker keeps folded, about 2.5 KiB each
    at_rest_mib             folds of other customers that it keeps in bytes, MiB; 2.7 KiB for one with 20 touchpoints
    folds_spare_mib         for both beside, MiB by halves, less what the packed customers take: with a few thousand customers their folds
                            have all of it, with some 300,000 nothing
    nodes_spare_mib         nodes of identify, beyond 4,096 of each partition, that are kept as they are, MiB, less what the packed ones
                            take: 2 KiB for each identifier
    customer_touchpoints    touchpoints that stitch keeps of one customer; beyond, the oldest of before the horizon (48 h) are dropped, down
                            to half, and only recorded history can fold that customer again (`touchpoints rebuild`)
    account_touchpoints     touchpoints that stitch keeps of one account; one with more is followed no longer, its journeys are taken back
    disruption_customers    open inconsistencies of one cause count as a disruption from this many customers on
    rows_counted_every_s    how far apart rows in ClickHouse are counted against recorded touchpoints, for the metric, seconds
    session_timeout_s       of the consumer groups; Kafka's least is 6
    processes               file of the processes; "" takes those shipped
    broker_memory_mib       the embedded broker takes no more events from this size on, MiB, and ends at one and a half times it
    rules                   file of the rules' settings; "" takes those shipped
    language                of what findings say: en, nl, or a file of wording (de.yaml)
    identifiers             file of the identifiers' types; "" takes those shipped
    phone_region            country of phone numbers that name none, as NL; "": they stay digits
    folder                  of the embedded stack, where there is one
    """

    brokers: str = "127.0.0.1:9092"
    prefix: str = ""
    partitions: int = 4
    replication: int = 1
    transactions: str = "auto"
    clickhouse_url: str = "http://127.0.0.1:8123"
    clickhouse_user: str = "default"
    clickhouse_password: str = field(default="", repr=False)
    clickhouse_database: str = "touchpoints"
    clickhouse_store: str = "touchpoints_store"
    registry_url: str = ""
    metrics_port: int = 6066
    pseudonym_key: str = field(default="", repr=False)
    dead_letter_key: str = field(default="", repr=False)
    dead_letter_former_keys: str = field(default="", repr=False)
    channel_delay_s: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(CHANNELS, 5.0))
    skew_limit_s: float = 60.0
    told_ahead_s: int = 60
    max_batch: int = 2000
    linger_ms: float = 50.0
    record_linger_ms: float = 500.0
    folded_touchpoints: int = 48_000
    at_rest_mib: int = 64
    folds_spare_mib: int = 1024
    nodes_spare_mib: int = 256
    customer_touchpoints: int = 5_000
    account_touchpoints: int = 5_000
    disruption_customers: int = 10
    rows_counted_every_s: float = 3600.0
    session_timeout_s: float = 10.0
    processes: str = ""
    broker_memory_mib: int = 2048
    rules: str = ""
    language: str = "en"
    identifiers: str = ""
    phone_region: str = ""
    folder: Path | None = None

    def topic(self, name: str) -> str:
        """Full name of a topic: the prefix, then `touchpoints.<name>`."""
        return f"{self.prefix}touchpoints.{name}"

    def channel_topic(self, channel: str) -> str:
        """Topic by which a channel's events come in."""
        return self.topic(f"in.{channel}")

    def app_id(self, role: str) -> str:
        """Consumer group of a processor."""
        return f"{self.prefix}touchpoints-{role}"

    def changelog(self, role: str) -> str:
        """Topic that keeps the state of a processor."""
        return f"{self.app_id(role)}-changelog"

    @classmethod
    def load(cls, folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings of the environment over those of the stack in `folder` over the defaults.

        Without `folder`: TOUCHPOINTS_FOLDER, else `.touchpoints` where it has a stack. Raises SettingsError.
        """
        if folder is None:
            named = environment.get(PREFIX + "FOLDER")
            folder = Path(named) if named else DEFAULT_FOLDER
        values = _from_stack(folder)
        for each in fields(cls):
            text = environment.get(PREFIX + each.name.upper())
            if text is not None and each.name != "folder":
                values[each.name] = _parsed(each.name, text)
        return cls(**values)


def _from_stack(folder: Path) -> dict[str, Any]:
    found = _read_json(folder / KEYS_FILE)
    address = _read_json(folder / STACK_FILE)
    if address:
        found |= address | {"folder": folder}
    known = {each.name for each in fields(Settings)}
    return {name: value for name, value in found.items() if name in known}


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text()))
    except ValueError as error:
        raise SettingsError(f"{path} is not JSON ({error}); remove it and start the stack again") from error


def _parsed(name: str, text: str) -> Any:
    default = next(each.default for each in fields(Settings) if each.name == name)
    try:
        if name == "channel_delay_s":
            delays = dict.fromkeys(CHANNELS, 5.0)
            for part in filter(None, text.split(",")):
                channel, _, delay = part.partition("=")
                if channel.strip() not in delays:
                    raise SettingsError(f"{PREFIX}{name.upper()} names the channel {channel!r}; there are {', '.join(CHANNELS)}")
                delays[channel.strip()] = float(delay)
            return delays
        return type(default)(text) if isinstance(default, int | float) else text
    except ValueError as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError(f"{PREFIX}{name.upper()} is {text!r}; a number was expected") from error
