"""Small values, each compressed by itself against a dictionary of what such values usually hold.

The first byte says how a value was written, so that each dictionary's values can be read as long as its file is here. A new one is made
by `python -m bench.dictionary`; it gets the next number and a line in `_FILES`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import zstandard

_FILES: Final = {1: "touchpoints-1.dictionary", 2: "customers-2.dictionary"}
"""By the first byte of a value: the dictionary that it was written with."""
_MAGIC: Final = zstandard.FRAME_HEADER
"""zstd's own first bytes: the same for all values, so they are left out."""


def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(Path(__file__).with_name(_FILES[number]).read_bytes())


def _squeezer(number: int, level: int) -> Callable[[bytes], bytes]:
    dictionary = _dictionary(number)
    dictionary.precompute_compress(level=level)
    compress = zstandard.ZstdCompressor(
        level=level, dict_data=dictionary, write_content_size=True, write_checksum=False, write_dict_id=False
    ).compress
    first = bytes((number,))

    def squeezed(value: bytes) -> bytes:
        return first + compress(value)[len(_MAGIC) :]

    return squeezed


squeezed_touchpoint: Final = _squeezer(1, level=1)
"""One touchpoint, as the changelog has it. At level 3 it takes a third more time and is a twentieth shorter; beyond, four times as long."""
squeezed_customer: Final = _squeezer(2, level=3)
"""Many touchpoints of one customer, and the rest of him: at level 6, three times as long for a twentieth less."""
_decompress: Final = {bytes((number,)): zstandard.ZstdDecompressor(dict_data=_dictionary(number)).decompress for number in _FILES}


def unsqueezed(value: bytes) -> bytes:
    """What was squeezed. Raises ValueError where the value is not of a form that is known here."""
    decompress = _decompress.get(value[:1])
    if decompress is None:
        raise ValueError(f"a value of form {value[:1].hex() or 'none'} where one of {', '.join(map(str, _FILES))} was expected")
    try:
        return decompress(_MAGIC + value[1:])
    except zstandard.ZstdError as error:
        raise ValueError(f"a value of form {value[0]} that cannot be read: {error}") from error
