"""What a process journey is: its planned steps, what starts it, what its goal is, and the gap after which it is given up.

A process speaks of *moments*: a touchpoint's kind, or the kind with what it says: `conversation_ended:resolved`,
`promise_kept:refund`, `form_submitted:register`, `case_done`. `moments_of` names those of a touchpoint, the most telling first.
"""

from dataclasses import dataclass
from typing import Final, Literal

from streams.journeys.touchpoint import Touchpoint

DAY_S: Final = 86_400
CASE_DONE: Final = "case_done"
CASE_OPEN: Final = "case_open"

BUYER_PHASES: Final = ("awareness", "consideration", "decision")
DELIGHT_PHASES: Final = ("service", "loyalty")
PHASES: Final = (*BUYER_PHASES, *DELIGHT_PHASES)
"""In order: the first three make the buyer journey, the last two the delight journey."""

REFERENCES: Final = ("case", "order", "conversation")
"""Types of references that can hold a journey together, the most specific first."""

Takes = Literal["all", "own"]


@dataclass(frozen=True, slots=True)
class Step:
    """One planned step of a process.

    phase           that the customer is in
    moments         that show it; one that several steps list shows the last of them, and all
    channels        in which it is planned; () for any
    within_s        seconds in which it is expected, from when the planned step reached before it was first reached, else from the start
    target          share of journeys, 0 to 1, that are to reach it in that time
    is_required     whether a journey that got further has missed it
    """

    name: str
    phase: str
    moments: tuple[str, ...]
    channels: tuple[str, ...] = ()
    within_s: int | None = None
    target: float | None = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """One kind of journey.

    references  types of references that hold it together (order, case, conversation); () for none
    takes       of touchpoints with such a reference: `all`, or its `own` moments only, beside the journey that takes the rest
    steps       the planned map, in order
    starts      moments that start one where no open one fits
    joins       moments that belong to an open one within the gap, but start none; about the same subject, to a completed one too
    goals       moments that complete it
    ends        moments that end it without its goal
    reopens     moments that open a completed one again
    truths      moments of truth: their outcome decides the rest
    gap_s       seconds without a touchpoint after which it is given up, and a touchpoint without reference starts anew
    phase       of a touchpoint that shows none of the steps
    is_account  whether the customers of one account also share one, beside their own
    """

    name: str
    steps: tuple[Step, ...]
    starts: tuple[str, ...]
    joins: tuple[str, ...]
    goals: tuple[str, ...]
    gap_s: int
    phase: str
    references: tuple[str, ...] = ()
    takes: Takes = "all"
    ends: tuple[str, ...] = ()
    reopens: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()
    is_account: bool = False

    def moments(self) -> frozenset[str]:
        """All moments that it speaks of."""
        of_steps = (moment for step in self.steps for moment in step.moments)
        return frozenset((*self.starts, *self.joins, *self.goals, *self.ends, *self.reopens, *self.truths, *of_steps))


def moments_of(touchpoint: Touchpoint, done_statuses: frozenset[str], known: frozenset[str]) -> tuple[str, ...]:
    """What the touchpoint is to a process, the most telling name first, its kind last.

    `done_statuses` are the statuses, case-folded, in which a case is done; `known` the moments that the processes speak of, since
    forms, pages, topics, campaigns and purposes are words of the company's own.
    """
    kind = touchpoint.kind
    if touchpoint.statements:
        for statement in touchpoint.statements:
            if statement.attribute == "status" and statement.subject.startswith("case:"):
                return CASE_DONE if statement.value.casefold() in done_statuses else CASE_OPEN, kind
    if touchpoint.conversations and kind == "conversation_ended":
        return f"{kind}:{touchpoint.conversations[0].outcome}", kind
    if touchpoint.promises and kind.startswith("promise_"):
        return f"{kind}:{touchpoint.promises[0].what}", kind
    telling = f"{kind}:{_detail(touchpoint)}"
    return (telling, kind) if telling in known else (kind,)


def _detail(touchpoint: Touchpoint) -> str:
    """The company's own word for what a touchpoint of its kind is about."""
    if touchpoint.pages:
        page = touchpoint.pages[0]
        return page.form or page.step or page.page
    if touchpoint.conversations:
        return touchpoint.conversations[0].topic
    if touchpoint.messages and touchpoint.kind.startswith("message_"):
        return touchpoint.messages[0].campaign
    if touchpoint.indirects and touchpoint.indirects[0].campaign:
        return touchpoint.indirects[0].campaign
    if touchpoint.offers:
        return touchpoint.offers[0].purpose
    return ""
