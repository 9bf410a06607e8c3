"""The file of identifier types: YAML to the frozen table. What it leaves out keeps its default; what it cannot mean stops the start.

`streams/identifiers.yaml` ships with the package, has every default, and says what each setting is.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast, get_args

import msgspec
import phonenumbers

from streams.channels.identifiers import MOST_REMEMBERED, Pseudonyms, key_of
from streams.imports.document import MappingError, Node, load_document
from streams.journeys.identity.strength import Form, IdentifierTable, IdentifierType
from streams.journeys.touchpoint import type_order
from streams.settings import PREFIX, Settings, SettingsError

SHIPPED: Final = Path(__file__).parent / "identifiers.yaml"
_MOST: Final = 1_000
"""Others with which an identifier may be seen: beyond, every one of them is kept for nothing."""
_LIFETIME: Final = re.compile(r"([0-9]{1,4})d")
_LEAST_DAYS: Final = 7
_MOST_DAYS: Final = 3650


def load_identifiers(file: Path | str = "") -> IdentifierTable:
    """The table of a file, else ("") of the one that ships.

    Raises SettingsError with the file, the line, what was wrong and what was expected.
    """
    try:
        root = load_document(Path(file) if file else SHIPPED, "a mapping with `types` and `nobody`")
        return _table(root)
    except MappingError as error:
        raise SettingsError(str(error).replace("the mapping", "the identifiers file")) from error


def configured_pseudonyms(settings: Settings, remembered: int = MOST_REMEMBERED) -> Pseudonyms:
    """What turns identifiers into pseudonyms in this installation. Raises SettingsError."""
    region = settings.phone_region
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise SettingsError(f"{PREFIX}PHONE_REGION is {region!r}; a country's two letters were expected, in capitals, as NL")
    try:
        key = key_of(settings.pseudonym_key)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return Pseudonyms(key, remembered, table=load_identifiers(settings.identifiers), phone_region=region)


def _table(root: Node) -> IdentifierTable:
    sections, table = root.fields(("types", "nobody")), IdentifierTable()
    if "nobody" in sections:
        words = frozenset(each.string().lower() for each in sections["nobody"].listed())
        table = msgspec.structs.replace(table, nobody=words)
    if "types" in sections:
        section = sections["types"]
        changed = {name: _type(node, table.types[name]) for name, node in section.fields(type_order).items()}
        try:
            table = msgspec.structs.replace(table, types={**table.types, **changed})
        except ValueError as error:
            section.fail(str(error))
    return table


def _type(node: Node, usual: IdentifierType) -> IdentifierType:
    changes: dict[str, Any] = {}
    fields = node.fields(("strength", "form", "values", "most_seen_with", "lifetime"))
    for name, value in fields.items():
        match name:
            case "strength":
                changes["is_strong"] = value.one_of(("strong", "weak")) == "strong"
            case "form":
                changes["form"] = cast("Form", value.one_of(get_args(Form)))
            case "values":
                changes["is_single_valued"] = value.one_of(("one", "many")) == "one"
            case "lifetime":
                changes["lifetime_days"] = _days(value)
            case _:
                changes["most_seen_with"] = _limits(value)
    type_ = msgspec.structs.replace(usual, **changes)
    if type_.lifetime_days:
        _check_lifetime(fields["lifetime"], type_)
    return type_


def _check_lifetime(node: Node, type_: IdentifierType) -> None:
    if type_.is_strong:
        node.fail(
            "a strong type has no lifetime: it joins persons, and whom a number has joined cannot be parted again by time. One that goes "
            "to another person is shared, and nobody's, once it is seen with a second customer number. Write `strength: weak` too, "
            "and it follows one person in each of its lives"
        )
    if type_.is_single_valued:
        node.fail("a lifetime and `values: one` exclude each other: the periods of one value would be several; write `values: many`")


def _days(node: Node) -> int:
    text = node.string()
    found = _LIFETIME.fullmatch(text)
    if found is None or not _LEAST_DAYS <= int(found[1]) <= _MOST_DAYS:
        node.fail(f"{text!r} is no lifetime; whole days from {_LEAST_DAYS}d to {_MOST_DAYS}d were expected, as 400d")
    return int(found[1])


def _limits(node: Node) -> Mapping[str, int]:
    return {name: _count(value) for name, value in node.fields(type_order).items()}


def _count(node: Node) -> int:
    text = node.string()
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST):
        node.fail(f"{text!r} is no limit; a whole number from 1 to {_MOST} was expected")
    return int(text)
