"""case_reopened: a case goes from done (resolved, closed) back to a status that is not; one finding per case, with a count.

Example: the desk closes case C1 on Monday, on Wednesday it is In Progress again.
A case's status is what statements say: attribute `status` of subject `case:<number>`. A complaint closed and opened again is the same.
Settings: case_done_statuses, case_kept_s.
Near misses: resolved, then closed; open statuses one after the other; two cases, one closed and the other opened; the same
two statuses the other way round.
Founding fact: the touchpoint that first made the case done. Later reopenings count up in the same finding. It is open while the
case is open again, and resolved when the case is done again.
"""

from typing import Final

from streams.journeys.inconsistencies.findings import DESK, Suspicion
from streams.journeys.inconsistencies.scene import Rule, Scene, Told
from streams.journeys.inconsistencies.telling import phrase
from streams.journeys.ledger import CaseFact

NAME: Final = "case_reopened"
DONES_HELD: Final = 20
"""Touchpoints that call a case done, one after the other, of which the last ones are kept."""


class CaseReopened(Rule):
    """Follows each case's statuses."""

    name = NAME
    parts = ("statement:status", "complaints")

    def observe(self, scene: Scene) -> None:
        """Statuses that the touchpoint states, then what it says of a complaint."""
        touchpoint = scene.touchpoint
        for statement in touchpoint.statements:
            if statement.attribute == "status" and statement.subject.startswith("case:"):
                self._state(statement.subject[5:], statement.value, scene)
        if touchpoint.complaints and touchpoint.references.case:
            for complaint in touchpoint.complaints:
                if complaint.action in ("opened", "closed"):
                    self._state(touchpoint.references.case, complaint.action, scene)

    def tell(self, suspicion: Suspicion) -> Told:
        """How often it came back, and how soon after it was called done."""
        remedy = "open_remedy" if suspicion.resolved_at is None else "resolved_remedy"
        return Told(DESK, ("once" if suspicion.count == 1 else "often",), remedy)

    def _state(self, number_of_case: str, status: str, scene: Scene) -> None:
        case = scene.ledger.case(number_of_case, scene.at, scene.settings)
        if case is None:
            case = scene.ledger.cases[number_of_case] = CaseFact(number=number_of_case, last_at=scene.at)
        is_done = status.casefold() in scene.settings.done
        if is_done and not case.is_done:
            case.dones.clear()
        if is_done:
            case.dones = [*case.dones[-DONES_HELD:], scene.touchpoint.event_id]
        if is_done and case.first_done is None:
            case.first_done, case.first_done_status = scene.mark(), status.lower()
        elif is_done and not case.is_done and case.suspicion:
            scene.touch(scene.suspicions[case.suspicion]).resolve(scene.at, scene.touchpoint.event_id)
        elif case.is_done and not is_done:
            self._reopen(case, status, scene)
        case.is_done, case.status, case.last_at = is_done, status, scene.at

    def _reopen(self, case: CaseFact, status: str, scene: Scene) -> None:
        event_id = scene.touchpoint.event_id
        if not case.suspicion:
            done = case.first_done
            if done is None:  # a done case has been made done
                return
            suspicion = scene.suspect(NAME, (done.event_id,), scene.at)
            suspicion.subject = f"case:{case.number}"
            suspicion.told = {"case": case.number, "done": case.first_done_status}
            suspicion.first = scene.side_of(done, phrase("status", status=case.first_done_status))
            suspicion.second = scene.side(phrase("status", status=status))
            suspicion.show(event_id)
            case.suspicion = suspicion.inconsistency_id
            self._relate(case, suspicion, scene)
            return
        suspicion = scene.touch(scene.suspicions[case.suspicion])
        suspicion.count += 1
        suspicion.resolved_at, suspicion.resolved_by = None, ""
        suspicion.show(event_id)
        self._relate(case, suspicion, scene)

    def _relate(self, case: CaseFact, suspicion: Suspicion, scene: Scene) -> None:
        """The causes: each time that the case was called done before it was opened again."""
        scene.relate(suspicion, *(f"case:{case.number}|{event_id}" for event_id in case.dones))
