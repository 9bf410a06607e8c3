"""Stories about sources that mix things up.

The rule: one event id with two contents, or two values of a single-valued identifier in one customer.
"""

from functools import partial
from typing import Final

from streams.simulation import scenes
from streams.simulation.clock import HOUR
from streams.simulation.stories.telling import Story, Telling
from streams.simulation.truth import EITHER

RULE: Final = "identity_conflict"


def _till_repeats_a_number(telling: Telling) -> None:
    at = scenes.visited(telling.diary, telling.time(0, 14))
    bought = scenes.priced_in_store(telling.diary, at, "bought", telling.product())
    other = telling.product()
    visit = {"location": telling.person.store, "product": other.number, "amount": other.price, "currency": "EUR"}
    later = at + HOUR
    telling.diary.note(later, "store", "bought", about={"product": other.number}, visit=visit, event_id=bought)
    telling.raises(f"event:{bought}", bought, at=later, status=EITHER)


def _mail_changed_under_one_number(telling: Telling) -> None:
    orders = telling.diary.number("ORDER"), telling.diary.number("ORDER")
    at = telling.time(0, 9)
    message = {"id": telling.diary.number("MAIL"), "purpose": "service"}
    first = telling.diary.note(at, "email", "message_sent", about={"order": orders[0]}, message=message)
    telling.diary.note(at + HOUR, "email", "message_sent", about={"order": orders[1]}, message=message, event_id=first)
    telling.raises(f"event:{first}", first, at=at + HOUR, status=EITHER)


def _two_sources_one_number(telling: Telling) -> None:
    at = telling.time(0, 12)
    page = {"page": f"/products/{telling.product().number}"}
    first = telling.diary.note(at, "website", "page_viewed", web=page)
    telling.diary.note(at + HOUR, "app", "page_viewed", web=page, event_id=first)
    telling.raises(f"event:{first}", first, at=at + HOUR, status=EITHER)


def _two_customer_numbers(telling: Telling) -> None:
    at = telling.time(0, 13)
    numbers = (("customer_number", telling.person.number), ("customer_number", f"old-{telling.person.number}"))
    visit = telling.diary.note(at, "store", "visited", visit={"location": telling.person.store}, identifiers=numbers)
    telling.raises("identifier:customer_number", visit, at=at, status=EITHER)


def _sent_again(telling: Telling, times: int) -> None:
    at = telling.time(0, 11)
    page = {"page": f"/products/{telling.product().number}"}
    event = telling.diary.note(at, telling.person.screen, "page_viewed", web=page)
    for _ in range(times):
        telling.diary.note(at, telling.person.screen, "page_viewed", web=page, event_id=event)


def _same_content_two_numbers(telling: Telling) -> None:
    at = telling.time(0, 11)
    page = {"page": f"/products/{telling.product().number}"}
    for _ in range(2):
        telling.diary.note(at, telling.person.screen, "page_viewed", web=page)


def _two_of_many(telling: Telling, type_: str) -> None:
    person = telling.person
    for day, letter in enumerate("ab"):
        identifiers = (("customer_number", person.number), (type_, f"{type_}-{person.number}-{letter}"))
        web = {"page": f"/products/{telling.product().number}"}
        channel = "website" if type_ == "cookie" else "app"
        telling.diary.note(telling.time(day, 18), channel, "page_viewed", web=web, identifiers=identifiers)


def _number_and_card(telling: Telling) -> None:
    person = telling.person
    identifiers = (("customer_number", person.number), ("login", f"user-{person.number}"))
    telling.diary.note(telling.time(0, 18), "app", "page_viewed", web={"page": "/account"}, identifiers=identifiers)
    telling.diary.note(telling.time(1, 18), "website", "page_viewed", web={"page": "/account"}, identifiers=identifiers)


STORIES: Final = (
    Story(
        "till_repeats_a_number",
        RULE,
        1,
        "A till gives two purchases one event id.",
        "One event id with two contents.",
        _till_repeats_a_number,
    ),
    Story(
        "mail_changed_under_one_number",
        RULE,
        1,
        "A mail about one order is published again under its event id, now about another order.",
        "One event id with two contents.",
        _mail_changed_under_one_number,
    ),
    Story(
        "two_sources_one_number",
        RULE,
        1,
        "Website and app publish two moments under one event id.",
        "One event id with two contents, whichever sources they come from.",
        _two_sources_one_number,
    ),
    Story(
        "two_customer_numbers",
        RULE,
        1,
        "The store knows a customer by an old and a new customer number.",
        "Two values of an identifier of which a customer has one.",
        _two_customer_numbers,
    ),
    Story(
        "sent_twice",
        RULE,
        0,
        "A page view is published twice.",
        "One event id with one content: a duplicate.",
        partial(_sent_again, times=1),
    ),
    Story(
        "sent_four_times",
        RULE,
        0,
        "A page view is published four times.",
        "One event id with one content: duplicates.",
        partial(_sent_again, times=3),
    ),
    Story(
        "same_content_two_numbers",
        RULE,
        0,
        "Two page views at one moment, each with an event id of its own.",
        "Two event ids.",
        _same_content_two_numbers,
    ),
    Story(
        "two_browsers",
        RULE,
        0,
        "The customer uses two browsers.",
        "A customer may have many cookies.",
        partial(_two_of_many, type_="cookie"),
    ),
    Story(
        "two_devices",
        RULE,
        0,
        "The customer uses the app on two devices.",
        "A customer may have many devices.",
        partial(_two_of_many, type_="device"),
    ),
    Story(
        "number_and_login",
        RULE,
        0,
        "App and website know the customer by customer number and login, the same both times.",
        "One value each.",
        _number_and_card,
    ),
)
