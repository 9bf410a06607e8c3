"""What the linter refuses, each with its file, its path and what to do."""

import copy
import json
import shutil

import pytest

from streams.avro.lint import envelope_flaws, release_flaws, shape_flaws
from streams.avro.releases import check, release
from streams.avro.schema import Schema, SchemaError
from streams.settings import CHANNELS
from streams.shipped import folder

STRING = {"name": "a", "type": "string", "doc": "A."}


def record(*fields):
    return {"type": "record", "name": "R", "namespace": "t", "doc": "R.", "fields": [{"doc": "F.", **each} for each in fields]}


def flaws(*fields):
    return [(flaw.path, flaw.advice) for flaw in shape_flaws(Schema.of(record(*fields)), "r.avsc")]


def test_the_shipped_schemas_have_no_flaw():
    assert check(folder("schemas"), frozenset(CHANNELS)) == []


@pytest.mark.parametrize(
    ("path", "word", "field"),
    [
        ("a[]", "millions", {"name": "a", "type": {"type": "array", "items": "null"}}),
        ("a{}", "millions", {"name": "a", "type": {"type": "map", "values": "null"}}),
        ("a[]", "millions", {"name": "a", "type": {"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}}),
        ("a[]", "no fields", {"name": "a", "type": {"type": "array", "items": {"type": "record", "name": "E", "doc": "E.", "fields": []}}}),
        ("a[]", "takes no bytes", {"name": "a", "type": {"type": "array", "items": record({"name": "n", "type": "null"}) | {"name": "N"}}}),
        ("a", "always null", {"name": "a", "type": "null"}),
        ("a", "holds itself", {"name": "a", "type": ["null", "R"], "default": None}),
        ("a", "precision", {"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 1_000_000, "scale": 4}}),
        ("a", "scale 4", {"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}}),
        ("a", "fixed of", {"name": "a", "type": {"type": "fixed", "name": "F", "size": 1_000_000}}),
        ("a", "enum E has no default", {"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["x"]}}),
        ("a", "no doc", {"name": "a", "type": "string", "doc": " "}),
        ("a", "null first", {"name": "a", "type": ["string", "long"], "default": "x"}),
        ("a", "null first", {"name": "a", "type": ["string", "null"], "default": "x"}),
        ("a", "no default", {"name": "a", "type": ["null", "string"]}),
        ("a", "precision", {"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "scale": 4}}),
        ("a.b", "no doc", {"name": "a", "type": record({"name": "b", "type": "string", "doc": ""}) | {"name": "I"}}),
    ],
)
def test_a_shape_that_is_refused(path, word, field):
    found = flaws(field)
    assert any(place == path and word in advice for place, advice in found), found


def test_a_default_of_another_type_is_no_schema():
    with pytest.raises(SchemaError, match="Default value"):
        Schema.of(record({"name": "a", "type": "long", "default": "x"}))


def test_a_field_that_is_there_twice_is_no_schema():
    with pytest.raises(SchemaError, match=r"R\.avsc\.a: the field is there twice"):
        Schema.of(record(STRING, STRING), "R.avsc")


def test_a_plain_record_has_no_flaw():
    assert flaws(STRING) == []


@pytest.mark.parametrize("name", ["event_id", "occurred_at", "identifiers", "references", "attributes"])
def test_a_channel_without_a_field_of_the_envelope(name):
    definition = json.loads((folder("schemas") / "chat.avsc").read_text())
    definition["fields"] = [each for each in definition["fields"] if each["name"] != name]
    (flaw,) = envelope_flaws(Schema.of(definition), "schemas/chat.avsc")
    assert (flaw.file, flaw.path) == ("schemas/chat.avsc", name)
    assert "add the field" in flaw.advice


def changed(change):
    definition = json.loads((folder("schemas") / "chat.avsc").read_text())
    change({each["name"]: each for each in definition["fields"]}, definition)
    return Schema.of(definition)


def drop_default(fields, definition):
    definition["fields"].append({"name": "mood", "type": "string", "doc": "New."})


def remove_required(fields, definition):
    definition["fields"].remove(fields["occurred_at"])


def another_type(fields, _definition):
    fields["sequence"] |= {"type": "string", "default": ""}


def another_name(_fields, definition):
    definition["name"] = "Chats"


def millis(fields, _definition):
    fields["occurred_at"]["type"]["logicalType"] = "timestamp-millis"


def fewer_digits(fields, _definition):
    amount = next(each for each in fields["offer"]["type"][1]["fields"] if each["name"] == "amount")
    amount["type"][1]["precision"] = 9


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (drop_default, "mood"),
        (remove_required, "occurred_at"),
        (another_type, "sequence"),
        (another_name, "touchpoints.chat.Chats"),
        (millis, "occurred_at"),
        (fewer_digits, "offer.amount"),
    ],
)
def test_a_change_that_breaks_a_released_version(change, path, registry):
    found = release_flaws(changed(change), registry.versions("chat"), "schemas/chat.avsc")
    assert path in {flaw.path for flaw in found}, found
    assert all("release 1" in flaw.advice for flaw in found)


def grown(fields, definition):
    definition["fields"].append({"name": "mood", "type": "string", "doc": "New.", "default": ""})
    fields["kind"]["type"]["symbols"].append("emoji_sent")


def test_a_change_that_grows_is_compatible(registry):
    assert release_flaws(changed(grown), registry.versions("chat"), "schemas/chat.avsc") == []


def test_a_release_is_made_where_something_changed_and_checked_against_all_before(tmp_path):
    shutil.copytree(folder("schemas"), tmp_path / "schemas")
    root = tmp_path / "schemas"
    assert {each.new for each in release(root)} == {False}
    path = root / "chat.avsc"
    definition = json.loads(path.read_text())
    one = copy.deepcopy(definition)
    one["fields"].append({"name": "mood", "type": "string", "doc": "New.", "default": ""})
    path.write_text(json.dumps(one))
    (made,) = release(root, "chat")
    assert (made.name, made.number, made.new) == ("chat", 2, True)
    one["fields"][-1]["type"] = "long"
    one["fields"][-1]["default"] = 0
    path.write_text(json.dumps(one))
    assert {flaw.path for flaw in check(root, frozenset(CHANNELS))} == {"mood"}


def test_a_file_that_is_no_json_is_one_flaw(tmp_path):
    (tmp_path / "x.avsc").write_text("{")
    (flaw,) = check(tmp_path, frozenset())
    assert "not JSON" in str(flaw)
