"""Seals what may be personal of a dead letter: its key, headers and bytes, readable only with the key that sealed them.

AES-256-GCM; the sealed bytes are a nonce (12 bytes), then the ciphertext with its tag. The key's id is kept beside them, so
that keys rotate: a letter whose key is gone can no longer be read, which is the point.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class SealingError(ValueError):
    """A key that cannot be used, or a letter that cannot be opened: which, and what to do."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Sealed bytes, and the id of the key that opens them."""

    key_id: str
    value: bytes


class Contents(msgspec.Struct, frozen=True, array_like=True):
    """What of a Kafka record is sealed: its key, its headers, its value."""

    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None


class Sealing:
    """Seals under one key and opens under it and those before it."""

    def __init__(self, key: str, former: Iterable[str] = ()) -> None:
        """Take keys as `id:hexadecimal` of 32 bytes: the one to seal with, and former ones to open with. Raises SealingError."""
        self.key_id, own = _parsed(key)
        keys = {self.key_id: key}
        self._keys: dict[str, AESGCM] = {self.key_id: own}
        for each in former:
            id_, opener = _parsed(each)
            if keys.setdefault(id_, each) != each:
                raise SealingError(
                    f"two dead-letter keys have the id {id_!r}: a new key needs an id of its own, or what the old one sealed is lost"
                )
            self._keys[id_] = opener
        self._own = own

    def seal(self, contents: Contents) -> Sealed:
        """The contents, sealed under the present key."""
        nonce = os.urandom(NONCE_BYTES)
        plain = msgspec.msgpack.encode(contents)
        return Sealed(self.key_id, nonce + self._own.encrypt(nonce, plain, self.key_id.encode()))

    def open(self, sealed: Sealed) -> Contents:
        """The contents of sealed bytes. Raises SealingError where the key is gone or the bytes were changed."""
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise SealingError(
                f"the letter was sealed under the key {sealed.key_id!r}, which has been rotated out (known: {', '.join(self._keys)}); "
                "it cannot be read without that key"
            )
        nonce, ciphertext = sealed.value[:NONCE_BYTES], sealed.value[NONCE_BYTES:]
        try:
            plain = key.decrypt(nonce, ciphertext, sealed.key_id.encode())
            return msgspec.msgpack.decode(plain, type=Contents)
        except (InvalidTag, ValueError, msgspec.DecodeError) as error:
            raise SealingError(f"the letter was changed, or sealed under another key named {sealed.key_id!r}") from error


def _parsed(text: str) -> tuple[str, AESGCM]:
    id_, colon, digits = text.partition(":")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if not id_ or not colon or len(key) != KEY_BYTES:
        raise SealingError(
            f"a dead-letter key is `id:hexadecimal` with {2 * KEY_BYTES} digits; set TOUCHPOINTS_DEAD_LETTER_KEY, "
            f'for example to "k1:" and what `openssl rand -hex {KEY_BYTES}` prints'
        )
    return id_, AESGCM(key)
