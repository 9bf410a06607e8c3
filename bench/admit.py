"""What admitting an event costs: microseconds of CPU and U, on one pinned core.

U is told in `bench.unit`. Run: .venv/bin/python -m bench.admit
"""

import gc
import os
import statistics
import time

from bench.unit import unit_us
from streams.avro.codec import Decoder, Encoder
from streams.avro.examples import example, kinds
from streams.avro.json_events import record_of
from streams.avro.registry import FileRegistry
from streams.channels.admission import Admission, Admitted
from streams.channels.catalogue import CHANNELS
from streams.channels.identifiers import Pseudonyms

EVENTS = 2000
ROUNDS = 9
NOW = 1_790_000_000_000_000


def cpu_us(work, times):
    """CPU of one call's share, us: the median of several rounds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        work()
        taken.append((time.process_time_ns() - began) / 1000 / times)
    return statistics.median(taken)


def events_of(channel, registry, customers):
    """Wire bytes of events of every kind of a channel, of many customers."""
    schema = registry.current(channel)
    prefix = registry.reference(channel).prefix
    names = kinds(schema)
    records = []
    for number in range(EVENTS):
        event = example(channel, names[number % len(names)])
        event["event_id"] = f"{channel}-{number:08}"
        event["identifiers"][0]["value"] = f"C-{number % customers:06}"
        event["identifiers"][1]["value"] = f"c{number % customers:06}@example.com"
        records.append(record_of(schema, event))
    return [prefix + datum for datum in Encoder(schema).encode_run(records)]


def measured(channel, registry, unit):
    """Print what one channel's events cost; returns admit's cost in U."""
    values, strangers = events_of(channel, registry, customers=500), events_of(channel, registry, customers=EVENTS)
    decoder = Decoder(registry.current(channel))
    pseudonyms = Pseudonyms(bytes(32))
    admission = Admission(channel, registry, pseudonyms)
    received, replay = [NOW] * EVENTS, [""] * EVENTS

    def known():
        admission.admit_run(values, received, replay, NOW)

    def unknown():
        pseudonyms.of.cache_clear()
        admission.admit_run(strangers, received, replay, NOW)

    assert all(isinstance(each, Admitted) for each in admission.admit_run(values, received, replay, NOW))
    size = sum(map(len, values)) / EVENTS
    decode = cpu_us(lambda: decoder.decode_run(values, 10), EVENTS)
    warm, cold = cpu_us(known, EVENTS), cpu_us(unknown, EVENTS)
    print(f"{channel:10}{size:7.0f}{decode:11.1f}{warm:10.1f}{warm / unit:6.2f}{cold:25.1f}{cold / unit:6.2f}", flush=True)
    return warm / unit


def main():
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    registry = FileRegistry()
    gc.collect()
    gc.freeze()
    gc.disable()
    unit = unit_us()
    print(f"U = {unit:.1f} us (fastavro, decode and encode)")
    print(f"{'channel':10}{'bytes':>7}{'decode us':>11}{'admit us':>10}{'U':>6}{'admit, first contact us':>25}{'U':>6}")
    shares = [measured(channel, registry, unit) for channel in CHANNELS]
    print(f"admit: {statistics.mean(shares):.2f} U on average over the channels; the budget is 2 U")


if __name__ == "__main__":
    main()
