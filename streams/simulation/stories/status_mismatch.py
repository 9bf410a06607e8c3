"""Stories about statuses that two channels state.

The rule: within 24 h two channels state statuses that are not on one path of the process, or the later one is behind the
earlier by more than the channel's delay; ordinary progress is none. An order goes placed, paid, shipped, delivered, or from
placed to cancelled.
"""

from functools import partial
from typing import Final

from streams.simulation import facts, scenes
from streams.simulation.clock import DAY, HOUR, SECOND
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "status_mismatch"


def _order(telling: Telling) -> str:
    """An order of the day before the statuses."""
    screen = telling.person.screen
    at = scenes.checkout(telling.diary, telling.time(0, 11), screen)
    order, _ = scenes.ordered(telling.diary, at, screen, telling.product())
    return order


def _order_stated(telling: Telling, first: tuple[str, str], second: tuple[str, str], *, hours: int) -> tuple[str, int, list[str]]:
    """Two channels (channel, status) say how far an order is; gives it, the later time, and both event ids."""
    order = _order(telling)
    at = telling.time(2, 9)
    one = facts.order_status(telling.diary, at, first[0], order, first[1])
    at = telling.diary.around(at + hours * HOUR)
    return order, at, [one, facts.order_status(telling.diary, at, second[0], order, second[1])]


def _contradict(telling: Telling, first: tuple[str, str], second: tuple[str, str], hours: int = 4) -> None:
    order, at, founding = _order_stated(telling, first, second, hours=hours)
    telling.raises(f"order:{order}", *founding, at=at, status=EITHER)


def _go_on(telling: Telling, first: tuple[str, str], second: tuple[str, str], hours: int = 4) -> None:
    _order_stated(telling, first, second, hours=hours)


def _through_all_channels(telling: Telling) -> None:
    order = _order(telling)
    steps = (("email", "paid"), ("app", "shipped"), ("phone", "shipped"), ("website", "delivered"))
    for hour, (channel, value) in zip((9, 11, 14, 17), steps, strict=True):
        facts.order_status(telling.diary, telling.time(2, hour), channel, order, value)


def _two_orders(telling: Telling) -> None:
    one, other = _order(telling), _order(telling)
    facts.order_status(telling.diary, telling.time(2, 9), "email", one, "delivered")
    facts.order_status(telling.diary, telling.time(2, 13), "phone", other, "paid")


def _crossed(telling: Telling) -> None:
    order = _order(telling)
    at = telling.time(2, 9)
    facts.order_status(telling.diary, at, "email", order, "shipped")
    facts.order_status(telling.diary, at + 2 * SECOND, "app", order, "paid")


def _put_right_by_itself(telling: Telling) -> None:
    order = _order(telling)
    facts.order_status(telling.diary, telling.time(2, 9), "email", order, "delivered")
    facts.order_status(telling.diary, telling.time(2, 12), "email", order, "shipped")


def _cancelled_first(telling: Telling) -> None:
    order = _order(telling)
    at = telling.time(0, 15)
    telling.diary.note(at, "website", "order_cancelled", about={"order": order}, order={"status": "cancelled"})
    facts.order_status(telling.diary, at + HOUR, "email", order, "cancelled")
    facts.order_status(telling.diary, telling.diary.around(at + DAY // 2), "phone", order, "cancelled")


STORIES: Final = (
    Story(
        "desk_behind_the_mail",
        RULE,
        1,
        "A mail says that an order is shipped; four hours later the desk says that it is only paid.",
        "The later one is behind the earlier by more than the channel's delay.",
        partial(_contradict, first=("email", "shipped"), second=("phone", "paid")),
    ),
    Story(
        "app_delivered_chat_shipped",
        RULE,
        1,
        "The app says delivered; hours later the chat says that the parcel is under way.",
        "The later one is behind the earlier.",
        partial(_contradict, first=("app", "delivered"), second=("chat", "shipped"), hours=6),
    ),
    Story(
        "delivered_or_cancelled",
        RULE,
        1,
        "The website says delivered; hours later the desk says cancelled.",
        "Two statuses that are not on one path.",
        partial(_contradict, first=("website", "delivered"), second=("phone", "cancelled")),
    ),
    Story(
        "cancelled_yet_shipped",
        RULE,
        1,
        "The desk says cancelled; next morning the mail says shipped.",
        "Two statuses that are not on one path, within 24 h.",
        partial(_contradict, first=("phone", "cancelled"), second=("email", "shipped"), hours=20),
    ),
    Story(
        "store_far_behind",
        RULE,
        1,
        "The app says delivered; ten hours later the store says placed.",
        "The later one is behind the earlier.",
        partial(_contradict, first=("app", "delivered"), second=("store", "placed"), hours=10),
    ),
    Story(
        "progress_through_all_channels",
        RULE,
        0,
        "Mail, app, desk and website each say how far an order is, ever further.",
        "Ordinary progress.",
        _through_all_channels,
    ),
    Story(
        "status_agreed",
        RULE,
        0,
        "Mail and desk both say shipped.",
        "They agree.",
        partial(_go_on, first=("email", "shipped"), second=("phone", "shipped")),
    ),
    Story(
        "a_step_left_out",
        RULE,
        0,
        "The website says paid; hours later the mail says delivered.",
        "Further on the same path, though nobody said shipped.",
        partial(_go_on, first=("website", "paid"), second=("email", "delivered"), hours=12),
    ),
    Story(
        "behind_two_days_later",
        RULE,
        0,
        "A mail says shipped; thirty hours later the desk says paid.",
        "Not within 24 h.",
        partial(_go_on, first=("email", "shipped"), second=("phone", "paid"), hours=30),
    ),
    Story(
        "two_orders_two_statuses",
        RULE,
        0,
        "A mail says that one order is delivered, the desk that another one is paid.",
        "Not the same subject.",
        _two_orders,
    ),
    Story(
        "crossed_by_two_seconds",
        RULE,
        0,
        "The app still says paid two seconds after the mail said shipped.",
        "Behind, but within the channel's delay.",
        _crossed,
    ),
    Story(
        "put_right_by_itself",
        RULE,
        0,
        "A mail says delivered; hours later a mail says shipped.",
        "One channel; no two channels differ.",
        _put_right_by_itself,
    ),
    Story(
        "cancelled_everywhere",
        RULE,
        0,
        "An order is cancelled; mail and desk say so.",
        "From placed to cancelled is a path, and they agree.",
        _cancelled_first,
    ),
)
