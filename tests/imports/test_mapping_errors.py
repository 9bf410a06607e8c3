"""A mapping that is wrong is refused with file, line, place, and what was expected."""

import pytest

from streams.imports import Mapping, MappingError

GOOD = """\
name: shop
zone: Europe/Berlin
times: "%d.%m.%Y %H:%M"
sources:
  orders:
    file: orders.csv
    joins:
      lines: {to: lines, by: id, takes: all}
  lines: lines.csv
lookups:
  channels: {values: {W: website, T: phone}}
events:
  - from: orders
    channel: website
    kind: order_placed
    event_id: "{id}"
    occurred_at: "{at}"
    attributes: {category: "{category}"}
    promise: {what: delivery, due_until: "{due}"}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("zone: Europe/Berlin", "zone: Europe/Berlinn", 2, "'Europe/Berlinn' is no time zone"),
        ("zone:", "zones:", 2, "there is no `zones` here; did you mean `zone`"),
        ("zone: Europe/Berlin\n", "", 1, "`zone` is missing"),
        ('"%d.%m.%Y %H:%M"', '"%d.%m. %H:%M"', 3, "names no day"),
        ('"%d.%m.%Y %H:%M"', "german", 3, "is no time format"),
        ("file: orders.csv", "file: ../orders.csv", 6, "leads out of the import's folder"),
        ("file: orders.csv", "files: orders.csv", 6, "did you mean `file`"),
        ("to: lines", "to: line", 8, "did you mean `lines`"),
        ("takes: all", "takes: many", 8, "there are: one, all"),
        ("  lines: lines.csv", "  lines: {file: lines.csv, joins: {back: {to: orders, by: id}}}", 6, "lead back to itself"),
        ("from: orders", "from: order", 13, "did you mean `orders`"),
        ("channel: website", "channel: web", 14, "did you mean `website`"),
        ("channel: website", "channel: {lookup: channel, of: x}", 14, "did you mean `channels`"),
        ("order_placed", "order_place", 15, "did you mean `order_placed`"),
        ("channel: website\n    kind: order_placed", "channel: email\n    kind: page_viewed", 15, "'page_viewed' is none of these"),
        ("    kind: order_placed\n", "", 13, "`kind` is missing"),
        ('    occurred_at: "{at}"\n', "", 13, "`occurred_at` is missing"),
        ('"{at}"', "{at}", 17, 'needs quotes in YAML: write "{at}"'),
        ('"{at}"', '"{at"', 17, "a lone `{`"),
        ('"{at}"', "someday", 17, "'someday' is no time"),
        ('"{at}"', "{tine: x}", 17, "did you mean `time`"),
        ("category:", "categorie:", 18, "did you mean `category`"),
        ("what: delivery", "wat: delivery", 19, "did you mean `what`"),
        ("promise:", "promises:", 19, "did you mean `promise`"),
        ("promise:", "visit:", 19, "there is no `visit` here"),
        ("what: delivery", "action: broken", 19, "'broken' is none of these"),
        ("what: delivery", "when: {value: x, equal: y}", 19, "did you mean `equals`"),
        ("what: delivery", "when: {present: x, value: y}", 19, "`present` stands alone"),
        ("what: delivery", "when: {value: x, matches: '('}", 19, "no regular expression"),
        ("name: shop", "name: shop\nname: shop", 2, "stands here twice"),
        ("name: shop", "name: [", 3, "is not YAML"),
        ("kind: order_placed", "kind: &k [*k]", 15, "nested too deeply"),
    ],
)
def test_refusals(trial, old, new, line, told):
    assert old in GOOD
    with pytest.raises(MappingError) as refused:
        trial.mapping(GOOD.replace(old, new))
    message = str(refused.value)
    assert told in message
    assert f"m.yaml:{line}:" in message


def test_the_good_one_is_good(trial):
    mapping = trial.mapping(GOOD)
    assert mapping.name == "shop"
    assert mapping.until("2024-07-01T12:00:00") == mapping.until("01.07.2024 12:00") == 1719828000_000_000


def test_a_column_that_the_file_does_not_have(trial):
    trial.file("orders.csv", "id,at,category,dua\n1,x,y,z\n")
    trial.file("lines.csv", "id,sku\n")
    with pytest.raises(MappingError, match=r"m.yaml:19: events\[0\].promise.due_until: orders.csv has no column `due`; did you mean `dua`"):
        trial.read(GOOD)


def test_a_list_is_not_a_column(trial):
    trial.file("orders.csv", "id,at,category,due\n1,x,y,z\n")
    trial.file("lines.csv", "id,sku\n")
    with pytest.raises(MappingError, match=r"m.yaml:18.*`lines` joins many rows"):
        trial.read(GOOD.replace("{category}", "{lines.sku}"))


def test_two_events_of_a_row_cannot_share_its_number(trial):
    text = GOOD.replace('    event_id: "{id}"\n', "")
    event = text[text.index("  - from") :]
    trial.mapping(text)
    with pytest.raises(MappingError, match="give it a `name`"):
        trial.mapping(text + event)
    trial.mapping(text + event + "    name: second\n")


def test_every_channel_that_a_lookup_can_give_is_checked(trial):
    text = GOOD.replace("channel: website", "channel: {lookup: channels, of: '{c}'}")
    trial.mapping(text)
    with pytest.raises(MappingError, match=r"there is no `web` here.*\(in the channel phone\)"):
        trial.mapping(text.replace("promise: {what: delivery", "web: {page: x}\n    promise: {what: delivery"))


def test_no_such_file_and_no_text(tmp_path):
    with pytest.raises(MappingError, match="cannot be read"):
        Mapping.load(tmp_path / "none.yaml")
    (tmp_path / "m.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(MappingError, match="not UTF-8"):
        Mapping.load(tmp_path / "m.yaml")


def test_aliases_cannot_blow_up(trial):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 8):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    with pytest.raises(MappingError, match="too large"):
        trial.mapping(bomb)
