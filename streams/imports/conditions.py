"""Conditions: which rows give an event, or a part of one.

`{value: "{status}", equals: paid}`, `in`, `present`, `absent`, `matches`, `less_than`, `at_most`, `more_than`, `at_least`,
`all`, `any`, `not`; a list of conditions holds when all do.
"""

import operator
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from streams.imports.context import Context
from streams.imports.document import Node, closest
from streams.imports.scope import Row, Scope, Test
from streams.imports.targets import NUMBER, TEXT, Target, time_target

Condition: TypeAlias = Callable[[Scope], Test]
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "equals": operator.eq,
    "less_than": operator.lt,
    "at_most": operator.le,
    "more_than": operator.gt,
    "at_least": operator.ge,
}
_OF_VALUE: Final = ("equals", "in", "matches", "less_than", "at_most", "more_than", "at_least")
_ALONE: Final = ("all", "any", "not", "present", "absent")


def compile_condition(node: Node, context: Context) -> Condition:
    """The condition at `node`; raises MappingError."""
    if node.shape == "list":
        return _every(node, context)
    entries = node.fields(("value", "as", *_OF_VALUE, *_ALONE))
    alone = [key for key in entries if key in _ALONE]
    if alone:
        if len(entries) > 1:
            node.fail(f"`{alone[0]}` stands alone; put several conditions in a list under `all`")
        return {"all": _every, "any": _some, "not": _not, "present": _present, "absent": _absent}[alone[0]](entries[alone[0]], context)
    if "value" not in entries or not any(key in _OF_VALUE for key in entries):
        node.fail(f"a condition needs `value` and a test; {closest('', (*_OF_VALUE, *_ALONE))}")
    return _together(
        [
            _test(key, entry, entries["value"], _kind(entries.get("as"), key, context), context)
            for key, entry in entries.items()
            if key in _OF_VALUE
        ]
    )


def _kind(node: Node | None, test: str, context: Context) -> Target:
    kinds = {"text": TEXT, "number": NUMBER, "time": time_target(context.times)}
    if node is not None:
        return kinds[node.one_of(kinds)]
    return TEXT if test in ("equals", "in", "matches") else NUMBER


def _test(test: str, node: Node, value: Node, target: Target, context: Context) -> Condition:
    left = context.value(value, target)
    if test == "matches":
        return _matches(node, context.value(value, TEXT).bind)
    if test == "in":
        if node.shape != "list":
            node.fail("`in` takes a list of constants")
        options = [context.value(each, target) for each in node.items]
        if not all(option.constant for option in options):
            node.fail("`in` takes constants; use `any` with `equals` for columns")
        allowed = frozenset().union(*(option.choices or () for option in options)) - {None}
        return _tested(left.bind, lambda found: found in allowed)
    compare = _COMPARISONS[test]
    right = context.value(node, target)

    def bind(scope: Scope) -> Test:
        get_left, get_right = left.bind(scope), right.bind(scope)

        def holds(row: Row) -> bool:
            one, other = get_left(row), get_right(row)
            return one is not None and other is not None and compare(one, other)

        return holds

    return bind


def _matches(node: Node, bind_value: Callable[[Scope], Callable[[Row], Any]]) -> Condition:
    pattern = compile_pattern(node)
    return _tested(bind_value, lambda found: found is not None and pattern.search(found) is not None)


def compile_pattern(node: Node) -> re.Pattern[str]:
    """The regular expression at `node`; raises MappingError."""
    try:
        return re.compile(node.string())
    except re.error as error:
        node.fail(f"{node.text!r} is no regular expression: {error}")


def _tested(bind_value: Callable[[Scope], Callable[[Row], Any]], test: Callable[[Any], bool]) -> Condition:
    def bind(scope: Scope) -> Test:
        get = bind_value(scope)
        return lambda row: test(get(row))

    return bind


def _present(node: Node, context: Context) -> Condition:
    return _together([_tested(context.value(each, TEXT).bind, lambda found: found is not None) for each in node.listed()])


def _absent(node: Node, context: Context) -> Condition:
    return _together([_tested(context.value(each, TEXT).bind, lambda found: found is None) for each in node.listed()])


def _every(node: Node, context: Context) -> Condition:
    return _together([compile_condition(each, context) for each in node.listed()])


def _some(node: Node, context: Context) -> Condition:
    parts = [compile_condition(each, context) for each in node.listed()]

    def bind(scope: Scope) -> Test:
        tests = [part(scope) for part in parts]
        return lambda row: any(test(row) for test in tests)

    return bind


def _not(node: Node, context: Context) -> Condition:
    part = compile_condition(node, context)

    def bind(scope: Scope) -> Test:
        test = part(scope)
        return lambda row: not test(row)

    return bind


def _together(parts: list[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]

    def bind(scope: Scope) -> Test:
        tests = [part(scope) for part in parts]
        return lambda row: all(test(row) for test in tests)

    return bind
