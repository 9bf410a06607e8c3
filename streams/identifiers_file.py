"""The file of identifier types: YAML to the frozen table. What it leaves out keeps its default; what it cannot mean stops the start.

`streams/identifiers.yaml` ships with the package, has every default, and says what each setting is.
"""

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
    for name, value in node.fields(("strength", "form", "values", "most_seen_with")).items():
        match name:
            case "strength":
                changes["is_strong"] = value.one_of(("strong", "weak")) == "strong"
            case "form":
                changes["form"] = cast("Form", value.one_of(get_args(Form)))
            case "values":
                changes["is_single_valued"] = value.one_of(("one", "many")) == "one"
            case _:
                changes["most_seen_with"] = _limits(value)
    return msgspec.structs.replace(usual, **changes)


def _limits(node: Node) -> Mapping[str, int]:
    return {name: _count(value) for name, value in node.fields(type_order).items()}


def _count(node: Node) -> int:
    text = node.string()
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST):
        node.fail(f"{text!r} is no limit; a whole number from 1 to {_MOST} was expected")
    return int(text)
