"""The file of rule settings: YAML to frozen records. What it leaves out keeps its default; what it cannot mean stops the start.

`streams/rules.yaml` ships with the package, has every default, and says what each setting is.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.imports.document import MappingError, Node, load_document, read_document
from streams.journeys.inconsistencies.findings import SEVERITIES
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.opening import DAY_S, DAYS, Hours, OpeningHours
from streams.journeys.rule_settings import Contacts, Exceptions, Pushes, RuleSettings, Statements, path
from streams.journeys.settings import JourneySettings
from streams.settings import CHANNELS, SettingsError

SHIPPED: Final = Path(__file__).parent / "rules.yaml"
OTHERS: Final = "others"
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": DAY_S}
_DURATION: Final = re.compile(r"(\d+)\s*([smhd])")
_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_COMMON: Final = ("enabled", "severity", "except")
_SECTIONS: Final = ("hours", "marketing", "statuses", "rules")

Read = Callable[[Node], Any]


def load_rules(settings: JourneySettings, file: Path | str = "") -> JourneySettings:
    """The settings with those of a rules file in them: of `file`, else ("") of the one that ships.

    Raises SettingsError with the file, the line, what was wrong and what was expected.
    """
    return _told(lambda: _settings(load_document(Path(file) if file else SHIPPED), settings))


def with_set(settings: JourneySettings, rule: str, own: Mapping[str, str]) -> JourneySettings:
    """The settings with some of one rule's in them, each as it stands in a rules file: `{"within": "3d"}`.

    Raises SettingsError with the setting, what was wrong and what was expected.
    """
    for key, value in own.items():
        text = f"rules: {{{rule}: {{{key}: {value}}}}}"
        settings = _told(partial(_one_set, text, f"--set {key}={value}", settings))
    return settings


def _one_set(text: str, name: str, settings: JourneySettings) -> JourneySettings:
    return _settings(read_document(text, name, "a setting"), settings)


def _told(read: Callable[[], JourneySettings]) -> JourneySettings:
    try:
        return read()
    except MappingError as error:
        raise SettingsError(str(error).replace("the mapping", "the rules file")) from error


def own_settings(rule: str, file: Path | str = "") -> dict[str, str]:
    """A rule's settings as they stand in the rules file that ships, or in `file` where that has them. Raises SettingsError."""
    found: dict[str, str] = {}
    for each in (SHIPPED, *((Path(file),) if file else ())):
        try:
            rules = load_document(each).entries.get("rules")
        except MappingError as error:
            raise SettingsError(str(error)) from error
        node = rules.entries.get(rule) if rules is not None else None
        found |= {key: _as_written(value) for key, value in node.entries.items()} if node is not None else {}
    return found


def _as_written(node: Node) -> str:
    match node.shape:
        case "mapping":
            return f"{{{', '.join(f'{key}: {_as_written(value)}' for key, value in node.entries.items())}}}"
        case "list":
            return f"[{', '.join(map(_as_written, node.items))}]"
        case _:
            return node.text or ""


def _settings(root: Node, settings: JourneySettings) -> JourneySettings:
    sections = root.fields(_SECTIONS)
    rules = settings.rules
    contacts, statements = rules.contacts, rules.statements
    if "hours" in sections:
        contacts = replace(contacts, hours={**contacts.hours, **_by_channel(_hours)(sections["hours"])})
    if "statuses" in sections:
        statements = replace(statements, status_paths=_named(_paths)(sections["statuses"]))
    if "marketing" in sections:
        rules = replace(rules, pushes=_pushes(sections["marketing"], rules.pushes))
    rules = replace(rules, contacts=contacts, statements=statements)
    if "rules" in sections:
        return _rules(sections["rules"], replace(settings, rules=rules))
    return replace(settings, rules=rules)


def _rules(section: Node, settings: JourneySettings) -> JourneySettings:
    off, severities, exceptions = set(settings.rules.off), dict(settings.rules.severities), dict(settings.rules.exceptions)
    changes: dict[str, dict[str, Any]] = {}
    for name, node in section.fields(BY_NAME).items():
        own = _OF_RULE.get(name, {})
        for key, value in ({} if node.shape == "null" else node.fields((*_COMMON, *own))).items():
            match key:
                case "enabled":
                    (off.discard if _truth(value) else off.add)(name)
                case "severity":
                    severities[name] = value.one_of(SEVERITIES)
                case "except":
                    exceptions[name] = _exceptions(value)
                case _:
                    place, field_name, read = own[key]
                    changes.setdefault(place, {})[field_name] = read(value)
    rules = replace(settings.rules, off=frozenset(off), severities=severities, exceptions=exceptions, **changes.get("rules", {}))
    statements: Statements = replace(rules.statements, **changes.get("statements", {}))
    contacts: Contacts = replace(rules.contacts, **changes.get("contacts", {}))
    return _whole(section, settings, replace(rules, statements=statements, contacts=contacts), changes.get("journeys", {}))


def _whole(section: Node, settings: JourneySettings, rules: RuleSettings, own: Mapping[str, Any]) -> JourneySettings:
    try:
        return replace(settings, rules=rules, **own)
    except ValueError as error:
        section.fail(str(error))


def _pushes(section: Node, pushes: Pushes) -> Pushes:
    found = section.fields(("purposes", "consents", "pushing_channels"))
    read = {name: _channels if name == "pushing_channels" else _words for name in found}
    return replace(pushes, **{name: read[name](node) for name, node in found.items()})


def _exceptions(node: Node) -> Exceptions:
    found = node.fields(("channels", "campaigns"))
    return Exceptions(
        channels=_channels(found["channels"]) if "channels" in found else frozenset(),
        campaigns=_words(found["campaigns"]) if "campaigns" in found else frozenset(),
    )


def _hours(node: Node) -> OpeningHours:
    """`{zone: Europe/Amsterdam, mon-fri: "08:00-20:00", sat: "09:00-12:00, 13:00-17:00", 2026-12-25: closed}`."""
    if node.shape != "mapping":
        node.fail('a zone and days were expected, as {zone: Europe/Amsterdam, mon-fri: "09:00-17:00"}')
    zone, week, days = "UTC", [()] * len(DAYS), {}
    filled: list[Hours] = list(week)
    for key, value in node.entries.items():
        if key == "zone":
            zone = _zone(value)
        elif (named := _days(key)) is not None:
            for day in named:
                filled[day] = _spans(value)
        else:
            try:
                days[date.fromisoformat(key).isoformat()] = _spans(value)
            except ValueError:
                value.fail(f"{key!r} is no day; mon to sun, a range as mon-fri, or a date as 2026-12-25 was expected")
    try:
        return OpeningHours(zone, tuple(filled), days)
    except ValueError as error:
        node.fail(str(error))


def _days(key: str) -> range | None:
    first, _, last = key.partition("-")
    if first not in DAYS or (last and last not in DAYS):
        return None
    since, until = DAYS.index(first), DAYS.index(last or first)
    return range(since, until + 1) if since <= until else None


def _spans(node: Node) -> Hours:
    """`08:00-20:00`, several separated by commas, or `closed`."""
    text = node.string()
    if text == "closed":
        return ()
    spans: list[tuple[int, int]] = []
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        times = [int(each) for each in found.groups()] if found else []
        if not times or times[0] > 24 or times[2] > 24 or times[1] > 59 or times[3] > 59:  # noqa: PLR2004 - the clock's
            node.fail(f'{part.strip()!r} are no hours; "09:00-17:00" or closed was expected')
        since, until = times[0] * 3_600 + times[1] * 60, times[2] * 3_600 + times[3] * 60
        if since >= until or until > DAY_S or (spans and since < spans[-1][1]):
            node.fail(f"{part.strip()!r} does not end after it begins, or begins before the one before it ends")
        spans.append((since, until))
    return tuple(spans)


def _zone(node: Node) -> str:
    name = node.string()
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        node.fail(f"{name!r} is no time zone; an IANA name as Europe/Amsterdam was expected")
    return name


def _duration(node: Node) -> int:
    text = node.string()
    found = _DURATION.fullmatch(text)
    if found is None:
        node.fail(f"{text!r} is no length of time; a number with s, m, h or d was expected, as 10m")
    return int(found.group(1)) * _UNITS_S[found.group(2)]


def _number(node: Node) -> float:
    text = node.string()
    try:
        number = float(text)
    except ValueError:
        node.fail(f"{text!r} is no number")
    if not number > 0:
        node.fail(f"{text} is not above 0")
    return number


def _truth(node: Node) -> bool:
    return node.one_of(("yes", "no", "true", "false", "on", "off")) in ("yes", "true", "on")


def _words(node: Node) -> frozenset[str]:
    """Texts; "" among them where it stands in quotes."""
    return frozenset(each.text if each.text is not None else each.string() for each in node.listed())


def _statuses(node: Node) -> frozenset[str]:
    return frozenset(each.string().casefold() for each in node.listed())


def _channels(node: Node) -> frozenset[str]:
    return frozenset(each.one_of(CHANNELS) for each in node.listed())


def _paths(node: Node) -> tuple[tuple[frozenset[str], ...], ...]:
    return tuple(path(*(step.string().casefold() for step in each.listed())) for each in node.listed())


def _named(read: Read) -> Callable[[Node], dict[str, Any]]:
    """Values by names of the company's own; `others` is for those that are not named."""

    def by_name(node: Node) -> dict[str, Any]:
        found = node.fields(node.entries)
        return {"" if name == OTHERS else name: read(value) for name, value in found.items()}

    return by_name


def _by_channel(read: Read) -> Callable[[Node], dict[str, Any]]:
    """Values by channel; `others` is for those that are not named, and has to be there."""

    def by_channel(node: Node) -> dict[str, Any]:
        found = node.fields((OTHERS, *CHANNELS))
        return {"" if name == OTHERS else name: read(value) for name, value in found.items()}

    return by_channel


def _complete(read: Callable[[Node], dict[str, Any]]) -> Read:
    """The same, where `others` may not be missing."""

    def complete(node: Node) -> dict[str, Any]:
        node.fields(node.entries, required=(OTHERS,))
        return read(node)

    return complete


def _drops(node: Node) -> dict[str, float]:
    return {scale: _number(value) for scale, value in node.fields(("CSAT", "NPS", "CES")).items()}


_OF_RULE: Final[Mapping[str, Mapping[str, tuple[str, str, Read]]]] = {
    "offer_expired_shown": {"grace": ("rules", "expired_grace_s", _duration)},
    "price_mismatch": {"within": ("statements", "price_within_s", _duration)},
    "stock_mismatch": {
        "within": ("statements", "stock_within_s", _duration),
        "in_stock": ("statements", "in_stock", _statuses),
        "out_of_stock": ("statements", "out_of_stock", _statuses),
    },
    "status_mismatch": {
        "within": ("statements", "status_within_s", _duration),
        "delay": ("statements", "status_delay_s", _complete(_by_channel(_duration))),
        "going_back": ("statements", "going_back", _named(_statuses)),
    },
    "answer_mismatch": {"valid": ("statements", "answer_valid_s", _complete(_named(_duration)))},
    "question_repeated": {"within": ("contacts", "asked_within_s", _duration)},
    "handover_lost": {"norm": ("contacts", "pick_up_s", _complete(_by_channel(_duration)))},
    "contact_unanswered": {
        "norm": ("contacts", "norm_s", _complete(_by_channel(_duration))),
        "norm_of_kind": ("contacts", "norm_of_kind_s", _named(_duration)),
        "abandoned_early": ("contacts", "abandoned_early_s", _by_channel(_duration)),
    },
    "contact_repeated": {"within": ("contacts", "repeated_within_s", _duration)},
    "promotion_in_complaint": {"kept": ("rules", "complaint_kept_s", _duration)},
    "contact_after_opt_out": {"grace": ("rules", "opt_out_grace_s", _duration)},
    "channel_failed": {
        "turned_elsewhere": ("journeys", "turned_elsewhere_s", _duration),
        "no_goal": ("journeys", "no_goal_s", _duration),
        "good_moment": ("journeys", "good_moment_s", _duration),
    },
    "satisfaction_dropped": {"within": ("rules", "satisfaction_within_s", _duration), "drops": ("rules", "drops", _drops)},
}
"""By rule and setting: the record that holds it, its field there, and how it is read."""
