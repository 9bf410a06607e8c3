"""U, the unit of cost: what fastavro takes, with logical types, to decode and encode a nested touchpoint of 114 bytes.

A machine that others share is now fast and now slow, by a factor of two within seconds. So U is sampled while that runs which is to
be told in U, on the same core: work that took `c` us of CPU is the mean of `c / U` over the samples, which is `c` over their harmonic mean.

Run: .venv/bin/python -m bench.unit     a sample every half second, until it is stopped
"""

import asyncio
import io
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Final

import fastavro

TIMES: Final = 200
"""Decoded and encoded for one sample: some 5 to 15 ms."""
EVERY_S: Final = 0.5


@cache
def _both() -> Callable[[], None]:
    """Decodes and encodes the touchpoint once."""
    at = {"type": "long", "logicalType": "timestamp-micros"}

    def part(name, *fields):
        return {"type": "record", "name": name, "fields": list(fields)}

    def enum(name, *symbols):
        return {"type": "enum", "name": name, "symbols": list(symbols)}

    identifier = part(
        "Id", {"name": "type", "type": enum("IT", "login", "email", "phone", "card", "cookie")}, {"name": "value", "type": "string"}
    )
    references = part(
        "Refs", *({"name": name, "type": ["null", "string"]} for name in ("order", "offer", "case", "product", "conversation"))
    )
    events = [
        part("Started"),
        part("CustomerSaid", {"name": "topic", "type": "string"}),
        part("OfferRefused", {"name": "reason", "type": enum("R", "unknown", "expired")}),
        part("Ended", {"name": "outcome", "type": enum("O", "resolved", "unresolved", "dropped")}),
    ]
    optional = [{"name": name, "type": ["null", "string"]} for name in ("account", "session")]
    schema = fastavro.parse_schema(
        part(
            "Chat",
            {"name": "event_id", "type": "string"},
            {"name": "occurred_at", "type": at},
            {"name": "sent_at", "type": at},
            {"name": "source", "type": "string"},
            {"name": "identifiers", "type": {"type": "array", "items": identifier}},
            *optional,
            {"name": "references", "type": references},
            {"name": "attributes", "type": {"type": "map", "values": "string"}},
            {"name": "event", "type": events},
        )
    )
    now = datetime.now(UTC)
    event = {
        "event_id": "e" * 20,
        "occurred_at": now,
        "sent_at": now,
        "source": "livechat",
        "identifiers": [{"type": "login", "value": "u123456"}, {"type": "email", "value": "someone@mail.test"}],
        "account": None,
        "session": "sess-1234567",
        "references": {"order": None, "offer": "OF1234", "case": None, "product": None, "conversation": "ch12345"},
        "attributes": {},
        "event": ("OfferRefused", {"reason": "unknown"}),
    }
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, event)
    value = out.getvalue()
    assert len(value) == 114

    def both() -> None:
        fastavro.schemaless_reader(io.BytesIO(value), schema)
        fastavro.schemaless_writer(io.BytesIO(), schema, event)

    return both


def sampled_us() -> float:
    """U right now, us of CPU."""
    both = _both()
    began = time.process_time_ns()
    for _ in range(TIMES):
        both()
    return (time.process_time_ns() - began) / 1000 / TIMES


def unit_us() -> float:
    """U of this moment, us of CPU: of several samples in a row the median."""
    return statistics.median(sampled_us() for _ in range(90))


class Units:
    """Samples of U that were taken while something ran."""

    def __init__(self) -> None:
        self.samples_us: list[float] = []

    @property
    def us(self) -> float:
        """What an amount of CPU time is divided by, to tell it in U."""
        return statistics.harmonic_mean(self.samples_us)

    def __str__(self) -> str:
        return (
            f"U = {self.us:.1f} us on average of {len(self.samples_us)} samples, {min(self.samples_us):.1f} to {max(self.samples_us):.1f}"
        )

    def take(self) -> None:
        """Sample once, in this process."""
        self.samples_us.append(sampled_us())


@asynccontextmanager
async def units_on(core: int) -> AsyncIterator[Units]:
    """Sample U beside what runs on a core, by a process of its own, until this is left."""
    units = Units()
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", str(core), sys.executable, "-m", "bench.unit", stdout=asyncio.subprocess.PIPE
    )
    try:
        await process.stdout.readline()  # the first one loads what it needs
        yield units
    finally:
        process.terminate()
        said, _ = await process.communicate()
        units.samples_us += map(float, said.split())


def main() -> None:
    """Print samples until the process is stopped."""
    while True:
        print(f"{sampled_us():.3f}", flush=True)
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
