"""Identifiers of persons: one written form for each, then a pseudonym that cannot be turned back without the key.

The same value must give the same pseudonym wherever it was typed in, so it is normalised first: trimmed; an e-mail address in
lower case; a phone number in E.164, by the `phonenumbers` library; a loyalty card without spaces and dashes. What stands for
nobody (`null`, `undefined`) is none.
"""

import hmac
import re
from functools import lru_cache
from typing import Final

import phonenumbers

from streams.journeys.identity.strength import IdentifierTable

PSEUDONYM_DIGITS: Final = 32
LEAST_KEY_BYTES: Final = 16
MOST_REMEMBERED: Final = 65_536
"""Pseudonyms that are kept, so that a customer's later events cost no HMAC."""

_TRUNK_ZERO: Final = re.compile(r"\(\s*0\s*\)")
_NOT_DIGIT: Final = re.compile(r"[^0-9]")
_CARD_SEPARATOR: Final = re.compile(r"[\s\-\u2010-\u2015.]")


SHIPPED_TABLE: Final = IdentifierTable()


def normalised(type_: str, value: str, table: IdentifierTable = SHIPPED_TABLE, region: str = "") -> str:
    """The one written form of an identifier; "" where nothing is left of it, or where it stands for nobody.

    `region` (ISO 3166, two letters) is where a phone number without a country's code is from; "": nobody knows.
    """
    value = value.strip()
    if value.lower() in table.nobody:
        return ""
    match table.types[type_].form:
        case "email":
            return value.lower()
        case "phone":
            return _phone(value, region)
        case "card":
            return _CARD_SEPARATOR.sub("", value)
        case "text":
            return value


def _phone(value: str, region: str) -> str:
    """E.164 where the number can be one; else its digits, after a + where it is international."""
    if value.startswith("00"):
        value = f"+{value[2:]}"
    if value.startswith("+"):
        value = _TRUNK_ZERO.sub("", value)
    try:
        number = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    digits = _NOT_DIGIT.sub("", value)
    return f"+{digits}" if digits and value.startswith("+") else digits


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

    def __init__(
        self, key: bytes, remembered: int = MOST_REMEMBERED, *, table: IdentifierTable = SHIPPED_TABLE, phone_region: str = ""
    ) -> None:
        """Take the key and how values are written; raises ValueError where the key is too short to keep guesses out."""
        if len(key) < LEAST_KEY_BYTES:
            raise ValueError(f"the pseudonym key has {len(key)} bytes; {LEAST_KEY_BYTES} at least keep guesses out")
        self._key, self._table, self._region = key, table, phone_region
        self.of = lru_cache(maxsize=remembered)(self._computed)
        """The pseudonym of a type and a value as the source has it, without a period; "" where nothing is left of the value."""
        self.lifetimes = table.lifetimes
        """By type, how many days its identifiers live; of those alone that do not live for ever."""

    def _computed(self, type_: str, value: str) -> str:
        plain = normalised(type_, value, self._table, self._region)
        if not plain:
            return ""
        return hmac.digest(self._key, f"{type_}:{plain}".encode(), "sha256").hex()[:PSEUDONYM_DIGITS]
