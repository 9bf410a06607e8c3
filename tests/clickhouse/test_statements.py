"""Reading a statement's kind, format and inline data, before the engine sees it."""

import pytest

from streams.clickhouse.errors import ClickHouseError
from streams.clickhouse.statements import Kind, Statement, parse, split


@pytest.mark.parametrize(
    ("text", "kind", "form"),
    [
        (b"SELECT 1", Kind.READ, ""),
        (b"select 1 format JSON", Kind.READ, "JSON"),
        (b"SELECT 1 FORMAT JSONEachRow SETTINGS max_threads = 1", Kind.READ, "JSONEachRow"),
        (b"SELECT 1 FORMAT CSV;\n -- the end", Kind.READ, "CSV"),
        (b"/* a; b */ WITH 1 AS a SELECT a -- format XML", Kind.READ, ""),
        (b"SELECT 'FORMAT JSON; DROP TABLE t'", Kind.READ, ""),
        (b"SELECT `format` FROM t WHERE format = 1", Kind.READ, ""),
        (b"SELECT (SELECT 1) AS a", Kind.READ, ""),
        (b"(SELECT 1) UNION ALL (SELECT 2) FORMAT TSV", Kind.READ, "TSV"),
        (b"SHOW TABLES", Kind.READ, ""),
        (b"EXPLAIN SELECT 1", Kind.READ, ""),
        (b"CREATE TABLE t (a Int8) ENGINE = Memory", Kind.OTHER, ""),
        (b"INSERT INTO t SELECT 1", Kind.OTHER, ""),
        (b"INSERT INTO t VALUES (1), (2)", Kind.OTHER, ""),
        (b"INSERT INTO t FORMAT VALUES (1)", Kind.OTHER, ""),
        (b"DROP TABLE t", Kind.OTHER, ""),
    ],
)
def test_kind_and_format(text: bytes, kind: Kind, form: str):
    found = parse(text)
    assert (found.kind, found.format) == (kind, form)


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        (b"INSERT INTO t (a, b) FORMAT TSV\n1\t2\n", b"1\t2\n"),
        (b"insert into t format TSV 1\t2\n", b"1\t2\n"),
        (b"INSERT INTO t SETTINGS async_insert = 0 FORMAT Native\n\x00\xff;\n", b"\x00\xff;\n"),
        (b"INSERT INTO t FORMAT TSV;\n;\n", b";\n"),
        (b"INSERT INTO t (format, `FORMAT x`) FORMAT TSV\n", b""),
        (b"INSERT INTO t FORMAT MsgPack", b""),
        (b"INSERT INTO t FORMAT TSV\n\n\n", b"\n\n"),
    ],
)
def test_rows_of_an_insert_come_apart_byte_for_byte(text: bytes, payload: bytes):
    found = parse(text)
    assert found.kind is Kind.INSERT
    assert found.payload == payload
    assert "FORMAT" not in found.text.upper().replace("(FORMAT, `FORMAT X`)", "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"SELECT 1; SELECT 2", 62),
        (b"SELECT 1; DROP TABLE t", 62),
        (b"", 62),
        (b"-- nothing", 62),
        (b"SELECT '\xff'", 62),
        (b"SELECT 1 INTO OUTFILE '/tmp/x'", 358),
        (b"INSERT INTO t FROM INFILE '/etc/passwd' FORMAT TSV", 78),
        (b"SELECT * FROM file('/etc/passwd')", 497),
        (b"SELECT * FROM `file` ('/etc/passwd')", 497),
        (b"SELECT * FROM fILE/**/('/etc/passwd')", 497),
        (b"INSERT INTO t SELECT * FROM url('http://example.org')", 497),
        (b"CREATE TABLE t AS s3('x')", 497),
    ],
)
def test_what_a_server_would_not_run_is_refused(text: bytes, code: int):
    with pytest.raises(ClickHouseError) as refused:
        parse(text)
    assert refused.value.code == code


def test_a_script_comes_apart_at_its_own_semicolons_alone():
    script = "-- one; comment\nSELECT ';'; /* ; */\nSELECT `a;b`;;\n-- the end\n"
    assert split(script) == ["-- one; comment\nSELECT ';'", "/* ; */\nSELECT `a;b`"]


def test_a_statement_without_rows_is_itself():
    assert parse(b"SELECT 1;") == Statement(Kind.READ, "SELECT 1")
