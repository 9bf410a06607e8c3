"""What channels state, push and are told beside daily business: single facts, each one moment in a diary."""

from typing import Any, Final

from streams.simulation import scenes
from streams.simulation.catalogue import CURRENCY
from streams.simulation.diary import Diary

ANYWHERE: Final = ""
"""Stock that is stated without a location is stated for all of them."""


def stated(diary: Diary, at: int, channel: str, subject: str, **terms: Any) -> str:
    """A channel states a fact about a subject (type:number); `terms` are the statement's: attribute, value and more."""
    type_, _, number = subject.partition(":")
    about = {type_: number} if type_ in ("order", "case", "product") else {}
    statement = {"subject": subject, **terms}
    return diary.note(at, channel, "statement_made", about=about, statement=statement)


def priced(diary: Diary, at: int, channel: str, product: str, amount: int, **terms: Any) -> str:
    """A channel states the price of one unit, in ten-thousandths of a euro; the list price unless `terms` say otherwise."""
    price = {"amount": amount, "currency": CURRENCY, "quantity": 1, "unit": "piece", "price_kind": "list"} | terms
    return stated(diary, at, channel, f"product:{product}", attribute="price", value=f"{amount / 10_000:.2f}", **price)


def stocked(diary: Diary, at: int, channel: str, product: str, *, value: str, location: str) -> str:
    """A channel says whether a product is in stock: in or out, in a store or anywhere."""
    return stated(diary, at, channel, f"product:{product}", attribute="stock", value=value, location=location)


def order_status(diary: Diary, at: int, channel: str, order: str, value: str) -> str:
    """A channel states how far an order is: placed, paid, shipped, delivered or cancelled."""
    return stated(diary, at, channel, f"order:{order}", attribute="status", value=value)


def complained(diary: Diary, at: int, channel: str = "website") -> tuple[str, str]:
    """A complaint is opened and soon answered, not closed; gives the case and the event that opened it."""
    case = diary.number("CASE")
    opened = diary.note(at, channel, "complaint_opened", about={"case": case}, complaint={"topic": "damaged"})
    scenes.service_mail(diary, diary.after(at, 600, 2400), case=case)
    return case, opened


def complaint_closed(diary: Diary, at: int, case: str) -> str:
    """The company closes a complaint."""
    return diary.note(at, "email", "complaint_closed", about={"case": case}, complaint={"topic": "damaged"})


def written(diary: Diary, at: int, channel: str, purpose: str, **fields: str) -> str:
    """The company writes of its own accord: by mail, in the chat, or to the app."""
    message = {"id": diary.number("MAIL"), "purpose": purpose, **fields}
    return diary.note(at, channel, "message_sent", message=message)


def opted_out(diary: Diary, at: int, purpose: str, *channels: str) -> str:
    """The customer withdraws consent for a purpose in some channels, or in all."""
    return diary.note(at, "website", "consent_withdrawn", consent={"purpose": purpose, "channels": list(channels)})


def opted_in(diary: Diary, at: int, purpose: str, *channels: str) -> str:
    """The customer gives consent for a purpose in some channels, or in all."""
    return diary.note(at, "website", "consent_given", consent={"purpose": purpose, "channels": list(channels)})


def scored(diary: Diary, at: int, channel: str, scale: str, score: int) -> str:
    """The customer rates a channel."""
    return diary.note(at, "survey", "rating_given", rating={"scale": scale, "score": float(score), "of_channel": channel})
