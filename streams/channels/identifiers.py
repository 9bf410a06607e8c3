"""Identifiers of persons: one written form for each, then a pseudonym that cannot be turned back without the key.

The same value must give the same pseudonym wherever it was typed in, so it is normalised first: trimmed; an e-mail address in
lower case; a phone number as digits, with + where it is international; a loyalty card without spaces and dashes.
"""

import hmac
import re
from functools import lru_cache
from typing import Final

PSEUDONYM_DIGITS: Final = 32
LEAST_KEY_BYTES: Final = 16
MOST_REMEMBERED: Final = 65_536
"""Pseudonyms that are kept, so that a customer's later events cost no HMAC."""

_TRUNK_ZERO: Final = re.compile(r"\(\s*0\s*\)")
_NOT_DIGIT: Final = re.compile(r"[^0-9]")
_CARD_SEPARATOR: Final = re.compile(r"[\s\-\u2010-\u2015.]")


def normalised(type_: str, value: str) -> str:
    """The one written form of an identifier; "" where nothing is left of it."""
    value = value.strip()
    match type_:
        case "email":
            return value.lower()
        case "phone":
            return _phone(value)
        case "loyalty_card":
            return _CARD_SEPARATOR.sub("", value)
        case _:
            return value


def _phone(value: str) -> str:
    """Digits, after a + where the number is international; +49 (0)30 and 0049 30 are the same."""
    international = value.startswith(("+", "00"))
    digits = _NOT_DIGIT.sub("", _TRUNK_ZERO.sub("", value) if international else value)
    if not international or not digits:
        return digits
    return f"+{digits.removeprefix('00') if value.startswith('00') else digits}"


def key_of(text: str) -> bytes:
    """The pseudonym key of its hexadecimal digits, as the settings have it. Raises ValueError where it is none."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < LEAST_KEY_BYTES:
        raise ValueError(
            f"the pseudonym key has to be {2 * LEAST_KEY_BYTES} hexadecimal digits or more; "
            "set TOUCHPOINTS_PSEUDONYM_KEY, for example to what `openssl rand -hex 32` prints"
        )
    return key


class Pseudonyms:
    """Turns identifiers into pseudonyms under one key: HMAC-SHA256 of `type:value`, its first 32 hexadecimal digits."""

    def __init__(self, key: bytes, remembered: int = MOST_REMEMBERED) -> None:
        """Take the key; raises ValueError where it is too short to keep guesses out."""
        if len(key) < LEAST_KEY_BYTES:
            raise ValueError(f"the pseudonym key has {len(key)} bytes; {LEAST_KEY_BYTES} at least keep guesses out")
        self._key = key
        self.of = lru_cache(maxsize=remembered)(self._computed)
        """The pseudonym of a type and a value as the source has it; "" where nothing is left of the value."""

    def _computed(self, type_: str, value: str) -> str:
        plain = normalised(type_, value)
        if not plain:
            return ""
        return hmac.digest(self._key, f"{type_}:{plain}".encode(), "sha256").hex()[:PSEUDONYM_DIGITS]
