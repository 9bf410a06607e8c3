"""Findings in words, in any language: what rules keep is phrases and facts, and a language's templates make sentences of them.

A *phrase* is a key and its facts in one text, `showed_until`, `offer`, `SALE`, so that the ledger and suspicions keep it as plain text;
it becomes words only when a row is made. What a placeholder's fact is (a time, an amount, a channel) follows from its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from streams.journeys.touchpoint import AMOUNT_SCALE

SEPARATOR: Final = "\x1f"
"""Between a phrase's key, names and values; a space where a value has it."""
COMMON: Final = ("first", "second", "first_said", "second_said", "between", "times", "number", "due", "at", "late")
"""Facts of every finding, by name; `First` and `Second` are the channels at the start of a sentence."""
KINDS: Final = {
    "first": "channel",
    "second": "channel",
    "First": "start",
    "Second": "start",
    "good_channel": "channel",
    "to_channel": "channel",
    "first_said": "phrase",
    "second_said": "phrase",
    "stated_first": "phrase",
    "stated_second": "phrase",
    "about": "phrase",
    "task": "phrase",
    "to": "phrase",
    "between": "span",
    "late": "span",
    "patience": "span",
    "good_before": "span",
    "due": "moment",
    "at": "moment",
    "until": "moment",
    "price": "money",
    "difference": "money",
    "times": "times",
    "number": "number",
    "thing": "subject",
    "type": "word",
    "topic": "word",
    "kind": "word",
    "reason": "word",
    "value": "word",
    "status": "word",
    "promised": "word",
    "good_said": "word",
}
"""What the fact of a placeholder is, by its name; any other is text as it is."""
PHRASES: Final[Mapping[str, tuple[str, ...]]] = {
    "status": ("status",),
    "price": ("price",),
    "kind_price": ("kind", "price"),
    "stock": ("value",),
    "stock_at": ("value", "location"),
    "answer": ("topic", "value"),
    "answer_unit": ("topic", "value", "unit"),
    "stated": ("it",),
    "gave_until": ("offer", "until"),
    "showed": ("offer",),
    "showed_until": ("offer", "until"),
    "showed_at": ("offer", "price"),
    "showed_until_at": ("offer", "until", "price"),
    "denied": ("offer", "reason"),
    "passed_over": ("offer",),
    "not_told": (),
    "sold": ("product", "price"),
    "quoted": ("product", "price"),
    "promised": ("promised",),
    "promised_by": ("promised", "until"),
    "kept_it": (),
    "withdrew_it": (),
    "moved_it": ("until",),
    "broke_off": (),
    "blocked": (),
    "blocked_by": ("code",),
    "blocked_at": ("step",),
    "blocked_by_at": ("code", "step"),
    "blocked_on": ("page",),
    "blocked_by_on": ("code", "page"),
    "turned_here": (),
    "passed_on": (),
    "took_up_late": (),
    "to": ("to_channel",),
    "to_with_queue": ("to_channel", "queue"),
    "to_other": (),
    "to_other_with_queue": ("queue",),
    "asked_for_again": ("topic",),
    "asked_about_again": ("topic",),
    "had_given_again": ("topic",),
    "had_told_again": ("topic",),
    "ended_it": (),
    "gave_a": ("type",),
    "gave_another": ("type",),
    "sent_marketing": (),
    "sent_marketing_of": ("campaign",),
    "put_offer": ("offer",),
    "took_complaint": (),
    "heard_opt_out": (),
    "heard_topic": ("topic",),
    "heard_data": ("topic",),
    "heard_asked": ("topic",),
    "heard_topic_again": ("topic",),
    "heard_data_again": ("topic",),
    "heard_asked_again": ("topic",),
    "task_topic": ("topic",),
    "task_data": ("topic",),
    "task_asked": ("topic",),
    "about": ("thing",),
    "of_thing": ("thing",),
    "on_thing": ("thing",),
    "resolved_it": (),
    "came_back": (),
    "was_given": ("rating",),
    "got_message": (),
    "got_form": (),
    "got_complaint": (),
    "had_queued": (),
    "had_waiting": (),
    "answered_late": (),
}
"""Every phrase that a rule makes, and its facts."""
VARIANTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "offer_unknown": {"valid": (), "valid_until": ("until",), "often": (), "remedy": ("offer",)},
    "offer_unannounced": {"sentence": ("offer",), "remedy": ("offer",)},
    "offer_not_honoured": {
        "sentence": ("offer", "price"),
        "valid_until": ("offer", "price", "until"),
        "often": (),
        "pay_back": ("difference",),
        "quote": ("price",),
    },
    "offer_expired_shown": {"sentence": ("offer", "late", "until"), "often": (), "remedy": ("offer",)},
    **{
        rule: {"sentence": ("stated_first", "stated_second", "thing"), "often": (), "remedy": ()}
        for rule in ("price_mismatch", "stock_mismatch", "status_mismatch", "answer_mismatch")
    },
    "promise_broken": {
        **dict.fromkeys(("open", "withdrawn", "kept"), ("promised", "about")),
        "open_remedy": ("promised",),
        "withdrawn_remedy": (),
        "kept_remedy": (),
    },
    "case_reopened": {"once": ("case", "done"), "often": ("case", "done"), "open_remedy": (), "resolved_remedy": ()},
    "channel_failed": {
        "turned": (),
        "waited": ("patience",),
        **dict.fromkeys(("turned_from_good", "waited_after_good"), ("patience", "good_before", "good_channel", "good_said")),
        "often": (),
        "open_remedy": (),
        "resolved_remedy": (),
    },
    "handover_lost": {
        **dict.fromkeys(("again", "dropped", "late", "open"), ("to",)),
        "again_remedy": (),
        "late_remedy": (),
        "open_remedy": (),
    },
    "question_repeated": {"same_channel": ("task", "about"), "other_channel": ("task", "about"), "often": (), "remedy": ()},
    "contact_unanswered": {"open": ("about",), "late": ("about",), "open_remedy": (), "late_remedy": ()},
    "contact_repeated": {"sentence": ("thing",), "often": (), "remedy": ()},
    "promotion_in_complaint": {"sentence": (), "often": (), "remedy": ()},
    "contact_after_opt_out": {"sentence": (), "often": (), "remedy": ()},
    "satisfaction_dropped": {"sentence": ("first_rating", "second_rating"), "often": (), "remedy": ()},
    "identity_conflict": {"sentence": ("type",), "remedy": (), "two_sources": (), "one_source": (), "event_remedy": ()},
}
"""By rule, the sentences and remedies that it chooses among, and the facts of its own that each may name."""
_SECOND_US: Final = 1_000_000
UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_]+)\}")

Template = tuple[tuple[str, str], ...]
"""Pieces: a text and "", or the name of a fact and what it is."""


def phrase(key: str, **facts: str | int) -> str:
    """A phrase of `PHRASES` as one text."""
    return SEPARATOR.join((key, *(text for name, value in facts.items() for text in (name, str(value).replace(SEPARATOR, " ")))))


def inside(key: str, said: str) -> str:
    """A phrase inside another one, whose `it` it is."""
    return f"{key}/{said}"


def amount(value: int, currency: str) -> str:
    """The fact of an amount in ten-thousandths with its currency."""
    return f"{value} {currency}"


def template(text: str) -> Template:
    """A template's pieces. Raises ValueError where a brace belongs to no placeholder."""
    pieces: list[tuple[str, str]] = []
    for number, piece in enumerate(_PLACEHOLDER.split(text)):
        if number % 2:
            pieces.append((piece, KINDS.get(piece, "text")))
        elif "{" in piece or "}" in piece:
            raise ValueError(f"{piece.strip()!r} has a brace that belongs to no placeholder")
        elif piece:
            pieces.append((piece, ""))
    return tuple(pieces)


@dataclass(frozen=True, slots=True)
class Wording:
    """One language: templates by rule and variant, phrases by key, and how people say channels, numbers, times and amounts.

    channels    inside a sentence, with their article; "" for an unnamed one
    numbers     in words, from none on; larger ones stay digits
    often       how often, from once on; `many_times` beyond, with {number}
    units       day, hour, minute: one and several
    date, date_time     with {day}, {month}, {year} and {time}, in UTC
    words       of codes that events carry, with spaces for underscores; what is not there stays as it is
    """

    language: str = ""
    sentences: Mapping[str, Mapping[str, Template]] = field(default_factory=dict)
    phrases: Mapping[str, Template] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    often: tuple[str, ...] = ()
    many_times: str = ""
    units: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    moment_short: str = ""
    months: tuple[str, ...] = ()
    date: str = ""
    date_time: str = ""
    decimal: str = "."
    words: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        """By identity: one object a language."""
        return id(self)

    def sentence(self, rule: str, variant: str, facts: Mapping[str, str | int]) -> str:
        """A rule's sentence or remedy. Raises KeyError where the language or the facts lack something."""
        return self._filled(self.sentences[rule][variant], facts)

    def say(self, said: str) -> str:
        """A phrase in words; a text that is none stays as it is."""
        key, *rest = said.split(SEPARATOR)
        outer, slash, inner = key.partition("/")
        if slash and outer in self.phrases:
            return self._filled(self.phrases[outer], {"it": self.say(SEPARATOR.join((inner, *rest)))})
        made = self.phrases.get(key)
        return self.word(said) if made is None else self._filled(made, dict(zip(rest[::2], rest[1::2], strict=True)))

    def word(self, code: str) -> str:
        """What people call what events carry as a code: `in_progress` as `in progress`; what is not among the words stays as it is."""
        return self.words.get(code.replace("_", " "), code)

    def channel(self, channel: str) -> str:
        """A channel inside a sentence: `the store`."""
        return self.channels.get(channel, channel) or self.channels.get("", channel)

    def start(self, channel: str) -> str:
        """A channel at the start of a sentence: `The store`."""
        name = self.channel(channel)
        return name[:1].upper() + name[1:]

    def _filled(self, pieces: Template, facts: Mapping[str, str | int]) -> str:
        return "".join([self._fact(kind, facts[name.lower()]) if kind else name for name, kind in pieces])

    def _fact(self, kind: str, value: str | int) -> str:  # noqa: C901, PLR0911 - one line for each kind of fact
        match kind:
            case "channel":
                return self.channel(str(value))
            case "start":
                return self.start(str(value))
            case "phrase":
                return self.say(str(value))
            case "span":
                return self.span(int(value))
            case "moment":
                return _moment(self, int(value))
            case "money":
                return self._money(*str(value).split(" ", 1))
            case "times":
                return self._times(int(value))
            case "number":
                return self._number(int(value))
            case "subject":
                name, _, number = str(value).partition(":")
                return f"{self.word(name)} {number}".rstrip()
            case "word":
                return self.word(str(value))
            case _:
                return str(value)

    def span(self, between: int) -> str:
        """A time between two times (us), as people say it: `two hours`, `one day`."""
        seconds = abs(between) // _SECOND_US
        for unit, size in UNITS:
            count = seconds // size
            if count == 1 and unit == "day" and seconds % size >= UNITS[1][1]:
                continue  # 1 day and 7 hours is better said in hours
            if count >= 1:
                return f"{self._number(count)} {self.units[unit][count != 1]}"
        return self.moment_short

    def _number(self, count: int) -> str:
        return self.numbers[count] if 0 <= count < len(self.numbers) else f"{count:,}".replace(",", "." if self.decimal == "," else ",")

    def _times(self, count: int) -> str:
        return self.often[count - 1] if 1 <= count <= len(self.often) else self.many_times.replace("{number}", self._number(count))

    def _money(self, value: str, currency: str) -> str:
        units, rest = divmod(abs(int(value)), 10**AMOUNT_SCALE)
        digits = f"{rest:0{AMOUNT_SCALE}d}".rstrip("0").ljust(2, "0")
        return f"{'-' if int(value) < 0 else ''}{units}{self.decimal}{digits} {currency}".rstrip()


@lru_cache(maxsize=4096)
def _moment(wording: Wording, at: int) -> str:
    """A time (us) as a date and, unless it is midnight, a time: `19 September 2018, 23:24 UTC`."""
    time = datetime.fromtimestamp(at // _SECOND_US, UTC)
    form = wording.date if time.hour == time.minute == time.second == 0 else wording.date_time
    return form.format(day=time.day, month=wording.months[time.month - 1], year=time.year, time=f"{time:%H:%M}")
