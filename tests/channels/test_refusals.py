"""Every reason for which admit refuses an event."""

import pytest

from streams.avro.codec import Encoder
from streams.avro.json_events import record_of
from streams.avro.refusal import LARGEST_EVENT_BYTES, Refusal
from streams.channels.admission import Admission

NOW = 1_772_450_000_000_000
DAY = 86_400_000_000


def expect(answer, reason, field=""):
    assert isinstance(answer, Refusal), answer
    assert (answer.reason, answer.field) == (reason, field)
    assert answer.detail


@pytest.mark.parametrize("value", [b"", b"{}", b'{"event_id": "e1"}', b"\xc3", b"\xc3\x01abc", b"\x00\x00\x00", b"\xc3\x02aaaaaaaaaaaa"])
def test_not_avro(admit, value):
    expect(admit("chat", value), "not_avro")


def test_unknown_schema(admit):
    expect(admit("chat", b"\xc3\x01" + b"?" * 8 + b"abc"), "unknown_schema")
    expect(admit("chat", b"\x00\x00\x00\x00\x07abc"), "unknown_schema")


def test_the_schema_of_another_channel_is_unknown_here(admit, published, event):
    expect(admit("chat", published("phone", event("agent_said"))), "unknown_schema")


def test_too_large(admit, published, event):
    expect(admit("chat", b"\xc3\x01" + bytes(LARGEST_EVENT_BYTES)), "too_large")
    large = published("chat", event("agent_said", session="s" * LARGEST_EVENT_BYTES))
    expect(admit("chat", large), "too_large")


def test_truncated(admit, published, event):
    value = published("chat", event("agent_said", session="s-123"))
    for length in range(10, len(value)):
        answer = admit("chat", value[:length])
        assert isinstance(answer, Refusal)
        assert answer.reason == "truncated"


def test_trailing_bytes(admit, published, event):
    expect(admit("chat", published("chat", event("agent_said")) + b"\x00"), "trailing_bytes")


def test_malformed_enum_index(admit, published, event):
    value = published("survey", event("rating_given", rating={"scale": "NPS", "score": 9}))
    position = value.index(bytes([2 * 2]) + b"\x00\x00\x00\x00\x00\x00\x22\x40")  # NPS is the symbol 2, 9.0 follows
    for index in (0x7F, 0x03, 0x08):  # negative ones and one past the last
        expect(admit("survey", value[:position] + bytes([index]) + value[position + 1 :]), "malformed", "rating.scale")


def test_unknown_kind(admit, registry, published, event):
    value = published("survey", event("rating_given", rating={"scale": "NPS", "score": 9}))
    known = registry.reference("survey").prefix
    kind_at = len(known) + 3 + 8 + 1 + 1 + 1  # event_id, occurred_at, sent_at, sequence, source
    assert value[kind_at] == 2
    expect(admit("survey", value[:kind_at] + b"\x00" + value[kind_at + 1 :]), "unknown_kind", "kind")


@pytest.mark.parametrize("event_id", ["", "  "])
def test_no_event_id(admit, event, event_id):
    expect(admit("chat", event("agent_said", event_id=event_id)), "no_event_id", "event_id")


def test_event_id_too_long(admit, event):
    assert admit("chat", event("agent_said", event_id="é" * 200)).touchpoint
    refused = admit("chat", event("agent_said", event_id="é" * 201))
    expect(refused, "event_id_too_long", "event_id")
    assert refused.event_id == "é" * 200


def test_occurred_too_early(admit, event):
    assert admit("chat", event("agent_said", occurred_at="2000-01-01T00:00:00Z")).touchpoint
    expect(admit("chat", event("agent_said", occurred_at="1999-12-31T23:59:59.999999Z")), "occurred_too_early", "occurred_at")
    expect(admit("chat", event("agent_said", occurred_at=0)), "occurred_too_early", "occurred_at")


def test_occurred_in_future(admit, event):
    tomorrow = event("agent_said", occurred_at=NOW + DAY)
    later = event("agent_said", occurred_at=NOW + DAY + 1)
    assert admit("chat", tomorrow).touchpoint
    expect(admit("chat", later), "occurred_in_future", "occurred_at")
    expect(admit("chat", event("agent_said", occurred_at="2100-01-01T00:00:00Z")), "occurred_in_future", "occurred_at")
    expect(admit("chat", event("agent_said", sent_at="2100-01-01T00:00:00Z")), "occurred_in_future", "sent_at")


def test_live_events_are_held_against_their_arrival_and_imports_against_the_wall_clock(admit, event):
    later = event("agent_said", occurred_at=NOW + 2 * DAY)
    expect(admit("chat", later, now=NOW + 9 * DAY), "occurred_in_future", "occurred_at")
    assert admit("chat", later, replay="old", now=NOW + DAY).touchpoint.replay == "old"
    expect(admit("chat", later, replay="old", now=NOW), "occurred_in_future", "occurred_at")


@pytest.mark.parametrize(
    "identifiers", [[], [{"type": "email", "value": "  "}], [{"type": "unknown", "value": "x"}], [{"type": "phone", "value": "none"}]]
)
def test_no_identifier(admit, event, identifiers):
    identifiers = [each for each in identifiers if each["type"] != "unknown"]
    refused = admit("chat", event("agent_said", identifiers=identifiers, references={"product": "P1"}))
    expect(refused, "no_identifier", "identifiers")
    assert refused.event_id == "e1"


@pytest.mark.parametrize(
    ("field", "kind", "more"),
    [
        ("promise.due_date", "promise_made", {"promise": {"due_date": "29-3-2026"}}),
        ("promise.due_date", "promise_made", {"promise": {"due_date": "9999-12-31"}}),
        ("promise.zone", "promise_made", {"promise": {"due_date": "2026-03-29", "zone": "Europe/Nowhere"}}),
        ("promise.zone", "promise_made", {"promise": {"due_date": "2026-03-29", "zone": "../../etc/passwd"}}),
        ("promise.zone", "promise_made", {"promise": {"due_date": "2026-03-29", "zone": "a\x00b"}}),
        ("rating", "rating_given", {}),
        ("rating.scale", "rating_given", {"rating": {"score": 3}}),
        ("rating.score", "rating_given", {"rating": {"scale": "CSAT", "score": 0}}),
        ("rating.score", "rating_given", {"rating": {"scale": "NPS", "score": 10.5}}),
        ("rating.score", "rating_given", {"rating": {"scale": "CES", "score": 8}}),
        ("statement", "statement_made", {}),
        ("statement.subject", "statement_made", {"statement": {"attribute": "price"}}),
        ("statement.attribute", "statement_made", {"statement": {"subject": "product:P1"}}),
        ("identifiers", "page_viewed", {"identifiers": [{"type": "cookie", "value": str(n)} for n in range(65)]}),
    ],
)
def test_invalid_value(admit, event, field, kind, more):
    expect(admit("website", event(kind, **more)), "invalid_value", field)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("indirect.score", {"score": 5.5}),
        ("indirect.score", {"score": -1}),
        ("indirect.best_score", {"score": 0, "best_score": 0}),
        ("indirect.best_score", {"best_score": 1e9}),
    ],
)
def test_a_reviews_score_that_cannot_be(admit, event, field, said):
    expect(admit("review", event("review_written", indirect=said)), "invalid_value", field)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_reviews_score_that_is_no_number(registry, event, admit, score):
    schema = registry.current("review")
    record = record_of(schema, event("review_written", indirect={"score": 1}))
    for name in ("score", "best_score"):
        changed = record | {"indirect": record["indirect"] | {name: score}}
        (datum,) = Encoder(schema).encode_run([changed])
        expect(admit("review", registry.reference("review").prefix + datum), "invalid_value", f"indirect.{name}")


def test_one_bad_event_leaves_the_others_of_its_run_alone(registry, published, event):
    good = published("chat", event("agent_said"))
    admission = Admission("chat", registry, bytes(32))
    answers = admission.admit_run([good, b"x", good[:-1], good], [NOW] * 4, [""] * 4, NOW)
    assert [getattr(answer, "reason", "admitted") for answer in answers] == ["admitted", "not_avro", "truncated", "admitted"]


def test_a_refusal_never_says_the_value(admit, event):
    secret = "kim@example.com"
    refused = admit("website", event("promise_made", promise={"due_date": secret, "zone": secret}))
    assert secret not in repr(refused)
