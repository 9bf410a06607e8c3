"""`touchpoints identity`: who an identifier is and why, and cutting a link that joins strangers."""

import asyncio
import json
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.commands.given import fail

if TYPE_CHECKING:
    from rich.tree import Tree

    from streams.identity_graph import Shown
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
            _show(reading, names[0], as_json=as_json)
        else:
            _list_shared(reading, as_json=as_json)


def _name(settings: "Settings", text: str, *, is_pseudonym: bool) -> str:
    """The identifier's name in the graph."""
    from streams.identifiers_file import configured_pseudonyms  # noqa: PLC0415
    from streams.journeys.identity.strength import TYPES  # noqa: PLC0415
    from streams.settings import SettingsError  # noqa: PLC0415

    type_, _, value = text.partition(":")
    if type_ not in TYPES or not value:
        fail(f"{text!r} is no identifier; write it as type:value, with one of the types {', '.join(TYPES)}")
    if is_pseudonym:
        return text
    try:
        pseudonym = configured_pseudonyms(settings).of(type_, value)
    except SettingsError as error:
        fail(str(error))
    return f"{type_}:{pseudonym}"


def _show(settings: "Settings", name: str, *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415

    from streams.identity_graph import around  # noqa: PLC0415

    shown = around(settings, name)
    if as_json:
        links = [{field: getattr(link, field) for field in link.__slots__} for link in shown.links]
        typer.echo(json.dumps({"identifier": name, "customers": dict(shown.customers), "links": links, "whole": shown.is_whole}))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(_tree(shown))
    if not shown.links:
        console.print("No other identifier was ever seen together with it.")
    if not shown.is_whole:
        console.print("There are more; ask for one of the last.")


def _tree(shown: "Shown") -> "Tree":
    from rich.tree import Tree  # noqa: PLC0415

    def said(name: str) -> str:
        customer = shown.customers.get(name, "")
        return f"{name}  " + (f"customer {customer}" if customer else "shared: belongs to nobody")

    tree = Tree(said(shown.start))
    branches, waiting = {shown.start: tree}, [shown.start]
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
    from streams.identity_graph import split  # noqa: PLC0415

    number = f"split-{time.time_ns()}"
    asyncio.run(split(settings, first, second, number))
    if as_json:
        typer.echo(json.dumps({"split": [first, second], "number": number}))
    else:
        typer.echo(f"cut for good: {first} and {second} ({number}); other links between them stay: touchpoints identity show shows them")
