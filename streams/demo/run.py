"""One demonstration from an empty folder to its outcome."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from streams.clickhouse.client import connect
from streams.demo.drain import received, until_drained
from streams.demo.outcome import Outcome, outcome, truth_scores
from streams.demo.scenario import Scenario
from streams.publishing import publish_import
from streams.stack import demonstration_keys, embedded_stack


async def demonstrate(
    folder: Path, scenario: Scenario, began: float, say: Callable[[str], None], show: Callable[[int, int], None]
) -> tuple[dict[str, Any], Outcome]:
    """Publish the scenario into a private stack over `folder`, wait until all of it is recorded, and ask what came of it.

    The first is what --json prints. Raises StackError, PublishError.
    """
    say("starting broker, ClickHouse and worker")
    async with embedded_stack(folder, demonstration_keys) as stack:
        already = received(await stack.state())
        expected = already
        for each in scenario.imports:
            say(f"publishing {len(each.events):,} events of {each.name}")
            published = await publish_import(stack.settings, each.events, name=each.name, until=each.until)
            expected += published.total
        say("following the pipeline until it is drained")
        state = await until_drained(stack, expected, tuple(each.name for each in scenario.imports), show)
        client = connect(stack.settings, stack.settings.clickhouse_database)
        try:
            came = outcome(client)
            truth = truth_scores(client, scenario.truth, stack.settings) if scenario.truth else None
        finally:
            client.close()
    return _result(state, came, truth, time.monotonic() - began), came


def _result(state: Mapping[str, Any], came: Outcome, truth: Mapping[str, Any] | None, seconds: float) -> dict[str, Any]:
    result = {
        **state["conservation"],
        "journeys": came.journey_count,
        "inconsistencies": {rule: dict(counts) for rule, counts in came.inconsistencies.items()},
        "checksum": came.checksum,
        "seconds": round(seconds, 1),
    }
    return result if truth is None else result | {"truth": truth}
