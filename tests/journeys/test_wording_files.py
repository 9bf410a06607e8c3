"""Every rule's finding in every language: whole sentences, both channels, a time; a wrong file stops the start with its line."""

from dataclasses import replace

import pytest
from journey_story import LATER, SETTINGS, consented, customer, mailed

from streams.journeys.identity.strength import TYPES
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.inconsistencies.telling import PHRASES, SEPARATOR, VARIANTS, phrase
from streams.settings import SettingsError
from streams.wording_file import SHIPPED, languages, load_wording, read_wording

FACTS = {
    "first": "website",
    "second": "store",
    "first_said": phrase("showed", offer="SALE"),
    "second_said": phrase("denied", offer="SALE", reason="unknown"),
    "between": 7_200_000_000,
    "times": 3,
    "number": 3,
    "due": 1_537_399_447_000_000,
    "at": 1_537_399_447_000_000,
    "late": 86_400_000_000,
    "until": 1_537_399_447_000_000,
    "price": "249000 EUR",
    "difference": "5000 EUR",
    "patience": 86_400_000_000,
    "good_before": 86_400_000_000,
    "good_channel": "app",
    "good_said": "bought",
    "stated_first": phrase("status", status="new"),
    "stated_second": phrase("stock", value="in stock"),
    "about": phrase("about", thing="order:5"),
    "task": phrase("task_topic", topic="delivery"),
    "to": phrase("to", to_channel="chat"),
    "thing": "order:5",
}


def test_english_and_dutch_ship():
    assert languages() == ("en", "nl")


def test_every_rule_has_its_variants():
    assert set(VARIANTS) == set(BY_NAME)


def test_what_ships_with_a_code_has_a_dutch_word():
    paths = (path for each in SETTINGS.rules.statements.status_paths.values() for path in each)
    statuses = {name for path in paths for step in path for name in step}
    codes = statuses | TYPES.keys()
    words = load_wording("nl")
    assert [each for each in sorted(codes) if each.replace("_", " ") not in words.words] == []
    assert words.word("in_progress") == words.word("in progress") == "in behandeling"
    assert words.word("in_our_own_words") == "in_our_own_words"


def test_a_file_of_ones_own_may_name_a_code_as_events_carry_it(tmp_path):
    own = tmp_path / "nl.yaml"
    own.write_text((SHIPPED / "nl.yaml").read_text() + "  stand_by: stand-by\n")
    assert read_wording(own).word("stand_by") == "stand-by"


@pytest.mark.parametrize("language", languages())
def test_every_variant_of_every_rule_is_a_whole_sentence(language):
    wording = load_wording(language)
    for rule, variants in VARIANTS.items():
        for variant, own in variants.items():
            told = wording.sentence(rule, variant, dict.fromkeys(own, "x") | FACTS)
            assert told.endswith("."), (rule, variant)
            assert not set(told) & {"{", "}", SEPARATOR}, told
    for key, own in PHRASES.items():
        said = wording.say(phrase(key, **({name: FACTS.get(name, "x") for name in own} if key != "stated" else {"it": "x"})))
        assert said != key
        assert not set(said) & {"{", "}", SEPARATOR}, said


@pytest.mark.parametrize(
    ("language", "told", "remedy"),
    [
        ("en", "The e-mail sent marketing, two hours after the customer had withdrawn his consent for it through the website.", "Take the"),
        ("nl", "De e-mail stuurde reclame, twee uur nadat de klant zijn toestemming daarvoor via de website had ingetrokken.", "Haal de"),
    ],
)
def test_a_finding_is_told_in_the_language_of_the_settings(language, told, remedy):
    settings = replace(SETTINGS, wording=load_wording(language), rules=replace(SETTINGS.rules, opt_out_grace_s=0))
    held = customer(consented(0, channels=("email",)), mailed(2), settings=settings)
    [finding] = held.results(LATER).inconsistencies
    assert finding.sentence == told
    assert finding.remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("{Second} {second_said}, although", "{Sceond} {second_said}, although", "{Sceond} is not known here"),
        ('    quote: "Quote {price} instead."\n', "", "`quote` is missing"),
        ('    quote: "Quote {price} instead."', '    quote: "Quote {price instead."', "has a brace that belongs to no placeholder"),
        ("  offer_unknown:", "  offer_unknwon:", "there is no `offer_unknwon` here"),
        ('decimal: "."', 'decimal: ";"', "is none of these"),
        ("months: [January, ", "months: [", "12 months were expected, not 11"),
        ('many_times: "{number} times"', 'many_times: "many times"', "{number} is missing"),
    ],
)
def test_a_wrong_file_says_where_and_what_was_expected(tmp_path, before, after, expected):
    file = tmp_path / "en.yaml"
    text = (SHIPPED / "en.yaml").read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(SettingsError, match=r"en\.yaml:\d+: ") as error:
        read_wording(file)
    assert expected in str(error.value)


def test_a_language_that_does_not_ship_is_refused():
    with pytest.raises(SettingsError, match="no wording in 'xx'; en, nl, or a file's name"):
        load_wording("xx")


def test_a_value_that_has_the_separator_makes_no_other_phrase():
    assert load_wording().say(phrase("showed", offer=f"a{SEPARATOR}b")) == "showed offer a b"
