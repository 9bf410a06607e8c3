"""Taking a partition over: what is committed is read back, and the sources must still fit the position that it reached."""

import asyncio
from dataclasses import dataclass

from faust.types import TP

from streams.delivery.commit import OUTBOX_KEY, POSITION_KEY, Output, Position, decode_outbox, decode_position
from streams.delivery.plan import Plan, Processor
from streams.delivery.writer import Writer


class PartitionLostError(RuntimeError):
    """The partition cannot go on without a person: the source lost records, was replaced, or was made anew."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A partition's memory as of its last commit."""

    processor: Processor
    position: Position


async def restore(plan: Plan, writer: Writer) -> Restored:
    """Read a partition back, under a writer that is open: first its former owner is fenced, then what is committed is read.

    Raises PartitionLostError where a source does not fit the position, KafkaError, RestoreStalledError.
    """
    processor = plan.processor(plan.number)
    position = Position(offsets={})
    outbox: list[Output] = []
    async with plan.turn:
        async for records in plan.changelog(plan.number):
            for record in records:
                if record.key == POSITION_KEY:
                    position = decode_position(record.value)
                elif record.key == OUTBOX_KEY:
                    outbox = decode_outbox(record.value)
                else:
                    processor.load(record.key, record.value)
        while processor.settle():  # noqa: ASYNC110  # it works, it does not poll
            await asyncio.sleep(0)  # so that the loop goes on: there is nothing to wait for
    await writer.publish(outbox)
    position = await checked(plan, position)
    processor.loaded(position)
    return Restored(processor, position)


async def checked(plan: Plan, position: Position) -> Position:
    """The position with the sources' beginnings where it has none; raises PartitionLostError where a source does not fit it."""
    number = plan.number
    sources = [TP(topic, number) for topic in plan.topics]
    begins, ends = await plan.source.bounds(sources)
    ids = await plan.source.topic_ids(plan.topics)
    offsets = dict(position.offsets)
    for source in sources:
        topic = source.topic
        begin, end = begins.get(source, 0), ends.get(source, 0)
        had = offsets.get(topic)
        if had is None:
            offsets[topic] = begin
            continue
        known_id = position.topic_ids.get(topic)
        if known_id and topic in ids and ids[topic] != known_id:
            raise PartitionLostError(
                f"{topic} was deleted and made anew since partition {number}'s state was written: "
                f"restore the topic, or start over under another TOUCHPOINTS_PREFIX and import what was recorded"
            )
        if begin > had:
            raise PartitionLostError(
                f"{topic} partition {number} lost {begin - had} records below the state's position {had} to retention: "
                f"restore them, or start over under another TOUCHPOINTS_PREFIX and publish again what the sources still have"
            )
        if plan.ends_known and end < had:
            raise PartitionLostError(
                f"{topic} partition {number} ends at {end}, before the state's position {had}: it was replaced or cut; "
                f"restore it, or start over under another TOUCHPOINTS_PREFIX"
            )
    return Position(offsets=offsets, topic_ids={**position.topic_ids, **ids}, memo=position.memo)
