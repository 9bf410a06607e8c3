"""ClickHouse's errors: as its engine raises them, as its HTTP interface gives them, and what a client can do about them."""

import re
from typing import Final

_CODE: Final = re.compile(r"Code: (\d+)\. DB::Exception: ")
_VERSION: Final = re.compile(r"\s*\(version [^()]*(?:\([^()]*\))?\)")

_STATUS: Final[dict[int, frozenset[int]]] = {
    400: frozenset({6, 15, 16, 25, 26, 27, 36, 38, 41, 44, 53, 62, 72, 117, 167, 168, 321, 376, 427, 441, 675, 676}),
    401: frozenset({194}),
    403: frozenset({192, 193, 497, 512, 516}),
    404: frozenset({46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 336, 511}),
    408: frozenset({159}),
    411: frozenset({381}),
    413: frozenset({65, 307}),
    501: frozenset({48}),
    503: frozenset({76, 209, 439}),
}
_BY_CODE: Final = {code: status for status, codes in _STATUS.items() for code in codes}

_TRANSIENT: Final = frozenset({159, 160, 202, 209, 210, 241, 242, 243, 252, 279, 319, 394, 425, 439, 473, 999})
_ROWS_AT_FAULT: Final = frozenset(
    {6, 7, 20, 26, 27, 32, 33, 34, 38, 41, 44, 53, 69, 70, 72, 108, 117, 131, 190, 247, 321, 349, 376, 441, 469, 1001}
)
_UNKNOWN: Final = frozenset({16, 47, 60, 81})


class ClickHouseError(Exception):
    """ClickHouse refused a statement.

    code    ClickHouse's number of the error
    text    what it says, without `Code: ... DB::Exception:`, with the name of the error in brackets at its end
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text}")
        self.code = code
        self.text = text

    @property
    def names_what_is_not_there(self) -> bool:
        """A column, table or database is unknown: to a store of another version, perhaps."""
        return self.code in _UNKNOWN

    @property
    def http_status(self) -> int:
        """Status with which ClickHouse's HTTP interface gives it."""
        return _BY_CODE.get(self.code, 500)

    @property
    def passes_by_itself(self) -> bool:
        """The same statement may succeed later: memory, too many parts, a read-only moment, a time-out."""
        return self.code in _TRANSIENT

    @property
    def blames_rows(self) -> bool:
        """Rows could not be read: another block may succeed, this one never will."""
        return self.code in _ROWS_AT_FAULT

    @classmethod
    def parsed(cls, message: str) -> "ClickHouseError":
        """The error of an engine's or server's message, its nested prefixes and version taken off."""
        found = list(_CODE.finditer(message))
        if not found:
            return cls(1000, message.strip())
        text = message[found[0].end() :]
        while (again := _CODE.match(text)) is not None:
            text = text[again.end() :]
        return cls(int(found[0].group(1)), _VERSION.sub("", text).strip())
