"""One worker of the kill test: an app of streams.delivery whose processor counts and hashes. Started, and ended, by bench.chaos."""

import argparse
import asyncio
import random
import signal
import sys

import faust

from bench.chaos_fold import NOTHING, all_key, decode, encode, fold, told_key
from bench.chaos_switches import SWITCHES
from streams.delivery.application import Role, RoleApp, Watch, build
from streams.delivery.commit import Changes, Output, Work
from streams.delivery.executor import PartitionExecutor
from streams.delivery.lingering import apart

PARTITIONS = 4
SESSION_TIMEOUT_S = 6.0  # the least that Kafka allows by default
MOST_DELAY_S = 0.03
"""A step rests up to this long between reading its memory and writing it: what is not serial loses an update here."""


LOST = 0.01
"""Share of the bundles that get lost inside a worker."""


class Counting:
    """Counts and hashes the records of each key; tells on a tick what has come in all."""

    def __init__(self, number: int, topics: tuple[str, ...], out: str) -> None:
        self._number, self._topics, self._out = number, topics, out
        self._held: dict[bytes, tuple[int, bytes]] = {}

    def load(self, key, value):
        """Take in what is committed."""
        self._held[key] = decode(value)

    def settle(self):
        """Everything is in order as it is loaded."""
        return False

    def loaded(self, position):
        """Nothing to build."""

    async def step(self, work: Work) -> Changes | None:
        """Count and hash; one output for each key that changed."""
        changed: dict[bytes, tuple[int, bytes]] = {}
        for batch in work.batches:
            everything = all_key(batch.topic)
            for record in batch.records:
                for key in (record.key, everything):
                    changed[key] = fold(changed.get(key) or self._held.get(key, NOTHING), record.value)
        told = [key for key in changed if not key.startswith(b"\1")]
        if work.tick:
            for topic in self._topics:
                now = changed.get(all_key(topic)) or self._held.get(all_key(topic), NOTHING)
                if now != self._held.get(told_key(topic), NOTHING):
                    changed[told_key(topic)] = now
                    told.append(told_key(topic))
        if not changed:
            return None
        await asyncio.sleep(random.uniform(0, MOST_DELAY_S))
        self._held.update(changed)
        state = {key: encode(value) for key, value in changed.items()}
        return Changes(state, [Output(self._out, self._number, key, state[key]) for key in told])

    def committed(self, position):
        """Nothing to do."""


def say_where(running: RoleApp) -> None:
    """Write where everything stands to the error stream, when a run ends without being drained."""
    for executor in running.store:
        print(f"executor {executor.plan.number}: {executor.position}", file=sys.stderr)
    consumer = running.app.consumer
    print(f"flow active: {consumer.flow_active}, may resume: {consumer.can_resume_flow.is_set()}", file=sys.stderr)
    print(f"active: {consumer._active_partitions}, paused: {consumer._paused_partitions}", file=sys.stderr)  # noqa: SLF001
    print(f"read: {dict(consumer._read_offset)}", file=sys.stderr)  # noqa: SLF001
    thread = consumer.batch_thread
    fetching = thread._consumer  # noqa: SLF001
    print(f"handed over: {thread._next}", file=sys.stderr)  # noqa: SLF001
    print(f"fetched, not taken: {list(fetching._fetcher._records)}", file=sys.stderr)  # noqa: SLF001
    for each in fetching.assignment():
        print(f"{each}: {thread.reach(each)}", file=sys.stderr)
    for task in asyncio.all_tasks(thread.thread_loop):
        task.print_stack(limit=3, file=sys.stderr)


def lose_some() -> None:
    """Lose a bundle now and then on its way from the consumer to its partition: the position tells, and it is fetched again."""
    put = PartitionExecutor.put

    def put_most(self, bundle, acknowledge):
        if self.position is not None and random.random() < LOST:
            bundle.take()
            acknowledge()
        else:
            put(self, bundle, acknowledge)

    PartitionExecutor.put = put_most


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--id", required=True)
    parser.add_argument("--topics", nargs="+", required=True)
    parser.add_argument("--without", choices=SWITCHES)
    asked = parser.parse_args()
    lose_some()
    if asked.without:
        SWITCHES[asked.without]()
    topics, changelog, out = tuple(asked.topics), f"{asked.id}-changelog", f"{asked.id}-out"
    role = Role(asked.id, topics, changelog, lambda number: Counting(number, topics, out), lingering=apart(0.02), max_batch=500)
    watch = Watch(
        on_commit=lambda _seconds, _records: print("commit", flush=True),
        on_refetch=lambda: print("refetch", flush=True),
        on_restore=lambda: print("restore", flush=True),
    )
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    running = build(
        role, servers=asked.servers, partitions=PARTITIONS, transactional=True, session_timeout_s=SESSION_TIMEOUT_S, watch=watch
    )
    loop.add_signal_handler(signal.SIGURG, say_where, running)
    faust.Worker(running.app, loglevel="INFO", loop=loop, console_port=0).execute_from_commandline()


if __name__ == "__main__":
    main()
