"""What was given on the command line and cannot be."""

from typing import TYPE_CHECKING, Annotated, Never

import typer

if TYPE_CHECKING:
    from streams.journeys.inconsistencies.telling import Wording


Language = Annotated[str, typer.Option(help="what was found in this language: nl, or a file of wording (de.yaml); default: as published")]
"""The option of commands that tell what was found."""


def fail(message: str) -> Never:
    """Say on standard error what was wrong with the words of a command, and end it with exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(2)


def wording_in(language: str) -> "Wording | None":
    """The wording of `--language`: a code, or a file's name; None where it was not given."""
    from streams.settings import SettingsError  # noqa: PLC0415  --help stays fast
    from streams.wording_file import load_wording  # noqa: PLC0415

    if not language:
        return None
    try:
        return load_wording(language)
    except SettingsError as error:
        fail(f"--language: {error}")


def since_s(text: str) -> int | None:
    """Seconds of `--since`, as 7d; None where it was not given."""
    from streams.demo.shuffling import window_us  # noqa: PLC0415  --help stays fast

    if not text:
        return None
    try:
        return window_us(text) // 1_000_000
    except ValueError as error:
        fail(f"--since: {error}")
