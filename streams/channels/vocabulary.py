"""Whether schemas and channels speak of the same kinds: a kind in a schema without a meaning is a dead letter each time."""

from pathlib import Path

from streams.avro.examples import kinds
from streams.avro.lint import Flaw
from streams.avro.schema import Schema
from streams.channels.catalogue import CHANNELS


def kind_flaws(root: Path, only: str = "") -> list[Flaw]:
    """Kinds that the schemas in the folder `root` have and their channels do not know, and the other way round."""
    flaws: list[Flaw] = []
    for name, channel in CHANNELS.items():
        if only not in ("", name):
            continue
        known = set(kinds(Schema.read(root / f"{name}.avsc")))
        file = f"{root.name}/{name}.avsc"
        flaws += [
            Flaw(file, f"kind.{kind}", f"has no meaning; say in streams/channels/{name}.py what it means")
            for kind in sorted(known - set(channel.kinds))
        ]
        flaws += [
            Flaw(file, f"kind.{kind}", f"is known in streams/channels/{name}.py and missing here; add the symbol")
            for kind in sorted(set(channel.kinds) - known)
        ]
    return flaws
