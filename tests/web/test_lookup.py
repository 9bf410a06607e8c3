"""What the desk is told, on the real engine."""

import json
import time
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.clickhouse.reading import read
from streams.commands.lookup import lookup
from streams.journeys.touchpoint import Offer, Order, Promise, References
from streams.settings import Settings
from streams.web.accounts import look_up_account
from streams.web.answer import Answer
from streams.web.lookup import QuestionError, indexed, look_up
from tests.web.conftest import HOUR, KEY, NOON, PSEUDONYMS

pytestmark = pytest.mark.stack

ADA = PSEUDONYMS.of("login", "ada")
BOB = PSEUDONYMS.of("email", "bob@example.com")
FUTURE = 4_000_000_000_000_000

app = typer.Typer()
app.command()(lookup)


@pytest.fixture(scope="module", autouse=True)
def customers(record: Any, touchpoint: Any) -> None:
    ada = (("login", "ada"), ("email", "Ada@Example.com"))
    record(
        touchpoint("a1", *ada, kind="order_placed", references=References(order="O-1"), orders=(Order("placed", amount=1290000, currency="EUR"),)),
        touchpoint("a2", *ada, at=NOON + HOUR, channel="phone", kind="promise_made", direction="outbound", references=References(order="O-1"),
                   promises=(Promise("delivery|order:O-1", "made", "delivery", None, NOON + 48 * HOUR),)),
        touchpoint("a3", *ada, at=NOON + 2 * HOUR, channel="chat", kind="promise_made", references=References(case="C-1", conversation="T-1"),
                   promises=(Promise("call_back|case:C-1", "made", "call back", None, FUTURE),)),
        touchpoint("a4", *ada, at=NOON + 3 * HOUR, kind="promise_made", promises=(Promise("x", "made", "refund", None, NOON + 5 * HOUR),)),
        touchpoint("a5", *ada, at=NOON + 4 * HOUR, kind="promise_kept", promises=(Promise("x", "kept"),)),
        touchpoint("a6", ("login", "ada"), at=NOON + 5 * HOUR, kind="offer_shown", references=References(offer="MAY10"),
                   offers=(Offer("MAY10", "shown", amount=90000, currency="EUR"),)),
        touchpoint("b1", ("email", "bob@example.com"), at=NOON + 6 * HOUR, kind="offer_shown", references=References(offer="MAY10"),
                   offers=(Offer("MAY10", "shown"),)),
        touchpoint("b2", ("email", "bob@example.com"), at=NOON + 7 * HOUR, kind="offer_shown", references=References(offer="ONLY-BOB"),
                   offers=(Offer("ONLY-BOB", "shown"),)),
        *(("inconsistency", {"inconsistency_id": name, "customer": ADA, "status": status, "severity": severity, "rule": rule, "opened_at": at,
                             "remedy": f"do {name}", "sentence": f"{name} happened."})
          for name, severity, status, rule, at in (
              ("old_warning", "warning", "open", "offer_unknown", NOON),
              ("new_warning", "warning", "open", "offer_unknown", NOON + HOUR),
              ("worst", "critical", "open", "channel_failed", NOON - HOUR),
              ("done", "critical", "resolved", "promise_broken", NOON),
              ("hidden", "critical", "open", "identity_conflict", NOON),
          )),
        ("inconsistency", {"inconsistency_id": "bobs", "customer": BOB, "status": "open", "severity": "critical"}),
        ("journey", {"journey_id": "j1", "customer": ADA, "status": "open", "phase": "decision", "reference": "order:O-1", "touchpoints": 2}),
        ("journey", {"journey_id": "j2", "customer": ADA, "status": "completed"}),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "type_", "by"),
    [
        ("ada", "", "login"),
        (" ADA@example.com ", "", "email"),
        ("ada@example.com", "email", "email"),
        ("O-1", "", "order"),
        ("C-1", "case", "case"),
        ("T-1", "", "conversation"),
        (ADA, "", "customer"),
    ],
)
def test_a_customer_is_found_by_identifier_and_by_reference(settings: Settings, value: str, type_: str, by: str):
    answer = look_up(settings, value, type_)
    assert (answer.known, answer.customer, answer.by, answer.touchpoints) == (True, ADA, by, 6)


def test_of_the_wrong_type_it_is_not_known(settings: Settings):
    answer = look_up(settings, "ada", "email")
    assert (answer.known, answer.tried, answer.last) == (False, ("email",), ())
    assert not look_up(settings, "ada", "order").known
    assert not look_up(settings, "ADA", "login").known


def test_what_is_wrong_comes_first_and_the_worst_of_it(settings: Settings):
    found = look_up(settings, "ada").inconsistencies
    assert [each.inconsistency_id for each in found] == ["worst", "new_warning", "old_warning"]
    assert found[0].remedy == "do worst"


def test_promises_open_are_those_neither_kept_nor_withdrawn(settings: Settings):
    found = look_up(settings, "ada").promises
    assert [(each.what, each.about, each.is_overdue) for each in found] == [
        ("delivery", "order O-1", True),
        ("call back", "case C-1", False),
    ]


def test_the_last_touchpoints_newest_first_in_words(settings: Settings):
    answer = look_up(settings, "ada", last=3)
    assert [each.event_id for each in answer.last] == ["a6", "a5", "a4"]
    assert answer.last[0].what == "offer shown, 9.00 EUR (offer MAY10)"
    assert look_up(settings, "ada", last=100).last[-1].what == "order placed, 129.00 EUR (order O-1)"


def test_journeys_under_way_alone(settings: Settings):
    assert [(each.journey_id, each.phase, each.touchpoints) for each in look_up(settings, "ada").journeys] == [("j1", "decision", 2)]


def test_an_account_names_its_customers_and_the_journeys_that_they_share(settings: Settings, record: Any, touchpoint: Any):
    record(
        touchpoint("acme1", ("login", "carl"), kind="order_placed", account="ACME Ltd", references=References(order="O-9")),
        touchpoint("acme2", ("login", "dana"), at=NOON + HOUR, channel="phone", account="ACME Ltd", references=References(order="O-9")),
        ("journey", {"journey_id": "shared", "customer": "", "account": "ACME Ltd", "status": "open", "touchpoints": 2, "moments": [
            {"event_id": name, "at": NOON, "channel": "website", "kind": "order_placed", "step": "placed", "phase": "decision"} for name in ("acme1", "acme2")]}),
        ("journey", {"journey_id": "own", "account": "ACME Ltd", "customer": PSEUDONYMS.of("login", "carl"), "status": "open"}),
        ("inconsistency", {"inconsistency_id": "danas", "customer": PSEUDONYMS.of("login", "dana"), "status": "open"}),
    )  # fmt: skip
    answer = look_up_account(settings, "ACME Ltd", last=3)
    assert [(each.customer, each.channel, each.inconsistencies) for each in answer.customers] == [
        (PSEUDONYMS.of("login", "dana"), "phone", 1),
        (PSEUDONYMS.of("login", "carl"), "website", 0),
    ]
    assert [(each.journey_id, each.customers, each.touchpoints) for each in answer.journeys] == [("shared", 2, 2)]
    assert not look_up_account(settings, "acme ltd", last=3).known
    assert not look_up(settings, "ACME Ltd").known, "a company is asked for by its type"


def test_the_command_tells_an_account(settings: Settings, monkeypatch):
    for name in ("clickhouse_url", "clickhouse_database", "clickhouse_store"):
        monkeypatch.setenv(f"TOUCHPOINTS_{name.upper()}", getattr(settings, name))
    told = CliRunner().invoke(app, ["ACME Ltd", "--type", "account"])
    assert (told.exit_code, "2 customers" in told.output, "1 to put right" in told.output) == (0, True, True), told.output
    found = json.loads(CliRunner().invoke(app, ["ACME Ltd", "--type", "account", "--json"]).output)
    assert (found["known"], found["customers_count"], found["journeys"][0]["started_at"]) == (True, 2, "2023-11-15T12:00:00Z")
    assert "Not known" in CliRunner().invoke(app, ["nobody", "--type", "account"]).output


def test_freshness_is_the_time_since_the_last_row(settings: Settings):
    answer = look_up(settings, "ada")
    assert answer.fresh_s is not None
    assert 0 <= answer.fresh_s < 120
    assert answer.recorded_at is not None
    assert abs(answer.asked_at - time.time() * 1e6) < 60e6


def test_an_offer_that_many_hold_says_nothing_about_who_this_is(settings: Settings):
    shared = look_up(settings, "MAY10")
    assert (shared.known, shared.customer, {each.customer for each in shared.others}) == (False, "", {ADA, BOB})
    assert look_up(settings, "ONLY-BOB").customer == BOB


def test_a_value_of_two_customers_names_the_other(settings: Settings, record: Any, touchpoint: Any):
    record(
        touchpoint("s1", ("email", "shared@example.com")),
        touchpoint("s2", ("login", "carol"), ("email", "shared@example.com")),
    )
    answer = look_up(settings, "shared@example.com")
    assert answer.customer == PSEUDONYMS.of("login", "carol")
    assert [each.customer for each in answer.others] == [PSEUDONYMS.of("email", "shared@example.com")]


def test_a_later_delivery_keeps_the_promise_and_a_replaced_row_counts_once(settings: Settings, record: Any, touchpoint: Any):
    dora = ("login", "dora")
    promise = touchpoint("d1", dora, references=References(order="O-9"), kind="promise_made",
                         promises=(Promise("p", "made", "delivery", None, FUTURE),))  # fmt: skip
    record(promise)
    record(promise)
    assert [each.promise_id for each in look_up(settings, "dora").promises] == ["p"]
    assert look_up(settings, "dora").touchpoints == 1
    record(touchpoint("d2", dora, at=NOON + HOUR, references=References(order="O-9"), kind="order_delivered", orders=(Order("delivered"),)))
    assert look_up(settings, "dora").promises == ()


def test_a_value_is_bound_and_never_becomes_sql(settings: Settings):
    for value in ("' OR 1=1 --", "O-1' OR '1'='1", "\\'; DROP TABLE touchpoints", "a\tb\nc"):
        assert not look_up(settings, value).known


def test_questions_that_cannot_be_asked_say_why(settings: Settings):
    with pytest.raises(QuestionError, match="choose one of customer_number, login"):
        look_up(settings, "ada", "nickname")
    with pytest.raises(QuestionError, match="empty"):
        look_up(settings, "  ")


def test_without_the_key_references_are_found_and_the_rest_is_named(settings: Settings):
    from dataclasses import replace

    keyless = replace(settings, pseudonym_key="")
    assert look_up(keyless, "O-1").customer == ADA
    assert "email" in look_up(keyless, "ada").untried
    with pytest.raises(QuestionError, match="TOUCHPOINTS_PSEUDONYM_KEY"):
        look_up(keyless, "ada", "login")


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("hasAny(identifiers.pseudonym, {wanted:Array(String)})", "by_pseudonym"),
        ("anchor IN {wanted:Array(String)}", "by_anchor"),
        ("references.`order` = {value:String}", "by_order"),
        ("references.`case` = {value:String}", "by_case"),
        ("references.`conversation` = {value:String}", "by_conversation"),
    ],
)
def test_an_index_leads_to_the_rows(settings: Settings, condition: str, index: str):
    parameters = {"wanted": f"['{ADA}']", "value": "O-1"}

    def plan(text: str) -> str:
        return read(settings, f"EXPLAIN indexes = 1 SELECT event_id FROM {text}", parameters=parameters).body.decode()

    current = indexed(settings, "touchpoints", "event_id", condition)
    ids = current[current.index("FROM ") + len("FROM ") : current.index(") AND ")]
    assert f"Name: {index}" in plan(ids)
    assert "Keys:" in plan(f"touchpoints WHERE {current}"), "the current rows are read by their key"


class TestCommand:
    @pytest.fixture(autouse=True)
    def running(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOUCHPOINTS_CLICKHOUSE_URL", settings.clickhouse_url)
        monkeypatch.setenv("TOUCHPOINTS_CLICKHOUSE_DATABASE", settings.clickhouse_database)
        monkeypatch.setenv("TOUCHPOINTS_CLICKHOUSE_STORE", settings.clickhouse_store)
        monkeypatch.setenv("TOUCHPOINTS_PSEUDONYM_KEY", KEY)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, list(arguments))
        return done.exit_code, done.stdout, done.stderr

    def test_for_a_person(self):
        code, said, _ = self.run("ada")
        assert code == 0
        places = [
            said.index(each) for each in ("CRITICAL  do worst", "do new_warning", "OVERDUE since", "Last touchpoints", "Under way", "As of")
        ]
        assert places == sorted(places)

    def test_not_known_is_an_answer(self):
        code, said, _ = self.run("nobody@example.com")
        assert code == 0
        assert "Not known." in said
        assert "customer_number, login" in said

    def test_for_a_program(self):
        code, said, _ = self.run("O-1", "--json", "--last", "1")
        found = json.loads(said)
        assert (code, found["known"], found["customer"], len(found["last"])) == (0, True, ADA, 1)
        assert found["last"][0]["occurred_at"] == "2023-11-15T17:00:00Z"
        assert set(found) == {*Answer.__struct_fields__, "fresh_s"}

    def test_a_wrong_type_is_a_wrong_question(self):
        code, _, said = self.run("ada", "--type", "nickname")
        assert code == 2
        assert "choose one of" in said
