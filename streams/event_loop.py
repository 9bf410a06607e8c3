"""The event loop of a process that runs long: uvloop's, where there is one for the platform.

A worker that mostly waits spends its time on futures, timers and sockets, the many small steps of transactions; uvloop does these
in C on libuv. Kafka's clients and Faust take whichever loop there is.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_long(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, on the fastest loop that there is, the loops of threads that `main` starts included."""
    former = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(_policy())
    try:
        return asyncio.run(main)
    finally:
        asyncio.set_event_loop_policy(former)


def _policy() -> asyncio.AbstractEventLoopPolicy:
    try:
        import uvloop  # noqa: PLC0415  # there is none for Windows
    except ImportError:
        return asyncio.DefaultEventLoopPolicy()
    policy: asyncio.AbstractEventLoopPolicy = uvloop.EventLoopPolicy()
    return policy
