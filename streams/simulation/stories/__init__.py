"""All stories that may happen to a customer of a simulation, a file per rule."""

from itertools import chain, zip_longest
from typing import Final

from streams.simulation.stories import (
    case_reopened,
    channel_failed,
    offer_not_honoured,
    offer_unannounced,
    offer_unknown,
    promise_broken,
)
from streams.simulation.stories.telling import Story

FAMILIES: Final = (
    offer_unknown.STORIES,
    offer_unannounced.STORIES,
    offer_not_honoured.STORIES,
    promise_broken.STORIES,
    case_reopened.STORIES,
    channel_failed.STORIES,
)

STORIES: Final[tuple[Story, ...]] = tuple(story for story in chain.from_iterable(zip_longest(*FAMILIES)) if story is not None)
"""One of each family after the other, so that a handful of customers already meets all rules."""


def table() -> str:
    """The stories as the table of `docs/simulation.md`."""
    lines = ["| story | what happens | raises | why, by the design's words |", "|---|---|---|---|"]
    for story in chain.from_iterable(FAMILIES):
        raises = f"`{story.rule}`" if story.hits else f"nothing (near `{story.rule}`)"
        lines.append(f"| `{story.name}` | {story.happens} | {raises} | {story.because} |")
    return "\n".join(lines) + "\n"
