"""The table of identifier types as a file: what it sets, and how it is refused where it cannot be meant."""

import pytest

from streams.channels.identifiers import normalised
from streams.identifiers_file import configured_pseudonyms, load_identifiers
from streams.journeys.identity.graph import Graph
from streams.journeys.identity.strength import IdentifierTable
from streams.settings import Settings, SettingsError


def loaded(tmp_path, text):
    file = tmp_path / "identifiers.yaml"
    file.write_text(text)
    return load_identifiers(file)


def test_the_file_that_ships_has_the_defaults():
    shipped, usual = load_identifiers(), IdentifierTable()
    assert shipped.nobody == usual.nobody
    assert {**shipped.types} == {**usual.types}


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    table = loaded(tmp_path, "types:\n  cookie: {most_seen_with: {login: 2}}\n  email: {values: one}\nnobody: [Test@Example.com]")
    assert table.types["cookie"].most_seen_with == {"login": 2}
    assert table.types["cookie"].is_strong is False
    assert table.types["device"] == IdentifierTable().types["device"]
    assert table.single_valued == {"customer_number", "login", "email"}
    assert normalised("email", "test@example.COM", table) == ""
    assert normalised("login", "null", table) == "null"


def test_a_phone_number_that_is_only_followed_joins_nobody(tmp_path):
    table = loaded(tmp_path, "types:\n  phone: {strength: weak}")
    for types, parted in ((IdentifierTable().types, False), (table.types, True)):
        graph = Graph(types)
        for identifiers in (("email:a", "phone:p"), ("email:b", "phone:p")):
            graph.seen(identifiers, 1, identifiers[0])
            while graph.effects:
                graph.hear(graph.effects.pop(0))
                graph.settle()
        assert (graph.nodes["email:a"].label != graph.nodes["email:b"].label) is parted


def test_a_weak_type_may_live_for_a_time_a_phone_number_too_where_it_is_weak(tmp_path):
    table = loaded(tmp_path, "types:\n  cookie: {lifetime: 400d}\n  phone: {strength: weak, lifetime: 90d}")
    assert table.lifetimes == {"phone": 90, "cookie": 400}
    assert IdentifierTable().lifetimes == {}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("types:\n  shoe_size: {strength: weak}", 2, "there is no `shoe_size` here"),
        ("types:\n  cookie: {strenght: weak}", 2, "did you mean `strength`"),
        ("types:\n  cookie:\n    strength: medium", 3, "'medium' is none of these; there are: strong, weak"),
        ("types:\n  phone: {form: e164}", 2, "'e164' is none of these"),
        ("types:\n  login: {values: several}", 2, "'several' is none of these"),
        ("types:\n  cookie: {most_seen_with: {login: 0}}", 2, "'0' is no limit; a whole number from 1 to 1000 was expected"),
        ("types:\n  cookie: {most_seen_with: {loggin: 1}}", 2, "did you mean `login`"),
        ("types:\n  cookie:\n    lifetime: 6d", 3, "types.cookie.lifetime: '6d' is no lifetime; whole days from 7d to 3650d were expected"),
        ("types:\n  cookie: {lifetime: a year}", 2, "'a year' is no lifetime"),
        ("types:\n  phone:\n    lifetime: 90d", 3, "a strong type has no lifetime: it joins persons"),
        ("types:\n  cookie:\n    strength: strong\n    lifetime: 90d", 4, "Write `strength: weak` too"),
        ("types:\n  cookie:\n    values: one\n    lifetime: 90d", 4, "a lifetime and `values: one` exclude each other"),
        ("types:\n  email: {strength: weak}", 2, "phone is strong, but email, which comes before it, is weak"),
        ("nobody:\n  - {}", 2, "a text was expected"),
        ("types: [", 1, "is not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_and_what_was_expected(tmp_path, text, line, said):
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, text)
    assert f"identifiers.yaml:{line}:" in str(refused.value)
    assert said in str(refused.value)


def test_national_numbers_are_of_the_region_that_is_set():
    home = configured_pseudonyms(Settings(pseudonym_key="11" * 32, phone_region="NL"))
    assert home.of("phone", "020 624 1111") == home.of("phone", "+31 (0)20-6241111") == home.of("phone", "0031206241111")
    nowhere = configured_pseudonyms(Settings(pseudonym_key="11" * 32))
    assert nowhere.of("phone", "020 624 1111") != nowhere.of("phone", "+31 20 624 1111")


def test_a_region_that_is_none_is_refused():
    with pytest.raises(SettingsError, match="TOUCHPOINTS_PHONE_REGION is 'Holland'; a country's two letters"):
        configured_pseudonyms(Settings(pseudonym_key="11" * 32, phone_region="Holland"))
