"""Daily life: what customers do when nothing goes wrong. None of it may raise a finding, whatever else is planned.

So: only offers of which every channel that publishes knowledge was told; products under no offer, or at the offer's
price; deliveries before the promised time; cases that only move on; conversations that do not break.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from streams.simulation import scenes
from streams.simulation.catalogue import Product, Shop
from streams.simulation.clock import DAY, HOUR, MINUTE
from streams.simulation.diary import Diary

TOPICS: Final = ("delivery", "invoice", "return_terms", "product_advice", "account")


def _browses(diary: Diary, shop: Shop, at: int) -> int:
    return scenes.looked_around(diary, at, _product(diary, shop), diary.random.randrange(1, 4))


def _meets_an_error(diary: Diary, shop: Shop, at: int) -> int:
    at = scenes.looked_around(diary, at, _product(diary, shop), 1) + MINUTE
    scenes.failed(diary, at, diary.person.screen, step="reviews", blocking=False, goal=False)
    return at


def _gets_a_newsletter(diary: Diary, shop: Shop, at: int) -> int:
    campaign = diary.random.choice(shop.everyday)
    scenes.newsletter(diary, at, campaign)
    if diary.likely(60):
        at = diary.after(at, 600, 6 * 3600)
        scenes.mail_opened(diary, at, campaign)
        if diary.likely(60):
            at = diary.after(at, 5, 60)
            scenes.offer_moment(diary, at, "website", "clicked", campaign)
    return at


def _sees_a_banner(diary: Diary, shop: Shop, at: int) -> int:
    at = scenes.looked_around(diary, at, _product(diary, shop), 1) + MINUTE
    scenes.offer_moment(diary, at, diary.person.screen, "shown", diary.random.choice(shop.everyday))
    return at


def _orders(diary: Diary, shop: Shop, at: int) -> int:
    at = scenes.checkout(diary, scenes.looked_around(diary, at, _product(diary, shop), 1) + 2 * MINUTE, diary.person.screen)
    return scenes.bought_and_delivered(diary, at, diary.person.screen, _product(diary, shop))


def _orders_under_an_offer(diary: Diary, shop: Shop, at: int) -> int:
    campaign = shop.everyday[0]
    screen = diary.person.screen
    scenes.offer_moment(diary, at, screen, "shown", campaign)
    at = scenes.checkout(diary, at + 3 * MINUTE, screen)
    scenes.offer_moment(diary, at, screen, "redeemed", campaign)
    return scenes.bought_and_delivered(diary, at + MINUTE, screen, campaign.product, campaign.price)


def _visits_the_store(diary: Diary, shop: Shop, at: int) -> int:
    product = _product(diary, shop)
    at = scenes.visited(diary, at)
    if diary.likely(50):
        diary.note(at, "store", "advised", about={"product": product.number}, visit={"location": diary.person.store})
        at = diary.after(at, 300, 900)
    if diary.likely(70):
        scenes.priced_in_store(diary, at, "bought", product)
    return at


def _asks_for_help(diary: Diary, shop: Shop, at: int) -> int:
    topic = diary.random.choice(TOPICS)
    product = _product(diary, shop).number
    conversation = scenes.helped(diary, at, diary.person.desk, topic, product=product)
    at = conversation.at
    if diary.likely(50):
        at = diary.after(at, 600, 7200)
        scenes.rated(diary, at, conversation.channel, f"conversation:{conversation.number}", diary.person.mood)
    return at


def _asks_the_bot(diary: Diary, shop: Shop, at: int) -> int:
    topic = diary.random.choice(TOPICS)
    return scenes.helped(diary, at, "chat", topic, staffed=False, product=_product(diary, shop).number).at


def _has_a_case(diary: Diary, shop: Shop, at: int) -> int:
    case = diary.number("CASE")
    product = _product(diary, shop).number
    conversation = scenes.helped(diary, at, diary.person.desk, "repair", outcome=scenes.UNRESOLVED, case=case, product=product)
    scenes.status(diary, conversation.at, diary.person.desk, case, "new")
    at = diary.around(conversation.at + 2 * HOUR)
    scenes.status(diary, at, "email", case, "in_progress")
    for value in ("resolved", "closed"):
        at = diary.on_day(at, 1, 10)
        scenes.status(diary, at, "email", case, value)
    return at


def _complains(diary: Diary, shop: Shop, at: int) -> int:
    about = {"case": diary.number("CASE")}
    product = _product(diary, shop).number
    diary.note(at, "website", "complaint_opened", about=about, complaint={"topic": "damaged", "product": product})
    at = diary.after(at, 1800, 6 * 3600)
    scenes.service_mail(diary, at, **about)
    at = diary.after(at, 600, 6 * 3600)
    diary.note(at, "email", "complaint_closed", about=about, complaint={"topic": "damaged", "product": product})
    return at


def _writes_a_mail(diary: Diary, shop: Shop, at: int) -> int:
    message = diary.number("MAIL")
    about = {"product": _product(diary, shop).number} | diary.thread()
    diary.note(at, "email", "message_received", about=about, message={"id": message, "purpose": "service"})
    at = diary.after(at, 1800, 3 * 3600)
    answer = {"id": diary.number("MAIL"), "purpose": "service", "in_reply_to": message}
    diary.note(at, "email", "message_sent", about=about, message=answer)
    return at


def _product(diary: Diary, shop: Shop) -> Product:
    return diary.pick(shop.products)


@dataclass(frozen=True, slots=True)
class Habit:
    """Something that people do now and then: how likely it is, and within how many days it is over (at most)."""

    weight: int
    days: int
    lives: Callable[[Diary, Shop, int], int]


BY_ONESELF: Final = (
    Habit(20, 1, _browses),
    Habit(4, 1, _meets_an_error),
    Habit(16, 1, _gets_a_newsletter),
    Habit(8, 1, _sees_a_banner),
    Habit(14, 6, _orders),
    Habit(4, 6, _orders_under_an_offer),
    Habit(12, 2, _visits_the_store),
    Habit(6, 1, _writes_a_mail),
)
"""What involves no desk."""
AFTER_A_STORY: Final = tuple(habit for habit in BY_ONESELF if habit.lives in (_browses, _meets_an_error, _orders, _visits_the_store))
"""What is no message of the company's own accord, and no question: what a story began may still be open."""
WITH_A_DESK: Final = (Habit(10, 1, _asks_for_help), Habit(4, 1, _asks_the_bot), Habit(3, 3, _has_a_case), Habit(3, 2, _complains))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a life: from the first day to before the last, counted from the start; ends early at `moments` in all."""

    first: int
    last: int
    moments: int
    habits: tuple[Habit, ...]


def live(diary: Diary, shop: Shop, stretch: Stretch) -> None:
    """Fill a stretch of a diary with habits, one after the other; one that would not be over in time is not begun."""
    day = stretch.first + diary.random.randrange(3)
    weights = [habit.weight for habit in stretch.habits]
    while len(diary.pages) < stretch.moments and day < stretch.last and shop.start + day * DAY < diary.until:
        habit = diary.random.choices(stretch.habits, weights)[0]
        if day + habit.days <= stretch.last:
            at = shop.start + day * DAY + (diary.person.hour - 2 + diary.random.randrange(4)) * HOUR + diary.random.randrange(HOUR)
            day = (habit.lives(diary, shop, at) - shop.start) // DAY
        day += 1 + diary.random.randrange(3)
