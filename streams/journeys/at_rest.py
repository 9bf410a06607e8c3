"""A customer's fold while nobody asks for it: small, and taken up again for much less than folding all touchpoints costs."""

import msgspec


class FoldAtRest(msgspec.Struct, frozen=True, array_like=True):
    """What a fold amounted to when its results were asked for last. Whoever keeps it keeps the touchpoints too.

    state       `fold.encode` of it
    now         watermark (us) of those results
    revision    of the knowledge then
    findings    ids of the inconsistencies that held
    """

    state: bytes
    now: int
    revision: int
    findings: tuple[str, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(FoldAtRest)


def encode(fold: FoldAtRest) -> bytes:
    """The fold as bytes."""
    return _encoder.encode(fold)


def decode(value: bytes) -> FoldAtRest:
    """The fold of `encode`'s bytes."""
    return _decoder.decode(value)
