"""What expressions, conditions, times and parts make of a row."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from streams.imports import MappingError, UnreadableFileError


def us(text: str, zone: str = "UTC", fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1e6)


@pytest.mark.parametrize(
    ("expression", "row", "expected"),
    [
        ("constant", {}, "constant"),
        ("'{a}'", {"a": "x"}, "x"),
        ("'{a}-{b}/{{c}}'", {"a": "x", "b": "50%"}, "x-50%/{c}"),
        ("'{a}-{b}'", {"a": "x", "b": ""}, None),
        ("{column: 'odd {name}'}", {"odd {name}": "x"}, "x"),
        ("{first: ['{a}', '{b}', last]}", {"a": "", "b": "y"}, "y"),
        ("{first: ['{a}', '{b}', last]}", {"a": "", "b": ""}, "last"),
        ("{when: {value: '{a}', equals: x}, then: yes}", {"a": "x"}, "yes"),
        ("{when: {value: '{a}', equals: x}, then: yes}", {"a": "z"}, None),
        ("{when: {value: '{a}', equals: x}, then: yes, else: '{a}'}", {"a": "z"}, "z"),
        ("{lower: '{a}'}", {"a": "ÄB"}, "äb"),
        ("{upper: '{a}'}", {"a": "äb"}, "ÄB"),
        ("{trim: '{a}'}", {"a": "  x "}, "x"),
        ("{trim: '{a}'}", {"a": "   "}, None),
        ("{replace: '{a}', pattern: '[ -]', by: ''}", {"a": "1-2 3"}, "123"),
        ("{extract: '{a}', pattern: 'no\\.(\\d+)'}", {"a": "order no.77 late"}, "77"),
        ("{extract: '{a}', pattern: '\\d+'}", {"a": "none"}, None),
        ("'{@file}#{@row}'", {}, "rows.csv#1"),
        ("no", {}, "no"),
        ("1.10", {}, "1.10"),
        ("~", {}, None),
    ],
)
def test_texts(trial, expression, row, expected):
    assert trial.one(row, f"session: {expression}").get("session") == expected


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("{value: '{a}', equals: '7'}", True),
        ("{value: '{a}', equals: '{b}'}", False),
        ("{value: '{empty}', equals: '{empty}'}", False),
        ("{value: '{a}', in: [6, 7]}", True),
        ("{value: '{a}', in: [6, 8]}", False),
        ("{value: '{a}', matches: '^7$'}", True),
        ("{value: '{a}', less_than: 10}", True),
        ("{value: '{a}', more_than: '{b}'}", False),
        ("{value: '{a}', at_least: 7, at_most: 7}", True),
        ("{value: '{a}', at_least: 8}", False),
        ("{value: '{a}', equals: 7.0, as: number}", True),
        ("{value: '{empty}', less_than: 1}", False),
        ("{value: '{at}', as: time, more_than: '2024-04-30'}", True),
        ("{present: '{a}'}", True),
        ("{present: ['{a}', '{empty}']}", False),
        ("{absent: '{empty}'}", True),
        ("{not: {absent: '{empty}'}}", False),
        ("{any: [{absent: '{a}'}, {present: '{b}'}]}", True),
        ("{all: [{absent: '{a}'}, {present: '{b}'}]}", False),
        ("[{present: '{a}'}, {present: '{b}'}]", True),
    ],
)
def test_conditions(trial, condition, holds):
    result = trial.made({"a": "7", "b": "12", "empty": ""}, f"when: {condition}")
    assert len(result.events) == holds
    assert result.rows_without_event == (not holds)
    assert result.rows_unmapped == 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'{a}'", Decimal("12.5")),
        ("{number: '{german}', decimal_mark: ',', thousands_mark: '.'}", Decimal("1234.5")),
        ("{number: '{cents}', factor: 0.01}", Decimal("19.99")),
        ("{largest: ['{a}', 9, '{empty}']}", Decimal("12.5")),
        ("{smallest: ['{a}', 9, '{empty}']}", Decimal(9)),
    ],
)
def test_amounts(trial, expression, expected):
    row = {"a": "12.50", "german": "1.234,50", "cents": "1999", "empty": ""}
    record = trial.one(row, f"kind: order_placed\norder: {{amount: {expression}, currency: EUR}}")
    assert record["order"]["amount"] == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12,50", "order.amount: '12,50' is no number"),
        ("1.00001", "no amount of at most 14 digits"),
        ("123456789012345", "no amount"),
        ("NaN", "no number of at most 40 digits"),
        ("1e999999999", "no number of at most 40 digits"),
    ],
)
def test_amounts_that_are_none(trial, text, told):
    assert told in trial.refused({"a": text}, "kind: order_placed\norder: {amount: '{a}'}")


@pytest.mark.parametrize(
    ("line", "row", "told"),
    [
        ("sequence: '{a}'", {"a": "x"}, "sequence: 'x' is no number"),
        ("sequence: '{a}'", {"a": "1.5"}, "no whole number"),
        ("sequence: '{a}'", {"a": str(1 << 63)}, "no whole number"),
        ("kind: '{a}'", {"a": "page_viewd"}, "kind: 'page_viewd' is none of these; did you mean `page_viewed`"),
        ("kind: '{a}'", {"a": ""}, "kind: empty, and needed"),
        ("occurred_at: '{a}'", {"a": ""}, "occurred_at: empty, and needed"),
        ("occurred_at: '{a}'", {"a": "31/12/2024"}, "occurred_at: '31/12/2024' is no time of the format iso"),
        ("channel: '{a}'", {"a": "fax"}, "channel: 'fax' is none of these"),
        ("channel: '{a}'", {"a": ""}, "channel: empty, and needed"),
        ("channel: '{a}'", {"a": "phone"}, "channel: this event does not fit phone"),
        ("rating: {scale: CSAT, score: '{a}'}", {"a": ""}, "rating.score: empty, and needed"),
        ("web: {page: x, blocking: '{a}'}", {"a": "maybe"}, "web.blocking: 'maybe' is neither true nor false"),
        ("order: {lines: [{product: '{a}'}]}", {"a": ""}, "order.lines.product: empty, and needed"),
    ],
)
def test_rows_that_do_not_map(trial, line, row, told):
    assert told in trial.refused(row, line)


def test_a_channel_from_a_column(trial):
    assert trial.made({"a": "app"}, "channel: '{a}'").events[0].channel == "app"


def test_lookups(trial):
    head = "lookups:\n  kinds: {values: {V: page_viewed, E: error_shown}, default: searched}\n  bare: {values: {V: x}}\n"
    for code, kind in (("V", "page_viewed"), ("E", "error_shown"), ("?", "searched"), ("", "searched")):
        record = trial.one({"a": code}, "kind: {lookup: kinds, of: '{a}'}\nsession: {lookup: bare, of: '{a}', default: '{who}'}", head)
        assert record["kind"] == kind
        assert record["session"] == ("x" if code == "V" else "C1")


def test_every_part_of_a_channel(trial):
    record = trial.one(
        {"empty": "", "skus": "A| B|"},
        """\
        channel: chat
        kind: conversation_started
        direction: inbound
        account: ACME
        sent_at: "{at}"
        identifiers: {email: ["{empty}", a@b.c], phone: "{empty}", cookie: "{id}"}
        references: {order: "{id}", case: "{empty}"}
        attributes: {language: de, priority: "{empty}"}
        conversation: {queue: q, staffed: no}
        message: {id: "{id}", purpose: service}
        offer: {id: F1, products: {split: "{skus}", by: "|"}, redeem_channels: [website, "{empty}", store], conditions: {min_quantity: 2}}
        statement: {subject: "order:{id}", attribute: stock, value: in}
        promise: {when: {present: "{empty}"}, what: callback, due_until: "{at}"}
        consent: {purpose: marketing, channels: email}
        complaint: {topic: delay}
        """,
    )
    assert record["identifiers"] == [{"type": "email", "value": "a@b.c"}, {"type": "cookie", "value": "1"}]
    assert record["references"] == {"order": "1"}
    assert record["attributes"] == {"language": "de"}
    assert record["conversation"] == {"queue": "q", "staffed": False}
    assert record["offer"] == {
        "id": "F1",
        "products": ["A", "B"],
        "redeem_channels": ["website", "store"],
        "conditions": {"min_quantity": "2"},
    }
    assert record["statement"]["value"] == "in"
    assert record["consent"] == {"purpose": "marketing", "channels": ["email"]}
    assert record["sent_at"] == record["occurred_at"] == us("2024-05-01T10:00:00")
    assert "promise" not in record


@pytest.mark.parametrize(
    ("head", "expression", "expected"),
    [
        ("", "2024-05-01", us("2024-05-01")),
        ("", "2024-05-01T10:00:00+02:00", us("2024-05-01T08:00:00")),
        ("", "{time: '1.5.2024', format: '%d.%m.%Y'}", us("2024-05-01")),
        ("", "{time: 'May 1 2024 3PM', format: '%B %d %Y %I%p'}", us("2024-05-01T15:00")),
        ("", "{time: '1714557600.25', format: epoch_s}", 1714557600_250_000),
        ("", "{time: '1714557600250', format: [iso, epoch_ms]}", 1714557600_250_000),
        ("", "{time: '{at}', zone: Europe/Berlin}", us("2024-05-01T10:00", "Europe/Berlin")),
        ("", "{time: '{at}', add: {days: 1, hours: -2}}", us("2024-05-02T08:00")),
        ("", "{time: '{at}', add: {hours: '{n}'}}", us("2024-05-01T13:00")),
        ("", "{time: '{at}', not_before: 2024-06-01}", us("2024-06-01")),
        ("", "{time: '{at}', not_after: '{other}'}", us("2024-04-01")),
        ("", "{largest: ['{at}', '{other}', '{none}']}", us("2024-05-01T10:00")),
        ("as_of: 2024-09-01 00:00\n", "{first: ['{none}', '{@as_of}']}", us("2024-09-01")),
        # midnight that the zone skipped: the day's first moment; any time in the gap: the end of the gap
        ("", "{time: '2018-11-04 00:00', zone: America/Sao_Paulo}", us("2018-11-04T01:00", "America/Sao_Paulo")),
        ("", "{time: '2018-11-04 00:30', zone: America/Sao_Paulo}", us("2018-11-04T01:00", "America/Sao_Paulo")),
        ("", "{time: '2018-11-03 00:00', zone: America/Sao_Paulo, add: {days: 1}}", us("2018-11-04T01:00", "America/Sao_Paulo")),
        ("", "{time: '2024-03-30 12:00', zone: Europe/Berlin, add: {days: 1}}", us("2024-03-31T12:00", "Europe/Berlin")),
        ("", "{time: '2024-03-30 12:00', zone: Europe/Berlin, add: {hours: 24}}", us("2024-03-31T13:00", "Europe/Berlin")),
        # an hour that the zone had twice
        ("", "{time: '2024-10-27 02:30', zone: Europe/Berlin}", us("2024-10-27T00:30")),
        ("ambiguous: later\n", "{time: '2024-10-27 02:30', zone: Europe/Berlin}", us("2024-10-27T01:30")),
    ],
)
def test_times(trial, head, expression, expected):
    row = {"n": "3", "other": "2024-04-01", "none": ""}
    assert trial.one(row, f"sent_at: {expression}", head)["sent_at"] == expected


def test_numbers_of_a_format_are_checked_like_strptime(trial):
    line = "occurred_at: {time: '{a}', format: '%d/%m/%Y %H:%M'}"
    assert trial.one({"a": "9/3/2016 08:05"}, line)["occurred_at"] == us("2016-03-09T08:05")
    for wrong in ("31/2/2016 08:05", "9/3/2016 24:00", "9/3/16 08:05", "9/3/2016 08:05 ", "٩/3/2016 08:05"):
        assert "is no time" in trial.refused({"a": wrong}, line)


def test_until_is_read_in_the_mappings_zone(trial):
    text = "name: x\nzone: America/Sao_Paulo\ntimes: '%d/%m/%Y'\nsources: {r: r.csv}\nevents:\n"
    text += "  - {from: r, channel: website, kind: page_viewed, occurred_at: '{a}'}\n"
    mapping = trial.mapping(text)
    assert mapping.until("2018-09-19T23:24:07") == us("2018-09-20T02:24:07")
    assert mapping.until("19/09/2018") == us("2018-09-19T03:00:00")
    with pytest.raises(ValueError, match="is no time of the format"):
        mapping.until("yesterday")
    with pytest.raises(MappingError, match="as_of"):
        trial.mapping(text.replace("'{a}'", "'{@as_of}'"))


def test_knowledge(trial):
    trial.file("rows.csv", "offer,since\nF2,2024-05-02\nF1,2024-05-01\n")
    text = "name: known\nzone: UTC\nsources: {rows: rows.csv}\nevents:\n"
    text += "  - {from: rows, channel: knowledge, known_from: '{since}'}\n"
    with pytest.raises(MappingError, match="`known_by` is missing"):
        trial.mapping(text)
    result = trial.read(text.replace("known_from", "known_by: phone, offer: '{offer}', known_from"))
    assert [event.record for event in result.events] == [
        {"channel": "phone", "offer": "F1", "known_from": us("2024-05-01")},
        {"channel": "phone", "offer": "F2", "known_from": us("2024-05-02")},
    ]
    with pytest.raises(MappingError, match="'phon' is none of these; did you mean `phone`"):
        trial.mapping(text.replace("known_from", "known_by: phon, known_from"))
    assert result.events[0].at == us("2024-05-01")


def test_missing_file(trial):
    trial.file("rows.csv", "a\n")
    text = "name: x\nzone: UTC\nsources: {r: row.csv}\nevents:\n  - {from: r, channel: website, kind: page_viewed, occurred_at: '{a}'}\n"
    with pytest.raises(UnreadableFileError, match=r"has no row.csv.*did you mean `rows.csv`"):
        trial.read(text)
