"""Python source that grows line by line: what the compiled reader and writer of a schema are written with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from streams.avro.schema import SchemaError

MOST_LINES: Final = 20_000
"""A schema whose reader is longer than this is refused: named types that hold each other twice grow without bound."""

DEEPEST: Final = 16
"""Python allows 20 blocks inside each other."""


class Source:
    """Lines of one function, and the constants that they name."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self._lines: list[str] = []
        self._depth = 1
        self._names = 0

    def line(self, text: str) -> None:
        """Append one line at the present indentation. Raises SchemaError where the function becomes too long."""
        if len(self._lines) >= MOST_LINES:
            raise SchemaError("the schema holds its own types too many times over; flatten it")
        self._lines.append(" " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Indent what is appended inside under `head`. Raises SchemaError where blocks nest too deeply."""
        if self._depth >= DEEPEST:
            raise SchemaError("the schema is nested too deeply; flatten it")
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def fresh(self, stem: str) -> str:
        """A name that nothing else has."""
        self._names += 1
        return f"{stem}{self._names}"

    def constant(self, value: Any) -> str:
        """The name under which the function finds `value`."""
        for name, known in self.constants.items():
            if type(known) is type(value) and known == value:
                return name
        name = self.fresh("C")
        self.constants[name] = value
        return name

    def compiled(self, head: str, name: str, globals_: dict[str, Any]) -> Any:
        """The function `name` whose first line is `head`.

        Nothing of a schema but its numbers reaches the text: names, symbols and defaults are constants.
        """
        namespace: dict[str, Any] = {**globals_, **self.constants}
        exec(compile("\n".join([head, *self._lines]), f"<avro {name}>", "exec"), namespace)  # noqa: S102  see above
        return namespace[name]
