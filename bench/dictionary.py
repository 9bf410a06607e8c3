"""Makes the dictionaries of `streams.processors.squeezing` out of simulated touchpoints.

Run: .venv/bin/python -m bench.dictionary touchpoints|customers FILE
All kinds of touchpoints, of lives with stories and without, of people with several identifiers; none that bench.memory measures. The file
goes beside `squeezing.py`, under the next number: values written with older ones are read with those.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import zstandard

from bench.lives import Installation, touchpoints
from bench.truth import admitted
from streams.journeys.touchpoint import Touchpoint, encode
from streams.processors.kept import frames_of
from streams.simulation import simulate

BYTES: Final = 16 * 1024
"""Of a dictionary: with 110 KiB, values are as long to a percent."""
SEED: Final = 77


def lives() -> list[Touchpoint]:
    """Touchpoints of all kinds."""
    told = simulate(600, SEED, rules="all", identities="mixed").events()
    stories = [arrived.touchpoint for arrived in admitted(event for event in told if event.channel != "knowledge")]
    return [*touchpoints(1200, SEED), *stories]


def customers() -> Iterator[bytes]:
    """What is packed of each customer."""
    installation = Installation()
    installation.live(lives())
    state = installation.stitch.state
    for customer in state.customers():
        yield from frames_of(state._kept(customer))  # noqa: SLF001  # as it is packed


SAMPLES: Final = {"touchpoints": lambda: map(encode, lives()), "customers": customers}

if __name__ == "__main__":
    found = list(SAMPLES[sys.argv[1]]())
    dictionary = zstandard.train_dictionary(BYTES, found, level=3).as_bytes()
    Path(sys.argv[2]).write_bytes(dictionary)
    print(f"{len(dictionary):,} bytes of {len(found):,} {sys.argv[1]}")
