"""A mapping's YAML as nodes that know their line and path, so that every refusal can name both.

Scalars stay text: what `no`, `1.10` or `2018-09-19` mean is decided by the field that they are for, not by YAML.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Never

import yaml

MAX_DEPTH: Final = 40
"""Nesting of a mapping; an alias that contains itself ends here."""
MAX_NODES: Final = 100_000
"""Values in a mapping, aliases counted at each use."""


class MappingError(ValueError):
    """A mapping that cannot be used: `file:line: path: what was wrong, what was expected`."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the document.

    file, line      where it stands (line from 1)
    path            from the root, as `events[2].promise.due_until`
    text            of a scalar; None of null and of anything else
    entries         of a mapping, by key
    items           of a sequence
    shape           null, text, mapping or list
    """

    file: str
    line: int
    path: str
    shape: str
    text: str | None = None
    entries: dict[str, "Node"] = field(default_factory=dict)
    items: tuple["Node", ...] = ()

    def fail(self, message: str) -> Never:
        """Raises MappingError for this place."""
        raise MappingError(f"{self.file}:{self.line}: {self.path or 'the mapping'}: {message}")

    def fields(self, allowed: Iterable[str], required: Iterable[str] = ()) -> dict[str, "Node"]:
        """The entries of a mapping, which may have no others than `allowed`; raises MappingError."""
        if self.shape != "mapping":
            self.fail(f"a mapping was expected, not {_described(self)}")
        names = list(allowed)
        for key, value in self.entries.items():
            if key not in names:
                value.fail(f"there is no `{key}` here; {closest(key, names)}")
        for key in required:
            if key not in self.entries:
                self.fail(f"`{key}` is missing")
        return self.entries

    def listed(self) -> Iterator["Node"]:
        """The items of a list; a single value is a list of one."""
        if self.shape == "list":
            yield from self.items
        else:
            yield self

    def string(self) -> str:
        """The text of a scalar that may not be empty; raises MappingError."""
        if self.shape != "text" or not self.text:
            self.fail(f"a text was expected, not {_described(self)}")
        return self.text

    def one_of(self, allowed: Iterable[str]) -> str:
        """The text of a scalar that must be one of `allowed`; raises MappingError."""
        names = list(allowed)
        text = self.string()
        if text not in names:
            self.fail(f"{text!r} is none of these; {closest(text, names)}")
        return text


def closest(name: str, known: Iterable[str]) -> str:
    """What to try instead of `name`: the nearest of the known names, and the others."""
    names = list(known)
    if not names:
        return "there are none"
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    listed = ", ".join(names[:40]) + (" ..." if len(names) > 40 else "")  # noqa: PLR2004 - a message, not a list to page through
    return f"did you mean `{near[0]}`? There are: {listed}" if near else f"there are: {listed}"


def _described(node: Node) -> str:
    return {"null": "nothing", "text": f"the text {node.text!r}"}.get(node.shape, f"a {node.shape}")


def load_document(path: Path, expected: str = "a mapping with `name`, `zone`, `sources` and `events`") -> Node:
    """The root of the YAML file at `path`; raises MappingError where it cannot be read, is no YAML or not what was `expected`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MappingError(f"{path}: cannot be read ({error.strerror}); name a YAML file") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    return read_document(text, str(path), expected)


def read_document(text: str, path: str, expected: str) -> Node:
    """The root of a YAML text, which errors name as `path`; raises MappingError where it is no YAML or not what was `expected`."""
    try:
        composed = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(f"{path}:{line}: is not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise MappingError(f"{path}: is not YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(composed, yaml.MappingNode):
        raise MappingError(f"{path}:1: {expected} was expected")
    return _Converted(path).node(composed, "", 0)


class _Converted:
    """The walk over one document, which counts what it makes."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._left = MAX_NODES

    def node(self, source: yaml.Node, path: str, depth: int) -> Node:
        line = source.start_mark.line + 1
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise MappingError(
                f"{self._file}:{line}: {path[:60]}: nested too deeply or too large; write it flatter, without aliases within themselves"
            )
        if isinstance(source, yaml.SequenceNode):
            items = tuple(self.node(item, f"{path}[{number}]", depth + 1) for number, item in enumerate(source.value))
            return Node(self._file, line, path, "list", items=items)
        if isinstance(source, yaml.MappingNode):
            return Node(self._file, line, path, "mapping", entries=self._entries(source, path, depth))
        if source.tag == "tag:yaml.org,2002:null":
            return Node(self._file, line, path, "null")
        return Node(self._file, line, path, "text", text=source.value)

    def _entries(self, source: yaml.MappingNode, path: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for key, value in source.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise MappingError(
                    f"{self._file}:{line}: {path or 'the mapping'}: a name was expected as the key; text with a {{column}} needs quotes"
                )
            if key.value in entries:
                raise MappingError(f"{self._file}:{line}: {path or 'the mapping'}: `{key.value}` stands here twice; keep one")
            entries[key.value] = self.node(value, f"{path}.{key.value}" if path else key.value, depth + 1)
        return entries
