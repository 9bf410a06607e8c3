"""What a row carries of its words: enough for any language, and a row that carries nothing or what nobody knows stays as it is."""

import msgspec
import pytest
from journey_story import found, refused, shown, talk, touch

from streams.journeys.inconsistencies.identities import event_conflict
from streams.journeys.inconsistencies.retelling import retold
from streams.journeys.rule_settings import RuleSettings
from streams.wording_file import load_wording

DUTCH = load_wording("nl")


def row_of(finding):
    return msgspec.structs.asdict(finding)


@pytest.fixture
def denied():
    [finding] = found("offer_unknown", shown(0, valid_until=50), talk(1, "started"), refused(2))
    return row_of(finding)


def test_a_finding_is_told_in_another_language(denied):
    assert denied["sentence"].startswith("The phone")
    assert retold(denied, DUTCH).sentence.startswith("De telefoon")


@pytest.mark.parametrize("second", ["website", "store"])
def test_two_contents_under_one_event_id_too(second):
    one, other = touch(0, "website", "page_viewed", event_id="e"), touch(1, second, "bought", event_id="e")
    rules, english = RuleSettings(), load_wording("en")
    dutch = event_conflict("c", one, other, rules, DUTCH)
    words = retold(row_of(event_conflict("c", one, other, rules, english)), DUTCH)
    assert words == (dutch.sentence, dutch.remedy, dutch.first_said, dutch.second_said)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[]",
        "no JSON",
        '["","",["a_variant_of_later"],"remedy",{}]',
        '["","",["valid"],"remedy",{}]',
        '["showed\\u001foffer","",["valid"],"remedy",{}]',
    ],
)
def test_a_row_without_what_this_language_can_say_stays_as_it_is(denied, told):
    assert retold(denied | {"told": told}, DUTCH) is None
