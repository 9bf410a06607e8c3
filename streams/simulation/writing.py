"""Events as JSON lines, a file per channel, in the form that `touchpoints publish` reads."""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TextIO

from streams.events import ChannelEvent

TIMES: Final = frozenset(
    {"occurred_at", "sent_at", "valid_from", "valid_until", "stated_for", "due_from", "due_until", "known_from", "known_until"}
)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write(folder: Path, events: Iterable[ChannelEvent]) -> dict[str, int]:
    """Write `<channel>.jsonl` files into a folder, made if need be; gives the number of events by channel.

    Times are ISO 8601 in UTC, amounts decimal numbers as text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with ExitStack() as stack:
        files: dict[str, TextIO] = {}
        for event in events:
            file = files.get(event.channel)
            if file is None:
                path = folder / f"{event.channel}.jsonl"
                file = files[event.channel] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            file.write(json.dumps(_readable(event.record), separators=(",", ":")) + "\n")
            counts[event.channel] = counts.get(event.channel, 0) + 1
    return counts


def _readable(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _readable(content, key) for key, content in value.items()}
    if isinstance(value, list):
        return [_readable(content) for content in value]
    if isinstance(value, Decimal):
        return str(value)
    if name in TIMES and isinstance(value, int):
        return (EPOCH + timedelta(microseconds=value)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value
