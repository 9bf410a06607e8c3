"""What a touchpoint is about beside the references that hold journeys: products, offers and contents, and who spoke of them last."""

from typing import Final

import msgspec

from streams.journeys.touchpoint import Touchpoint

SUBJECTS_HELD: Final = 200
"""Subjects of one customer that are remembered: those that came up last."""


class Subjects(msgspec.Struct):
    """By subject and process: the journey that spoke of it last."""

    latest: dict[str, dict[str, str]] = {}

    def note(self, subject: str, process: str, journey_id: str) -> None:
        """A touchpoint of the journey is about the subject."""
        held = self.latest.pop(subject, None)
        if held is None:
            held = {}
            if len(self.latest) >= SUBJECTS_HELD:
                del self.latest[next(iter(self.latest))]
        held[process] = journey_id
        self.latest[subject] = held


def subjects_of(touchpoint: Touchpoint) -> list[str]:
    """What the touchpoint is about, each as type:number, its own references first."""
    references = touchpoint.references
    found: list[str] = []
    if references.product:
        found.append(f"product:{references.product}")
    if references.offer:
        found.append(f"offer:{references.offer}")
    if references.content:
        found.append(f"content:{references.content}")
    if touchpoint.orders:
        found += [f"product:{line.product}" for order in touchpoint.orders for line in order.lines if line.product]
    if touchpoint.visits:
        found += [f"product:{visit.product}" for visit in touchpoint.visits if visit.product]
    if touchpoint.indirects:
        found += [f"product:{indirect.product}" for indirect in touchpoint.indirects if indirect.product]
    if touchpoint.statements and not (references.case or references.order or references.conversation):
        found += [statement.subject for statement in touchpoint.statements]
    if touchpoint.ratings:
        found += [rating.of_reference for rating in touchpoint.ratings if rating.of_reference]
    if touchpoint.complaints:
        found += [f"product:{complaint.product}" for complaint in touchpoint.complaints if complaint.product]
    return list(dict.fromkeys(found)) if found else found
