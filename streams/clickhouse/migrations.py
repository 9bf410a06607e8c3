"""Migrations of ClickHouse: the files of deploy/clickhouse in order, each applied once and recorded with its checksum.

ClickHouse has no transaction over DDL, so every statement can be run again (`IF NOT EXISTS`, `OR REPLACE`): a migration that was
cut off is applied again from its start.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from streams import shipped
from streams.clickhouse.engine import literal, quoted
from streams.clickhouse.statements import split
from streams.settings import Settings

_FILE: Final = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RECORDS: Final = (
    "CREATE TABLE IF NOT EXISTS {store}.migrations"
    " (name String, checksum String, applied_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'))"
    " ENGINE = ReplacingMergeTree(applied_at) ORDER BY name"
)


class MigrationError(RuntimeError):
    """A migration that cannot be applied, or a store that does not fit the files: which, and what to do."""


class Connection(Protocol):
    """The part of clickhouse-connect's client that migrations need."""

    def command(self, cmd: str, /) -> Any:
        """Run a statement."""

    def query(self, query: str, /, *, parameters: Mapping[str, Any] | None = None) -> Any:
        """Read rows."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name, its text as it stands, and the SHA-256 of that text."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Names:
    """What stands for the placeholders of a migration: names of the two databases, and who the dictionary reads as."""

    store: str = "touchpoints_store"
    views: str = "touchpoints"
    user: str = "default"
    password: str = ""

    def __post_init__(self) -> None:
        for name in (self.store, self.views):
            if not _NAME.fullmatch(name):
                raise MigrationError(f"{name!r} is no name for a database here: letters, digits and _, not a digit first")

    @classmethod
    def of(cls, settings: Settings) -> "Names":
        """The names that an installation's settings give."""
        return cls(settings.clickhouse_store, settings.clickhouse_database, settings.clickhouse_user, settings.clickhouse_password)

    def fill(self, text: str) -> str:
        """The text with its placeholders filled in."""
        credentials = f"USER {literal(self.user)} PASSWORD {literal(self.password)}"
        return text.replace("{store}", self.store).replace("{views}", self.views).replace("{credentials}", credentials)


def found(folder: Path | None = None) -> list[Migration]:
    """The migrations of a folder (default: those shipped), in order. Raises MigrationError for a file that is not named like one."""
    folder = folder or shipped.folder("deploy/clickhouse")
    migrations: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        if not _FILE.fullmatch(path.name):
            raise MigrationError(f"{path} is not named like a migration: 0001_what_it_does.sql")
        if migrations and migrations[-1].name[:4] == path.name[:4]:
            raise MigrationError(f"two migrations have the number {path.name[:4]}: {migrations[-1].name} and {path.name}")
        migrations.append(Migration(path.name, path.read_text(encoding="utf-8")))
    if not migrations:
        raise MigrationError(f"{folder} has no migrations; install the package again")
    return migrations


def migrate(connection: Connection, names: Names, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is not applied yet; returns the names of those.

    Raises MigrationError where an applied file has changed since, or where the store is newer than the files.
    """
    migrations = found() if migrations is None else migrations
    connection.command(f"CREATE DATABASE IF NOT EXISTS {quoted(names.store)}")
    connection.command(names.fill(_RECORDS))
    done = applied(connection, names)
    _check(done, migrations)
    fresh: list[str] = []
    for migration in migrations:
        if migration.name in done:
            continue
        for statement in split(names.fill(migration.text)):
            connection.command(statement)
        connection.query(
            f"INSERT INTO {names.store}.migrations (name, checksum) SELECT {{name:String}}, {{checksum:String}}",
            parameters={"name": migration.name, "checksum": migration.checksum},
        )
        fresh.append(migration.name)
    return fresh


def applied(connection: Connection, names: Names) -> dict[str, str]:
    """Checksum of every migration that the store has, by name."""
    rows = connection.query(f"SELECT name, checksum FROM {names.store}.migrations FINAL ORDER BY name").result_rows  # noqa: S608  # a checked name
    return dict(rows)


def _check(done: Mapping[str, str], migrations: Sequence[Migration]) -> None:
    known = {migration.name: migration for migration in migrations}
    for name, checksum in done.items():
        migration = known.get(name)
        if migration is None:
            raise MigrationError(
                f"the store has the migration {name}, which is not among the files: it is newer; use the version that wrote it"
            )
        if migration.checksum != checksum:
            raise MigrationError(
                f"{name} has changed since it was applied ({checksum[:12]} then, {migration.checksum[:12]} now):"
                " bring it back as it was, and put the change into a new file"
            )
