"""Stories about promises.

The rule: due time passed by the watermark without its being kept, moved or withdrawn; kept late adds to the same finding
and resolves it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from streams.simulation import scenes
from streams.simulation.clock import DAY, HOUR, SECOND
from streams.simulation.scenes import Conversation
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import OPEN, RESOLVED

RULE: Final = "promise_broken"
ZONE: Final = "Europe/Amsterdam"


def _order(telling: Telling, due: int) -> tuple[str, str, str]:
    """An order on the story's first day, with a delivery promised for before `due`; gives order, promise, event."""
    product = telling.product()
    screen = telling.person.screen
    at = scenes.checkout(telling.diary, telling.time(0, 11), screen)
    return scenes.ordered_with_promise(telling.diary, at, screen, product, due=due)


def _mailed(telling: Telling, at: int, action: str, order: str, number: str, *, due: int | None = None) -> str:
    """The company moves or withdraws a promised delivery by mail."""
    promise = {"id": number, "action": action, "what": "delivery"} | ({} if due is None else {"due_until": due})
    return telling.diary.note(at, "email", f"promise_{action}", about={"order": order}, promise=promise)


def _never_delivered(telling: Telling) -> None:
    due = telling.time(4, 18)
    order, number, made = _order(telling, due)
    scenes.shipped(telling.diary, telling.time(1, 10), order)
    telling.raises(f"promise:{number}", made, at=due)


def _delivered_late(telling: Telling) -> None:
    due = telling.time(3, 20)
    order, number, made = _order(telling, due)
    scenes.shipped(telling.diary, telling.time(2, 10), order)
    scenes.delivered(telling.diary, telling.time(4 + telling.random.randrange(3), 11), telling.person.screen, order, number)
    telling.raises(f"promise:{number}", made, at=due, status=RESOLVED)


def _nobody_calls_back(telling: Telling) -> None:
    call = Conversation(telling.diary, telling.time(0, 10), "phone", "repair")
    call.begin()
    call.talk()
    number = telling.diary.number("PROMISE")
    due = telling.time(1, 17)
    promise = scenes.promised("callback", number, due)
    made = telling.diary.note(call.at, "phone", "promise_made", about={"conversation": call.number}, promise=promise)
    call.pause(10, 20)
    call.end(scenes.UNRESOLVED)
    telling.raises(f"promise:{number}", made, at=due)


def _moved_and_missed(telling: Telling) -> None:
    order, number, made = _order(telling, telling.time(3, 18))
    due = telling.time(5, 18)
    moved = _mailed(telling, telling.time(2, 9), "moved", order, number, due=due)
    telling.raises(f"promise:{number}", made, moved, at=due)


def _refund_by_a_day(telling: Telling, *paid: int) -> tuple[str, str, int]:
    """A refund promised for the end of a day in the customer's zone; paid back on these days. Gives number, event, due."""
    order, delivery, _ = _order(telling, telling.time(4, 18))
    scenes.delivered(telling.diary, telling.time(1, 12), telling.person.screen, order, delivery)
    at = telling.time(1, 16)
    telling.diary.note(at, telling.person.screen, "order_returned", about={"order": order}, order={"status": "returned"})
    number = telling.diary.number("PROMISE")
    last = datetime.fromtimestamp((telling.day + 3 * DAY + 6 * HOUR) // SECOND, UTC)
    promise = {"id": number, "action": "made", "what": "refund", "due_date": last.strftime("%Y-%m-%d"), "zone": ZONE}
    message = {"id": telling.diary.number("MAIL"), "purpose": "service"}
    made = telling.diary.note(telling.time(1, 18), "email", "message_sent", about={"order": order}, promise=promise, message=message)
    for day in paid:
        kept = {"id": number, "action": "kept", "what": "refund"}
        telling.diary.note(telling.time(day, 13), "email", "promise_kept", about={"order": order}, promise=kept)
    return number, made, _end_of(last)


def _end_of(day: datetime) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)) + timedelta(days=1)
    return int(midnight.timestamp()) * SECOND


def _refund_does_not_come(telling: Telling) -> None:
    number, made, due = _refund_by_a_day(telling)
    telling.raises(f"promise:{number}", made, at=due)


def _refund_comes_late(telling: Telling) -> None:
    number, made, due = _refund_by_a_day(telling, 5)
    telling.raises(f"promise:{number}", made, at=due, status=RESOLVED)


def _delivered_but_not_installed(telling: Telling) -> None:
    order, delivery, _ = _order(telling, telling.time(4, 18))
    number = telling.diary.number("PROMISE")
    due = telling.time(3, 17)
    installation = scenes.promised("installation", number, due)
    made = telling.diary.note(telling.time(0, 15), "email", "promise_made", about={"order": order}, promise=installation)
    scenes.delivered(telling.diary, telling.time(2, 11), telling.person.screen, order, delivery)
    telling.raises(f"promise:{number}", made, at=due, status=OPEN)


def _kept_in_the_last_minutes(telling: Telling) -> None:
    due = telling.time(3, 18)
    order, number, _ = _order(telling, due)
    scenes.shipped(telling.diary, telling.time(2, 10), order)
    just_before = due - telling.random.randrange(1, 300) * SECOND
    scenes.delivered(telling.diary, just_before, telling.person.screen, order, number)


def _moved_in_time(telling: Telling) -> None:
    order, number, _ = _order(telling, telling.time(3, 18))
    _mailed(telling, telling.time(2, 9), "moved", order, number, due=telling.time(6, 18))
    scenes.delivered(telling.diary, telling.time(5, 12), telling.person.screen, order, number)


def _moved_twice(telling: Telling) -> None:
    order, number, _ = _order(telling, telling.time(2, 18))
    _mailed(telling, telling.time(2, 9), "moved", order, number, due=telling.time(4, 18))
    _mailed(telling, telling.time(4, 8), "moved", order, number, due=telling.time(6, 18))
    scenes.delivered(telling.diary, telling.time(6, 10), telling.person.screen, order, number)


def _cancelled(telling: Telling) -> None:
    order, number, _ = _order(telling, telling.time(4, 18))
    withdrawn = {"id": number, "action": "withdrawn", "what": "delivery"}
    about = {"order": order}
    telling.diary.note(
        telling.time(1, 14), telling.person.screen, "order_cancelled", about=about, order={"status": "cancelled"}, promise=withdrawn
    )


def _withdrawn_by_mail(telling: Telling) -> None:
    order, number, _ = _order(telling, telling.time(4, 18))
    _mailed(telling, telling.time(2, 14), "withdrawn", order, number)


def _not_due_yet(telling: Telling) -> None:
    due = telling.diary.until + 2 * DAY + telling.random.randrange(3 * DAY)
    order, _, _ = _order(telling, due)
    scenes.shipped(telling.diary, telling.time(1, 10), order)


def _refund_on_the_last_day(telling: Telling) -> None:
    _refund_by_a_day(telling, 3)


STORIES: Final = (
    Story(
        "never_delivered",
        RULE,
        1,
        "An order, its delivery promised for a day; it is shipped and never arrives.",
        "The due time passed without its being kept, moved or withdrawn.",
        _never_delivered,
    ),
    Story(
        "delivered_late",
        RULE,
        1,
        "The parcel arrives one to three days after the promised time.",
        "Broken at the due time; kept late resolves the same finding.",
        _delivered_late,
    ),
    Story(
        "nobody_calls_back",
        RULE,
        1,
        "The desk promises to call back before five next day; nobody does.",
        "The expected fact never came; silence alone raises it.",
        _nobody_calls_back,
    ),
    Story(
        "moved_and_missed",
        RULE,
        1,
        "A delivery is moved in time to a later day, and does not come then either.",
        "What counts is the time to which it was moved.",
        _moved_and_missed,
    ),
    Story(
        "refund_does_not_come",
        RULE,
        1,
        "A mail promises a refund by a day; it never comes.",
        "A promised day is over when it has ended in its zone.",
        _refund_does_not_come,
    ),
    Story(
        "refund_comes_late",
        RULE,
        1,
        "The refund comes two days after the promised day.",
        "Broken when the day ended, resolved when it was kept.",
        _refund_comes_late,
    ),
    Story(
        "delivered_but_not_installed",
        RULE,
        1,
        "Delivery and installation are promised; the parcel comes in time, the fitter does not.",
        "Two promises of one order: keeping one does not keep the other.",
        _delivered_but_not_installed,
    ),
    Story(
        "kept_in_the_last_minutes",
        RULE,
        0,
        "The parcel arrives minutes before the promised time.",
        "Kept in time.",
        _kept_in_the_last_minutes,
    ),
    Story(
        "moved_in_time",
        RULE,
        0,
        "A delivery is moved a day before it is due, and arrives in the new time, after the old one.",
        "Moved in time, kept in time.",
        _moved_in_time,
    ),
    Story(
        "moved_twice",
        RULE,
        0,
        "A delivery is moved twice, each time on the morning of the day, and kept.",
        "Each time moved before it was due.",
        _moved_twice,
    ),
    Story(
        "order_cancelled",
        RULE,
        0,
        "The customer cancels the order before its delivery is due.",
        "The cancellation withdraws the promise.",
        _cancelled,
    ),
    Story(
        "promise_withdrawn_by_mail",
        RULE,
        0,
        "The company writes in time that it cannot deliver.",
        "Withdrawn before it was due.",
        _withdrawn_by_mail,
    ),
    Story(
        "not_due_yet",
        RULE,
        0,
        "A delivery promised for after the scenario's end.",
        "The due time has not passed.",
        _not_due_yet,
    ),
    Story(
        "refund_on_the_last_day",
        RULE,
        0,
        "A refund comes on the promised day itself.",
        "A promised day is over only when it has ended.",
        _refund_on_the_last_day,
    ),
)
