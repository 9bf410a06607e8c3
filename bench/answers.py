"""Holds the answers of docs/analysts.md against the demonstration's data: each table that follows a query, row by row.

Run: touchpoints demo --keep demo-folder; .venv/bin/python -m bench.answers demo-folder [--write]
Prints where a table is not what its query answers. `--write` puts today's rows in their place; sentences
with figures in them are left to the reader. Exit code 1 where anything differs.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.reading import reached, read
from streams.settings import Settings

DOCUMENT = Path(__file__).parents[1] / "docs" / "analysts.md"
_QUERY = re.compile(r"^```sql\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
_TABLE = re.compile(r"^\|(.*)\|\n\|[-| :]+\|\n((?:\|.*\|\n?)+)", re.MULTILINE)

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Answer:
    """A query of the document and the table behind it: where its rows stand, its columns, and its rows."""

    query: str
    begin: int
    end: int
    columns: list[str]
    rows: list[list[str]]


def answers(text: str) -> Iterator[Answer]:
    """The queries that have a table before the next query or heading."""
    queries = list(_QUERY.finditer(text))
    for number, query in enumerate(queries):
        until = queries[number + 1].start() if number + 1 < len(queries) else len(text)
        heading = text.find("\n## ", query.end(), until)
        table = _TABLE.search(text, query.end(), until if heading < 0 else heading)
        if table is not None and "{" not in query[1]:
            rows = [_cells(line) for line in table[2].strip().splitlines()]
            yield Answer(query[1], table.start(2), table.end(2), _cells(f"|{table[1]}|"), rows)


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in line.strip().strip("|").split(" | ")]


def asked(settings: Settings, answer: Answer) -> list[list[str]]:
    """What the query answers now, as the document writes it."""
    body = json.loads(read(settings, answer.query.rstrip(";"), "JSONCompact").body)
    names = [column["name"] for column in body["meta"]]
    places = [names.index(column) for column in answer.columns if column in names]
    if len(places) != len(answer.columns):
        raise ValueError(f"the table has the columns {answer.columns}, the query {names}")
    return [[_written(row[place]) for place in places] for row in body["data"]]


def _written(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    if isinstance(value, str) and _TIME.fullmatch(value):
        return value[: len("2025-03-07 09:21")]
    if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return value
    number = float(str(value))
    return f"{int(number):,}" if number == int(number) else f"{number:,.4f}".rstrip("0").rstrip(".")


def _plain(row: list[str]) -> list[str]:
    """What two ways of writing the same have in common."""
    return [re.sub(r"(?<=\d),(?=\d{3})", "", cell).replace("`", "").strip() for cell in row]


def renewed(rows: list[list[str]], now: list[list[str]]) -> list[list[str]]:
    """Today's rows in the place of the table's: those with the same words, in today's order; the first ones where few are left."""
    words = [_words(row) for row in rows]
    same = [row for row in now if _words(row) in words]
    return same if 2 * len(same) >= len(rows) else now[: len(rows)]


def _words(row: list[str]) -> list[str]:
    """What names a row: its cells that are no numbers; the first cell where all are."""
    found = [cell for cell in _plain(row) if not re.fullmatch(r"-?[\d.]+|–", cell)]
    return found or _plain(row)[:1]


def main() -> int:
    """0 where every table is what its query answers."""
    parser = argparse.ArgumentParser(description="Hold the answers of docs/analysts.md against a demonstration's folder.")
    parser.add_argument("folder", type=Path, help="of touchpoints demo --keep")
    parser.add_argument("--write", action="store_true", help="put today's rows in the place of those that differ")
    given = parser.parse_args()
    text = DOCUMENT.read_text()
    differing: list[tuple[Answer, list[list[str]]]] = []
    with reached(Settings.load(given.folder), given.folder) as settings:
        for answer in answers(text):
            try:
                now = asked(settings, answer)
            except (ClickHouseError, ValueError) as error:
                print(f"{answer.query}\n  cannot be asked: {str(error).splitlines()[0][:300]}\n")
                continue
            there = [_plain(row) for row in now]
            missing = [row for row in answer.rows if _plain(row) not in there]
            if missing:
                differing.append((answer, now))
                print(f"{answer.query}\n  has {missing[0]}\n  answers {now[: len(answer.rows)]}\n")
    if given.write:
        for answer, now in reversed(differing):
            shown = renewed(answer.rows, now)
            text = text[: answer.begin] + "".join(f"| {' | '.join(row)} |\n" for row in shown) + text[answer.end :]
        DOCUMENT.write_text(text)
    print(f"{len(differing)} tables differ")
    return 1 if differing and not given.write else 0


if __name__ == "__main__":
    sys.exit(main())
