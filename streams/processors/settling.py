"""Customers whom a late touchpoint links with others: they are judged a moment later, when what the others have is handed over.

A late touchpoint is judged at a time that had passed before it came, so what it waits for is due at once: a chat that comes hours
late counts as unanswered until its answer, held under the login that the same touchpoint shows, is handed over. So one that shows
several identifiers is put off by a second, and by as long as it has been on its way itself: in a backlog what is handed over waits in the
same queues. What comes in time is not: it is judged as it comes.
"""

from typing import Final, NamedTuple

from streams.journeys.identity.strength import THINGS
from streams.journeys.touchpoint import Touchpoint

SETTLES_US: Final = 1_000_000
"""Who is whom is settled within, where nothing queues: three or four commits of identify and stitch."""
MOST_ON_ITS_WAY_US: Final = 60_000_000
"""Of a longer way no more is waited for: after an outage of hours a finding is not to wait for hours again."""


class News(NamedTuple):
    """What concerns a customer: at what time (us, by the wall clock), when (us) what came was received (0: nothing did), and why what
    was told may hold no more, a reason of `streams.journeys.life` ("" for none).
    """

    at: int
    received: int
    came: str

    @property
    def settles_at(self) -> int:
        """us, by the wall clock: when who is whom is settled, for what came then."""
        on_its_way = self.at - self.received if self.received else 0
        return self.at + SETTLES_US + min(max(on_its_way, 0), MOST_ON_ITS_WAY_US)


class _PutOff(NamedTuple):
    """What concerns a customer who is judged later, and when that is (us, by the wall clock)."""

    news: News
    until: int


class Settling:
    """Who is put off, in one partition of stitch. After a restart nobody is: all who were are due."""

    def __init__(self) -> None:
        self._links: dict[str, int] = {}
        self._put_off: dict[str, _PutOff] = {}

    def begin(self) -> None:
        """A step begins: whom the one before took is judged or put off."""
        self._links.clear()

    def took(self, customer: str, touchpoint: Touchpoint) -> None:
        """Note a live touchpoint that shows several identifiers."""
        if not touchpoint.replay and sum(each.type not in THINGS for each in touchpoint.identifiers) > 1:
            self._links[customer] = min(self._links.get(customer, touchpoint.corrected_at), touchpoint.corrected_at)

    @property
    def is_waiting(self) -> bool:
        """Whether anybody is put off."""
        return bool(self._put_off)

    def over(self, now: int) -> list[str]:
        """Whose time is over by the wall clock (us)."""
        return [customer for customer, each in self._put_off.items() if now >= each.until]

    def put_off(self, customer: str, time: int, news: News) -> News | None:
        """None where the customer is judged later; else what is to be told of him, with what came while he was put off.

        `time` (us) is that of his domain: what came from before it is late.
        """
        before = self._put_off.pop(customer, None)
        if before is not None:
            first = before.news
            together = News(first.at, max(first.received, news.received), news.came or first.came)
            if news.at >= before.until:
                return together
            self._put_off[customer] = _PutOff(together, before.until)
            return None
        if self._links.get(customer, time) < time:
            self._put_off[customer] = _PutOff(news, news.settles_at)
            return None
        return news

    def forget(self, customer: str) -> None:
        """Nothing is left of the customer, or what is left is told already."""
        self._put_off.pop(customer, None)
