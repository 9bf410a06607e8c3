"""Every rule's findings in the stories, in every language that ships: whole sentences that name who, and when.

A sentence that cannot be made falls back to the bare two sides without a remedy, so that the customer goes on; here none may.
"""

import re
from dataclasses import replace

import msgspec
import pytest
from test_truth_in_the_fold import SETTINGS, admitted, people

from streams.journeys.customer import Customer
from streams.journeys.inconsistencies.retelling import retold
from streams.journeys.inconsistencies.rules import BY_NAME
from streams.journeys.inconsistencies.telling import SEPARATOR
from streams.journeys.knowledge import Knowledge
from streams.simulation import simulate
from streams.wording_file import languages, load_wording

DAY = 86_400_000_000
NO_TIME = frozenset({"identity_conflict"})
"""Rules with a sentence without a time: two contents of one event have none between them."""
NO_SECOND = frozenset({"promise_broken", "case_reopened", "contact_unanswered"})
"""Rules whose second side is a status or something that has not come: their sentences name the channel that is at fault."""
CODES_ONLY = frozenset({"case_reopened"})
"""Rules whose sides are a status as the company calls it, in any language."""
LEFT_OUT = re.compile(r"  | [,.;:]|[,;:]\.|\(\)|\bNone\b|_")


@pytest.fixture(scope="module")
def told():
    """By language, the findings by their ids."""
    simulation = simulate(300, 4, rules="all")
    knowledge = Knowledge()
    customers = list(people(list(admitted(simulation.events(), knowledge))).values())
    found = {}
    for language in languages():
        settings = replace(SETTINGS, wording=load_wording(language))
        found[language] = {}
        for touchpoints in customers:
            held = Customer("someone", settings, knowledge)
            for touchpoint in touchpoints:
                held.add(touchpoint)
            found[language] |= {each.inconsistency_id: each for each in held.results(simulation.until + DAY).inconsistencies}
    return found


def test_every_rule_is_told_in_every_language(told):
    for findings in told.values():
        assert {each.rule for each in findings.values()} == set(BY_NAME)


@pytest.mark.parametrize("language", languages())
def test_every_finding_is_a_whole_sentence_with_a_remedy(told, language):
    for each in told[language].values():
        assert each.remedy, f"{each.rule} fell back: {each.sentence}"
        for words in (each.sentence, each.remedy):
            assert words.endswith("."), (each.rule, words)
            assert words[0].isupper(), (each.rule, words)
        for words in (each.sentence, each.remedy, each.first_said, each.second_said):
            assert not set(words) & {"{", "}", SEPARATOR}, (each.rule, words)
            assert not LEFT_OUT.search(_without_codes(words)), (each.rule, words)


@pytest.mark.parametrize("language", languages())
def test_every_finding_names_its_channels(told, language):
    wording = load_wording(language)
    for each in told[language].values():
        sentence = each.sentence.casefold()
        named = (each.first_channel,) if each.rule in NO_SECOND else (each.first_channel, each.second_channel)
        for channel in filter(None, named):
            assert wording.channel(channel).casefold() in sentence, (each.rule, channel, each.sentence)


@pytest.mark.parametrize("language", languages())
def test_every_finding_says_a_time(told, language):
    wording = load_wording(language)
    units = [unit for pair in wording.units.values() for unit in pair]
    time = re.compile("|".join([rf"\b{unit}\b" for unit in units] + list(wording.months) + [re.escape(wording.moment_short)]))
    for each in told[language].values():
        assert each.rule in NO_TIME or time.search(each.sentence), (each.rule, each.sentence)


def test_both_sides_are_translated(told):
    english, dutch = told["en"], told["nl"]
    assert set(english) == set(dutch)
    for number, each in english.items():
        for said, in_dutch in ((each.first_said, dutch[number].first_said), (each.second_said, dutch[number].second_said)):
            assert not said or said != in_dutch or each.rule in CODES_ONLY, (each.rule, said)
        assert each.sentence != dutch[number].sentence, (each.rule, each.sentence)
        assert each.remedy != dutch[number].remedy, (each.rule, each.remedy)


@pytest.mark.parametrize(("published", "asked"), [("en", "nl"), ("nl", "en"), ("en", "en")])
def test_a_published_finding_is_told_in_any_language_as_if_it_had_been_published_in_it(told, published, asked):
    for number, each in told[published].items():
        wanted = told[asked][number]
        words = retold(msgspec.structs.asdict(each), load_wording(asked))
        assert words == (wanted.sentence, wanted.remedy, wanted.first_said, wanted.second_said)


def _without_codes(words: str) -> str:
    """The words without the names that the company gives (a queue, a page, a step), which may have any sign."""
    return re.sub(r"\b\w+_\w+\b", "x", words)
