"""How a value written with one version of a type is read as another: which types match, and what a missing field holds."""

from collections.abc import Mapping
from typing import Any, Final

from streams.avro.schema import PRIMITIVES, Definition, Schema, SchemaError, kind_of, looked_up, space_of

_MOST_DIGITS: Final = 38
_LARGEST_FIXED_BYTES: Final = 65_536
_PROMOTIONS: Final = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}


class View:
    """A type of a schema, its name looked up, together with the namespace that its own names are read in."""

    __slots__ = ("definition", "kind", "named", "namespace")

    def __init__(self, definition: Definition, namespace: str, named: Mapping[str, Mapping[str, Any]]) -> None:
        self.definition = looked_up(definition, namespace, named)
        self.kind = kind_of(self.definition)
        inner = self.definition["type"] if isinstance(self.definition, Mapping) else None
        if inner is not None and not isinstance(inner, str):  # {"type": {"type": "array", ...}}
            self.definition = inner
        elif isinstance(inner, str) and inner not in PRIMITIVES and inner not in ("record", "enum", "array", "map", "fixed"):
            self.definition = looked_up(inner, namespace, named)
            self.kind = kind_of(self.definition)
        self.namespace = space_of(self.definition, namespace) if self.kind == "record" else namespace
        self.named = named

    @classmethod
    def top(cls, schema: Schema) -> "View":
        """The schema's own record."""
        return cls(schema.definition, "", schema.named)

    def within(self, definition: Definition) -> "View":
        """A type that this one's definition holds."""
        return View(definition, self.namespace, self.named)

    @property
    def name(self) -> str:
        """Unqualified name of a record, enum or fixed type; "" of others."""
        return str(self.definition["name"]).rpartition(".")[2] if self.kind in ("record", "enum", "fixed") else ""

    @property
    def logical(self) -> str:
        """The logical type, "" where there is none."""
        return str(self.definition.get("logicalType", "")) if isinstance(self.definition, Mapping) else ""

    @property
    def fields(self) -> list[Mapping[str, Any]]:
        """Fields of a record."""
        return list(self.definition["fields"])

    @property
    def branches(self) -> "list[View]":
        """Branches of a union."""
        return [self.within(branch) for branch in self.definition]

    @property
    def items(self) -> "View":
        """What an array or map holds."""
        return self.within(self.definition["items" if self.kind == "array" else "values"])

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of an enum."""
        return tuple(self.definition["symbols"])

    @property
    def decimal(self) -> tuple[int, int] | None:
        """Precision and scale of a decimal; None of others, and of one without sensible bounds: its bytes are bytes."""
        if self.logical != "decimal":
            return None
        precision, scale = self.definition.get("precision"), self.definition.get("scale", 0)
        if type(precision) is not int or type(scale) is not int or not 0 <= scale <= precision <= _MOST_DIGITS:
            return None
        return precision, scale

    @property
    def size(self) -> int:
        """Bytes of a fixed type. Raises SchemaError where the schema gives no such number."""
        size = self.definition["size"]
        if type(size) is not int or not 0 <= size <= _LARGEST_FIXED_BYTES:
            raise SchemaError(f"a fixed type of {size!r} bytes; 0 to {_LARGEST_FIXED_BYTES} were expected")
        return size


def matched(writer: View, reader: View) -> View | None:
    """The type that a value of `writer` (no union) is read as; None where `reader` has none for it."""
    if reader.kind == "union":
        return next((each for each in reader.branches if each.kind == writer.kind and _same(writer, each)), None) or next(
            (each for each in reader.branches if _same(writer, each)), None
        )
    return reader if _same(writer, reader) else None


def _same(writer: View, reader: View) -> bool:
    if writer.kind != reader.kind:
        return reader.kind in _PROMOTIONS.get(writer.kind, ()) and not writer.logical and not reader.logical
    if writer.kind in ("record", "enum", "fixed") and writer.name != reader.name:
        return False
    if writer.kind == "fixed" and writer.size != reader.size:
        return False
    if writer.kind in ("long", "int", "bytes", "fixed"):
        return writer.logical == reader.logical and (writer.decimal or (0, 0))[1] == (reader.decimal or (0, 0))[1]
    return True


def default_of(reader: View, default: Any) -> Any:
    """A field's default, given as JSON, as a decoded value. Raises SchemaError where it does not fit the type."""
    match reader.kind:
        case "union":
            return default_of(reader.branches[0], default)
        case "record" if isinstance(default, Mapping):
            return {each["name"]: default_of(reader.within(each["type"]), _of_field(each, default)) for each in reader.fields}
        case "array" if isinstance(default, list):
            return [default_of(reader.items, each) for each in default]
        case "map" if isinstance(default, Mapping):
            return {name: default_of(reader.items, each) for name, each in default.items()}
        case _:
            return _plain_default(reader, default)


def _of_field(each: Mapping[str, Any], default: Mapping[str, Any]) -> Any:
    if each["name"] in default:
        return default[each["name"]]
    if "default" in each:
        return each["default"]
    raise SchemaError(f"the default has no value for the field {each['name']!r}")


def _plain_default(reader: View, default: Any) -> Any:
    number = isinstance(default, int | float) and not isinstance(default, bool)
    match reader.kind:
        case "null" if default is None:
            return None
        case "boolean" | "string" if isinstance(default, bool if reader.kind == "boolean" else str):
            return default
        case "int" | "long" if number and isinstance(default, int):
            return default
        case "float" | "double" if number:
            return float(default)
        case "enum" if default in reader.symbols:
            return default
        case "bytes" | "fixed" if isinstance(default, str):
            raw = default.encode("latin-1")
            return int.from_bytes(raw, "big", signed=True) if reader.decimal else raw
        case _:
            raise SchemaError(f"the default {default!r} does not fit {reader.kind}")
