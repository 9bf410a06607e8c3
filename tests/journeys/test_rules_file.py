"""One file of rule settings: the shipped one says the defaults; a wrong one stops the start with file, line and what was expected."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from journey_story import SETTINGS, at, consented, customer, found, mailed, talk, wrote

from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.opening import OpeningHours
from streams.rules_file import SHIPPED, load_rules
from streams.settings import SettingsError

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def loaded(tmp_path, text):
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    return load_rules(SETTINGS, file)


def test_the_shipped_file_says_every_default_and_names_every_rule():
    assert load_rules(SETTINGS) == SETTINGS
    assert all(f"\n  {name}:" in SHIPPED.read_text() for name in BY_NAME)


def test_what_a_file_leaves_out_keeps_its_default(tmp_path):
    settings = loaded(tmp_path, "rules:\n  price_mismatch: {within: 3d}\n")
    assert settings.rules.statements.price_within_s == 3 * 86_400
    assert settings.rules.statements.stock_within_s == SETTINGS.rules.statements.stock_within_s


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("rules:\n  price_mismatch: {within: soon}", 2, "'soon' is no length of time; a number with s, m, h or d was expected"),
        ("rules:\n  price_mismach: {}", 2, "did you mean `price_mismatch`?"),
        ("rules:\n  price_mismatch:\n    window: 1d", 3, "there is no `window` here"),
        ("rules:\n  offer_unknown: {severity: bad}", 2, "'bad' is none of these; there are: info, warning, critical"),
        ("rules:\n  offer_unknown: {enabled: maybe}", 2, "'maybe' is none of these"),
        ("rules:\n  offer_unknown: {except: {channels: [shop]}}", 2, "'shop' is none of these"),
        ("rules:\n  handover_lost: {norm: {phone: 5m}}", 2, "`others` is missing"),
        ("rules:\n  satisfaction_dropped: {drops: {CSAT: -1}}", 2, "-1 is not above 0"),
        ('hours:\n  phone: {mon-fri: "9-5"}', 2, "'9-5' are no hours"),
        ('hours:\n  phone: {mon-fri: "17:00-09:00"}', 2, "does not end after it begins"),
        ('hours:\n  phone: {monday: "09:00-17:00"}', 2, "'monday' is no day"),
        ("hours:\n  phone: {mon: closed}", 2, "at least one of them open"),
        ('hours:\n  phone: {zone: Mars, mon: "09:00-17:00"}', 2, "'Mars' is no time zone"),
        ("rules: [", 1, "is not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_and_what_was_expected(tmp_path, text, line, said):
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, text)
    assert f"rules.yaml:{line}:" in str(refused.value)
    assert said in str(refused.value)


OUT = consented(0, channels=("email",))


def test_a_rule_that_is_off_finds_nothing_and_a_severity_is_the_file_s(tmp_path):
    off = loaded(tmp_path, "rules:\n  contact_after_opt_out: {enabled: no}\n")
    assert found("contact_after_opt_out", OUT, mailed(200), settings=off) == []
    mild = loaded(tmp_path, "rules:\n  contact_after_opt_out: {severity: info}\n")
    [finding] = found("contact_after_opt_out", OUT, mailed(200), settings=mild)
    assert finding.severity == "info"


def test_exceptions_by_channel_and_campaign(tmp_path):
    text = "rules:\n  contact_after_opt_out: {except: {channels: [app], campaigns: [RECALL]}}\n"
    excepted = loaded(tmp_path, text)
    everywhere = consented(0)
    story = (everywhere, mailed(200, channel="app"), mailed(201, campaign="RECALL"), mailed(202, channel="chat"))
    [finding] = found("contact_after_opt_out", *story, settings=excepted)
    assert finding.second_channel == "chat"


def test_hours_are_counted_in_the_channel_s_zone(tmp_path):
    text = 'hours:\n  email: {zone: Europe/Amsterdam, mon-sun: "09:00-17:00", 2023-11-15: closed}\n'
    [finding] = found("contact_unanswered", wrote(0, case="C1"), settings=loaded(tmp_path, text))
    assert datetime.fromtimestamp(finding.opened_at / 1e6, AMSTERDAM) == datetime(2023, 11, 16, 17, tzinfo=AMSTERDAM)


def test_the_day_on_which_summer_time_begins_has_twenty_three_hours():
    begins = int(datetime(2024, 3, 31, tzinfo=AMSTERDAM).timestamp()) * 1_000_000
    day = OpeningHours("Europe/Amsterdam", (((0, 86_400),),) * 7)
    assert day.due(begins, 24 * 3600) - begins == 24 * 3_600_000_000
    after = int(datetime(2024, 4, 1, tzinfo=AMSTERDAM).timestamp()) * 1_000_000
    assert day.due(begins, 23 * 3600) == after


def test_an_example_in_the_chat_at_night(tmp_path):
    settings = loaded(tmp_path, 'hours:\n  chat: {zone: America/New_York, mon-sun: "00:00-24:00"}\n')
    assert customer(talk(0, "started", "chat"), settings=settings).results(at(0)).next_deadline == at(1 / 6)
