"""Compiles a schema and a struct of the same fields into a Python function that writes such structs: the bytes of `streams.avro.writing`.

A journey's row has 44 fields. Through a dict each of them is named three times, when the dict is made, copied and looked into; here the
row is one expression over its attributes, and takes half the time. It takes what the struct's types promise, and checks little.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from streams.avro.resolution import View
from streams.avro.schema import Schema, SchemaError
from streams.avro.source import Source
from streams.avro.writing import SMALL, Texts, long, time_us, written

Pieces = tuple[bytes, ...]
"""What is written of a struct: what stands before the first field that is given beside it, between it and the next, and so on."""


class StructWriter(NamedTuple):
    """Writes structs of one type. Both raise one of STRANGE where a value is not of its field's type.

    pieces      of a struct
    joined      the record's bytes: of the pieces, and of the fields that are no part of the struct, in the order of the schema
    """

    pieces: Callable[[Any], Pieces]
    joined: Callable[..., bytes]


ITEMS_WRITTEN: Final = 50_000
"""Structs in arrays whose bytes are kept, of each array: some 10 MB. A journey is written again and again with the moments that it had."""


class _Items(dict[msgspec.Struct, bytes]):
    """Structs of one array as they are written."""

    def __init__(self, write: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, item: msgspec.Struct) -> bytes:
        if len(self) >= ITEMS_WRITTEN:
            self.clear()
        written_item = self[item] = self._write(item)
        return written_item


def compile_struct_writer(schema: Schema, held: type[msgspec.Struct], *given: str) -> StructWriter:
    """What writes structs of the type `held` as records of `schema`; fields named in `given`, in the schema's order, are no part of them.

    Raises SchemaError where the schema lacks a field that is held or given, or has one without default that is neither, and for a shape
    of schema that is not needed for structs.
    """
    view, texts = View.top(schema), Texts()
    _check(view, {*held.__struct_fields__, *given})
    runs: list[list[Any]] = [[]]
    between: list[Any] = []
    for each in view.fields:
        if each["name"] in given:
            between.append(each)
            runs.append([])
        else:
            runs[-1].append(each)
    if [each["name"] for each in between] != list(given):
        raise SchemaError(f"{view.name} has {', '.join(given)} in another order")
    return StructWriter(_all_of([_compiled(view, run, held, texts) for run in runs]), _joining(view, between, texts))


def _check(view: View, held: set[str]) -> None:
    unknown = held - {each["name"] for each in view.fields}
    if unknown:
        raise SchemaError(f"{view.name} has no field {', '.join(sorted(unknown))}")


def _all_of(writers: Sequence[Callable[[Any], bytes]]) -> Callable[[Any], Pieces]:
    def pieces(held: Any) -> Pieces:
        return tuple([write(held) for write in writers])

    return pieces


def _joining(view: View, between: Sequence[Any], texts: Texts) -> Callable[..., bytes]:
    source = Source()
    expressions = _Expressions(source, texts)
    source.line("return join((pieces[0],")
    for number, each in enumerate(between, 1):
        source.line(f"{expressions.value(view.within(each['type']), each['name'], None)}, pieces[{number}],")
    source.line("))")
    names = ["pieces", *(each["name"] for each in between)]
    joined: Callable[..., bytes] = source.compiled(f"def joined({', '.join(names)}):", "joined", _named(texts))
    return joined


def _compiled(view: View, fields: Sequence[Any], held: type[msgspec.Struct], texts: Texts) -> Callable[[Any], bytes]:
    """The function that writes these fields of a struct, one after the other."""
    source = Source()
    expressions = _Expressions(source, texts)
    hints = {each.name: each.type for each in msgspec.structs.fields(held)}
    source.line("return join((")
    for each in fields:
        name, inner = each["name"], view.within(each["type"])
        if name in hints:
            source.line(expressions.value(inner, f"held.{name}", hints[name]) + ",")
        elif "default" in each:
            source.line(source.constant(written(inner, each["default"])) + ",")
        else:
            raise SchemaError(f"{held.__name__} has no field {name}, and the schema no default for it")
    source.line("))")
    writer: Callable[[Any], bytes] = source.compiled("def write(held):", "write", _named(texts))
    return writer


def _named(texts: Texts) -> dict[str, Any]:
    return {"SMALL": SMALL, "double": struct.Struct("<d").pack, "join": b"".join, "long": long, "texts": texts, "time_us": time_us}


class _Expressions:
    """Code that yields the bytes of a value, which is itself given as code."""

    def __init__(self, source: Source, texts: Texts) -> None:
        self._source, self._texts = source, texts

    def value(self, view: View, code: str, hint: Any) -> str:  # noqa: PLR0911 - one return a type
        """The bytes of `code`; `hint` is its Python type, by which the structs in an array are known."""
        match view.kind, view.logical:
            case "string", "":
                return f"texts[{code}]"
            case "long", "":
                return f"(SMALL[v] if 0 <= (v := {code}) < {len(SMALL)} else long(v))"
            case "long", "timestamp-micros":
                return f"time_us({code})"
            case "double", "":
                return f"double({code})"
            case "enum", _:
                table = {symbol: SMALL[index] for index, symbol in enumerate(view.symbols)}
                return f"{self._source.constant(table)}[{code}]"
            case "union", _:
                return self._optional(view, code)
            case "array", _:
                return self._array(view, code, hint)
        raise SchemaError(f"a {view.kind} {view.logical}".rstrip() + " in a struct")

    def _optional(self, view: View, code: str) -> str:
        kinds = [branch.kind for branch in view.branches]
        if len(kinds) != 2 or kinds.count("null") != 1:  # noqa: PLR2004  a value or none
            raise SchemaError("a union of more than a type and null")
        null = kinds.index("null")
        return f"({SMALL[null]!r} if (u := {code}) is None else {SMALL[1 - null]!r} + {self.value(view.branches[1 - null], 'u', None)})"

    def _array(self, view: View, code: str, hint: Any) -> str:
        if view.items.kind == "record":
            (item,) = {each for each in getattr(hint, "__args__", ()) if each is not ...}
            _check(view.items, {*item.__struct_fields__})
            memo: _Items | Texts = _Items(_compiled(view.items, view.items.fields, item, self._texts))
        elif (view.items.kind, view.items.logical) == ("string", ""):
            memo = self._texts
        else:
            raise SchemaError(f"an array of {view.items.kind} in a struct")
        return f"(join([long(len(a)), *map({self._source.constant(memo.__getitem__)}, a), b'\\0']) if (a := {code}) else b'\\0')"
