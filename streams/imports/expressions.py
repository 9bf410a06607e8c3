"""Operators that choose: a column, the first that is there, the largest or smallest, by condition, by look-up."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from streams.imports import conditions
from streams.imports.context import Context, Operator
from streams.imports.document import Node
from streams.imports.scope import Getter, Row, Scope, Unmappable, Value, constant
from streams.imports.targets import TEXT, Target
from streams.imports.templates import column_getter


def _column(node: Node, target: Target, _context: Context) -> Value:
    entry = node.fields(("column",))["column"]
    name = entry.string()

    def bind(scope: Scope) -> Getter:
        return column_getter(scope.position(name, entry), target)

    return Value(bind)


def _first(node: Node, target: Target, context: Context) -> Value:
    options = [context.value(each, target) for each in node.fields(("first",))["first"].listed()]
    if not options:
        node.fail("`first` needs at least one value")

    def bind(scope: Scope) -> Getter:
        getters = [option.bind(scope) for option in options]

        def get(row: Row) -> Any:
            for getter in getters:
                value = getter(row)
                if value is not None:
                    return value
            return None

        return get

    return Value(bind, _union(options))


def _extreme(operator: str, choose: Callable[[list[Any]], Any]) -> Operator:
    def compiled(node: Node, target: Target, context: Context) -> Value:
        options = [context.value(each, target) for each in node.fields((operator,))[operator].listed()]

        def bind(scope: Scope) -> Getter:
            getters = [option.bind(scope) for option in options]

            def get(row: Row) -> Any:
                values = [value for value in (getter(row) for getter in getters) if value is not None]
                return choose(values) if values else None

            return get

        return Value(bind, _union(options))

    return compiled


def _when(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("when", "then", "else"), required=("then",))
    test = conditions.compile_condition(entries["when"], context)
    then = context.value(entries["then"], target)
    other = context.value(entries["else"], target) if "else" in entries else constant(None)

    def bind(scope: Scope) -> Getter:
        holds, yes, no = test(scope), then.bind(scope), other.bind(scope)

        def get(row: Row) -> Any:
            return yes(row) if holds(row) else no(row)

        return get

    return Value(bind, _union([then, other]))


def _lookup(node: Node, target: Target, context: Context) -> Value:
    entries = node.fields(("lookup", "of", "default"), required=("of",))
    name = entries["lookup"].one_of(context.lookups) if context.lookups else entries["lookup"].fail("the mapping has no `lookups`")
    known = context.lookups[name]
    key = context.value(entries["of"], TEXT)
    own_default = entries.get("default")
    fallback = context.value(own_default, target) if own_default else _constant_text(node, known.default, target)
    if known.values is not None:
        for value in known.values.values():
            _constant_text(node, value, target)

    def bind(scope: Scope) -> Getter:
        get_key, get_default = key.bind(scope), fallback.bind(scope)
        answers, refusals = _typed(scope.lookups[name], target)

        def get(row: Row) -> Any:
            found = get_key(row)
            answer = answers.get(found)
            if answer is not None:
                return answer
            if found in refusals:
                raise Unmappable(refusals[found])
            return get_default(row)

        return get

    if known.values is None or fallback.choices is None:
        return Value(bind)
    return Value(bind, frozenset(target.convert(value) for value in known.values.values() if value) | fallback.choices)


def _typed(answers: Mapping[str, str], target: Target) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers as the target takes them; and why it does not, of those."""
    typed: dict[str, Any] = {}
    refusals: dict[str, str] = {}
    for key, text in answers.items():
        if text:
            try:
                typed[key] = target.convert(text)
            except (ValueError, OverflowError) as error:
                refusals[key] = str(error)
    return typed, refusals


def _constant_text(node: Node, text: str | None, target: Target) -> Value:
    if not text:
        return constant(None)
    try:
        return constant(target.convert(text))
    except (ValueError, OverflowError) as error:
        node.fail(f"the look-up gives {text!r}: {error}")


def _union(options: list[Value]) -> frozenset[Any] | None:
    choices: frozenset[Any] = frozenset()
    for option in options:
        if option.choices is None:
            return None
        choices |= option.choices
    return choices


OPERATORS: Final[Mapping[str, Operator]] = {
    "column": _column,
    "first": _first,
    "largest": _extreme("largest", max),
    "smallest": _extreme("smallest", min),
    "when": _when,
    "lookup": _lookup,
}
