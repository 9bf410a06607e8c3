"""One processor as a Faust app of its own: its consumer group, its batched topics, its partitions."""

import asyncio
import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import faust

from streams.delivery import transport
from streams.delivery.lingering import Lingering
from streams.delivery.plan import Processor
from streams.delivery.store import PartitionStore

log = logging.getLogger(__name__)

TICK_S: Final = 0.5
"""How often partitions see the clock: time must move at least each second."""


@dataclass(frozen=True, slots=True)
class Role:
    """A processor to run.

    app_id        consumer group, and start of its transactional ids
    topics        full names of the topics that it takes; partition n of all of them goes to one worker
    changelog     topic of its state
    processor     makes the processor of a partition
    lingering     how long a partition waits for more work
    """

    app_id: str
    topics: tuple[str, ...]
    changelog: str
    processor: Callable[[int], Processor]
    lingering: Lingering
    max_batch: int


@dataclass(frozen=True, slots=True)
class RoleApp:
    """A role's Faust app and the partitions that it owns here."""

    role: Role
    app: Any
    store: PartitionStore


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told what happens in a role's partitions."""

    on_commit: Callable[[float, int], None] = lambda _seconds, _records: None
    on_refetch: Callable[[], None] = lambda: None
    on_restore: Callable[[], None] = lambda: None


def build(
    role: Role,
    *,
    servers: str,
    partitions: int,
    transactional: bool,
    session_timeout_s: float,
    watch: Watch | None = None,
) -> RoleApp:
    """Make the Faust app of a role."""
    watch = watch or Watch()
    app = faust.App(
        role.app_id,
        broker=";".join(f"kafka://{server}" for server in servers.split(",")),
        store="memory://",
        cache="memory://",
        datadir=Path(tempfile.gettempdir()) / f"{role.app_id}-faust",  # Faust makes the folder; nothing is ever put there
        web_enabled=False,
        topic_partitions=partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=True,
        stream_buffer_maxsize=256,
        stream_publish_on_commit=False,
        broker_session_timeout=session_timeout_s,
        broker_heartbeat_interval=max(0.5, session_timeout_s / 6),
        broker_request_timeout=max(90.0, session_timeout_s),
        broker_commit_interval=1.0,
        consumer_max_fetch_size=1 << 20,
        consumer_auto_offset_reset="earliest",
        ConsumerScheduler=transport.BatchScheduler,
        worker_redirect_stdouts=False,
    )
    isolation = "read_committed" if transactional else "read_uncommitted"
    transport.install(app, isolation=isolation, max_batch=role.max_batch)
    topics = transport.batched_topics(app, role.topics)
    store = PartitionStore(
        app,
        role.topics,
        role.changelog,
        role.processor,
        servers=servers,
        transactional=transactional,
        lingering=role.lingering,
        max_records=role.max_batch,
        session_s=session_timeout_s,
        on_commit=watch.on_commit,
        on_refetch=watch.on_refetch,
        on_restore=watch.on_restore,
    )

    async def hand_over(stream: Any) -> None:
        async for event in stream.noack().events():
            bundle = event.value
            executor = store.executor(bundle.partition)
            if executor is None:
                bundle.take()
                event.ack()
            else:
                executor.put(bundle, event.ack)
            await asyncio.sleep(0)

    app.agent(topics, name=f"{role.app_id}.hand_over")(hand_over)
    app.timer(TICK_S, name="tick")(_ticker(store))
    app.on_before_shutdown.connect(_closer(store), weak=False)
    return RoleApp(role, app, store)


def _ticker(store: PartitionStore) -> Callable[[], Any]:
    async def tick() -> None:
        store.tick()

    return tick


def _closer(store: PartitionStore) -> Callable[..., Any]:
    async def close(_sender: Any, **_: Any) -> None:
        await store.close()

    return close
