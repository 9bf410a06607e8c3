"""Channels' events as their publishers encode them, for benchmarks that send or admit them by themselves."""

from collections import defaultdict
from collections.abc import Sequence

from streams.avro.codec import Encoder
from streams.avro.refusal import Refusal
from streams.avro.registry import Registry
from streams.events import ChannelEvent


def encoded(events: Sequence[ChannelEvent], registry: Registry) -> list[bytes]:
    """The value of each event: the reference to its channel's schema, and the datum."""
    by_channel: dict[str, list[int]] = defaultdict(list)
    for number, event in enumerate(events):
        by_channel[event.channel].append(number)
    values: dict[int, bytes] = {}
    for channel, numbers in by_channel.items():
        prefix = registry.reference(channel).prefix
        datums = Encoder(registry.current(channel)).encode_run([events[number].record for number in numbers])
        for number, datum in zip(numbers, datums, strict=True):
            assert not isinstance(datum, Refusal), f"an event of {channel} does not fit its schema: {datum}"
            values[number] = prefix + datum
    return [values[number] for number in range(len(events))]
