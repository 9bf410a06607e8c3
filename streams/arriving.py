"""Events of a source that may keep one waiting (a pipe that stays open), handed over as they come while the event loop goes on."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterable

from streams.events import ChannelEvent


async def arriving(source: Iterable[ChannelEvent], most: int) -> AsyncGenerator[list[ChannelEvent]]:
    """Yield what has come since the last time, in order, at most `most` events together; wait only where nothing has.

    The source is read by a thread of its own, never more than `most` events ahead. What it raises is raised here.
    """
    shelf = _Shelf(most)
    # A daemon: a source that never ends must not keep a program that was told to stop.
    threading.Thread(target=shelf.fill, args=(source,), name="events", daemon=True).start()
    try:
        while taken := await asyncio.to_thread(shelf.take):
            yield taken
    finally:
        shelf.close()


class _Shelf:
    """What was taken from the source and not fetched yet."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: list[ChannelEvent] = []
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None

    def fill(self, source: Iterable[ChannelEvent]) -> None:
        """Read the source to its end, or until the shelf is closed."""
        try:
            for event in source:
                with self._changed:
                    self._changed.wait_for(lambda: len(self._events) < self._most or self._closed)
                    if self._closed:
                        return
                    self._events.append(event)
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001  raised again in the loop's thread
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def take(self) -> list[ChannelEvent]:
        """Wait for events and fetch them; none when the source has ended. Raises what the source raised, after its events."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._ended or self._closed)
            taken, self._events = self._events, []
            self._changed.notify_all()
        if not taken and self._error is not None:
            raise self._error
        return taken

    def close(self) -> None:
        """Let the thread go: nothing more is fetched."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
