"""Stories about stock that two channels state differently.

The rule: in against out for the same product and location (or one side claims all) within 1 h.
"""

from functools import partial
from typing import Final

from streams.simulation import facts
from streams.simulation.clock import HOUR
from streams.simulation.people import STORES
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "stock_mismatch"


def _soon(telling: Telling, at: int) -> int:
    return telling.diary.after(at, 8 * 60, 45 * 60)


def _contradict(telling: Telling, first: tuple[str, str, str], second: tuple[str, str, str]) -> None:
    """Two channels (channel, in or out, "here" or everywhere) within the hour."""
    product = telling.product().number
    at = telling.time(0, 11)
    founding = []
    for moment, (channel, value, where) in ((at, first), (at := _soon(telling, at), second)):
        location = telling.person.store if where == "here" else facts.ANYWHERE
        founding.append(facts.stocked(telling.diary, moment, channel, product, value=value, location=location))
    telling.raises(f"product:{product}", *founding, at=at, status=EITHER)


def _another_store(telling: Telling) -> None:
    product = telling.product().number
    elsewhere = next(store for store in STORES if store != telling.person.store)
    at = telling.time(0, 11)
    facts.stocked(telling.diary, at, "website", product, value="in", location=telling.person.store)
    facts.stocked(telling.diary, _soon(telling, at), "phone", product, value="out", location=elsewhere)


def _sold_meanwhile(telling: Telling) -> None:
    product = telling.product().number
    at = telling.time(0, 10)
    facts.stocked(telling.diary, at, "website", product, value="in", location=telling.person.store)
    facts.stocked(telling.diary, at + 3 * HOUR, "store", product, value="out", location=telling.person.store)


def _agree(telling: Telling, value: str) -> None:
    product = telling.product().number
    at = telling.time(0, 12)
    facts.stocked(telling.diary, at, "app", product, value=value, location=telling.person.store)
    facts.stocked(telling.diary, _soon(telling, at), "store", product, value=value, location=telling.person.store)


def _another_product(telling: Telling) -> None:
    at = telling.time(0, 12)
    facts.stocked(telling.diary, at, "website", telling.product().number, value="in", location=telling.person.store)
    facts.stocked(telling.diary, _soon(telling, at), "store", telling.product().number, value="out", location=telling.person.store)


def _sold_before_ones_eyes(telling: Telling) -> None:
    product = telling.product().number
    at = telling.time(0, 14)
    facts.stocked(telling.diary, at, "website", product, value="in", location=telling.person.store)
    facts.stocked(telling.diary, _soon(telling, at), "website", product, value="out", location=telling.person.store)


def _corrected_in_time(telling: Telling) -> None:
    product = telling.product().number
    at = telling.time(0, 9)
    facts.stocked(telling.diary, at, "website", product, value="in", location=telling.person.store)
    at = _soon(telling, at)
    facts.stocked(telling.diary, at, "website", product, value="out", location=telling.person.store)
    facts.stocked(telling.diary, telling.diary.after(at, 60, 600), "store", product, value="out", location=telling.person.store)


STORIES: Final = (
    Story(
        "website_in_store_out",
        RULE,
        1,
        "The website says that the customer's store has it; in the store, within the hour, it does not.",
        "In against out for the same product and location within 1 h.",
        partial(_contradict, first=("website", "in", "here"), second=("store", "out", "here")),
    ),
    Story(
        "app_in_everywhere_desk_out",
        RULE,
        1,
        "The app says in stock, of no store in particular; the desk says out in the customer's store.",
        "One side claims all locations.",
        partial(_contradict, first=("app", "in", "everywhere"), second=("phone", "out", "here")),
    ),
    Story(
        "website_out_chat_in",
        RULE,
        1,
        "The website says out of stock; within the hour the chat says in stock.",
        "Which one came first does not matter.",
        partial(_contradict, first=("website", "out", "here"), second=("chat", "in", "here")),
    ),
    Story(
        "out_everywhere_yet_in_the_store",
        RULE,
        1,
        "The website says out of stock everywhere; the store has it.",
        "One side claims all locations.",
        partial(_contradict, first=("website", "out", "everywhere"), second=("store", "in", "here")),
    ),
    Story(
        "out_in_another_store",
        RULE,
        0,
        "The website says in for one store, the desk out for another.",
        "Not the same location, and neither side claims all.",
        _another_store,
    ),
    Story(
        "sold_meanwhile",
        RULE,
        0,
        "Three hours after the website said in, the store is out of it.",
        "Not within 1 h.",
        _sold_meanwhile,
    ),
    Story(
        "in_stock_agreed",
        RULE,
        0,
        "App and store both say in.",
        "They agree.",
        partial(_agree, value="in"),
    ),
    Story(
        "out_of_stock_agreed",
        RULE,
        0,
        "App and store both say out.",
        "They agree.",
        partial(_agree, value="out"),
    ),
    Story(
        "stock_of_another_product",
        RULE,
        0,
        "One product is in on the website, another is out in the store.",
        "Not the same product.",
        _another_product,
    ),
    Story(
        "sold_before_ones_eyes",
        RULE,
        0,
        "The website says in, and within the hour out.",
        "One channel that follows its stock; no two channels differ.",
        _sold_before_ones_eyes,
    ),
    Story(
        "corrected_in_time",
        RULE,
        0,
        "The website goes from in to out; then the store says out.",
        "A channel's new statement takes the place of its old one, and the two channels agree.",
        _corrected_in_time,
    ),
)
