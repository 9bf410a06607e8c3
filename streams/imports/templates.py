"""Texts with columns in them: `{order_id}`, `case:{number}`; `{{` and `}}` are braces."""

import re
from typing import Final

from streams.imports.document import Node
from streams.imports.scope import Getter, Row, Scope, Unmappable, Value, constant
from streams.imports.targets import Target

_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
ROW: Final = "@row"
"""Pseudo-column: the number of the row in its file, from 1."""
FILE: Final = "@file"
"""Pseudo-column: the file's name, without the ending of its compression."""


def compile_template(node: Node, target: Target) -> Value:
    """The value of a scalar; a text in which a column is empty is empty. Raises MappingError."""
    text = node.text
    if text is None or text == "":
        return constant(None)
    pieces = _pieces(node, text)
    if not any(column for _, column in pieces):
        literal = "".join(piece for piece, _ in pieces)
        try:
            return constant(target.convert(literal))
        except (ValueError, OverflowError) as error:
            node.fail(str(error))

    def bind(scope: Scope) -> Getter:
        if len(pieces) == 1 and pieces[0][1] not in ("", FILE):
            return column_getter(scope.position(pieces[0][1], node), target)
        return converted(_text_getter(node, pieces, scope), target)

    return Value(bind)


def _pieces(node: Node, text: str) -> list[tuple[str, str]]:
    """The text as (literal, "") and ("", column) in order."""
    pieces: list[tuple[str, str]] = []
    position = 0
    for match in _PIECE.finditer(text):
        if match.start() > position:
            pieces.append((text[position : match.start()], ""))
        position = match.end()
        token = match.group()
        if token in ("{{", "}}"):
            pieces.append((token[0], ""))
        elif match.group(1) is None:
            node.fail(f"a lone `{token}` in {text!r}; write {token * 2} for the sign itself")
        elif not match.group(1).strip():
            node.fail(f"an empty column name in {text!r}; name a column between the braces")
        else:
            pieces.append(("", match.group(1).strip()))
    if position < len(text):
        pieces.append((text[position:], ""))
    return pieces


def _text_getter(node: Node, pieces: list[tuple[str, str]], scope: Scope) -> Getter:
    parts: list[str | int] = []
    for literal, column in pieces:
        if not column:
            parts.append(literal)
        elif column == FILE:
            parts.append(scope.file)
        else:
            parts.append(scope.position(column, node))
    positions = tuple(part for part in parts if isinstance(part, int))
    pattern = "".join("%s" if isinstance(part, int) else part.replace("%", "%%") for part in parts)

    def get(row: Row) -> str | None:
        values = tuple([row[position] for position in positions])
        return pattern % values if all(values) else None

    return get


def column_getter(position: int, target: Target) -> Getter:
    """What stands at that place of a row, as the target takes it."""
    convert = target.convert

    def get(row: Row) -> object:
        text = row[position]
        if not text:
            return None
        try:
            return convert(text)
        except (ValueError, OverflowError) as error:
            raise Unmappable(str(error)) from None

    def get_text(row: Row) -> str | None:
        return row[position] or None

    return get_text if target.kind == "text" else get


def converted(get: Getter, target: Target) -> Getter:
    """The getter's text as the target takes it; raises Unmappable where it does not."""
    if target.kind == "text":
        return get
    convert = target.convert

    def typed(row: Row) -> object:
        text = get(row)
        if text is None:
            return None
        try:
            return convert(text)
        except (ValueError, OverflowError) as error:
            raise Unmappable(str(error)) from None

    return typed
