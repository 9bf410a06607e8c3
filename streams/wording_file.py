"""The files of wording, `streams/wording/<language>.yaml`: templates that a translator can edit, checked whole before the start."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from streams.imports.document import MappingError, Node, load_document
from streams.journeys.inconsistencies.telling import COMMON, PHRASES, UNITS, VARIANTS, Template, Wording, template
from streams.settings import CHANNELS, SettingsError

SHIPPED: Final = Path(__file__).parent / "wording"
_KEYS: Final = (
    "language",
    "rules",
    "phrases",
    "channels",
    "numbers",
    "often",
    "many_times",
    "units",
    "less_than_a_minute",
    "months",
    "date",
    "date_time",
    "decimal",
    "words",
)
_MONTHS: Final = 12
_STARTS: Final = ("First", "Second")


def languages() -> tuple[str, ...]:
    """The languages that ship, by code."""
    return tuple(sorted(each.stem for each in SHIPPED.glob("*.yaml")))


@cache
def load_wording(language: str = "en") -> Wording:
    """A language that ships, by its code, or one of the company's own, by its file's name (`de.yaml`).

    Raises SettingsError with file, line and what was expected.
    """
    if language.endswith((".yaml", ".yml")):
        return read_wording(Path(language))
    if language not in languages():
        raise SettingsError(f"there is no wording in {language!r}; {', '.join(languages())}, or a file's name as de.yaml, was expected")
    return read_wording(SHIPPED / f"{language}.yaml")


def read_wording(file: Path) -> Wording:
    """One file of wording. Raises SettingsError with file, line and what was expected."""
    try:
        return _wording(load_document(file), file.stem)
    except MappingError as error:
        raise SettingsError(str(error).replace("the mapping", "the wording")) from error


def _wording(root: Node, language: str) -> Wording:
    sections = root.fields(_KEYS, required=_KEYS)
    months, numbers = _texts(sections["months"]), _texts(sections["numbers"])
    if len(months) != _MONTHS:
        sections["months"].fail(f"{_MONTHS} months were expected, not {len(months)}")
    channels = {name: node.string() for name, node in sections["channels"].fields(("others", *CHANNELS), ("others", *CHANNELS)).items()}
    return Wording(
        language=language,
        sentences={
            rule: {name: _template(text, (*_STARTS, *COMMON, *VARIANTS[rule][name])) for name, text in _all(node, VARIANTS[rule]).items()}
            for rule, node in _all(sections["rules"], VARIANTS).items()
        },
        phrases={key: _template(node, PHRASES[key]) for key, node in _all(sections["phrases"], PHRASES).items()},
        channels={"": channels.pop("others"), **channels},
        numbers=numbers,
        often=_texts(sections["often"]),
        many_times=_with(sections["many_times"], ("number",)),
        units={unit: _two(node) for unit, node in _all(sections["units"], [unit for unit, _ in UNITS]).items()},
        moment_short=sections["less_than_a_minute"].string(),
        months=months,
        date=_with(sections["date"], ("day", "month", "year")),
        date_time=_with(sections["date_time"], ("day", "month", "year", "time")),
        decimal=sections["decimal"].one_of((".", ",")),
        words={key.replace("_", " "): node.string() for key, node in sections["words"].fields(sections["words"].entries).items()},
    )


def _all(node: Node, names: Iterable[str]) -> dict[str, Node]:
    """The entries of a mapping that has all of these and no others."""
    wanted = tuple(names)
    return node.fields(wanted, required=wanted)


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(each.string() for each in node.listed())


def _two(node: Node) -> tuple[str, str]:
    texts = _texts(node)
    if len(texts) != 2:  # noqa: PLR2004 - one and several
        node.fail("two words were expected, for one and for several, as [day, days]")
    return texts[0], texts[1]


def _template(node: Node, names: tuple[str, ...]) -> Template:
    try:
        made = template(node.string())
    except ValueError as error:
        node.fail(str(error))
    for name, kind in made:
        if kind and name not in names:
            node.fail(f"{{{name}}} is not known here; {', '.join(f'{{{each}}}' for each in names) or 'no placeholder'} was expected")
    return made


def _with(node: Node, names: tuple[str, ...]) -> str:
    """A text whose placeholders are all of these."""
    named = {name for name, kind in _template(node, names) if kind}
    if missing := [each for each in names if each not in named]:
        node.fail(f"{{{missing[0]}}} is missing")
    return node.string()
