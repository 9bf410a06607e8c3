"""All stories that may happen to a customer of a simulation, a file per rule."""

from collections.abc import Iterable
from itertools import chain, zip_longest
from typing import Final, Literal

from streams.simulation.stories import (
    answer_mismatch,
    case_reopened,
    channel_failed,
    contact_after_opt_out,
    contact_repeated,
    contact_unanswered,
    handover_lost,
    identity_conflict,
    offer_expired_shown,
    offer_not_honoured,
    offer_unannounced,
    offer_unknown,
    one_cause,
    price_mismatch,
    promise_broken,
    promotion_in_complaint,
    question_repeated,
    satisfaction_dropped,
    status_mismatch,
    stock_mismatch,
)
from streams.simulation.stories.telling import Story

Rules = Literal["first", "all"]
"""first: the stories of the first six rules; all: those of all nineteen, and of pairs of rules on one cause."""

FAMILIES: Final = (
    offer_unknown.STORIES,
    offer_unannounced.STORIES,
    offer_not_honoured.STORIES,
    promise_broken.STORIES,
    case_reopened.STORIES,
    channel_failed.STORIES,
)
"""Stories of the first six rules."""
FURTHER_FAMILIES: Final = (
    offer_expired_shown.STORIES,
    price_mismatch.STORIES,
    stock_mismatch.STORIES,
    status_mismatch.STORIES,
    answer_mismatch.STORIES,
    question_repeated.STORIES,
    handover_lost.STORIES,
    contact_unanswered.STORIES,
    contact_repeated.STORIES,
    promotion_in_complaint.STORIES,
    contact_after_opt_out.STORIES,
    satisfaction_dropped.STORIES,
    identity_conflict.STORIES,
)
LEFT_OUT: Final = frozenset({"complaint_opened_again"})
"""Of the first six, what leaves something open under another rule; `one_cause` tells it in full."""


def _in_turns(families: Iterable[tuple[Story, ...]]) -> tuple[Story, ...]:
    """One of each family after the other, so that a handful of customers already meets all rules."""
    return tuple(story for story in chain.from_iterable(zip_longest(*families)) if story is not None)


STORIES: Final[dict[Rules, tuple[Story, ...]]] = {
    "first": _in_turns(FAMILIES),
    "all": tuple(story for story in _in_turns((*FAMILIES, *FURTHER_FAMILIES, one_cause.STORIES)) if story.name not in LEFT_OUT),
}


def table(families: Iterable[tuple[Story, ...]]) -> str:
    """The stories as a table of `docs/simulation.md`."""
    lines = ["| story | what happens | raises | why, by the design's words |", "|---|---|---|---|"]
    for story in chain.from_iterable(families):
        raises = f"`{story.rule}`" if story.hits else f"nothing (near `{story.rule}`)"
        lines.append(f"| `{story.name}` | {story.happens} | {raises} | {story.because} |")
    return "\n".join(lines) + "\n"
