"""Processes from YAML: every refusal says file, line, where, what was wrong and what was expected."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from streams.channels.catalogue import CHANNELS
from streams.imports.document import MappingError, Node, closest, load_document
from streams.journeys.process import CASE_DONE, CASE_OPEN, PHASES, REFERENCES, Process, Step
from streams.settings import SettingsError

KINDS: Final = tuple(sorted({CASE_DONE, CASE_OPEN, *(kind for channel in CHANNELS.values() for kind in channel.kinds)}))
"""What a moment's kind may be: every kind of every channel, and a case's two."""

_UNITS_S: Final = {"s": 1, "second": 1, "min": 60, "minute": 60, "h": 3_600, "hour": 3_600, "day": 86_400, "week": 604_800}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_SHARE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_PROCESS: Final = ("references", "takes", "account", "phase", "gap", "starts", "joins", "goals", "ends", "reopens", "truths", "steps")
_STEP: Final = ("step", "phase", "moments", "channels", "within", "target", "required")
_EXAMPLE: Final = "write it as `90 min`, `12 hours` or `7 days`"


def load_processes(path: Path) -> tuple[Process, ...]:
    """The processes of a file, in its order; raises SettingsError for the first thing that is wrong."""
    try:
        root = load_document(path, "a mapping with `processes`")
        entries = root.fields(("moments", "processes"), ("processes",))
        processes = _entries(entries["processes"])
        return tuple(_process(name, node) for name, node in processes)
    except MappingError as error:
        raise SettingsError(str(error)) from error


def _entries(node: Node) -> list[tuple[str, Node]]:
    if node.shape != "mapping" or not node.entries:
        node.fail("processes by their names were expected, at least one")
    for name, each in node.entries.items():
        if not _NAME.fullmatch(name):
            each.fail(f"{name!r} is no name for a process: small letters, digits and _, a letter first")
    return list(node.entries.items())


def _process(name: str, node: Node) -> Process:
    entries = node.fields(_PROCESS, ("phase", "gap", "starts", "goals", "steps"))

    def moments(key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_moments(entries[key]))) if key in entries else ()

    references = tuple(each.one_of(REFERENCES) for each in entries["references"].listed()) if "references" in entries else ()
    takes: Literal["all", "own"] = "all"
    if "takes" in entries and entries["takes"].one_of(("all", "own")) == "own":
        takes = "own"
        if not references:
            entries["takes"].fail("`own` moments are taken out of a reference, and this process has no `references`")
    if not moments("starts"):
        entries["starts"].fail("at least one moment that starts a journey was expected")
    return Process(
        name=name,
        references=references,
        takes=takes,
        steps=_steps(entries["steps"]),
        starts=moments("starts"),
        joins=moments("joins"),
        goals=moments("goals"),
        ends=moments("ends"),
        reopens=moments("reopens"),
        truths=moments("truths"),
        gap_s=_seconds(entries["gap"]),
        phase=entries["phase"].one_of(PHASES),
        is_account=_yes(entries, "account"),
    )


def _moments(node: Node) -> Iterator[str]:
    """Moments of a list; lists within it are those of anchors."""
    for each in node.listed():
        if each.shape == "list":
            yield from _moments(each)
            continue
        moment = each.string()
        kind, _, detail = moment.partition(":")
        if kind not in KINDS or moment.endswith(":") or detail != detail.strip():
            each.fail(f"{moment!r} is no moment: a kind, or kind:detail; {closest(kind, KINDS)}")
        yield moment


def _steps(node: Node) -> tuple[Step, ...]:
    steps: dict[str, Step] = {}
    for each in node.listed():
        step = _step(each)
        if step.name in steps:
            each.fail(f"there are two steps named {step.name!r}; give each its own name")
        steps[step.name] = step
    return tuple(steps.values())


def _step(node: Node) -> Step:
    entries = node.fields(_STEP, ("step", "phase", "moments"))
    name = entries["step"].string()
    if not _NAME.fullmatch(name):
        entries["step"].fail(f"{name!r} is no name for a step: small letters, digits and _, a letter first")
    return Step(
        name=name,
        phase=entries["phase"].one_of(PHASES),
        moments=tuple(dict.fromkeys(_moments(entries["moments"]))),
        channels=tuple(each.one_of(CHANNELS) for each in entries["channels"].listed()) if "channels" in entries else (),
        within_s=_seconds(entries["within"]) if "within" in entries else None,
        target=_share(entries["target"]) if "target" in entries else None,
        is_required=_yes(entries, "required"),
    )


def _yes(entries: Mapping[str, Node], key: str) -> bool:
    return key in entries and entries[key].one_of(("yes", "no")) == "yes"


def _seconds(node: Node) -> int:
    text = node.string()
    found = _DURATION.fullmatch(text)
    unit = found[2] if found else ""
    seconds = float(found[1]) * _UNITS_S.get(unit if unit in _UNITS_S else unit.removesuffix("s"), 0) if found else 0
    if seconds < 1 or seconds > 3650 * _UNITS_S["day"]:
        node.fail(f"{text!r} is no duration from a second to ten years; {_EXAMPLE}")
    return round(seconds)


def _share(node: Node) -> float:
    text = node.string()
    found = _SHARE.fullmatch(text)
    if found is None or float(found[1]) > 100:  # noqa: PLR2004  # all of them
        node.fail(f"{text!r} is no share; write it as `90 %`")
    return float(found[1]) / 100
