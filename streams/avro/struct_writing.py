"""Compiles a schema and a struct of the same fields into a Python function that writes such structs: the bytes of `streams.avro.writing`.

A journey's row has 44 fields. Through a dict each of them is named three times, when the dict is made, copied and looked into; here the
row is one expression over its attributes, and takes half the time. It takes what the struct's types promise, and checks little.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from streams.avro.resolution import View
from streams.avro.schema import Schema, SchemaError
from streams.avro.source import Source
from streams.avro.writing import SMALL, Texts, long, time_us, written

StructWriter = Callable[..., bytes]
"""Writes a struct, given with the fields that are no part of it. Raises one of STRANGE where a value is not of its field's type."""

ITEMS_WRITTEN: Final = 50_000
"""Structs in arrays whose bytes are kept, of each array: some 10 MB. A journey is written again and again with the moments that it had."""


class _Items(dict[msgspec.Struct, bytes]):
    """Structs of one array as they are written."""

    def __init__(self, write: StructWriter) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, item: msgspec.Struct) -> bytes:
        if len(self) >= ITEMS_WRITTEN:
            self.clear()
        written_item = self[item] = self._write(item)
        return written_item


def compile_struct_writer(schema: Schema, held: type[msgspec.Struct], *given: str) -> StructWriter:
    """The function that writes structs of the type `held` as records of `schema`; fields named in `given` come as arguments after it.

    Raises SchemaError where the schema lacks a field that is held or given, or has one without default that is neither, and for a shape
    of schema that is not needed for structs.
    """
    return _compiled(View.top(schema), held, given, Texts())


def _compiled(view: View, held: type[msgspec.Struct], given: Sequence[str], texts: Texts) -> StructWriter:
    unknown = {*held.__struct_fields__, *given} - {each["name"] for each in view.fields}
    if unknown:
        raise SchemaError(f"{view.name} has no field {', '.join(sorted(unknown))}")
    source = Source()
    expressions = _Expressions(source, texts)
    hints = {each.name: each.type for each in msgspec.structs.fields(held)}
    source.line("return join((")
    for each in view.fields:
        name, inner = each["name"], view.within(each["type"])
        if name in given:
            source.line(expressions.value(inner, name, None) + ",")
        elif name in hints:
            source.line(expressions.value(inner, f"held.{name}", hints[name]) + ",")
        elif "default" in each:
            source.line(source.constant(written(inner, each["default"])) + ",")
        else:
            raise SchemaError(f"{held.__name__} has no field {name}, and the schema no default for it")
    source.line("))")
    globals_ = {"SMALL": SMALL, "double": struct.Struct("<d").pack, "join": b"".join, "long": long, "texts": texts, "time_us": time_us}
    writer: StructWriter = source.compiled(f"def write({', '.join(('held', *given))}):", "write", globals_)
    return writer


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
            memo: _Items | Texts = _Items(_compiled(view.items, item, (), self._texts))
        elif (view.items.kind, view.items.logical) == ("string", ""):
            memo = self._texts
        else:
            raise SchemaError(f"an array of {view.items.kind} in a struct")
        return f"(join([long(len(a)), *map({self._source.constant(memo.__getitem__)}, a), b'\\0']) if (a := {code}) else b'\\0')"
