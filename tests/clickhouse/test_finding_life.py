"""The life of findings, from versions whose answers can be worked out by hand."""

from typing import Any

import pytest

from streams.clickhouse.client import InsertClient

pytestmark = pytest.mark.stack

SECOND = 1_000_000
NOON = 1_700_049_600 * SECOND


@pytest.fixture(scope="module")
async def versions(installation, tables, output) -> None:
    """Five findings; every version comes in a block of its own, the first block twice."""

    def version(name: str, number: int, status: str, rule: str = "promise_broken", **fields: Any) -> bytes:
        told = {"subject": "order:9", "sentence": f"{name} {number}"} if status in {"open", "resolved"} else {}
        at = NOON + number * SECOND
        given: dict[str, Any] = {"inconsistency_id": name, "version": number, "status": status, "rule": rule, "detected_at": at}
        return output("inconsistency", **(given | told | fields))

    blocks = [
        [version("stays", 1, "open"), version("back", 1, "open"), version("late", 1, "open"), version("moved", 1, "open")],
        [version("stays", 1, "open"), version("back", 1, "open"), version("late", 1, "open"), version("moved", 1, "open")],
        [version("back", 2, "resolved", resolved_by="kept", resolved_at=NOON)],
        [version("back", 3, "open")],
        [version("back", 4, "resolved", resolved_by="again", resolved_at=NOON + SECOND)],
        [version("late", 2, "retracted", reason="late_event")],
        [version("moved", 2, "retracted", reason="merge")],
        [version("moved", 3, "open", customer="c2")],
        [version("weaker", 1, "open", "contact_unanswered")],
        [version("weaker", 2, "superseded", "contact_unanswered", reason="stronger_rule", superseded_by="stays")],
    ]
    async with InsertClient(installation) as inserts:
        for block in blocks:
            assert await inserts.insert(tables["inconsistency"], block) == []


@pytest.fixture
def ask(versions, client):
    return lambda text: client.query(text).result_rows


def test_every_change_stays_a_version_also_once_the_store_has_merged_its_blocks(ask, client, installation):
    client.command(f"OPTIMIZE TABLE {installation.clickhouse_store}.inconsistencies FINAL")
    assert ask("SELECT version, status, resolved_by FROM inconsistencies_history WHERE inconsistency_id = 'back' ORDER BY version") == [
        (1, "open", ""), (2, "resolved", "kept"), (3, "open", ""), (4, "resolved", "again"),
    ]  # fmt: skip


def test_a_finding_that_is_gone_says_why_and_what_it_was(ask):
    assert ask("SELECT inconsistency_id, status, gone_by, superseded_by, subject, sentence FROM finding_life"
               " WHERE status NOT IN ('open', 'resolved') ORDER BY 1") == [
        ("late", "retracted", "late_event", "", "order:9", "late 1"),
        ("weaker", "superseded", "stronger_rule", "stays", "order:9", "weaker 1"),
    ]  # fmt: skip


def test_what_was_resolved_and_opened_again_is_counted_and_what_moved_with_its_customer_is_not(ask):
    assert ask("SELECT inconsistency_id, status, resolved_by, reopened, toUnixTimestamp(reopened_at), versions FROM finding_life"
               " WHERE inconsistency_id IN ('back', 'moved', 'stays') ORDER BY 1") == [
        ("back", "resolved", "again", 1, NOON // SECOND + 3, 4), ("moved", "open", "", 0, None, 3), ("stays", "open", "", 0, None, 1),
    ]  # fmt: skip


def test_outcomes_add_up_to_what_was_raised(ask):
    assert ask("SELECT rule, raised, still_open, resolved, retracted, superseded, reopened, gone_by, gone_percent"
               " FROM finding_outcomes ORDER BY rule") == [
        ("contact_unanswered", 1, 0, 0, 0, 1, 0, {"stronger_rule": 1}, 100.0),
        ("promise_broken", 4, 2, 1, 1, 0, 1, {"late_event": 1}, 25.0),
    ]  # fmt: skip
