"""A finding in another language: what its words are made of travels with its row, and any language makes them again.

What every sentence may name, the row has in fields of its own; `told` adds which templates say it, what the two sides said as phrases,
and the facts that the rule noted.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from streams.journeys.inconsistencies.findings import Side, Suspicion
from streams.journeys.inconsistencies.telling import VARIANTS, Wording


class Made(msgspec.Struct, frozen=True, array_like=True):
    """What the words of a finding are made of.

    first_said, second_said     phrases of `telling.PHRASES`
    sentence, remedy            variants of its rule in `telling.VARIANTS`
    facts                       of the rule's own, by the names of the variants' placeholders; times in us
    """

    first_said: str
    second_said: str
    sentence: tuple[str, ...]
    remedy: str
    facts: dict[str, str | int] = {}


class Words(NamedTuple):
    """A finding's words in one language."""

    sentence: str
    remedy: str
    first_said: str
    second_said: str


_write: Final = msgspec.json.Encoder().encode
_read: Final = msgspec.json.Decoder(Made).decode


def made(suspicion: Suspicion, sentence: tuple[str, ...], remedy: str, facts: Mapping[str, str | int]) -> str:
    """The field `told` of a suspicion's row: of the facts that its sentence was given, those that the row does not have otherwise."""
    of_rule = VARIANTS[suspicion.rule]
    named = {name: facts[name] for variant in (*sentence, remedy) for name in of_rule[variant]}
    if "late" in facts:
        named["late"] = facts["late"]
    return written(Made(suspicion.first.said, suspicion.second.said, sentence, remedy, named))


def written(parts: Made) -> str:
    """The field `told`: a JSON array of the fields of `Made`."""
    return _write(parts).decode()


def common_facts(first: Side, second: Side, count: int, opened_at: int) -> dict[str, str | int]:
    """What every sentence may name (`telling.COMMON`) besides `late`; the sides with what they said as phrases, times in us."""
    return {
        "first": first.channel,
        "second": second.channel,
        "first_said": first.said,
        "second_said": second.said,
        "between": (second.at or 0) - (first.at or 0),
        "times": count,
        "number": count,
        "due": opened_at,
        "at": first.at or 0,
    }


def retold(row: Mapping[str, object], wording: Wording) -> Words | None:
    """The words of a published row in another language; its times in us.

    `row` has `rule`, `told`, `count`, `opened_at`, and of both sides the channel and `at`. None where it carries nothing that this
    language can say: an earlier version of the program published it, or a later one that says it otherwise.
    """
    if not row["told"]:
        return None
    try:
        parts = _read(str(row["told"]))
        first, second = (
            Side(str(row[f"{side}_channel"]), _time(row[f"{side}_at"]), said)
            for side, said in (("first", parts.first_said), ("second", parts.second_said))
        )
        facts = common_facts(first, second, _number(row["count"]), _number(row["opened_at"])) | parts.facts
        rule = str(row["rule"])
        sentence = " ".join([wording.sentence(rule, variant, facts) for variant in parts.sentence])
        return Words(sentence, wording.sentence(rule, parts.remedy, facts), wording.say(first.said), wording.say(second.said))
    except (msgspec.DecodeError, KeyError, ValueError):
        return None


def _time(value: object) -> int | None:
    return None if value is None else _number(value)


def _number(value: object) -> int:
    return int(str(value))
