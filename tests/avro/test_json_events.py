"""Events as people write them, and everything that can be wrong with one."""

import json

import pytest

from streams.avro.codec import Decoder, Encoder
from streams.avro.examples import KNOWLEDGE, TYPICAL, example
from streams.avro.json_events import WrongEventError, iso_of, json_of, moment_of, record_of
from streams.avro.json_input import Given, Unreadable, events_in


def wrong(schema, event):
    with pytest.raises(WrongEventError) as caught:
        record_of(schema, event)
    return {field.path: field.expected for field in caught.value.fields}


@pytest.mark.parametrize("name", [*TYPICAL, KNOWLEDGE])
def test_json_to_record_to_bytes_to_json_and_again(registry, name):
    schema = registry.current(name)
    record = record_of(schema, json.loads(json.dumps(example(name))))
    (datum,) = Encoder(schema).encode_run([record])
    (decoded,) = Decoder(schema).decode_run([datum])
    shown = json_of(schema, decoded)
    (again,) = Encoder(schema).encode_run([record_of(schema, json.loads(json.dumps(shown)))])
    assert again == datum


def test_everything_that_is_wrong_is_told_at_once(registry):
    found = wrong(
        registry.current("chat"),
        {
            "event_id": 3,
            "occured_at": "2026",
            "kind": "offer_show",
            "sent_at": "2026-03-02T10:15:00",
            "sequence": 1.5,
            "identifiers": [{"type": "mail", "value": "x"}, "y"],
            "attributes": {"language": 3},
            "offer": {"amount": "1.23456", "valid_until": "soon", "personal": "yes", "products": "P1"},
            "rating": {"score": "4"},
            "order": {"amount": "many", "lines": [{"quantity": 2**63}]},
        },
    )
    assert found["event_id"] == "a text was expected, a number was given"
    assert found["occured_at"] == "there is no such field; did you mean 'occurred_at'?"
    assert found["occurred_at"].startswith("is missing; a time as ISO 8601")
    assert "did you mean 'offer_shown'?" in found["kind"]
    assert "with an offset" in found["sent_at"]
    assert "whole number" in found["sequence"]
    assert "one of customer_number" in found["identifiers[0].type"]
    assert "an object was expected, a text was given" in found["identifiers[1]"]
    assert "a text was expected" in found["attributes.language"]
    assert "4 after it" in found["offer.amount"]
    assert "ISO 8601" in found["offer.valid_until"]
    assert "true or false" in found["offer.personal"]
    assert "a list was expected" in found["offer.products"]
    assert "a number was expected" in found["rating.score"]
    assert "a decimal number" in found["order.amount"]
    assert "is missing" in found["order.lines[0].product"]
    assert "whole number" in found["order.lines[0].quantity"]


@pytest.mark.parametrize("event", [None, 3, "x", [], True])
def test_an_event_is_an_object(registry, event):
    assert "an object was expected" in wrong(registry.current("chat"), event)["event"]


def test_a_kind_has_to_be_said(registry):
    event = example("chat")
    del event["kind"]
    assert "is missing" in wrong(registry.current("chat"), event)["kind"]
    assert "was expected" in wrong(registry.current("chat"), event | {"kind": "unknown"})["kind"]


def test_flat_references_are_refused(registry):
    assert "no such field" in wrong(registry.current("chat"), example("chat") | {"case": "C1"})["case"]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e99", True, None, [], "1e999999999", "12,50"])
def test_amounts_that_are_none(registry, amount):
    event = example("survey") | {"rating": None}
    event = example("website") | {"order": {"amount": amount, "lines": []}}
    if amount is None:
        assert record_of(registry.current("website"), event)["order"]["amount"] is None
    else:
        assert "decimal number" in wrong(registry.current("website"), event)["order.amount"]


def test_a_lone_surrogate_is_no_text(registry):
    assert "UTF-8" in wrong(registry.current("chat"), example("chat") | {"session": "\ud800"})["session"]


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00.000001+01:00", 1),
        ("2026-03-02", None),
        ("2026-03-02T10:15:00", None),
        ("", None),
        ("1969-12-31T23:59:59.999999Z", -1),
    ],
)
def test_times(text, us):
    assert moment_of(text) == us
    if us is not None:
        assert moment_of(iso_of(us)) == us


def test_a_time_that_no_calendar_reaches_is_shown_as_a_number():
    assert iso_of(2**62) == str(2**62)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ('{"a": 1}', [Given("line 1", {"a": 1})]),
        ('\n{"a": 1}\n\n{"a": 2}\n', [Given("line 2", {"a": 1}), Given("line 4", {"a": 2})]),
        ('{\n "a": 1\n}\n', [Given("line 1", {"a": 1})]),
        ('[{"a": 1},\n {"a": 2}]', [Given("event 1", {"a": 1}), Given("event 2", {"a": 2})]),
        ('[{"a": 1}, {"a": 2}]\n', [Given("event 1", {"a": 1}), Given("event 2", {"a": 2})]),
    ],
)
def test_json_lines_an_object_or_an_array(text, expected):
    assert list(events_in(text.splitlines(keepends=True))) == expected


@pytest.mark.parametrize("bad_first", [True, False])
def test_one_bad_line_spoils_only_itself(bad_first):
    lines = ["{oops\n", '{"a": 1}\n'] if bad_first else ['{"a": 1}\n', "{oops\n"]
    assert {type(each) for each in events_in(lines)} == {Given, Unreadable}


@pytest.mark.parametrize("text", ["{oops", "[1, 2", "[" * 100_000, '{\n "a": \n'])
def test_a_text_that_is_no_json_is_told_once(text):
    (found,) = events_in(text.splitlines(keepends=True))
    assert isinstance(found, Unreadable)


def test_json_lines_are_given_as_they_come():
    seen = []

    def lines():
        for number in (1, 2):
            seen.append(number)
            yield f'{{"a": {number}}}\n'

    events = events_in(lines())
    assert next(events) == Given("line 1", {"a": 1})
    assert seen == [1]
