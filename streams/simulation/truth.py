"""The truth of a simulation: what its stories planted, one JSON line each."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

OPEN: Final = "open"
RESOLVED: Final = "resolved"
EITHER: Final = "either"
"""The design says when the finding begins, not whether what came after resolves it."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One finding that must appear.

    rule        that must raise it
    subject     what it is about: offer:..., promise:..., case:..., conversation:... or session:...
    customer    customer number, as the channels know it
    founding    event ids on which it rests
    at          us, event time at which it begins to hold
    story       name of the story that planted it
    status      in the end: open, resolved, or either
    also        weaker rules on the same cause, which must not have an open finding of their own
    """

    rule: str
    subject: str
    customer: str
    founding: tuple[str, ...]
    at: int
    story: str
    status: str = OPEN
    also: tuple[str, ...] = ()


def write(path: Path, truth: Iterable[Planted]) -> None:
    """Write the truth as JSON lines."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(asdict(planted), separators=(",", ":")) + "\n" for planted in truth)


def read(path: Path) -> Iterator[Planted]:
    """What `write` wrote. Raises ValueError that names the file and line which is no planted finding."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                fields = json.loads(line)
                yield Planted(**fields | {"founding": tuple(fields["founding"]), "also": tuple(fields["also"])})
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError(
                    f"{path}, line {number} is no planted finding ({error}); write the file anew by `touchpoints simulate`"
                ) from error
