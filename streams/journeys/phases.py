"""Where a moment stands: its step and phase in a process, and the processes that it fits; compiled once from the settings."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from streams.journeys.process import Process

COMPLETES: Final = "completes"
ENDS: Final = "ends"
REOPENS: Final = "reopens"

PLACES_HELD: Final = 10_000
"""Places that are remembered; moments may hold words of the company's own, so their number is not known."""


class Place(NamedTuple):
    """A touchpoint in a process: its step and phase, and what it does to the journey (completes, ends or reopens it, or "")."""

    step: str
    phase: str
    effect: str


class Plan:
    """The processes, arranged by moment so that a touchpoint finds its place by a few look-ups.

    fits        by moment: processes whose open journey it joins by gap
    starts      by moment: the process that it starts where no open journey fits
    completes   by moment: processes whose goal it is
    completes_unheld    by moment: those of them that no reference holds together, so that a touchpoint of another completes them

    Raises ValueError where two processes have one name.
    """

    __slots__ = ("_places", "_steps", "completes", "completes_unheld", "ends", "fits", "processes", "reopens", "starts")

    def __init__(self, processes: Iterable[Process]) -> None:
        self.processes: dict[str, Process] = {}
        self.fits: dict[str, tuple[str, ...]] = {}
        self.starts: dict[str, str] = {}
        self.completes: dict[str, tuple[str, ...]] = {}
        self.completes_unheld: dict[str, tuple[str, ...]] = {}
        self.ends: dict[str, tuple[str, ...]] = {}
        self.reopens: dict[str, tuple[str, ...]] = {}
        self._places: dict[tuple[str, tuple[str, ...]], Place] = {}
        self._steps: dict[tuple[str, str], tuple[str, str]] = {}
        for process in processes:
            if process.name in self.processes:
                raise ValueError(f"two processes are named {process.name!r}; give each its own name")
            self._arrange(process)

    def _arrange(self, process: Process) -> None:
        name = process.name
        self.processes[name] = process
        for moment in (*process.starts, *process.joins):
            self.fits[moment] = (*self.fits.get(moment, ()), name)
        for moment in process.starts:
            self.starts.setdefault(moment, name)
        for table, moments in ((self.completes, process.goals), (self.ends, process.ends), (self.reopens, process.reopens)):
            for moment in moments:
                table[moment] = (*table.get(moment, ()), name)
        for moment in () if process.reference else process.goals:
            self.completes_unheld[moment] = (*self.completes_unheld.get(moment, ()), name)
        for step in process.steps:
            for moment in step.moments:
                self._steps.setdefault((name, moment), (step.name, step.phase))

    def place(self, process: str, moments: tuple[str, ...]) -> Place:
        """Where a touchpoint stands in a process; what is no planned step is named by its kind."""
        place = self._places.get((process, moments))
        if place is None:
            if len(self._places) >= PLACES_HELD:
                self._places.clear()
            place = self._places[process, moments] = self._found(process, moments)
        return place

    def _found(self, process: str, moments: tuple[str, ...]) -> Place:
        step, phase, effect = moments[-1], self.processes[process].phase, ""
        for moment in reversed(moments):
            step, phase = self._steps.get((process, moment), (step, phase))
            for name, table in ((REOPENS, self.reopens), (ENDS, self.ends), (COMPLETES, self.completes)):
                if process in table.get(moment, ()):
                    effect = name
        return Place(step, phase, effect)
