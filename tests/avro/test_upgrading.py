"""Outputs of an earlier version: a topic outlives a release, and a table's block has one schema."""

import pytest

from streams.avro.codec import Decoder, Encoder
from streams.avro.registry import FileRegistry
from streams.avro.upgrading import Upgrade
from streams.avro.wire import Fingerprint

FILES = FileRegistry()
ROW = {
    "journey_id": "j",
    "version": 1,
    "customer": "c",
    "process": "purchase",
    "started_at": 1,
    "last_at": 2,
    "detected_at": 3,
    "status": "dropped",
}


def test_a_journey_of_the_first_version_becomes_one_of_today():
    first = FILES.versions("journey")[1]
    (datum,) = Encoder(first).encode_run([ROW])
    today = Upgrade(FILES, "journey")(Fingerprint(first.fingerprint).prefix + datum)
    (record,) = Decoder(FILES.current("journey")).decode_run([today])
    assert (record["journey_id"], record["status"], record["duration_s"], record["ratings"]) == ("j", "dropped", 0.0, [])


def test_one_of_today_stays_as_it_is():
    (datum,) = Encoder(FILES.current("journey")).encode_run([ROW])
    assert Upgrade(FILES, "journey")(FILES.reference("journey").prefix + datum) == datum


def test_what_is_none_is_refused():
    with pytest.raises(ValueError, match="single-object"):
        Upgrade(FILES, "journey")(b"{}")
