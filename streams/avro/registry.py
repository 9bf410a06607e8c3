"""Where schemas come from: the shipped files, or a registry that speaks Confluent's API. One Protocol for both."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

from streams.avro.schema import Schema, SchemaError
from streams.avro.wire import Fingerprint, Reference
from streams.shipped import folder

RELEASED: Final = "released"
"""Folder inside `schemas/` that keeps every version ever released, as <name>/<n>.avsc."""


class UnknownSchemaError(LookupError):
    """No schema goes by that name or reference. It stays so: the event that names it is refused."""


class RegistryUnavailableError(ConnectionError):
    """The registry did not answer. It may yet: nothing is refused, the work is tried again."""


class Registry(Protocol):
    """Schemas by name, and by the reference that a value on the wire carries."""

    def current(self, name: str) -> Schema:
        """The version of `name` (`chat`, `journey`) that this installation reads and writes. Raises UnknownSchemaError."""
        ...

    def find(self, reference: Reference) -> Schema:
        """The schema that a value was written with. Raises UnknownSchemaError, RegistryUnavailableError."""
        ...

    def reference(self, name: str) -> Reference:
        """What to put before a datum of the current version. Raises UnknownSchemaError, RegistryUnavailableError."""
        ...


class FileRegistry:
    """The shipped schemas and their released versions, found by name and by fingerprint."""

    def __init__(self, root: Path | None = None) -> None:
        """Read the folder `root` (default: the shipped one). Raises SchemaError where a file is no schema."""
        self.root = root or folder("schemas")
        self._current = {path.stem: Schema.read(path) for path in sorted(self.root.glob("*.avsc"))}
        self._found: dict[bytes, Schema] = {}
        for schema in (*self._released(), *self._current.values()):
            self._found[schema.fingerprint] = schema

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all schemas."""
        return tuple(self._current)

    def current(self, name: str) -> Schema:
        """The version in the file `<name>.avsc`. Raises UnknownSchemaError."""
        if name not in self._current:
            raise UnknownSchemaError(f"there is no schema {name!r}; there are {', '.join(self._current)}")
        return self._current[name]

    def find(self, reference: Reference) -> Schema:
        """The version with that fingerprint, current or released. Raises UnknownSchemaError."""
        if not isinstance(reference, Fingerprint):
            raise UnknownSchemaError(
                f"schema id {reference.value} needs a registry and none is set; "
                "set TOUCHPOINTS_REGISTRY_URL or publish in single-object form"
            )
        if reference.value not in self._found:
            raise UnknownSchemaError(f"no schema here has the fingerprint {reference.value.hex()}; release that version first")
        return self._found[reference.value]

    def reference(self, name: str) -> Reference:
        """The current version's fingerprint. Raises UnknownSchemaError."""
        return Fingerprint(self.current(name).fingerprint)

    def versions(self, name: str) -> Mapping[int, Schema]:
        """The released versions of a schema, by number."""
        return released_versions(self.root, name)

    def _released(self) -> Iterable[Schema]:
        for name in self._current:
            yield from released_versions(self.root, name).values()


def released_versions(root: Path, name: str) -> Mapping[int, Schema]:
    """Every version of `name` ever released, from the first on. Raises SchemaError where a file is not numbered or no schema."""
    numbered: dict[int, Path] = {}
    for path in (root / RELEASED / name).glob("*.avsc"):
        if not path.stem.isdecimal():
            raise SchemaError(f"{path}: released versions are named by their number, as 1.avsc")
        numbered[int(path.stem)] = path
    return {number: Schema.read(numbered[number]) for number in sorted(numbered)}
