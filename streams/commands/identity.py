"""`touchpoints identity`: who an identifier is and why, and cutting a link that joins strangers."""

import asyncio
import json
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.given import fail

if TYPE_CHECKING:
    from rich.tree import Tree

    from streams.identity_graph import Shown
    from streams.lives_seen import SeenLife
    from streams.settings import Settings

_WHY = {"split": "cut by hand", "shared": "cut: one of them is shared"}


class Action(StrEnum):
    """What to do with identities."""

    show = "show"
    split = "split"  # type: ignore[assignment]  # hides str.split, which nobody asks of an action
    shared = "shared"


def identity(
    action: Annotated[Action, typer.Argument(help="show, split or shared")],
    values: Annotated[list[str] | None, typer.Argument(metavar="TYPE:VALUE...", help="show: one identifier; split: two of them")] = None,
    *,
    life: Annotated[
        int, typer.Option(min=0, help="show: which life of an identifier with a lifetime, from 1; 0 is the last", show_default="the last")
    ] = 0,
    pseudonyms: Annotated[bool, typer.Option("--pseudonyms", help="the values are pseudonyms, as rows and answers have them")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object for programs")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="folder of a stack; starts its ClickHouse where none runs")] = None,
) -> None:
    """Show the links around an identifier, each with the touchpoint and time that made it; split two of them; list the shared ones.

    Example: touchpoints identity show email:ada@example.com
    """
    from streams.clickhouse.reading import reached  # noqa: PLC0415  --help stays fast
    from streams.settings import Settings  # noqa: PLC0415

    settings = Settings.load(folder)
    names = [_name(settings, value, is_pseudonym=pseudonyms) for value in values or []]
    wanted = {Action.show: 1, Action.split: 2, Action.shared: 0}[action]
    if len(names) != wanted:
        fail(f"identity {action} takes {wanted} identifiers, written as type:value; {len(names)} were given")
    if action is Action.split:
        _split(settings, *names, as_json=as_json)
        return
    with reached(settings, folder) as reading:
        if action is Action.show:
            _show(reading, names[0], life, as_json=as_json)
        else:
            _list_shared(reading, as_json=as_json)


def _name(settings: "Settings", text: str, *, is_pseudonym: bool) -> str:
    """The identifier's name in the graph."""
    from streams.identifiers_file import configured_pseudonyms  # noqa: PLC0415
    from streams.journeys.identity.periods import lasting  # noqa: PLC0415
    from streams.journeys.identity.strength import TYPES  # noqa: PLC0415
    from streams.settings import SettingsError  # noqa: PLC0415

    type_, _, value = text.partition(":")
    if type_ not in TYPES or not value:
        fail(f"{text!r} is no identifier; write it as type:value, with one of the types {', '.join(TYPES)}")
    if is_pseudonym:
        return text
    try:
        pseudonyms = configured_pseudonyms(settings)
    except SettingsError as error:
        fail(str(error))
    name = f"{type_}:{pseudonyms.of(type_, value)}"
    return lasting(name) if type_ in pseudonyms.lifetimes else name


def _show(settings: "Settings", name: str, number: int, *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415

    from streams.identity_graph import around  # noqa: PLC0415

    chosen = _life(settings, name, number)
    shown = around(settings, *(chosen.life.periods if chosen else (name,)))
    if as_json:
        links = [{field: getattr(link, field) for field in link.__slots__} for link in shown.links]
        told = {"identifier": name, "customers": dict(shown.customers), "links": links, "whole": shown.is_whole}
        typer.echo(json.dumps(told | ({"life": chosen.as_json()} if chosen else {})))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    if chosen:
        console.print(chosen.told())
    console.print(_tree(shown))
    if not shown.links:
        console.print("No other identifier was ever seen together with it.")
    if not shown.is_whole:
        console.print("There are more; ask for one of the last.")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A life, which one it is, and of how many."""

    life: "SeenLife"
    number: int
    of: int

    def as_json(self) -> dict[str, object]:
        life = self.life
        return {"number": self.number, "of": self.of, "periods": life.periods, "first_at": life.first_at, "last_at": life.last_at}

    def told(self) -> str:
        from streams.journeys.inconsistencies.wording import moment  # noqa: PLC0415

        life, others = self.life, "" if self.of == 1 else "; --life shows another"
        seen = f"{life.touchpoints:,} touchpoint{'' if life.touchpoints == 1 else 's'}"
        return f"Life {self.number} of {self.of}: {seen}, from {moment(life.first_at)} to {moment(life.last_at)}{others}"


def _life(settings: "Settings", name: str, number: int) -> _Chosen | None:
    """The life that is asked for: by its number (0: the last), else the one that a pseudonym's period is of. None where there are none."""
    from streams.identifiers_file import load_identifiers  # noqa: PLC0415
    from streams.lives_seen import seen_lives  # noqa: PLC0415

    lifetime = load_identifiers(settings.identifiers).lifetimes.get(name.partition(":")[0])
    lives = seen_lives(settings, name, lifetime) if lifetime is not None else []
    if number > len(lives):
        fail(f"there is no life {number}: {'it has no lifetime' if lifetime is None else f'it was seen in {len(lives)}'}")
    if not lives:
        return None
    named = next((place for place, life in enumerate(lives, 1) if name in life.periods), len(lives))
    chosen = number or named
    return _Chosen(lives[chosen - 1], chosen, len(lives))


def _tree(shown: "Shown") -> "Tree":
    from rich.tree import Tree  # noqa: PLC0415

    def said(name: str) -> str:
        customer = shown.customers.get(name, "")
        return f"{name}  " + (f"customer {customer}" if customer else "shared: belongs to nobody")

    start, *periods = shown.starts
    tree = Tree(said(start))
    branches, waiting = {start: tree}, [start, *periods]
    branches |= {each: tree.add(f"{said(each)}: the same life") for each in periods}
    told: set[tuple[str, str]] = set()
    while waiting:
        name = waiting.pop(0)
        for link in shown.links:
            if name not in (link.identifier, link.other) or (link.identifier, link.other) in told:
                continue
            told.add((link.identifier, link.other))
            other = link.end_beside(name)
            by = f"first together in {link.event_id} at {link.seen_at}" if link.event_id else "never seen together"
            why = f"; {_WHY[link.cut]}" if link.cut in _WHY else ""
            again = " (above)" if other in branches else ""
            branch = branches[name].add(f"{said(other)}{again}: {by}{why}")
            if other not in branches:
                branches[other] = branch
                if link.cut == "none":
                    waiting.append(other)
    return tree


def _list_shared(settings: "Settings", *, as_json: bool) -> None:
    from streams.identity_graph import shared  # noqa: PLC0415

    found = shared(settings)
    if as_json:
        typer.echo(json.dumps({"shared": [{"identifier": name, "seen_with": count} for name, count in found]}))
        return
    for name, count in found:
        typer.echo(f"{count:8}  {name}")
    if not found:
        typer.echo("no identifier is shared")


def _split(settings: "Settings", first: str, second: str, *, as_json: bool) -> None:
    from streams.identifiers_file import load_identifiers  # noqa: PLC0415
    from streams.identity_graph import split  # noqa: PLC0415

    number = f"split-{time.time_ns()}"
    asyncio.run(split(settings, first, second, number))
    if as_json:
        typer.echo(json.dumps({"split": [first, second], "number": number}))
    else:
        lives = ", in all their lives" if load_identifiers(settings.identifiers).lifetimes else ""
        links = "other links between them stay: touchpoints identity show shows them"
        typer.echo(f"cut for good{lives}: {first} and {second} ({number}); {links}")
