"""Content encodings of ClickHouse's HTTP interface: what a request's body may come in and an answer's may go out in."""

import zlib
from collections.abc import Callable
from typing import Final

import cramjam
import lz4.frame
import zstandard

from streams.clickhouse.errors import ClickHouseError

_UNKNOWN_COMPRESSION_METHOD: Final = 89
_CANNOT_DECOMPRESS: Final = 354
_QUERY_IS_TOO_LARGE: Final = 65

_ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=1).compress(body),
    "lz4": lambda body: bytes(cramjam.lz4.compress(body)),
    "gzip": lambda body: bytes(cramjam.gzip.compress(body, level=3)),
    "br": lambda body: bytes(cramjam.brotli.compress(body, level=3)),
    "deflate": lambda body: bytes(cramjam.zlib.compress(body, level=3)),
}


def _inflated(wbits: int) -> Callable[[bytes, int], bytes]:
    def decode(body: bytes, most: int) -> bytes:
        decoder = zlib.decompressobj(wbits)
        found = decoder.decompress(body, most)
        if not decoder.eof and len(found) < most:
            raise ValueError("it ends too early")
        return found

    return decode


def _from_lz4(body: bytes, most: int) -> bytes:
    decoder = lz4.frame.LZ4FrameDecompressor()
    found = bytes(decoder.decompress(body, max_length=most))
    if not decoder.eof and len(found) < most:
        raise ValueError("it ends too early")
    return found


def _from_zstd(body: bytes, most: int) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(body) as reader:
        return reader.read(most)


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _inflated(zlib.MAX_WBITS | 16),
    "deflate": _inflated(zlib.MAX_WBITS),
    "lz4": _from_lz4,
    "zstd": _from_zstd,
}


def decompressed(body: bytes, encoding: str, limit_bytes: int) -> bytes:
    """The body behind a Content-Encoding; never more than `limit_bytes`, so that a small body cannot become a huge one.

    Raises ClickHouseError for an unknown encoding, a broken body, or one over the limit.
    """
    if encoding in {"", "identity"}:
        return body
    decode = _DECODERS.get(encoding)
    if decode is None:
        raise ClickHouseError(
            _UNKNOWN_COMPRESSION_METHOD,
            f"Unknown compression method {encoding}: expected one of {', '.join(_DECODERS)}. (UNKNOWN_COMPRESSION_METHOD)",
        )
    try:
        found = decode(body, limit_bytes + 1)
    except (ValueError, RuntimeError, zlib.error, zstandard.ZstdError) as error:
        raise ClickHouseError(_CANNOT_DECOMPRESS, f"The body is not {encoding}: {error}. (CANNOT_DECOMPRESS)") from error
    if len(found) > limit_bytes:
        raise ClickHouseError(_QUERY_IS_TOO_LARGE, f"The body is over {limit_bytes} bytes: send it in smaller blocks. (QUERY_IS_TOO_LARGE)")
    return found


def compressed(body: bytes, accepted: str) -> tuple[bytes, str]:
    """The body in the first encoding of an Accept-Encoding header that is known here, and that encoding's name; else as it is."""
    for each in accepted.split(","):
        name = each.partition(";")[0].strip().lower()
        encode = _ENCODERS.get(name)
        if encode is not None:
            return encode(body), name
    return body, ""
