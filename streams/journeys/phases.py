"""Where a moment stands: its step and phase in a process, and the processes that it fits; compiled once from the settings."""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from streams.journeys.process import BUYER_PHASES, PHASES, Process

COMPLETES: Final = "completes"
ENDS: Final = "ends"
REOPENS: Final = "reopens"

PLACES_HELD: Final = 10_000
"""Places and standings that are remembered; moments may hold words of the company's own, so their number is not known."""
_SECOND_US: Final = 1_000_000
_RANKS: Final = {phase: rank for rank, phase in enumerate(PHASES)}


class Place(NamedTuple):
    """A touchpoint in a process.

    step            the last step that it shows; what shows none is named by its kind
    steps           all that it shows
    effect          what it does to the journey: completes, ends or reopens it, or ""
    within_us       in which the step is expected after the one before it; None for no expectation
    is_step         whether it shows a planned step
    is_planned      whether a step is planned for it in its channel
    is_truth        whether it is a moment of truth
    is_indirect     whether it is no contact with the company itself: a review, an advertisement, word of mouth
    """

    step: str
    phase: str
    effect: str
    steps: tuple[str, ...]
    within_us: int | None
    is_step: bool
    is_planned: bool
    is_truth: bool
    is_indirect: bool
    is_buyer: bool


class Standing(NamedTuple):
    """How a journey stands to the planned map of its process: the furthest step reached, those missed, phases skipped."""

    furthest_step: str
    steps_missed: tuple[str, ...]
    phases_skipped: tuple[str, ...]


class Plan:
    """The processes, arranged by moment so that a touchpoint finds its place by a few look-ups.

    fits        by moment: processes whose open journey it joins by gap
    starts      by moment: the process that it starts where no open journey fits
    joins       by moment: processes whose completed journey of the same subject it may still join
    completes   by moment: processes whose goal it is
    completes_unheld    by moment: those of them that no reference holds together, so that a touchpoint of another completes them
    holding     by type of reference: processes that take all touchpoints with one, in their order; the first is the usual one
    beside      by type of reference: processes that take their own moments out of it
    moments     all that the processes speak of

    Raises ValueError where two processes have one name.
    """

    __slots__ = (
        "_indirect",
        "_places",
        "_standings",
        "_steps",
        "_truths",
        "beside",
        "completes",
        "completes_unheld",
        "ends",
        "fits",
        "holding",
        "joins",
        "moments",
        "processes",
        "reopens",
        "starts",
    )

    def __init__(self, processes: Iterable[Process], indirect: Iterable[str] = ()) -> None:
        """`indirect` are the channels and kinds in which nobody is in contact with the company itself."""
        self.processes: dict[str, Process] = {}
        self.fits: dict[str, tuple[str, ...]] = {}
        self.starts: dict[str, str] = {}
        self.joins: dict[str, tuple[str, ...]] = {}
        self.completes: dict[str, tuple[str, ...]] = {}
        self.completes_unheld: dict[str, tuple[str, ...]] = {}
        self.ends: dict[str, tuple[str, ...]] = {}
        self.reopens: dict[str, tuple[str, ...]] = {}
        self.holding: dict[str, tuple[str, ...]] = {}
        self.beside: dict[str, tuple[str, ...]] = {}
        self.moments: frozenset[str] = frozenset()
        self._truths: dict[str, tuple[str, ...]] = {}
        self._indirect = frozenset(indirect)
        self._places: dict[tuple[str, tuple[str, ...], str], Place] = {}
        self._standings: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Standing] = {}
        self._steps: dict[tuple[str, str], tuple[int, ...]] = {}
        for process in processes:
            if process.name in self.processes:
                raise ValueError(f"two processes are named {process.name!r}; give each its own name")
            self._arrange(process)

    def _arrange(self, process: Process) -> None:
        name = process.name
        self.processes[name] = process
        self.moments |= process.moments()
        for moment in dict.fromkeys((*process.starts, *process.joins)):
            self.fits[moment] = (*self.fits.get(moment, ()), name)
        for moment in process.starts:
            self.starts.setdefault(moment, name)
        for table, moments in (
            (self.joins, process.joins),
            (self.completes, process.goals),
            (self.ends, process.ends),
            (self.reopens, process.reopens),
            (self._truths, process.truths),
            (self.holding if process.takes == "all" else self.beside, process.references),
        ):
            for moment in moments:
                table[moment] = (*table.get(moment, ()), name)
        for moment in () if process.references else process.goals:
            self.completes_unheld[moment] = (*self.completes_unheld.get(moment, ()), name)
        for number, step in enumerate(process.steps):
            for moment in step.moments:
                self._steps[name, moment] = (*self._steps.get((name, moment), ()), number)

    def holder(self, reference: str, moments: Collection[str]) -> str:
        """The process of a new journey that a reference of that type holds: the one that a moment starts, else the usual; "" for none."""
        names = self.holding.get(reference, ())
        for name in names:
            if any(moment in self.processes[name].starts for moment in moments):
                return name
        return names[0] if names else ""

    def place(self, process: str, moments: tuple[str, ...], channel: str) -> Place:
        """Where a touchpoint stands in a process."""
        place = self._places.get((process, moments, channel))
        if place is None:
            if len(self._places) >= PLACES_HELD:
                self._places.clear()
            place = self._places[process, moments, channel] = self._found(process, moments, channel)
        return place

    def _found(self, process: str, moments: tuple[str, ...], channel: str) -> Place:
        planned = self.processes[process].steps
        shown: tuple[int, ...] = ()
        effect = ""
        for moment in reversed(moments):
            shown = self._steps.get((process, moment), shown)
            for name, table in ((REOPENS, self.reopens), (ENDS, self.ends), (COMPLETES, self.completes)):
                if process in table.get(moment, ()):
                    effect = name
        last = planned[shown[-1]] if shown else None
        phase = last.phase if last else self.processes[process].phase
        return Place(
            step=last.name if last else moments[-1],
            phase=phase,
            effect=effect,
            steps=tuple(planned[number].name for number in shown) or (moments[-1],),
            within_us=last.within_s * _SECOND_US if last is not None and last.within_s is not None else None,
            is_step=last is not None,
            is_planned=last is not None and (not last.channels or channel in last.channels),
            is_truth=any(process in self._truths.get(moment, ()) for moment in moments),
            is_indirect=self.is_indirect(channel, moments[-1]),
            is_buyer=phase in BUYER_PHASES,
        )

    def is_indirect(self, channel: str, kind: str) -> bool:
        """Whether a touchpoint is no contact with the company itself."""
        return channel in self._indirect or kind in self._indirect

    def standing(self, process: str, reached: Iterable[str], phases: Iterable[str]) -> Standing:
        """How a journey stands that has reached these steps and phases."""
        key = process, tuple(reached), tuple(phases)
        standing = self._standings.get(key)
        if standing is None:
            if len(self._standings) >= PLACES_HELD:
                self._standings.clear()
            standing = self._standings[key] = self._compared(*key)
        return standing

    def _compared(self, process: str, reached: Collection[str], phases: Collection[str]) -> Standing:
        steps = self.processes[process].steps
        furthest = max((number for number, step in enumerate(steps) if step.name in reached), default=-1)
        missed = tuple(step.name for step in steps[: furthest + 1] if step.is_required and step.name not in reached)
        passed = max((_RANKS[phase] for phase in phases), default=0)
        required = {step.phase for step in steps if step.is_required}
        skipped = tuple(phase for phase in PHASES[:passed] if phase in required and phase not in phases)
        return Standing(steps[furthest].name if furthest >= 0 else "", missed, skipped)


def rank(phase: str) -> int:
    """The place of a phase in their order, from 0."""
    return _RANKS[phase]
