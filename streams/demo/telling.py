"""The summary that a person reads at the end of a demonstration."""

from collections.abc import Mapping
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams.demo.outcome import Outcome

_BAR = 24


def tell(console: Console, result: Mapping[str, Any], outcome: Outcome, told: str) -> None:
    """Print what came of `told`; `result` is what --json prints."""
    console.print()
    console.print(Text(f"{told}: {result['received']:,} touchpoints in {result['seconds']:.0f} s", style="bold"))
    console.print(Columns([_channels(outcome), _journeys(outcome), _rules(outcome, result.get("truth", {}))], padding=(1, 3)))
    if outcome.told:
        console.print(_in_full(outcome.told))
    parts = (f"{result[name]:,} {name.replace('_', ' ')}" for name in ("recorded", "dead", "duplicate", "in_flight"))
    style = "green" if result["difference"] == 0 else "bold red"
    console.print(Text(f"Conservation: {result['received']:,} received = {' + '.join(parts)}", style=style))
    console.print(Text(f"Checksum of all journeys and inconsistencies: {result['checksum']}", style="dim"))


def _channels(outcome: Outcome) -> Table:
    table = Table(title="Touchpoints", title_justify="left", box=None, header_style="dim")
    table.add_column("channel")
    table.add_column("", justify="right")
    table.add_column("")
    most = max(outcome.channels.values(), default=1)
    for channel, count in outcome.channels.items():
        table.add_row(channel, f"{count:,}", Text("█" * max(1, count * _BAR // most), style="cyan"))
    return table


def _journeys(outcome: Outcome) -> Table:
    table = Table(title="Journeys", title_justify="left", box=None, header_style="dim")
    for column in ("process", "open", "completed", "dropped"):
        table.add_column(column, justify="left" if column == "process" else "right")
    for process in sorted({process for process, _ in outcome.journeys}):
        table.add_row(process, *(f"{outcome.journeys.get((process, status), 0):,}" for status in ("open", "completed", "dropped")))
    table.add_row("")
    phases = ", ".join(f"{count:,} in {phase}" for phase, count in outcome.phases.items())
    table.caption, table.caption_justify = phases, "left"
    return table


def _rules(outcome: Outcome, truth: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(title="Inconsistencies", title_justify="left", box=None, header_style="dim")
    for column in ("rule", "open", "resolved", *(("planted", "precision", "recall") if truth else ())):
        table.add_column(column, justify="left" if column == "rule" else "right")
    for rule, counts in outcome.inconsistencies.items():
        score = truth.get(rule)
        shown = (f"{score['planted']:,.0f}", f"{score['precision']:.1%}", f"{score['recall']:.1%}") if score else ()
        table.add_row(rule, f"{counts['open']:,}", f"{counts['resolved']:,}", *shown)
    return table


def _in_full(finding: Mapping[str, Any]) -> Panel:
    lines = Group(
        Text(str(finding["sentence"]), style="bold"),
        Text(""),
        *(
            Text(f"{finding[f'{side}_at']:%d %b %Y %H:%M}  {finding[f'{side}_channel']:9} {finding[f'{side}_said']}")
            for side in ("first", "second")
            if finding[f"{side}_at"] is not None
        ),
        Text(""),
        Text(f"What to do: {finding['remedy']}", style="green"),
    )
    return Panel(
        lines, title=f"{finding['rule']} · {finding['severity']} · {finding['subject']}", title_align="left", border_style="yellow"
    )
