"""What the four kinds of statements compare: which ones speak of the same thing, for how long, and when they cannot both be right."""

from abc import ABC, abstractmethod
from typing import Final, NamedTuple

from streams.journeys.inconsistencies.telling import amount, phrase
from streams.journeys.inconsistencies.wording import money
from streams.journeys.rule_settings import Statements
from streams.journeys.said_facts import StatementFact
from streams.journeys.settings import SECOND_US
from streams.journeys.touchpoint import Statement

_SAME_TIME_US: Final = 3_600 * SECOND_US
_NOW_US: Final = 86_400 * SECOND_US


class Comparable(NamedTuple):
    """A statement as it is compared: the thing that it is about, its value, how people read it, for how long it counts (us)."""

    thing: str
    location: str
    value: str
    said: str
    within: int


class Comparison(ABC):
    """One kind of statement."""

    @abstractmethod
    def comparable(self, statement: Statement, settings: Statements) -> Comparable | None:
        """The statement as it is compared; None where it is of another kind or says too little."""

    def contradicts(self, earlier: StatementFact, later: StatementFact, settings: Statements) -> bool:
        """Whether two channels' statements of one thing, near enough in time, cannot both be right."""
        del settings
        return earlier.value != later.value


class Prices(Comparison):
    """The same product, variant, currency, unit, price kind and number of units."""

    def comparable(self, statement: Statement, settings: Statements) -> Comparable | None:
        """A price with an amount."""
        if statement.attribute != "price" or statement.amount is None:
            return None
        kind = (statement.currency, statement.unit, statement.price_kind, str(statement.quantity), statement.variant)
        thing = "|".join((statement.subject, *kind))
        price = amount(statement.amount, statement.currency)
        said = phrase("kind_price", kind=statement.price_kind, price=price) if statement.price_kind else phrase("price", price=price)
        return Comparable(thing, "", str(statement.amount), said, settings.price_within_s * SECOND_US)


class Stocks(Comparison):
    """In against out, for the same product and variant; the same location, or one side that speaks of all."""

    def comparable(self, statement: Statement, settings: Statements) -> Comparable | None:
        """A stock that is in or out."""
        if statement.attribute != "stock":
            return None
        value = statement.value.strip().casefold()
        if value in settings.in_stock:
            value = "in stock"
        elif value in settings.out_of_stock:
            value = "out of stock"
        else:
            return None
        said = phrase("stock_at", value=value, location=statement.location) if statement.location else phrase("stock", value=value)
        thing = f"{statement.subject}|{statement.variant}"
        return Comparable(thing, statement.location, value, said, settings.stock_within_s * SECOND_US)

    def contradicts(self, earlier: StatementFact, later: StatementFact, settings: Statements) -> bool:
        """In here and out there is none."""
        same_place = earlier.location == later.location or not earlier.location or not later.location
        return same_place and super().contradicts(earlier, later, settings)


class Statuses(Comparison):
    """Statuses of one subject, held against the paths of its process; a status that is on no path is not judged."""

    def comparable(self, statement: Statement, settings: Statements) -> Comparable | None:
        """A status of a subject that has a process with ordered statuses."""
        process = statement.subject.partition(":")[0]
        if statement.attribute != "status" or process not in settings.status_paths:
            return None
        value = " ".join(statement.value.casefold().replace("_", " ").replace("-", " ").split())
        if not any(value in step for path in settings.status_paths[process] for step in path):
            return None
        return Comparable(statement.subject, "", value, phrase("status", status=statement.value), settings.status_within_s * SECOND_US)

    def contradicts(self, earlier: StatementFact, later: StatementFact, settings: Statements) -> bool:
        """On no path together; or the later one is behind, for longer than its channel may be."""
        if later.as_of < earlier.as_of:
            earlier, later = later, earlier
        paths = settings.status_paths[earlier.thing.partition(":")[0]]
        steps = [(_step(path, earlier.value), _step(path, later.value)) for path in paths]
        together = [(first, second) for first, second in steps if first >= 0 and second >= 0]
        if not together:
            return True
        process = earlier.thing.partition(":")[0]
        if any(first <= second for first, second in together) or earlier.value in settings.going_back.get(process, ()):
            return False
        delay = settings.status_delay_s.get(later.channel, settings.status_delay_s.get("", 0))
        return later.as_of - earlier.since.at > delay * SECOND_US


class Answers(Comparison):
    """Any other attribute: the same subject, attribute, unit, variant and location, while the statement holds."""

    def comparable(self, statement: Statement, settings: Statements) -> Comparable | None:
        """A value of an attribute that is none of the others."""
        if statement.attribute in ("price", "stock", "status"):
            return None
        value = _plain(statement.value) or ("" if statement.amount is None else str(statement.amount))
        if not value:
            return None
        thing = f"{statement.subject}|{statement.attribute}|{statement.unit}|{statement.variant}|{statement.location}"
        named = statement.attribute.replace("_", " ")
        words = statement.value or money(statement.amount or 0, statement.currency)
        unit = statement.unit
        said = phrase("answer_unit", topic=named, value=words, unit=unit) if unit else phrase("answer", topic=named, value=words)
        valid = settings.answer_valid_s.get(statement.attribute, settings.answer_valid_s.get("", 0))
        return Comparable(thing, "", value, said, valid * SECOND_US)

    def contradicts(self, earlier: StatementFact, later: StatementFact, settings: Statements) -> bool:
        """Answers about another time than that of the conversation (the hours of next Sunday) only with others about that time."""
        about_now = abs(earlier.as_of - earlier.last_at) <= _NOW_US and abs(later.as_of - later.last_at) <= _NOW_US
        if not about_now and abs(earlier.as_of - later.as_of) > _SAME_TIME_US:
            return False
        return super().contradicts(earlier, later, settings)


def _step(path: tuple[frozenset[str], ...], status: str) -> int:
    return next((number for number, names in enumerate(path) if status in names), -1)


def _plain(value: str) -> str:
    """A value without what makes no difference: letters' case, spaces, and zeros after a number's point."""
    plain = " ".join(value.casefold().split())
    whole, point, rest = plain.partition(".")
    if point and whole.lstrip("+-").isdigit() and rest.isdigit():
        rest = rest.rstrip("0")
        return f"{whole}.{rest}" if rest else whole
    return plain
