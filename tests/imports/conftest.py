import textwrap
from pathlib import Path

import pytest

from streams.imports import MappedImport, Mapping, read_events

HEAD = """\
name: trial
zone: UTC
"""
EVENT = """\
  - from: rows
    channel: website
    kind: page_viewed
    event_id: "{id}"
    occurred_at: "{at}"
    identifiers: {customer_number: "{who}"}
"""


class Trial:
    """A mapping and its files in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())

    def mapping(self, text: str) -> Mapping:
        path = self.folder / "m.yaml"
        path.write_text(textwrap.dedent(text))
        return Mapping.load(path)

    def read(self, text: str) -> MappedImport:
        return read_events(self.mapping(text), self.folder)

    def one(self, row: dict[str, str], event: str, head: str = "") -> dict:
        """The one event of one row, `event` being further lines of its template."""
        result = self.made(row, event, head)
        assert result.unmapped == ()
        (made,) = result.events
        return dict(made.record)

    def refused(self, row: dict[str, str], event: str, head: str = "") -> str:
        result = self.made(row, event, head)
        assert not result.events
        (told,) = result.unmapped
        return told.reason

    def made(self, row: dict[str, str], event: str, head: str = "") -> MappedImport:
        row = {"id": "1", "at": "2024-05-01T10:00:00", "who": "C1"} | row
        self.file("rows.csv", ";".join(row) + "\n" + ";".join(row.values()) + "\n")
        given = textwrap.dedent(event)
        keys = {line.split(":")[0] for line in given.splitlines()}
        kept = "".join(line + "\n" for line in EVENT.splitlines() if line.strip(" -").split(":")[0] not in keys)
        text = HEAD + textwrap.dedent(head) + "sources:\n  rows: {file: rows.csv, delimiter: ';'}\nevents:\n" + kept
        return self.read(text + textwrap.indent(given, "    "))


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)
