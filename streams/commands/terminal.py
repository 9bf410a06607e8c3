"""Text of others on a terminal: it is shown, and commands nothing."""


def printable(text: str) -> str:
    """The text on one line; what would move the cursor, colour or hide anything is written as an escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
