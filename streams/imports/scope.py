"""What an expression is bound to before rows flow: the columns of its rows, and the look-ups that were read.

A row is one flat list: the main file's values, those of the rows joined to it one to one, a list of rows for each join that
takes all; the row's number stands behind the values of its own file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from streams.imports.document import Node, closest

Row: TypeAlias = list[Any]
Getter: TypeAlias = Callable[[Row], Any]
Test: TypeAlias = Callable[[Row], bool]


class Unmappable(ValueError):  # noqa: N818 - said of a row, not an error of the program
    """A row that gives no event: where in the event, as `promise.due_until`, and why."""

    def __init__(self, reason: str, place: tuple[str, ...] = ()) -> None:
        super().__init__(reason, place)
        self.reason = reason
        self.place = place

    def within(self, name: str) -> "Unmappable":
        """The same, told of the record that has the field `name`."""
        return Unmappable(self.reason, (name, *self.place))

    def __str__(self) -> str:
        return f"{'.'.join(self.place)}: {self.reason}" if self.place else self.reason


@dataclass(frozen=True, slots=True)
class Scope:
    """The layout of one source's rows.

    source      as the mapping names it
    file        name of the file, without the ending of its compression
    width       values of a row
    columns     position of each column; joined ones as `join.column`
    lists       by join that takes all: position of its rows, and the scope of one of them
    lookups     values by key, of every look-up of the mapping
    """

    source: str
    file: str
    width: int
    columns: Mapping[str, int]
    lists: Mapping[str, tuple[int, "Scope"]] = field(default_factory=dict)
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def position(self, column: str, node: Node) -> int:
        """Where a row has that column; raises MappingError."""
        found = self.columns.get(column)
        if found is None:
            join = column.partition(".")[0]
            if join in self.lists:
                node.fail(f"`{join}` joins many rows; take its columns with `each: {join}`, `sum`, `count` or `first_of: {join}`")
            node.fail(f"{self.file} has no column `{column}`; {closest(column, (name for name in self.columns if '@' not in name))}")
        return found

    def list_of(self, join: str, node: Node) -> tuple[int, "Scope"]:
        """Position of a join's rows, and the scope of one of them; raises MappingError."""
        found = self.lists.get(join)
        if found is None:
            node.fail(f"`{self.source}` has no join `{join}` with `takes: all`; {closest(join, self.lists)}")
        return found


@dataclass(frozen=True, slots=True)
class Value:
    """A compiled expression: `bind` makes it a function of rows; `choices` are all that it can give, where that is known."""

    bind: Callable[[Scope], Getter]
    choices: frozenset[Any] | None = None

    @property
    def constant(self) -> bool:
        """Whether every row gives the same."""
        return self.choices is not None and len(self.choices) == 1


def constant(value: Any) -> Value:
    """The value that every row gives; None is none."""

    def get(_row: Row) -> Any:
        return value

    return Value(lambda _scope: get, frozenset((value,)))
