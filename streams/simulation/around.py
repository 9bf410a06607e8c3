"""What happens around the company: advertisements, searches elsewhere, reviews, fairs, and talk on social media.

It is written into the margin of a diary, after the month is lived, with chance and numbers of its own: the rest of the diary stays
as it was. Nothing of it may raise a finding or undo one, so it keeps away from the days of a story.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from streams.simulation.catalogue import Shop
from streams.simulation.clock import DAY, HOUR
from streams.simulation.diary import Diary, Moment

ENGINES: Final = ("findwell", "seeksy")
REVIEW_SITES: Final = ("reviews.example", "comparers.example")
CREATIVES: Final = ("picture-1", "picture-2", "film-1")
MEDIA: Final = ("display", "display", "social", "video", "outdoor", "television")
FAIR_DAYS: Final = (8, 9, 22)
"""Days of the month, from 0, on which there is a fair."""
BEST_SCORE: Final = 5.0
LATEST_REVIEWS: Final = 40
"""Readers choose among so many of the latest."""


@dataclass(frozen=True, slots=True)
class Review:
    """A review that everybody can read from `at` (us) on."""

    number: str
    product: str
    at: int


@dataclass(frozen=True, slots=True)
class Board:
    """The reviews that the customers before have written; a customer reads those of others only."""

    reviews: list[Review] = field(default_factory=list)

    def before(self, at: int) -> Sequence[Review]:
        """The latest that can be read at `at` (us)."""
        return [review for review in self.reviews if review.at < at][-LATEST_REVIEWS:]


class Margin(Diary):
    """The margin of somebody's diary: chance and numbers of its own."""

    __slots__ = ("_board",)

    def __init__(self, seed: int, diary: Diary, board: Board) -> None:
        random = Random(f"{seed}/{diary.index}/around")  # noqa: S311  -- a story, not a secret
        super().__init__(seed, diary.index, diary.person, random, diary.until)
        self._board = board

    @property
    def board(self) -> Board:
        """What others have written."""
        return self._board

    def number(self, prefix: str) -> str:
        """Not one of the diary's."""
        return super().number(f"A{prefix}")


def surround(margin: Margin, shop: Shop, lived: Sequence[Moment], story: tuple[int, int]) -> None:
    """Fill the margin of a month; `story` are the times (us) between which nothing may come in between, both 0 for no story."""
    for percent, days, happens in _NOW_AND_THEN:
        if margin.likely(percent):
            at = shop.start + margin.random.choice(days) * DAY + margin.person.hour * HOUR + margin.random.randrange(HOUR)
            if not _in_between(at, story):
                happens(margin, shop, at)
    for moment in lived:
        if moment.kind in ("order_delivered", "bought") and margin.likely(18):
            at = margin.on_day(moment.at, margin.random.randrange(2, 6), margin.person.hour)
            if not _in_between(at, story):
                _writes_a_review(margin, at, moment, lived)


def _in_between(at: int, story: tuple[int, int]) -> bool:
    first, last = story
    return first - DAY <= at < last


def _sees_advertisements(margin: Margin, shop: Shop, at: int) -> None:
    campaign = margin.random.choice(shop.everyday)
    said = {"campaign": campaign.name, "creative": margin.random.choice(CREATIVES), "medium": margin.random.choice(MEDIA)}
    for _ in range(margin.random.randrange(1, 3)):
        margin.note(at, "advertisement", "advertisement_seen", attributes={"campaign": campaign.name}, indirect=said)
        at = margin.after(at, 60, 1800)
    if said["medium"] in ("display", "social") and margin.likely(40):
        margin.note(at, "advertisement", "advertisement_clicked", attributes={"campaign": campaign.name}, indirect=said)


def _searches(margin: Margin, shop: Shop, at: int) -> None:
    about = {"product": margin.random.choice(shop.products).number}
    said = {"engine": margin.random.choice(ENGINES), "medium": "search"}
    margin.note(at, "search", "searched", indirect=said)
    if margin.likely(70):
        margin.note(margin.after(at, 5, 90), "search", "result_clicked", about=about, indirect=said)


def _reads_reviews(margin: Margin, _shop: Shop, at: int) -> None:
    """On a review site, or where the company's own pages show what customers wrote."""
    there = margin.board.before(at)
    if not there:
        return
    for review in margin.random.sample(there, min(len(there), margin.random.randrange(1, 4))):
        about = {"product": review.product, "content": review.number}
        if margin.likely(40):
            page = {"page": f"/products/{review.product}/reviews", "device": "phone" if margin.person.screen == "app" else "desktop"}
            margin.note(at, margin.person.screen, "page_viewed", session=margin.number("SESSION"), about=about, web=page)
        else:
            said = {"review": review.number, "site": margin.random.choice(REVIEW_SITES)}
            margin.note(at, "review", "review_read", about=about, indirect=said)
        at = margin.after(at, 30, 600)


def _writes_a_review(margin: Margin, at: int, moment: Moment, lived: Sequence[Moment]) -> None:
    """Of what was delivered or bought; now and then somebody is told of it, too."""
    order = moment.references.get("order", "")
    product = moment.references.get("product", "") or next(
        (each.references.get("product", "") for each in lived if each.kind == "order_placed" and each.references.get("order") == order), ""
    )
    number = margin.number("REVIEW")
    channel = "social" if margin.likely(15) else "review"
    about = {"product": product, "content": number} | ({"order": order} if order else {})
    score = float(min(5, max(1, margin.person.mood + margin.random.randrange(-1, 2))))
    said = {"review": number, "site": margin.random.choice(REVIEW_SITES), "score": score, "best_score": BEST_SCORE}
    margin.note(at, channel, "review_written", about=about, indirect=said)
    if at < margin.until:
        margin.board.reviews.append(Review(number, product, at))
    if margin.likely(20):
        margin.note(margin.after(at, 600, 7200), "social", "recommended", about=about, indirect={"medium": "social"})


def _hears_of_it(margin: Margin, shop: Shop, at: int) -> None:
    about = {"product": margin.random.choice(shop.products).number}
    margin.note(at, "social", "recommendation_heard", about=about, indirect={"medium": "social"})


def _goes_to_a_fair(margin: Margin, shop: Shop, at: int) -> None:
    place = {"location": f"spring-fair/{margin.random.choice(('stand-1', 'stand-2'))}"}
    margin.note(at, "occasion", "visited", visit=place)
    if margin.likely(60):
        about = {"product": margin.random.choice(shop.products).number}
        margin.note(margin.after(at, 120, 900), "occasion", "advised", about=about, visit=place)


def _posts(margin: Margin, _shop: Shop, at: int) -> None:
    """A post that turns to the company, taken up at once and settled well within the hour."""
    message = margin.number("POST")
    about = {"conversation": margin.number("TALK")}
    margin.note(at, "social", "message_received", about=about, message={"id": message, "purpose": "service"})
    for _ in range(2):
        at = margin.after(at, 2 * 60, 20 * 60)
        answer = {"id": margin.number("POST"), "purpose": "service", "in_reply_to": message}
        margin.note(at, "social", "message_sent", about=about, message=answer)


_ANY_DAY: Final = range(1, 29)
_NOW_AND_THEN: Final[tuple[tuple[int, Sequence[int], Callable[[Margin, Shop, int], None]], ...]] = (
    (22, _ANY_DAY, _sees_advertisements),
    (14, _ANY_DAY, _searches),
    (20, _ANY_DAY, _reads_reviews),
    (5, _ANY_DAY, _hears_of_it),
    (4, FAIR_DAYS, _goes_to_a_fair),
    (4, _ANY_DAY, _posts),
)
"""What happens to so many of a hundred customers once in a month, on one of these days, counted from 0."""
