"""Compiles a schema into a Python function that writes its datums: a record in, bytes out, the very bytes that fastavro gives.

A general encoder looks at the schema for every value and validates every optional one twice. This one is straight-line code:
what a record leaves out costs one look and one constant. It takes plain values only, of exactly the expected types: a dict, a str, an int
of 64 bits. Whatever else fastavro may take, and whatever it refuses, raises one of STRANGE here and is left to fastavro.
"""

import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation, Rounded
from typing import Any, Final

from streams.avro.resolution import View
from streams.avro.schema import Schema, SchemaError
from streams.avro.source import Source

Writer = Callable[[Mapping[str, Any]], bytes]
"""Writes a record. Raises one of STRANGE where it leaves the record to fastavro."""

STRANGE: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What a writer raises for a record that is not of plain values, or does not fit."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US: Final = 86_400_000_000
_SECOND_US: Final = 1_000_000
_GROUP_BITS: Final = 14
_GROUP: Final = (1 << _GROUP_BITS) - 1
_MOST: Final = (1 << 63) - 1
_SINCE_US: Final = 1 << 41
_UNTIL_US: Final = 1 << 55
"""Times from January 1970 to 3111: what three groups and a rest hold, and nearly all times are."""
_EXACT: Final = Context(prec=60, traps=[InvalidOperation, Rounded])


def long(value: int) -> bytes:
    """Avro's long: zigzag, then seven bits a byte, the lowest first. Raises TypeError, OverflowError."""
    if value.__class__ is not int:
        raise TypeError("an int was expected")
    if not -_MOST - 1 <= value <= _MOST:
        raise OverflowError("a long has 64 bits")
    rest = (value << 1) ^ (value >> 63)
    parts = b""
    while rest > _GROUP:
        parts += _MORE[rest & _GROUP]
        rest >>= _GROUP_BITS
    return parts + _LAST[rest]


def _last(rest: int) -> bytes:
    return bytes((rest,)) if rest < 128 else bytes((rest & 127 | 128, rest >> 7))  # noqa: PLR2004  the continuation bit


_LAST: Final = tuple(map(_last, range(1 << _GROUP_BITS)))
_MORE: Final = tuple(bytes((rest & 127 | 128, rest >> 7 | 128)) for rest in range(1 << _GROUP_BITS))
"""Two bytes at a time: fourteen bits that end a number, and fourteen that more follow."""

SMALL: Final = tuple(map(long, range(1 << 10)))
"""Small numbers, and most lengths, by themselves."""


def time_us(value: datetime | int) -> bytes:
    """A time, given in us or as a datetime that knows its zone. Raises TypeError, OverflowError."""
    if value.__class__ is int:
        if not _SINCE_US <= value < _UNTIL_US:
            return long(value)
        rest = value << 1
        return _MORE[rest & _GROUP] + _MORE[rest >> 14 & _GROUP] + _MORE[rest >> 28 & _GROUP] + _LAST[rest >> 42]
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("microseconds, or a datetime with a zone, were expected")
    delta = value - _EPOCH
    return long(delta.days * _DAY_US + delta.seconds * _SECOND_US + delta.microseconds)


def decimal(value: Decimal, quantum: Decimal, scale: int, limit: int) -> bytes:
    """A decimal as its unscaled integer, less than `limit`, in the fewest bytes, their number first. Raises TypeError, ArithmeticError."""
    if value.__class__ is not Decimal:
        raise TypeError("a Decimal was expected")
    unscaled = int(value.quantize(quantum, context=_EXACT).scaleb(scale, _EXACT))
    if not -limit < unscaled < limit:
        raise OverflowError("too many digits")
    size = (unscaled.bit_length() + 8) // 8
    return SMALL[size] + unscaled.to_bytes(size, "big", signed=True)


class Texts(dict[str, bytes]):
    """Strings as they are written, length first, kept for the next time: the same words, ids and names come again and again."""

    def __missing__(self, text: str) -> bytes:
        """The string's bytes. Raises TypeError for what is none, UnicodeEncodeError."""
        if text.__class__ is not str:
            raise TypeError("a str was expected")
        raw = text.encode()
        written = (SMALL[len(raw)] if len(raw) < len(SMALL) else long(len(raw))) + raw
        if len(raw) <= LONGEST_TEXT_BYTES:
            if len(self) >= MOST_TEXTS:
                self.clear()
            self[text] = written
        return written


LONGEST_TEXT_BYTES: Final = 64
MOST_TEXTS: Final = 50_000
"""Of one writer: some 8 MB. All go at once when they are more, which costs no more than to write them again."""


def compile_writer(schema: Schema) -> Writer:
    """The function that writes records of `schema`. Raises SchemaError for a shape of schema that is left to fastavro."""
    source = Source()
    compilation = _Compilation(source)
    source.line("out = []")
    try:
        compilation.value(View.top(schema), "value")
    except (KeyError, TypeError, AttributeError) as error:  # a foreign schema may lack any property
        raise SchemaError(f"{schema.full_name}: the schema lacks a property or has it of another type: {error}") from error
    return compilation.compiled()


class _Compilation:
    """One writer as it is written: every method appends the code that writes the value of a name."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.holders: list[str] = []

    def compiled(self) -> Writer:
        self.source.line("return join(out)")
        globals_ = {
            "SMALL": SMALL,
            "decimal": decimal,
            "double": struct.Struct("<d").pack,
            "join": b"".join,
            "long": long,
            "texts": Texts(),
            "time_us": time_us,
        }
        writer: Writer = self.source.compiled("def write(value):", "write", globals_)
        return writer

    def value(self, view: View, name: str) -> None:
        match view.kind:
            case "record":
                self.record(view, name)
            case "union":
                self.union(view, name)
            case "array":
                self.array(view, name)
            case "map":
                self.map(view, name)
            case "enum":
                table = {symbol: SMALL[index] for index, symbol in enumerate(view.symbols)}
                self.source.line(f"out.append({self.source.constant(table)}[{name}])")
            case "null":
                self.refuse(f"{name} is not None")
            case _:
                self.primitive(view, name)

    def record(self, view: View, name: str) -> None:
        if view.name in self.holders:
            raise SchemaError(f"the type {view.name} holds itself")
        self.holders.append(view.name)
        line, fresh = self.source.line, self.source.fresh
        self.refuse(f"{name}.__class__ is not dict")
        found = fresh("n")
        line(f"{found} = {sum('default' not in each for each in view.fields)}")
        for each in view.fields:
            inner, key = view.within(each["type"]), self.source.constant(each["name"])
            held = fresh("v")
            if "default" not in each:
                line(f"{held} = {name}[{key}]")
                self.value(inner, held)
                continue
            with self.source.block(f"if {key} in {name}:"):
                line(f"{found} += 1")
                line(f"{held} = {name}[{key}]")
                self.value(inner, held)
            line(f"else: out.append({self.source.constant(written(inner, each['default']))})")
        self.refuse(f"{found} != len({name})")
        self.holders.pop()

    def union(self, view: View, name: str) -> None:
        kinds = [branch.kind for branch in view.branches]
        if len(kinds) != 2 or kinds.count("null") != 1:  # noqa: PLR2004  a value or none
            raise SchemaError("a union of more than a type and null")
        null = kinds.index("null")
        self.source.line(f"if {name} is None: out.append({SMALL[null]!r})")
        with self.source.block("else:"):
            self.source.line(f"out.append({SMALL[1 - null]!r})")
            self.value(view.branches[1 - null], name)

    def array(self, view: View, name: str) -> None:
        line, item = self.source.line, self.source.fresh("v")
        self.refuse(f"{name}.__class__ is not list and {name}.__class__ is not tuple")
        with self.source.block(f"if {name}:"):
            line(f"out.append(long(len({name})))")
            with self.source.block(f"for {item} in {name}:"):
                self.value(view.items, item)
        line("out.append(b'\\0')")

    def map(self, view: View, name: str) -> None:
        line, key, item = self.source.line, self.source.fresh("v"), self.source.fresh("v")
        self.refuse(f"{name}.__class__ is not dict")
        with self.source.block(f"if {name}:"):
            line(f"out.append(long(len({name})))")
            with self.source.block(f"for {key}, {item} in {name}.items():"):
                self.text(key)
                self.value(view.items, item)
        line("out.append(b'\\0')")

    def primitive(self, view: View, name: str) -> None:
        line = self.source.line
        match view.kind, view.logical:
            case "string", "":
                self.text(name)
            case "long", "":
                line(f"out.append(SMALL[{name}] if {name}.__class__ is int and 0 <= {name} < {len(SMALL)} else long({name}))")
            case "long", "timestamp-micros":
                line(f"out.append(time_us({name}))")
            case "boolean", "":
                line(f"if {name} is True: out.append(b'\\1')")
                line(f"elif {name} is False: out.append(b'\\0')")
                line("else: raise TypeError")
            case "double", "":
                self.refuse(f"{name}.__class__ is not float")
                line(f"out.append(double({name}))")
            case "bytes", "":
                self.refuse(f"{name}.__class__ is not bytes")
                line(f"out.append(long(len({name})))")
                line(f"out.append({name})")
            case "bytes", "decimal" if view.decimal is not None:
                precision, scale = view.decimal
                quantum = self.source.constant(Decimal(1).scaleb(-scale))
                line(f"out.append(decimal({name}, {quantum}, {scale}, {10**precision}))")
            case _:
                raise SchemaError(f"a {view.kind} {view.logical}".rstrip())

    def text(self, name: str) -> None:
        """The length, then the bytes."""
        self.source.line(f"out.append(texts[{name}])")

    def refuse(self, condition: str) -> None:
        self.source.line(f"if {condition}: raise TypeError")


def written(view: View, default: Any) -> bytes:
    """The bytes of a field's default. Raises SchemaError where it is no plain value."""
    match view.kind, default:
        case "union", None:
            return SMALL[[branch.kind for branch in view.branches].index("null")]
        case ("string", "") | ("array", []) | ("map", {}) if not default and not view.logical:
            return SMALL[0]
        case "enum", str() if default in view.symbols:
            return SMALL[view.symbols.index(default)]
    compilation = _Compilation(Source())
    compilation.source.line("out = []")
    compilation.value(view, "value")
    try:
        return compilation.compiled()(default)
    except STRANGE as error:
        raise SchemaError(f"the default {default!r} is no plain {view.kind}") from error
