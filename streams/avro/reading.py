"""Compiles a schema into a Python function that reads its datums: bytes in, a record in plain values out.

Plain values: timestamps are microseconds (int), decimals the unscaled integer (ten-thousandths at scale 4), enums their
symbols, records dicts. A general decoder walks the schema for every value and knows nothing of hostile input; this one is
straight-line code that checks every length against the bytes that are left before it takes anything, so that time and memory
are bounded by the datum's own size. It also resolves: a datum of one version of a schema comes out as a record of another.
"""

import struct
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

from streams.avro.resolution import View, default_of, matched
from streams.avro.schema import Schema, SchemaError
from streams.avro.source import Source

Reader = Callable[[bytes, int], dict[str, Any]]
"""Reads the datum that starts at an offset and ends with the bytes. Raises Broken, IndexError or struct.error (truncated)
or UnicodeDecodeError.
"""

_DECIMAL_BYTES: Final = 16
_LONG_BITS: Final = 64
_FAR: Final = 1 << _LONG_BITS


class Broken(Exception):  # noqa: N818  a statement about the bytes, not about the program
    """A datum that is not of its schema: reason, path of the field, what was expected."""

    def __init__(self, reason: str, field: str, detail: str) -> None:
        super().__init__(f"{field or 'datum'}: {detail}")
        self.reason = reason
        self.field = field
        self.detail = detail


def rest_of_long(data: bytes, at: int, first: int) -> tuple[int, int]:
    """The number whose first byte was `first` and whose others start at `at`, and where it ends."""
    value = first & 127
    shift = 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:  # noqa: PLR2004  the continuation bit
            break
        shift += 7
        if shift >= _LONG_BITS:
            raise Broken("malformed", "", "a number of more than 64 bits")
    if value >= _FAR:
        raise Broken("malformed", "", "a number of more than 64 bits")
    return (value >> 1) ^ -(value & 1), at


def malformed(field: str, detail: str) -> Broken:
    """What a generated reader raises."""
    return Broken("malformed", field, detail)


def compile_reader(writer: Schema, reader: Schema) -> Reader:
    """The function that reads datums of `writer` as records of `reader`. Raises SchemaError where they do not fit."""
    source = Source()
    source.line("end = len(data)")
    try:
        record = _Compilation(source).value(View.top(writer), View.top(reader), "")
    except (KeyError, TypeError, AttributeError) as error:  # a foreign schema may lack any property
        raise SchemaError(f"{writer.full_name}: the schema lacks a property or has it of another type: {error}") from error
    source.line("if p != end:")
    source.line(" raise Broken('trailing_bytes', '', f'the datum ends {end - p} bytes before the value does')")
    source.line(f"return {record}")
    globals_ = {"Broken": Broken, "deepcopy": deepcopy, "malformed": malformed, "rest_of_long": rest_of_long}
    globals_ |= {"double": struct.Struct("<d").unpack_from, "single": struct.Struct("<f").unpack_from}
    compiled: Reader = source.compiled("def read(data, p):", "read", globals_)
    return compiled


def least_bytes(view: View, holders: tuple[str, ...] = ()) -> int:
    """The fewest bytes that a value takes. Raises SchemaError where the type holds itself."""
    match view.kind:
        case "null":
            return 0
        case "fixed":
            return view.size
        case "double":
            return 8
        case "float":
            return 4
        case "record":
            if view.name in holders:
                raise SchemaError(f"the type {view.name} holds itself; give it a flat form")
            return sum(least_bytes(view.within(each["type"]), (*holders, view.name)) for each in view.fields)
        case _:
            return 1


class _Compilation:
    """One reader as it is written: every method appends the code that reads a value, and returns the name that holds it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.holders: list[str] = []

    def value(self, writer: View, reader: View, path: str) -> str:
        if writer.kind == "union":
            return self.union(writer, reader, path)
        target = matched(writer, reader)
        if target is None:
            raise SchemaError(f"{path or 'the record'}: a {writer.kind} {writer.name} cannot be read as {reader.kind} {reader.name}")
        match writer.kind:
            case "record":
                return self.record(writer, target, path)
            case "array":
                return self.array(writer, target, path)
            case "map":
                return self.map(writer, target, path)
            case "enum":
                return self.enum(writer, target, path)
            case _:
                return self.promoted(self.primitive(writer, path), writer, target)

    def union(self, writer: View, reader: View, path: str) -> str:
        line, name, index = self.source.line, self.source.fresh("v"), self.source.fresh("i")
        line(f"{index} = data[p]")
        line("p += 1")
        for number, branch in enumerate(writer.branches):
            with self.source.block(f"{'el' if number else ''}if {index} == {2 * number}:"):
                if matched(branch, reader) is None:
                    self.refuse(path, f"a {branch.kind} is not expected here")
                else:
                    line(f"{name} = {self.value(branch, reader, path)}")
        with self.source.block("else:"):
            self.refuse(path, f"the union has {len(writer.branches)} branches")
        return name

    def record(self, writer: View, reader: View, path: str) -> str:
        if writer.name in self.holders:
            raise SchemaError(f"{path}: the type {writer.name} holds itself; give it a flat form")
        self.holders.append(writer.name)
        targets = {each["name"]: each for each in reader.fields}
        held: dict[str, str] = {}
        for each in writer.fields:
            own = writer.within(each["type"])
            target = targets.get(each["name"])
            inner = f"{path}.{each['name']}" if path else each["name"]
            read = self.value(own, own if target is None else reader.within(target["type"]), inner)
            if target is not None:
                held[each["name"]] = read
        self.holders.pop()
        for name, target in targets.items():
            if name not in held:
                held[name] = self.default(reader.within(target["type"]), target, path)
        pairs = ", ".join(f"{self.source.constant(name)}: {held[name]}" for name in targets)
        record = self.source.fresh("r")
        self.source.line(f"{record} = {{{pairs}}}")
        return record

    def default(self, reader: View, field: Any, path: str) -> str:
        if "default" not in field:
            raise SchemaError(f"{path}.{field['name']}: the writer's schema lacks it and it has no default")
        value = default_of(reader, field["default"])
        if value is None or isinstance(value, bool | int):
            return repr(value)
        if value in ([], {}):
            return repr(value)  # a new one for each record
        constant = self.source.constant(value)
        return constant if isinstance(value, str | float | bytes) else f"deepcopy({constant})"

    def array(self, writer: View, reader: View, path: str) -> str:
        name = self.source.fresh("v")
        self.source.line(f"{name} = []")
        with self.source.block("while True:"), self.source.block(self.items(path, self.least(writer, 0, path))):
            self.source.line(f"{name}.append({self.value(writer.items, reader.items, path + '[]')})")
        return name

    def map(self, writer: View, reader: View, path: str) -> str:
        name = self.source.fresh("v")
        self.source.line(f"{name} = {{}}")
        with self.source.block("while True:"), self.source.block(self.items(path, self.least(writer, 1, path))):
            key = self.text(path, "string")
            self.source.line(f"{name}[{key}] = {self.value(writer.items, reader.items, path + '{}')}")
        return name

    def least(self, writer: View, key_bytes: int, path: str) -> int:
        """The fewest bytes of one item of an array or map; items without bytes are refused."""
        least = least_bytes(writer.items, tuple(self.holders)) + key_bytes
        if least == 0:
            raise SchemaError(f"{path}: items without bytes let a few bytes stand for millions of items")
        return least

    def items(self, path: str, least: int) -> str:
        """Read the count of a block of items, check it against the bytes that are left, and return the loop over them."""
        line, count = self.source.line, self.long()
        line(f"if {count} == 0: break")
        with self.source.block(f"if {count} < 0:"):
            line(f"{count} = -{count}")
            self.long()
        line(f"if {count} * {least} > end - p:")
        line(f" raise Broken('truncated', {self.source.constant(path)}, 'more items are announced than there are bytes for')")
        return f"for _ in range({count}):"

    def enum(self, writer: View, reader: View, path: str) -> str:
        fallback = reader.definition.get("default")
        known = set(reader.symbols)
        table = tuple(symbol if symbol in known else fallback for symbol in writer.symbols)
        line, index, name = self.source.line, self.long(), self.source.fresh("v")
        line(f"if not 0 <= {index} < {len(table)}:")
        line(f" raise malformed({self.source.constant(path)}, 'the enum has {len(table)} symbols')")
        line(f"{name} = {self.source.constant(table)}[{index}]")
        if None in table:
            line(f"if {name} is None:")
            line(f" raise malformed({self.source.constant(path)}, 'a symbol that this version does not know')")
        return name

    def promoted(self, name: str, writer: View, target: View) -> str:
        if target.kind in (writer.kind, "long"):
            return name
        if target.kind in ("float", "double"):
            return f"float({name})"
        return f"{name}.{'encode' if target.kind == 'bytes' else 'decode'}()"

    def primitive(self, view: View, path: str) -> str:
        readers: dict[str, Callable[[], str]] = {
            "null": lambda: "None",
            "boolean": lambda: self.boolean(path),
            "int": lambda: self.short(path),
            "long": self.long,
            "float": lambda: self.number("single", 4),
            "double": lambda: self.number("double", 8),
            "fixed": lambda: self.decimal(self.taken(str(view.size)), view, path),
            "bytes": lambda: self.decimal(self.text(path, "bytes"), view, path),
            "string": lambda: self.text(path, "string"),
        }
        return readers[view.kind]()

    def short(self, path: str) -> str:
        name = self.long()
        self.source.line(f"if not -0x80000000 <= {name} <= 0x7fffffff: raise malformed({self.source.constant(path)}, 'an int has 32 bits')")
        return name

    def long(self) -> str:
        line, name = self.source.line, self.source.fresh("v")
        line(f"{name} = data[p]")
        line("p += 1")
        line(f"if {name} < 128: {name} = ({name} >> 1) ^ -({name} & 1)")
        line(f"else: {name}, p = rest_of_long(data, p, {name})")
        return name

    def boolean(self, path: str) -> str:
        line, name = self.source.line, self.source.fresh("v")
        line(f"{name} = data[p]")
        line("p += 1")
        line(f"if {name} > 1: raise malformed({self.source.constant(path)}, 'a boolean is 0 or 1')")
        line(f"{name} = {name} == 1")
        return name

    def number(self, unpack: str, size: int) -> str:
        name = self.source.fresh("v")
        self.source.line(f"{name} = {unpack}(data, p)[0]")
        self.source.line(f"p += {size}")
        return name

    def taken(self, size: str) -> str:
        line, name = self.source.line, self.source.fresh("v")
        line(f"q = p + {size}")
        line("if q > end: raise IndexError")
        line(f"{name} = data[p:q]")
        line("p = q")
        return name

    def text(self, path: str, kind: str) -> str:
        """A string or bytes: empty ones, the commonest, cost one comparison."""
        line, size, name = self.source.line, self.source.fresh("n"), self.source.fresh("v")
        line(f"{size} = data[p]")
        line("p += 1")
        line(f"if {size} == 0: {name} = {'' if kind == 'string' else b''!r}")
        with self.source.block("else:"):
            line(f"if {size} < 128 and not {size} & 1: {size} >>= 1")
            with self.source.block("else:"):
                line(f"if {size} < 128: raise malformed({self.source.constant(path)}, 'a length is not negative')")
                line(f"{size}, p = rest_of_long(data, p, {size})")
                line(f"if {size} < 0: raise malformed({self.source.constant(path)}, 'a length is not negative')")
            taken = self.taken(size)
            line(f"{name} = {taken}.decode()" if kind == "string" else f"{name} = {taken}")
        return name

    def decimal(self, name: str, view: View, path: str) -> str:
        if view.decimal is None:
            return name
        line, number, at, limit = self.source.line, self.source.fresh("v"), self.source.constant(path), 10 ** view.decimal[0]
        line(f"if len({name}) > {_DECIMAL_BYTES}: raise malformed({at}, 'a decimal of at most {_DECIMAL_BYTES} bytes')")
        line(f"{number} = int.from_bytes({name}, 'big', signed=True)")
        line(f"if not -{limit} < {number} < {limit}: raise malformed({at}, 'at most {view.decimal[0]} digits')")
        return number

    def refuse(self, path: str, detail: str) -> None:
        self.source.line(f"raise malformed({self.source.constant(path)}, {self.source.constant(detail)})")
