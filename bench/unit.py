"""U, the unit of cost: what fastavro takes, with logical types, to decode and encode a nested touchpoint of 114 bytes.

A machine that others share is now fast and now slow, by a factor of two within seconds. So U is sampled while that runs which is to
be told in U, on the same core, and the CPU that it used between two samples is divided by the sample at its end. All of it in U is the
sum of these: CPU over the harmonic mean of the samples, each as heavy as what was used before it.

Run: .venv/bin/python -m bench.unit     a sample ten times a second, until it is stopped
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
EVERY_S: Final = 0.1


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
    """Samples of U that were taken while something ran, each with the CPU (s) that it used since the sample before."""

    def __init__(self) -> None:
        self.samples_us: list[float] = []
        self.used_s: list[float] = []

    @property
    def total_s(self) -> float:
        """CPU of the work between the first sample and the last."""
        return sum(self.used_s)

    @property
    def total_units(self) -> float:
        """The same in U."""
        return self.total_s * 1e6 / self.us

    @property
    def us(self) -> float:
        """What an amount of CPU time is divided by, to tell it in U."""
        return statistics.harmonic_mean(self.samples_us, self.used_s)

    def __str__(self) -> str:
        return (
            f"U = {self.us:.1f} us on average of {len(self.samples_us)} samples, {min(self.samples_us):.1f} to {max(self.samples_us):.1f}"
        )

    def take(self, used_s: float) -> None:
        """Sample once, in this process, after `used_s` of the work."""
        self.note(sampled_us(), used_s)

    def note(self, sample_us: float, used_s: float) -> None:
        """A sample was taken after `used_s` of the work."""
        self.samples_us.append(sample_us)
        self.used_s.append(used_s)


@asynccontextmanager
async def units_on(core: int, cpu_s: Callable[[], float]) -> AsyncIterator[Units]:
    """Sample U beside what runs on a core, by a process of its own, until this is left. `cpu_s` says how much it has used by now."""
    units = Units()
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", str(core), sys.executable, "-m", "bench.unit", stdout=asyncio.subprocess.PIPE
    )
    lines = process.stdout
    await lines.readline()  # the first one loads what it needs
    listening = asyncio.ensure_future(_listen(lines, units, cpu_s))
    try:
        yield units
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        process.terminate()
        await process.communicate()


async def _listen(lines: asyncio.StreamReader, units: Units, cpu_s: Callable[[], float]) -> None:
    before = cpu_s()
    async for line in lines:
        used = cpu_s()
        units.note(float(line), used - before)
        before = used


def main() -> None:
    """Print samples until the process is stopped."""
    while True:
        print(f"{sampled_us():.3f}", flush=True)
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
