"""Stories about cases.

The rule: a case goes from resolved or closed back to open; one per case, with a count.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.clock import HOUR
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER, OPEN

RULE: Final = "case_reopened"


def _begun(telling: Telling) -> str:
    """A call about a repair opens a case; gives its number."""
    case = telling.diary.number("CASE")
    call = scenes.helped(telling.diary, telling.time(0, 10), telling.person.desk, "repair", outcome=scenes.UNRESOLVED, case=case)
    scenes.status(telling.diary, call.at, telling.person.desk, case, "new")
    return case


def _states(telling: Telling, case: str, first_day: int, *values: str, channel: str = "email") -> list[tuple[int, str]]:
    """One status a day; gives when, and the event id, of each."""
    stated = []
    for day, value in enumerate(values, first_day):
        at = telling.time(day, 9)
        stated.append((at, scenes.status(telling.diary, at, channel, case, value)))
    return stated


def _reopened(telling: Telling, values: tuple[str, ...], status: str) -> None:
    """A case whose second status ends it and whose third one is open again."""
    case = _begun(telling)
    _, (_, ended), (at, reopened), *_ = _states(telling, case, 1, *values)
    telling.raises(f"case:{case}", ended, reopened, at=at, status=status)


def _reopened_in_another_channel(telling: Telling) -> None:
    case = _begun(telling)
    _, (_, ended) = _states(telling, case, 1, "in_progress", "resolved")
    at = telling.time(4, 15)
    reopened = scenes.status(telling.diary, at, "chat", case, "in_progress")
    telling.raises(f"case:{case}", ended, reopened, at=at)


def _complaint_opened_again(telling: Telling) -> None:
    case = telling.diary.number("CASE")
    about = {"case": case}
    complaint = {"topic": "damaged", "product": telling.product().number}
    telling.diary.note(telling.time(0, 12), "website", "complaint_opened", about=about, complaint=complaint)
    ended = telling.diary.note(telling.time(1, 15), "email", "complaint_closed", about=about, complaint=complaint)
    at = telling.time(3, 13)
    reopened = telling.diary.note(at, "website", "complaint_opened", about=about, complaint=complaint)
    telling.raises(f"case:{case}", ended, reopened, at=at)


def _ordinary_progress(telling: Telling, values: tuple[str, ...]) -> None:
    _states(telling, _begun(telling), 1, *values)


def _a_new_case(telling: Telling) -> None:
    _states(telling, _begun(telling), 1, "resolved", "closed")
    second = telling.diary.number("CASE")
    _states(telling, second, 3, "new", "in_progress", "resolved", channel=telling.person.desk)


def _two_cases_at_once(telling: Telling) -> None:
    first = _begun(telling)
    second = telling.diary.number("CASE")
    scenes.status(telling.diary, telling.time(0, 15), "email", second, "new")
    _states(telling, first, 1, "resolved")
    scenes.status(telling.diary, telling.time(1, 15), "email", second, "in_progress")
    _states(telling, first, 2, "closed")
    scenes.status(telling.diary, telling.time(2, 15), "email", second, "resolved")


def _closed_twice(telling: Telling) -> None:
    case = _begun(telling)
    _states(telling, case, 1, "in_progress", "resolved", "closed")
    scenes.status(telling.diary, telling.time(4, 11), telling.person.desk, case, "closed")


def _all_at_one_moment(telling: Telling) -> None:
    case = _begun(telling)
    at = telling.time(1, 23)
    for sequence, value in enumerate(("in_progress", "waiting", "resolved", "closed"), 1):
        scenes.status(telling.diary, at, "email", case, value, sequence=sequence)


def _talked_about_afterwards(telling: Telling) -> None:
    case = _begun(telling)
    (_, _), (at, _) = _states(telling, case, 1, "in_progress", "resolved")
    scenes.service_mail(telling.diary, at + HOUR, case=case)
    scenes.rated(telling.diary, at + 3 * HOUR, "email", f"case:{case}", telling.person.mood)


STORIES: Final = (
    Story(
        "resolved_then_in_progress",
        RULE,
        1,
        "A repair is resolved; a day later it is in progress again, and stays so.",
        "From resolved back to open.",
        partial(_reopened, values=("in_progress", "resolved", "in_progress"), status=OPEN),
    ),
    Story(
        "closed_then_in_progress",
        RULE,
        1,
        "A closed repair is taken up again, and closed again.",
        "From closed back to open.",
        partial(_reopened, values=("in_progress", "closed", "in_progress", "resolved", "closed"), status=EITHER),
    ),
    Story(
        "reopened_twice",
        RULE,
        1,
        "A repair is resolved and taken up again, twice.",
        "One finding per case, with a count of 2.",
        partial(_reopened, values=("in_progress", "resolved", "in_progress", "resolved", "waiting"), status=OPEN),
    ),
    Story(
        "reopened_in_another_channel",
        RULE,
        1,
        "A mail says resolved; two days later the chat says in progress.",
        "The case goes back to open, whichever channel says so.",
        _reopened_in_another_channel,
    ),
    Story(
        "complaint_opened_again",
        RULE,
        1,
        "A complaint is closed; the customer opens the same one again.",
        "A complaint is a case: from closed back to open.",
        _complaint_opened_again,
    ),
    Story(
        "resolved_then_closed",
        RULE,
        0,
        "A repair goes through its statuses to resolved, then closed.",
        "Ordinary progress: closed is not open.",
        partial(_ordinary_progress, values=("in_progress", "resolved", "closed")),
    ),
    Story(
        "back_and_forth_before_resolved",
        RULE,
        0,
        "A repair goes between in progress and waiting for the customer before it is resolved.",
        "It had been neither resolved nor closed.",
        partial(_ordinary_progress, values=("in_progress", "waiting", "in_progress", "waiting", "in_progress", "resolved")),
    ),
    Story(
        "a_new_case",
        RULE,
        0,
        "A case is closed; the next problem gets a case of its own.",
        "Another case.",
        _a_new_case,
    ),
    Story(
        "two_cases_at_once",
        RULE,
        0,
        "Two cases side by side: one is resolved and closed while the other is in progress.",
        "Each case has its own statuses.",
        _two_cases_at_once,
    ),
    Story(
        "closed_twice",
        RULE,
        0,
        "A mail says closed; the desk says so too, days later.",
        "It never went back to open.",
        _closed_twice,
    ),
    Story(
        "all_at_one_moment",
        RULE,
        0,
        "A nightly run publishes four statuses of one case with the same time, told apart by their sequence.",
        "In the order of their sequence they are ordinary progress.",
        _all_at_one_moment,
    ),
    Story(
        "written_about_afterwards",
        RULE,
        0,
        "A case is resolved; a mail about it follows, and the customer rates it.",
        "Being talked about does not open a case.",
        _talked_about_afterwards,
    ),
)
