"""A customer's diary: the moments that a simulation planned, kept small until they are told as channel events.

20,000 customers have a quarter of a million moments. They are kept as MessagePack, a few hundred bytes each, and become
records of the channels' schemas one at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any, Final, TypeVar

import msgspec

from streams.simulation.clock import DAY, HOUR, MINUTE, SECOND
from streams.simulation.people import Person, likely

Chosen = TypeVar("Chosen")


class Moment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One planned touchpoint; amounts in ten-thousandths, times in us, empty fields as in the schemas' defaults.

    identifiers     by type and value, where the channel knows the customer by others than usual
    """

    at: int
    channel: str
    kind: str
    event_id: str
    references: dict[str, str]
    parts: dict[str, Any]
    attributes: dict[str, str]
    session: str
    direction: str
    sequence: int
    identifiers: tuple[tuple[str, str], ...] = ()


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Moment)


class Diary:
    """The planned moments of one person between `start` and `until` (us); what would happen later is not written down."""

    __slots__ = ("_numbers", "_seed", "index", "last", "pages", "person", "random", "until")

    def __init__(self, seed: int, index: int, person: Person, random: Random, until: int) -> None:
        self._seed = seed
        self._numbers: dict[str, int] = {}
        self.index = index
        self.person = person
        self.random = random
        self.until = until
        self.pages: list[tuple[int, bytes]] = []
        self.last = 0

    def moments(self) -> list[Moment]:
        """What was written down so far, in the order of writing."""
        return [_decoder.decode(page) for _, page in self.pages]

    def number(self, prefix: str) -> str:
        """A fresh number of the person's own: an order, a case, a conversation."""
        count = self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}-{self._seed}-{self.index}-{count}"

    def note(
        self,
        at: int,
        channel: str,
        kind: str,
        *,
        about: Mapping[str, str] | None = None,
        session: str = "",
        direction: str = "",
        sequence: int = 0,
        attributes: Mapping[str, str] | None = None,
        identifiers: tuple[tuple[str, str], ...] = (),
        event_id: str = "",
        **parts: Mapping[str, Any] | None,
    ) -> str:
        """Write a moment down and give its event id; `about` are its references, by type.

        `event_id` is given where a source uses one a second time.
        """
        event_id = event_id or self.number("E")
        if at < self.until:
            present = {name: part for name, part in parts.items() if part is not None}
            references, passed = dict(about or {}), dict(attributes or {})
            moment = Moment(at, channel, kind, event_id, references, present, passed, session, direction, sequence, identifiers)
            self.pages.append((at, _encoder.encode(moment)))
            self.last = max(self.last, at)
        return event_id

    def pick(self, options: Sequence[Chosen]) -> Chosen:
        """One of several."""
        return self.random.choice(options)

    def subject(self) -> dict[str, str]:
        """What a conversation is about that is about nothing in particular, as references."""
        return {}

    def thread(self) -> dict[str, str]:
        """What a letter and its answer have in common, as references."""
        return {}

    def data_kind(self, usual: str) -> str:
        """What an agent asks for."""
        return usual

    def likely(self, percent: int) -> bool:
        """True so many times in a hundred."""
        return likely(self.random, percent)

    def after(self, at: int, least_s: int, most_s: int) -> int:
        """A moment between `least_s` and `most_s` seconds after `at` (us)."""
        return at + self.random.randrange(least_s * SECOND, most_s * SECOND)

    def on_day(self, at: int, days: int, hour: int) -> int:
        """A moment in the half hour after `hour` (UTC), so many days after the day of `at` (us)."""
        return self.around((at // DAY + days) * DAY + hour * HOUR)

    def around(self, at: int) -> int:
        """A moment within half an hour after `at` (us), so that people do not act on the minute."""
        return at + self.random.randrange(30 * MINUTE)


class CarefulDiary(Diary):
    """The diary of somebody who never asks the same twice by chance.

    So that only a story repeats a question or a contact: what is picked is not picked again while there is another, each
    conversation is about a thing of its own, each letter and its answer have a number, and no agent asks for what another did.
    """

    __slots__ = ("_asked", "_picked")

    def __init__(self, seed: int, index: int, person: Person, random: Random, until: int) -> None:
        super().__init__(seed, index, person, random, until)
        self._picked: list[Any] = []
        self._asked = 0

    def pick(self, options: Sequence[Chosen]) -> Chosen:
        """One that was not picked before, where there is one."""
        chosen = self.random.choice([each for each in options if each not in self._picked] or options)
        self._picked.append(chosen)
        return chosen

    def subject(self) -> dict[str, str]:
        """A product that nothing else is about."""
        return {"product": self.number("P")}

    def thread(self) -> dict[str, str]:
        """A number of its own."""
        return {"conversation": self.number("TALK")}

    def data_kind(self, usual: str) -> str:
        """The usual kind the first time, then others."""
        self._asked += 1
        return usual if self._asked == 1 else f"{usual}_{self._asked}"


def event_id_of(page: bytes) -> str:
    """The event id of a planned moment."""
    return _decoder.decode(page).event_id


def told(page: bytes, known_by: Callable[[str], list[dict[str, str]]]) -> tuple[str, dict[str, Any]]:
    """The channel of a planned moment and its record by that channel's schema, as fastavro takes it.

    `known_by` says by which identifiers the channel knows the customer.
    """
    moment = _decoder.decode(page)
    record: dict[str, Any] = {
        "event_id": moment.event_id,
        "occurred_at": moment.at,
        "kind": moment.kind,
        "identifiers": [{"type": type_, "value": value} for type_, value in moment.identifiers] or known_by(moment.channel),
    }
    if moment.references:
        record["references"] = moment.references
    if moment.attributes:
        record["attributes"] = moment.attributes
    if moment.session:
        record["session"] = moment.session
    if moment.direction:
        record["direction"] = moment.direction
    if moment.sequence:
        record["sequence"] = moment.sequence
    for name, part in moment.parts.items():
        _in_decimals(part)
        record[name] = part
    return moment.channel, record


def _in_decimals(part: dict[str, Any]) -> None:
    amount = part.get("amount")
    if amount is not None:
        part["amount"] = Decimal(amount).scaleb(-4)
    for line in part.get("lines", ()):
        if line.get("amount") is not None:
            line["amount"] = Decimal(line["amount"]).scaleb(-4)
