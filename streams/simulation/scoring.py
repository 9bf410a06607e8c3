"""How well findings match a simulation's truth: precision and recall for each rule, and every miss with its story."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from streams.simulation.truth import EITHER, OPEN, Planted

COUNTED: Final = frozenset({"open", "resolved"})
"""Statuses that count: a finding that was retracted or superseded is none."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding as the pipeline recorded it; `customer` is the pseudonym, `evidence` the producers' event ids."""

    rule: str
    subject: str
    customer: str
    status: str = OPEN
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """How one rule did.

    precision, recall  shares from 0 to 1; 1 where there was nothing to find, or nothing was found
    missed             planted and not found
    unexpected         found and not planted
    other_status       found, but open where the truth says resolved, or the other way round
    """

    planted: int
    found: int
    precision: float
    recall: float
    missed: tuple[Planted, ...]
    unexpected: tuple[Found, ...]
    other_status: tuple[Planted, ...]


def score(truth: Iterable[Planted], found: Iterable[Found], pseudonym: Callable[[str], str]) -> dict[str, Score]:
    """Match findings with the truth, one to one, by rule, customer and subject.

    A finding whose subject is worded otherwise matches by a founding event in its evidence. `pseudonym` gives the
    pipeline's customer for a customer number. A resolved finding of a rule that the truth lists as `also` counts neither
    way: the stronger rule resolved it; an open one is unexpected, for one cause must have one finding.
    """
    open_truth: dict[tuple[str, str], list[Planted]] = defaultdict(list)
    weaker: set[tuple[str, str, str]] = set()
    planted_of: dict[str, int] = defaultdict(int)
    for planted in truth:
        customer = pseudonym(planted.customer)
        open_truth[planted.rule, customer].append(planted)
        planted_of[planted.rule] += 1
        weaker.update((rule, customer, planted.subject) for rule in planted.also)
    found_of: dict[str, int] = defaultdict(int)
    unexpected: dict[str, list[Found]] = defaultdict(list)
    other_status: dict[str, list[Planted]] = defaultdict(list)
    for row in sorted((row for row in found if row.status in COUNTED), key=_sure_matches_first(open_truth)):
        match = _match(open_truth.get((row.rule, row.customer), []), row)
        if match is None and row.status != OPEN and (row.rule, row.customer, row.subject) in weaker:
            continue
        found_of[row.rule] += 1
        if match is None:
            unexpected[row.rule].append(row)
            continue
        open_truth[row.rule, row.customer].remove(match)
        if match.status not in (EITHER, row.status):
            other_status[row.rule].append(match)
    missed: dict[str, list[Planted]] = defaultdict(list)
    for (rule, _), left in open_truth.items():
        missed[rule] += left
    rules = sorted(planted_of.keys() | found_of.keys())
    return {rule: _score(planted_of[rule], found_of[rule], missed[rule], unexpected[rule], other_status[rule]) for rule in rules}


def _sure_matches_first(truth: Mapping[tuple[str, str], list[Planted]]) -> Callable[[Found], bool]:
    """Sorts findings with a planted subject before those that can only match by evidence."""
    return lambda row: all(planted.subject != row.subject for planted in truth.get((row.rule, row.customer), ()))


def _match(candidates: list[Planted], row: Found) -> Planted | None:
    for planted in candidates:
        if planted.subject == row.subject:
            return planted
    for planted in candidates:
        if not set(planted.founding).isdisjoint(row.evidence):
            return planted
    return None


def _score(planted: int, found: int, missed: list[Planted], unexpected: list[Found], other_status: list[Planted]) -> Score:
    return Score(
        planted=planted,
        found=found,
        precision=(found - len(unexpected)) / found if found else 1.0,
        recall=(planted - len(missed)) / planted if planted else 1.0,
        missed=tuple(missed),
        unexpected=tuple(unexpected),
        other_status=tuple(other_status),
    )
