"""Findings on the real data beside the rows of the files that they rest on, so that anyone can judge them by hand.

Run: touchpoints demo --mapping examples/olist/mapping.yaml --data DATA --until 2018-09-19T23:24:07 --keep FOLDER
then .venv/bin/python -m bench.evidence olist FOLDER DATA [--of 20] [--seed 1]; the same with `incidents`.

Prints the count of every rule, then a table per rule: a seeded choice of its findings, what each says, and what the rows say. The
rows are read from the CSV files alone, with the standard library; nothing of the product decides what is printed of them.
"""

import argparse
import csv
import gzip
import json
import lzma
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

Row = Mapping[str, str]
FINDINGS: Final = (
    "SELECT inconsistency_id, rule, subject, status, count, opened_at, resolved_at FROM inconsistencies ORDER BY inconsistency_id"
)
DONE: Final = frozenset({"Resolved", "Closed"})
_OPENED: Final[Mapping[str, Callable[..., Any]]] = {".gz": gzip.open, ".xz": lzma.open}


def rows_of(folder: Path, name: str) -> Iterator[Row]:
    """The rows of a CSV file, plain or packed. Raises FileNotFoundError where there is none."""
    for path in (folder / name, folder / f"{name}.gz", folder / f"{name}.xz"):
        if path.exists():
            with _OPENED.get(path.suffix, open)(path, "rt", encoding="utf-8", newline="") as file:
                yield from csv.DictReader(file)
            return
    raise FileNotFoundError(f"{folder} has no {name}, plain, .gz or .xz; name the folder of the data set")


def orders(folder: Path) -> dict[str, str]:
    """By subject of a finding: what Olist's row says of the order, in the shop's local time."""
    said = {}
    for row in rows_of(folder, "olist_orders_dataset.csv"):
        came = row["order_delivered_customer_date"]
        promised = row["order_estimated_delivery_date"]
        late = "never delivered" if not came else f"delivered {came}, {'after' if came > promised else 'NOT after'} the promise"
        said[f"promise:delivery|order:{row['order_id']}"] = f"promised {promised[:10]}, {row['order_status']}, {late}"
    return said


def cases(folder: Path) -> dict[str, str]:
    """By subject of a finding: the reopenings that the incident's rows show, in the order of update time, then modification count."""
    updates: dict[str, list[tuple[datetime, int, str]]] = defaultdict(list)
    for row in rows_of(folder, "incident_event_log.csv"):
        at = datetime.strptime(row["sys_updated_at"], "%d/%m/%Y %H:%M")  # noqa: DTZ007 - the log names no zone
        updates[row["number"]].append((at, int(row["sys_mod_count"]), row["incident_state"]))
    said = {}
    for number, life in updates.items():
        life.sort()
        again = [
            f"{before[2]} {before[0]:%Y-%m-%d %H:%M} -> {after[2]} {after[0]:%Y-%m-%d %H:%M}"
            for before, after in pairwise(life)
            if before[2] in DONE and after[2] not in DONE
        ]
        said[f"case:{number.removeprefix('INC')}"] = f"{len(again)}: {'; '.join(again)}; last {life[-1][2]} {life[-1][0]:%Y-%m-%d %H:%M}"
    return said


SETS: Final = {"olist": orders, "incidents": cases}


def findings_of(kept: Path) -> list[dict[str, Any]]:
    """Every finding of a kept stack, by id. Raises CalledProcessError where its ClickHouse does not answer."""
    command = [sys.executable, "-m", "streams.cli", "query", "--dir", str(kept), "--json", FINDINGS]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def chosen(findings: Sequence[dict[str, Any]], of: int, seed: int) -> list[dict[str, Any]]:
    """So many findings by a seeded choice; all where there are fewer."""
    choice = random.Random(seed)
    return list(findings) if len(findings) <= of else choice.sample(list(findings), of)


def told(finding: Mapping[str, Any]) -> str:
    """What the finding says, in a cell of a table."""
    times = f", {finding['count']} times" if finding["count"] > 1 else ""
    resolved = f", resolved {finding['resolved_at'][:16]}" if finding["resolved_at"] else ""
    return f"{finding['status']} since {finding['opened_at'][:16]}{times}{resolved}"


def main() -> int:
    """0 where every finding that was looked up has rows."""
    parser = argparse.ArgumentParser(description="Findings on the real data beside the rows that they rest on.")
    parser.add_argument("name", choices=sorted(SETS))
    parser.add_argument("kept", type=Path, help="what `touchpoints demo --keep` left")
    parser.add_argument("files", type=Path, help="the folder of the data set's files")
    parser.add_argument("--of", type=int, default=20, help="findings of each rule")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    said = SETS[given.name](given.files)
    by_rule: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in findings_of(given.kept):
        by_rule[finding["rule"]].append(finding)
    lacking = 0
    for rule, findings in sorted(by_rule.items()):
        open_ = sum(each["status"] == "open" for each in findings)
        times = sum(each["count"] for each in findings)
        print(f"{rule}: {len(findings)} findings, {open_} open, {times} times in all\n")
        print("| finding | subject | it says (UTC) | the rows say |\n|---|---|---|---|")
        for each in chosen(findings, given.of, given.seed):
            rows = said.get(each["subject"], "NO SUCH ROW")
            lacking += each["subject"] not in said
            subject = each["subject"].replace("|", " ")
            print(f"| `{each['inconsistency_id'][:12]}` | {subject} | {told(each)} | {rows} |")
        print()
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
