"""Files as they come: compressed or not, with odd signs, broken rows, joins and look-ups from other files."""

import gzip
import lzma

import pytest

from streams.imports import MappingError, UnreadableFileError

TEXT = """\
name: shop
zone: UTC
none: ["NULL"]
sources:
  orders:
    file: orders.csv
    joins:
      customer: {to: customers, by: {customer: id}}
      lines: {to: lines, by: [order, shop], takes: all}
  customers: customers.csv
  lines:
    file: lines.csv
    joins: {product: {to: products, by: sku}}
  products: products.csv
lookups:
  names: {from: products, key: sku, value: name, default: unnamed}
events:
  - from: orders
    name: placed
    channel: website
    kind: order_placed
    occurred_at: "{at}"
    identifiers: {email: "{customer.email}"}
    references: {order: "{order}"}
    attributes:
      category: {first_of: lines, value: "{product.category}"}
      campaign: {lookup: names, of: {first_of: lines, value: "{sku}"}}
    order:
      amount: {sum: {number: "{price}"}, over: lines}
      status: {count: lines, when: {value: "{price}", more_than: 5}}
      lines: {each: lines, when: {present: "{sku}"}, product: "{outer.order}-{sku}", amount: "{price}"}
  - from: orders
    name: paid
    when: {present: "{paid}"}
    channel: website
    kind: order_paid
    occurred_at: "{paid}"
    references: {order: "{order}"}
"""
ORDERS = """\
order,shop,at,customer,paid
1,a,2024-05-02,C1,2024-05-03
2,a,2024-05-01,C9,NULL
"""
LINES = """\
order,shop,sku,price
1,a,P1,10
1,a,P2,2.50
1,b,P3,99
1,a,,1
"""


@pytest.fixture
def shop(trial):
    trial.file("orders.csv", ORDERS)
    trial.file("customers.csv", "id,email\nC1,a@b.c\n,nobody@b.c\n")
    trial.file("lines.csv", LINES)
    trial.file("products.csv", "sku,name,category\nP1,Kettle,kitchen\nP2,,\n")
    return trial


def test_joins_and_lookups(shop):
    result = shop.read(TEXT)
    assert result.unmapped == ()
    assert [event.record["event_id"] for event in result.events] == ["orders.csv:2:placed", "orders.csv:1:placed", "orders.csv:1:paid"]
    second, first, paid = (event.record for event in result.events)
    assert first["identifiers"] == [{"type": "email", "value": "a@b.c"}]
    assert first["attributes"] == {"category": "kitchen", "campaign": "Kettle"}
    assert [(line["product"], str(line["amount"])) for line in first["order"]["lines"]] == [("1-P1", "10.0000"), ("1-P2", "2.5000")]
    assert first["order"]["amount"] == 13.5
    assert first["order"]["status"] == "1"
    assert second["identifiers"] == []
    assert second["order"] == {"status": "0", "lines": []}
    assert second["attributes"] == {"campaign": "unnamed"}
    assert paid["kind"] == "order_paid"
    assert result.rows == 2


def test_a_repeated_key_of_a_one_to_one_join_is_reported(shop):
    shop.file("customers.csv", "id,email\nC1,a@b.c\nC1,z@b.c\n")
    result = shop.read(TEXT)
    assert [(each.file, each.line) for each in result.unmapped] == [("customers.csv", 3)]
    assert "repeats the key 'C1'" in result.unmapped[0].reason
    assert result.events[1].record["identifiers"][0]["value"] == "a@b.c"


def test_a_join_by_a_column_that_is_not_there(shop):
    with pytest.raises(
        MappingError, match=r"m.yaml:8: sources.orders.joins.customer: customers.csv has no column `idd`; did you mean `id`"
    ):
        shop.read(TEXT.replace("{customer: id}", "{customer: idd}"))


@pytest.mark.parametrize("pack", [lambda plain: plain, gzip.compress, lzma.compress], ids=["plain", "gz", "xz"])
@pytest.mark.parametrize("ending", ["", ".gz", ".xz"])
def test_compression_is_told_by_content(shop, pack, ending):
    (shop.folder / "orders.csv").unlink()
    shop.file("orders.csv" + ending, pack(ORDERS.encode()))
    result = shop.read(TEXT)
    assert len(result.events) == 3
    assert result.events[0].record["event_id"] == "orders.csv:2:placed", "the numbers do not depend on the compression"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gz", "xz"])
def test_a_cut_file_is_no_shorter_export(shop, pack):
    packed = pack(("order,shop,at,customer,paid\n" + "".join(f"{n},a,2024-05-0{n % 9 + 1},C{n * 7919},\n" for n in range(9000))).encode())
    shop.file("orders.csv", packed[: len(packed) * 2 // 3])
    with pytest.raises(UnreadableFileError, match=r"orders.csv: cannot be read after line \d+"):
        shop.read(TEXT)


BARE = "name: x\nzone: UTC\nsources: {{rows: {{file: rows.csv{source}}}}}\nevents:\n"
BARE += "  - {{from: rows, channel: website, kind: page_viewed, occurred_at: '{{at}}', session: '{{s}}'}}\n"


def sessions(trial, content, source=""):
    trial.file("rows.csv", content)
    result = trial.read(BARE.format(source=source))
    return [event.record.get("session") for event in result.events], [(each.line, each.reason) for each in result.unmapped]


def test_dialects(trial):
    assert sessions(trial, b"\xef\xbb\xbfat,s\r\n2024-05-01,\xc3\xa4\r\n") == (["ä"], [])
    assert sessions(trial, b"at,s\n2024-05-01,\xe4\n", ", encoding: latin-1") == (["ä"], [])
    assert sessions(trial, b"at\ts\n2024-05-01\t'a\tb'\n", """, delimiter: tab, quote: "'" """) == (["a\tb"], [])
    assert sessions(trial, b"2024-05-01,x\n", ", columns: [at, s]") == (["x"], [])
    assert sessions(trial, "at,s\n2024-05-01,x\n".encode("utf-16"), ", encoding: utf-16") == (["x"], [])
    assert sessions(trial, b"at,s\n2024-05-01,-\n", ", none: ['-']") == ([None], [])


def test_rows_that_do_not_map_are_told_by_line(trial):
    content = b'at,s\n2024-05-01,"two\nlines"\n\n2024-05-02\nsoon,x\n2024-05-03,\xff\n2024-05-04,good\n'
    found, unmapped = sessions(trial, content)
    assert found == ["two\nlines", "good"]
    assert [line for line, _ in unmapped] == [5, 6, 7]
    assert "1 values, and the file has 2 columns" in unmapped[0][1]
    assert "occurred_at: 'soon' is no time" in unmapped[1][1]
    assert "bytes that are not utf-8" in unmapped[2][1]


def test_an_endless_quote_is_one_bad_row(trial):
    found, unmapped = sessions(trial, b'at,s\n2024-05-01,good\n2024-05-02,"' + b"x" * 200_000 + b"\n")
    assert found == ["good"]
    assert len(unmapped) >= 1
    assert unmapped[0][0] == 3


def test_headers(trial):
    with pytest.raises(UnreadableFileError, match="is empty"):
        sessions(trial, b"")
    with pytest.raises(UnreadableFileError, match="'at' is there twice"):
        sessions(trial, b"at,at\n")
    assert sessions(trial, b"at,s\n") == ([], [])


def test_order_and_repeats(trial):
    trial.file(
        "rows.csv",
        "at,s,n,id\n2024-05-02,b,0,1\n2024-05-01,b,10,2\n2024-05-01,b,9,3\n2024-05-01,a,99,4\n2024-05-01,b,9,3\n2024-05-01,b,9,30\n",
    )
    text = BARE.format(source="").replace("session: '{s}'", "source: '{s}', sequence: '{n}', event_id: '{id}'")
    ids = [event.record["event_id"] for event in trial.read(text).events]
    assert ids == ["4", "3", "3", "30", "2", "1"], "event time, source, sequence as a number, event id; repeats pass through"


def test_progress_and_cap(trial, monkeypatch):
    from streams.imports import Mapping, read_events, reading

    monkeypatch.setattr(reading, "KEPT_REASONS", 5)
    trial.file("rows.csv", "at,s\n" + "never,x\n" * 12_000)
    trial.mapping(BARE.format(source=""))
    seen = []
    result = read_events(Mapping.load(trial.folder / "m.yaml"), trial.folder, seen.append)
    assert result.rows_unmapped == 12_000
    assert len(result.unmapped) == 5
    assert [each.rows for each in seen] == [5_000, 10_000, 12_000]
    assert seen[-1].read_bytes == seen[-1].size_bytes
