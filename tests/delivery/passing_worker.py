"""A worker of streams.delivery for tests: counts every record, and passes it on to the next partition of its first source.

A record's value is how often it is still to be passed on. State: by key and value, how often it was seen: once, if all is well.
"""

import argparse
import asyncio

import faust

from streams.delivery.application import Role, Watch, build
from streams.delivery.commit import Changes, Output
from streams.delivery.lingering import apart

SESSION_TIMEOUT_S = 6.0  # the least that Kafka allows by default


class Passing:
    """Counts, and passes on."""

    def __init__(self, number, partitions, topic):
        self.next, self.topic = (number + 1) % partitions, topic
        self.seen = {}

    def load(self, key, value):
        self.seen[key] = int(value)

    def settle(self):
        return False

    def loaded(self, position):
        """Nothing to build."""

    async def step(self, work):
        changed, outputs = {}, []
        for batch in work.batches:
            for record in batch.records:
                key = record.key + b" " + record.value
                changed[key] = changed.get(key, self.seen.get(key, 0)) + 1
                left = int(record.value)
                if left:
                    outputs.append(Output(self.topic, self.next, record.key, b"%d" % (left - 1)))
        if not changed:
            return None
        self.seen |= changed
        await asyncio.sleep(0.01)
        return Changes({key: b"%d" % count for key, count in changed.items()}, outputs)

    def committed(self, position):
        """Nothing waits for the commit."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--id", required=True)
    parser.add_argument("--topics", nargs="+", required=True)
    parser.add_argument("--partitions", type=int, default=1)
    asked = parser.parse_args()
    topics = tuple(asked.topics)
    role = Role(
        asked.id,
        topics,
        f"{asked.id}-changelog",
        lambda number: Passing(number, asked.partitions, topics[0]),
        lingering=apart(0.02),
        max_batch=50,
    )
    watch = Watch(
        on_commit=lambda _seconds, _records: print("commit", flush=True),
        on_restore=lambda: print("restore", flush=True),
    )
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    running = build(
        role, servers=asked.servers, partitions=asked.partitions, transactional=True, session_timeout_s=SESSION_TIMEOUT_S, watch=watch
    )
    faust.Worker(running.app, loglevel="INFO", loop=loop, console_port=0).execute_from_commandline()


if __name__ == "__main__":
    main()
