"""What was given on the command line and cannot be."""

from typing import Never

import typer


def fail(message: str) -> Never:
    """Say on standard error what was wrong with the words of a command, and end it with exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(2)


def since_s(text: str) -> int | None:
    """Seconds of `--since`, as 7d; None where it was not given."""
    from streams.demo.shuffling import window_us  # noqa: PLC0415  --help stays fast

    if not text:
        return None
    try:
        return window_us(text) // 1_000_000
    except ValueError as error:
        fail(f"--since: {error}")
