"""Expressions: what a mapping may write where a field wants a value.

A scalar is a constant or a template; a mapping with one operator is computed. Everything about the mapping is checked when it
is compiled, everything about the file's columns when it is bound; what is left for each row is closures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from streams.imports.document import Node, closest
from streams.imports.scope import Value
from streams.imports.targets import Target
from streams.imports.templates import compile_template
from streams.imports.times import TimeFormats


@dataclass(frozen=True, slots=True)
class Lookup:
    """A look-up's answers: by key where they stand in the mapping, None where they come from a file; and what else holds."""

    values: Mapping[str, str] | None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping gives all its expressions: how its times are written, its look-ups, and the operators that there are."""

    times: TimeFormats
    operators: Mapping[str, "Operator"]
    lookups: Mapping[str, Lookup] = field(default_factory=dict)

    def value(self, node: Node, target: Target) -> Value:
        """The expression at `node` as a value of the target's kind; raises MappingError."""
        if node.shape == "list":
            node.fail("one value was expected, not a list; `first` takes the first of several that is there")
        if node.shape != "mapping":
            return compile_template(node, target)
        found = [key for key in node.entries if key in self.operators]
        if len(found) > 1 and "when" in found:
            found.remove("when")  # of `count`: its condition
        if len(found) != 1:
            self._refuse(node, found)
        return self.operators[found[0]](node, target, self)

    def _refuse(self, node: Node, found: list[str]) -> None:
        if found:
            node.fail(f"`{found[0]}` and `{found[1]}` together; one at a time, one within the other")
        keys = list(node.entries)
        if len(keys) == 1 and node.entries[keys[0]].shape == "null":
            node.fail(f'a column in braces needs quotes in YAML: write "{{{keys[0]}}}"')
        node.fail(f"no operator in {{{', '.join(keys)}}}; {closest(keys[0] if keys else '', self.operators)}")


Operator: TypeAlias = Callable[[Node, Target, Context], Value]
