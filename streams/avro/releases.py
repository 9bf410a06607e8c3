"""Releasing schemas: what was published once is kept, and every later version stays compatible with all of it."""

import json
from dataclasses import dataclass
from pathlib import Path

from streams.avro.lint import Flaw, envelope_flaws, release_flaws, shape_flaws
from streams.avro.registry import RELEASED, released_versions
from streams.avro.schema import Schema, SchemaError


@dataclass(frozen=True, slots=True)
class Released:
    """One release: the schema's name, its number, and whether it is new."""

    name: str
    number: int
    new: bool


def check(root: Path, channels: frozenset[str], only: str = "") -> list[Flaw]:
    """Every flaw of the schemas in the folder `root`, or of the one named `only`.

    `channels` are those whose schemas must have the envelope. Raises FileNotFoundError where there is no such schema.
    """
    paths = [root / f"{only}.avsc"] if only else sorted(root.glob("*.avsc"))
    flaws: list[Flaw] = []
    for path in paths:
        file = f"{root.name}/{path.name}"
        try:
            schema = Schema.read(path)
            released = released_versions(root, path.stem)
        except SchemaError as error:
            flaws.append(Flaw(file, "schema", str(error)))
            continue
        flaws += shape_flaws(schema, file)
        if path.stem in channels:
            flaws += envelope_flaws(schema, file)
        flaws += release_flaws(schema, released, file)
    return flaws


def release(root: Path, only: str = "") -> list[Released]:
    """Copy each schema that differs from its last release to `released/<name>/<n>.avsc`. Check first: this does not.

    Raises FileNotFoundError where there is no such schema, SchemaError where a file is none.
    """
    done: list[Released] = []
    for path in [root / f"{only}.avsc"] if only else sorted(root.glob("*.avsc")):
        text = path.read_text(encoding="utf-8")
        Schema.read(path)
        last = max(released_versions(root, path.stem), default=0)
        target = root / RELEASED / path.stem / f"{last}.avsc"
        if last and json.loads(target.read_text(encoding="utf-8")) == json.loads(text):
            done.append(Released(path.stem, last, new=False))
            continue
        target = root / RELEASED / path.stem / f"{last + 1}.avsc"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        done.append(Released(path.stem, last + 1, new=True))
    return done
