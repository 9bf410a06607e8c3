"""A rule in words, as the head of its file tells them; and what a rule is for the person who sets it."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from streams.journeys.inconsistencies.precedence import stronger_than, weaker_than
from streams.journeys.inconsistencies.rules import BY_NAME, RULES

RESOLVES: Final = {"offer_unknown": "offer_unannounced"}
"""offer_unknown takes offer_unannounced's place by resolving it, which is no pair of `precedence`."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A rule in words, and its place among the others.

    gist        when it holds
    words       paragraphs: the same, an example, settings, near misses, founding facts
    stronger    rules that it gives way to, where they find the same cause
    weaker      rules that give way to it
    """

    rule: str
    gist: str
    words: tuple[str, ...]
    stronger: tuple[str, ...]
    weaker: tuple[str, ...]


def explained(rule: str) -> Explained:
    """The rule in words. Raises KeyError for a rule that there is none of."""
    words = tuple(_paragraphs(_own(rule, _head(rule))))
    gist = words[0].removeprefix(f"{rule}: ")
    stronger = stronger_than(rule) | {strong for strong, weak in RESOLVES.items() if weak == rule}
    weaker = weaker_than(rule) | {weak for strong, weak in RESOLVES.items() if strong == rule}
    return Explained(rule, gist, words, tuple(sorted(stronger)), tuple(sorted(weaker)))


def _head(rule: str) -> list[str]:
    return (sys.modules[type(BY_NAME[rule]).__module__].__doc__ or "").strip().splitlines()


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Lines put together; a label begins a paragraph, as a blank line does."""
    held: list[str] = []
    for line in lines:
        if held and (not line.strip() or _LABEL.match(line)):
            yield " ".join(held)
            held = []
        if line.strip():
            held.append(line.strip())
    if held:
        yield " ".join(held)


_LABEL: Final = re.compile(r"\s*[A-Z][a-z ]+: ")


def _own(rule: str, head: list[str]) -> Iterator[str]:
    """The lines of a file's head that are about one rule: where it has several, each from where it is named on; the rest is for all."""
    names = [each.name for each in RULES if type(each).__module__ == type(BY_NAME[rule]).__module__]
    has_settings_each = sum(line.startswith("Settings:") for line in head) >= len(names)
    whose = ""
    for line in head:
        named = next((name for name in names if line.startswith(f"{name}:")), "")
        if named:
            whose = named
        elif line.startswith("What a push is:") or (line.startswith("Settings:") and not has_settings_each):
            whose = ""
        is_title = len(names) > 1 and line.startswith(f"{names[0]}, ")
        if whose in ("", rule) and not is_title:
            yield line
