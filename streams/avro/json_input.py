"""Events out of a text: JSON lines, one JSON object over several lines, or a JSON array of objects."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any


@dataclass(frozen=True, slots=True)
class Given:
    """One value of the text, and where it stands (`line 3`, `event 2`)."""

    place: str
    value: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place of the text that is no JSON, and what was expected."""

    place: str
    expected: str


def events_in(lines: Iterable[str]) -> Iterator[Given | Unreadable]:
    """The values of a text. JSON lines are given as they come, so that a pipe that stays open works."""
    numbered = enumerate(lines, 1)
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield from _document(number, line, numbered)
            return
        if isinstance(value, list):
            yield from _listed(value)
        else:
            yield Given(f"line {number}", value)
        break
    for number, line in numbered:
        if line.strip():
            yield _line(number, line)


def _line(number: int, line: str) -> Given | Unreadable:
    try:
        return Given(f"line {number}", json.loads(line))
    except (ValueError, RecursionError) as error:
        return Unreadable(f"line {number}", f"one JSON object a line was expected ({error})")


def _document(first: int, line: str, numbered: Iterator[tuple[int, str]]) -> Iterator[Given | Unreadable]:
    """The whole text as one value; where it is none, each line for itself, so that one bad line spoils only itself."""
    rest = list(numbered)
    try:
        value = json.loads(line + "".join(text for _, text in rest))
    except (ValueError, RecursionError) as error:
        if line.lstrip().startswith("["):
            yield Unreadable(f"line {first}", f"a JSON array of objects was expected ({error})")
            return
        readings = [_line(number, text) for number, text in chain([(first, line)], rest) if text.strip()]
        if any(isinstance(each, Given) and isinstance(each.value, dict) for each in readings):
            yield from readings
        else:
            yield Unreadable(f"line {first}", f"a JSON object was expected ({error})")
        return
    if isinstance(value, list):
        yield from _listed(value)
    else:
        yield Given(f"line {first}", value)


def _listed(values: list[Any]) -> Iterator[Given]:
    for number, value in enumerate(values, 1):
        yield Given(f"event {number}", value)
