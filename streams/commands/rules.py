"""`touchpoints rules`: which rules there are, one of them explained, and one tried on history with other settings."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.commands.given import fail, since_s

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from streams.journeys.inconsistencies.findings import Finding
    from streams.rules_trial import History, Trial
    from streams.settings import Settings

EXAMPLES: Final = 3
_SHOWN_AS_JSON: Final = 100


class Action(StrEnum):
    """What to do with rules."""

    list = "list"
    explain = "explain"
    try_ = "try"


def rules(
    action: Annotated[Action, typer.Argument(help="list, explain or try")],
    rule: Annotated[str, typer.Argument(metavar="[RULE]", help="explain, try: its name")] = "",
    *,
    changes: Annotated[list[str] | None, typer.Option("--set", help="try: a setting, as within=3d; may be repeated")] = None,
    since: Annotated[str, typer.Option(help="try: findings opened at most this long before the end of what is recorded, as 30d")] = "",
    examples: Annotated[int, typer.Option(min=0, help="try: so many of each kind are told")] = EXAMPLES,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object for programs")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of a stack; starts its ClickHouse where none runs")] = None,
) -> None:
    """List the rules, explain one, or try one with other settings on what is recorded: which findings would appear, vanish, stay.

    Example: touchpoints rules try contact_repeated --set within=3d --since 30d
    """
    from streams.settings import Settings  # noqa: PLC0415  --help stays fast

    settings = Settings.load(folder)
    if action is Action.list:
        _list(settings, as_json=as_json)
        return
    _known(rule)
    if action is Action.explain:
        _explain(settings, rule, as_json=as_json)
        return
    own = _changes(changes or [])
    trial, found = _tried(settings, folder, rule, own, since_s(since))
    if as_json:
        typer.echo(json.dumps(_as_json(trial, found, rule, own), ensure_ascii=False))
    else:
        _tell(trial, rule, own, examples)


def _known(rule: str) -> None:
    from streams.imports.document import closest  # noqa: PLC0415
    from streams.journeys.inconsistencies.rules import BY_NAME  # noqa: PLC0415

    if rule not in BY_NAME:
        fail(f"{rule!r} is no rule; {closest(rule, BY_NAME)}" if rule else f"name a rule: {', '.join(BY_NAME)}")


def _changes(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip() or not value.strip():
            fail(f"--set {each}: a setting and its value were expected, as within=3d")
        found[name.strip()] = value.strip()
    if not found:
        fail("nothing would change: give at least one --set, as --set within=3d; `touchpoints rules explain RULE` shows what can be set")
    return found


def _list(settings: "Settings", *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.padding import Padding  # noqa: PLC0415

    from streams.journeys.inconsistencies.rules import RULES  # noqa: PLC0415
    from streams.journeys_set import journey_settings  # noqa: PLC0415
    from streams.rules_explained import explained  # noqa: PLC0415

    off = journey_settings(settings).rules.off
    told = [(rule.name, rule.name not in off, explained(rule.name).gist) for rule in RULES]
    if as_json:
        typer.echo(
            json.dumps({"rules": [{"rule": name, "enabled": on, "holds_when": gist} for name, on, gist in told]}, ensure_ascii=False)
        )
        return
    console = Console(highlight=False, markup=False, emoji=False)
    for name, on, gist in told:
        console.print(name if on else f"{name} (off)", style="bold" if on else "dim")
        console.print(Padding(gist, (0, 0, 0, 4)))


def _explain(settings: "Settings", rule: str, *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415

    from streams.rules_explained import explained  # noqa: PLC0415
    from streams.rules_file import own_settings  # noqa: PLC0415

    told, own = explained(rule), own_settings(rule, settings.rules)
    if as_json:
        typer.echo(json.dumps({"rule": rule, "words": told.words, "settings": own, "stronger": told.stronger, "weaker": told.weaker}))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    for paragraph in told.words:
        console.print(paragraph)
    console.print("\nSettings now", style="bold")
    for name, value in own.items():
        console.print(f"  {name}: {value}")
    console.print(f"  {'besides' if own else 'as for every rule'}: enabled, severity, except", style="dim")
    if told.stronger:
        console.print(f"\nGives way to {', '.join(told.stronger)}, where that finds the same cause.")
    if told.weaker:
        console.print(f"\nStands for {', '.join(told.weaker)}, where that finds the same cause.")


def _tried(settings: "Settings", folder: Path | None, rule: str, own: "Mapping[str, str]", since_s: int | None) -> "tuple[Trial, History]":
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    from streams.clickhouse.reading import reached  # noqa: PLC0415
    from streams.journeys_set import journey_settings  # noqa: PLC0415
    from streams.knowledge_now import knowledge_now  # noqa: PLC0415
    from streams.rules_file import with_set  # noqa: PLC0415
    from streams.rules_trial import history, lives, tried  # noqa: PLC0415

    now = journey_settings(settings)
    then = with_set(now, rule, own)
    columns = (TextColumn("folding recorded touchpoints"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeRemainingColumn())
    with reached(settings, folder) as reading, Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        found = history(reading, since_s)
        task = bar.add_task("", total=found.touchpoints)
        knowledge = knowledge_now(settings, folder)
        trial = tried(lives(reading, found), knowledge, rule, (now, then), found, progress=lambda done: bar.update(task, completed=done))
    return trial, found


def _as_json(trial: "Trial", found: "History", rule: str, own: "Mapping[str, str]") -> dict[str, Any]:
    from streams.avro.json_events import iso_of  # noqa: PLC0415

    def told(finding: "Finding") -> dict[str, Any]:
        names = ("inconsistency_id", "status", "severity", "customer", "subject", "sentence")
        return {name: getattr(finding, name) for name in names} | {"opened_at": iso_of(finding.opened_at)}

    return {
        "rule": rule,
        "set": dict(own),
        "until": iso_of(found.now),
        "customers": trial.customers,
        "touchpoints": trial.touchpoints,
        "appear": len(trial.appear),
        "vanish": len(trial.vanish),
        "change": len(trial.change),
        "stay": trial.stay,
        "others": {name: dict(counts) for name, counts in sorted(trial.others.items())},
        "appearing": [told(each) for each in trial.appear[:_SHOWN_AS_JSON]],
        "vanishing": [told(each) for each in trial.vanish[:_SHOWN_AS_JSON]],
    }


def _tell(trial: "Trial", rule: str, own: "Mapping[str, str]", examples: int) -> None:
    from rich.console import Console  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)
    changed = ", ".join(f"{name}: {value}" for name, value in own.items())
    console.print(f"{rule} with {changed}", style="bold")
    console.print(f"on {trial.touchpoints:,} touchpoints of {trial.customers:,} customers; nothing live is changed", style="dim")
    console.print(f"  {len(trial.appear):6,} would appear")
    console.print(f"  {len(trial.vanish):6,} would vanish")
    console.print(f"  {len(trial.change):6,} would stay, otherwise open, severe or counted")
    console.print(f"  {trial.stay:6,} would stay as they are")
    for name, counts in sorted(trial.others.items()):
        parts = [f"{counts[word]:,} would {word}" for word in ("appear", "vanish") if counts[word]]
        console.print(f"  of {name}, {' and '.join(parts)}", style="dim")
    _examples(console, "Would appear, for example", trial.appear[:examples])
    _examples(console, "Would vanish, for example", trial.vanish[:examples])


def _examples(console: "Console", title: str, findings: "list[Finding]") -> None:
    from rich.padding import Padding  # noqa: PLC0415

    from streams.journeys.inconsistencies.wording import moment  # noqa: PLC0415

    if findings:
        console.print(f"\n{title}", style="bold")
    for each in findings:
        console.print(f"  {moment(each.opened_at)}, customer {each.customer}")
        console.print(Padding(each.sentence, (0, 0, 0, 4)))
