"""`touchpoints schemas`: show, try, check and release the schemas of channels and outputs."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from streams.commands.given import fail


class Action(StrEnum):
    """What to do with the schemas."""

    show = "show"
    example = "example"
    check = "check"
    release = "release"


def schemas(
    action: Annotated[Action, typer.Argument(help="show, example, check or release")],
    name: Annotated[
        str, typer.Argument(metavar="CHANNEL", help="a channel, knowledge or an output; check and release take all without it")
    ] = "",
    kind: Annotated[str, typer.Option(help="with example: the kind of event")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="with check and release: one JSON object for programs")] = False,  # noqa: FBT002
) -> None:
    """Show a schema, an example event of it, what is wrong with schemas, or release new versions.

    Example: touchpoints schemas example chat --kind conversation_started | touchpoints publish chat - --dry-run
    """
    if action in (Action.show, Action.example) and not name:
        fail(f"name a channel: touchpoints schemas {action} chat")
    match action:
        case Action.show:
            _show(name)
        case Action.example:
            _example(name, kind)
        case Action.check:
            _check(name, as_json=as_json)
        case Action.release:
            _check(name, as_json=as_json, quiet=True)
            _release(name, as_json=as_json)


def _show(name: str) -> None:
    from streams.avro.registry import FileRegistry, UnknownSchemaError  # noqa: PLC0415  --help stays fast

    try:
        typer.echo(json.dumps(FileRegistry().current(name).definition, indent=2, ensure_ascii=False))
    except UnknownSchemaError as error:
        fail(str(error))


def _example(name: str, kind: str) -> None:
    from streams.avro import examples  # noqa: PLC0415
    from streams.avro.registry import FileRegistry  # noqa: PLC0415

    try:
        known = examples.kinds(FileRegistry().current(name)) if name in examples.TYPICAL else ()
        if kind and kind not in known:
            fail(f"{name} has no kind {kind!r}; there are {', '.join(known) or 'none'}")
        typer.echo(json.dumps(examples.example(name, kind), indent=2))
    except KeyError:
        fail(f"there is no example of {name!r}; there are some of {', '.join((*examples.TYPICAL, examples.KNOWLEDGE))}")


def _check(name: str, *, as_json: bool, quiet: bool = False) -> None:
    from streams.avro.releases import check  # noqa: PLC0415
    from streams.channels.vocabulary import kind_flaws  # noqa: PLC0415
    from streams.settings import CHANNELS  # noqa: PLC0415
    from streams.shipped import folder  # noqa: PLC0415

    root = folder("schemas")
    try:
        flaws = check(root, frozenset(CHANNELS), name)
        if not flaws:
            flaws = kind_flaws(root, name)
    except FileNotFoundError:
        fail(f"there is no schema {name!r} in {root}")
        return
    if as_json and (flaws or not quiet):
        typer.echo(json.dumps({"flaws": [{"file": each.file, "path": each.path, "advice": each.advice} for each in flaws]}))
    elif flaws:
        typer.echo("\n".join(map(str, flaws)), err=True)
    elif not quiet:
        typer.echo(f"{name or 'all schemas'}: nothing wrong; compatible both ways with every release")
    if flaws:
        raise typer.Exit(1)


def _release(name: str, *, as_json: bool) -> None:
    from streams.avro.releases import release  # noqa: PLC0415
    from streams.shipped import folder  # noqa: PLC0415

    done = release(folder("schemas"), name)
    if as_json:
        typer.echo(json.dumps({"releases": [{"name": each.name, "number": each.number, "new": each.new} for each in done]}))
        return
    for each in done:
        typer.echo(f"{each.name}: {'released as' if each.new else 'unchanged since'} {each.number}")
