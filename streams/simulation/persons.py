"""Whose each event is: the truth that identity has to find, one JSON line each after the identifiers that are shared."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from streams.simulation.identities import Identifier


@dataclass(frozen=True, slots=True)
class Persons:
    """Identifiers that are not one person's, and the customer number of whom each event is of, by event id."""

    shared: tuple[Identifier, ...]
    of: Mapping[str, str]


def write(path: Path, shared: Iterable[Identifier], persons: Iterable[tuple[str, str]]) -> None:
    """Write `{"shared": [type, value]}` lines, then `{"event_id": ..., "person": ...}` lines."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps({"shared": identifier}, separators=(",", ":")) + "\n" for identifier in shared)
        file.writelines(json.dumps({"event_id": event_id, "person": person}, separators=(",", ":")) + "\n" for event_id, person in persons)


def read(path: Path) -> Persons:
    """What `write` wrote. Raises ValueError that names the file and line which is neither."""
    shared: list[Identifier] = []
    of: dict[str, str] = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                fields = json.loads(line)
                if "shared" in fields:
                    type_, value = fields["shared"]
                    shared.append((type_, value))
                else:
                    of[fields["event_id"]] = fields["person"]
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError(
                    f"{path}, line {number} says neither what is shared nor whose an event is ({error!r}); "
                    "write the file anew by `touchpoints simulate --persons`"
                ) from error
    return Persons(tuple(shared), of)
