"""A schema: its definition, its names, its fingerprint, and its types with every name looked up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import fastavro.schema

PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})

Definition = Any
"""A schema as JSON has it: a name, a list (union) or an object."""


class SchemaError(ValueError):
    """A schema that cannot be used: which one, where in it, what to do."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One version of a schema.

    definition      as the .avsc file has it, docs and own properties included
    fingerprint     CRC-64-AVRO of the parsing canonical form, 8 bytes, little endian
    parsed          fastavro's form of it
    named           its named types by full name
    """

    definition: Mapping[str, Any]
    fingerprint: bytes
    parsed: Any = field(repr=False, compare=False)
    named: Mapping[str, Mapping[str, Any]] = field(repr=False, compare=False)

    @property
    def full_name(self) -> str:
        """Namespace and name of the record."""
        return full_name(self.definition, "")

    @property
    def allowed_attributes(self) -> frozenset[str]:
        """Names of attributes that pass admit (`pass_attributes`)."""
        return frozenset(self.definition.get("pass_attributes", ()))

    @classmethod
    def of(cls, definition: Definition, origin: str = "schema") -> "Schema":
        """The schema of a definition; raises SchemaError, which names `origin`, where it is no valid record schema."""
        if not isinstance(definition, Mapping) or definition.get("type") != "record":
            raise SchemaError(f"{origin}: a record schema was expected at the top")
        try:
            _refuse_repeated_fields(definition, origin)
            canonical = fastavro.schema.to_parsing_canonical_form(definition)
            fingerprint = bytes.fromhex(fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"))
            parsed = fastavro.schema.parse_schema(json.loads(json.dumps(definition)))
            named: dict[str, Mapping[str, Any]] = {}
            _collect(definition, "", named)
        except SchemaError:
            raise
        except (
            fastavro.schema.SchemaParseException,
            fastavro.schema.UnknownType,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            raise SchemaError(f"{origin}: not a valid Avro schema ({error})") from error
        except RecursionError as error:
            raise SchemaError(f"{origin}: the schema is nested too deeply") from error
        return cls(definition, fingerprint, parsed, named)

    @classmethod
    def read(cls, path: Path) -> "Schema":
        """The schema in an .avsc file; raises SchemaError or OSError."""
        try:
            definition = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SchemaError(f"{path}: not JSON ({error})") from error
        return cls.of(definition, str(path))


def full_name(definition: Mapping[str, Any], namespace: str) -> str:
    """Full name of a named type that is defined inside `namespace`."""
    name: str = definition["name"]
    if "." in name:
        return name
    space = definition.get("namespace", namespace)
    return f"{space}.{name}" if space else name


def looked_up(definition: Definition, namespace: str, named: Mapping[str, Mapping[str, Any]]) -> Definition:
    """The definition itself, or the named type that it is the name of. Raises SchemaError for an unknown name."""
    if isinstance(definition, str) and definition not in PRIMITIVES:
        for name in (definition, f"{namespace}.{definition}"):
            if name in named:
                return named[name]
        raise SchemaError(f"the type {definition!r} is not defined")
    return definition


def kind_of(definition: Definition) -> str:
    """The Avro type of a definition whose name is looked up: a primitive, record, enum, array, map, fixed or union."""
    if isinstance(definition, str):
        return definition
    if isinstance(definition, list):
        return "union"
    inner = definition["type"]
    return inner if isinstance(inner, str) else kind_of(inner)


def space_of(definition: Mapping[str, Any], namespace: str) -> str:
    """The namespace in which the fields of a record are read."""
    return full_name(definition, namespace).rpartition(".")[0]


def _collect(definition: Definition, namespace: str, named: dict[str, Mapping[str, Any]]) -> None:
    if isinstance(definition, list):
        for branch in definition:
            _collect(branch, namespace, named)
        return
    if not isinstance(definition, Mapping):
        return
    kind = definition["type"]
    if kind in ("record", "enum", "fixed"):
        named[full_name(definition, namespace)] = definition
    if kind == "record":
        inner = space_of(definition, namespace)
        for each in definition["fields"]:
            _collect(each["type"], inner, named)
    elif kind == "array":
        _collect(definition["items"], namespace, named)
    elif kind == "map":
        _collect(definition["values"], namespace, named)
    elif not isinstance(kind, str):
        _collect(kind, namespace, named)


def _refuse_repeated_fields(definition: Definition, path: str) -> None:
    """A record that names a field twice is accepted by fastavro; no other reader does, and a record in memory cannot hold both."""
    if isinstance(definition, list):
        for branch in definition:
            _refuse_repeated_fields(branch, path)
    elif isinstance(definition, Mapping):
        names: set[str] = set()
        for each in definition.get("fields", ()):
            if each["name"] in names:
                raise SchemaError(f"{path}.{each['name']}: the field is there twice; rename one of them")
            names.add(each["name"])
            _refuse_repeated_fields(each["type"], f"{path}.{each['name']}")
        for part in ("items", "values"):
            if part in definition:
                _refuse_repeated_fields(definition[part], f"{path}[]")
        if isinstance(definition.get("type"), (list, Mapping)):
            _refuse_repeated_fields(definition["type"], path)
