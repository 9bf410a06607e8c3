"""One written form for each identifier, and pseudonyms that nothing can turn back."""

import hashlib
import hmac

import pytest

from streams.channels.identifiers import Pseudonyms, key_of, normalised

KEY = bytes(range(32))
NOW = 1_772_450_000_000_000


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("customer_number", "  C-1 \n", "C-1"),
        ("login", " Kim ", "Kim"),
        ("email", " Kim@Example.COM", "kim@example.com"),
        ("phone", "+49 (0)30 / 123-45", "+493012345"),
        ("phone", "0049 30 12345", "+493012345"),
        ("phone", "030 12345", "03012345"),
        ("phone", "n/a", ""),
        ("phone", "+44 20 7946 0018 ext. 5", "+442079460018"),
        ("phone", "+39 06 698 12345", "+390669812345"),
        ("phone", "+1 (212) 555-0100", "+12125550100"),
        ("phone", "+7", "+7"),
        ("loyalty_card", "12 34-56.78", "12345678"),
        ("device", " d ", "d"),
        ("cookie", "c", "c"),
        ("order", " O1", "O1"),
        ("login", "null", ""),
        ("cookie", " Undefined ", ""),
        ("device", "00000000-0000-0000-0000-000000000000", ""),
        ("email", "[object Object]", ""),
    ],
)
def test_normalised(type_, value, expected):
    assert normalised(type_, value) == expected


def test_a_pseudonym_is_the_hmac_of_type_and_value():
    expected = hmac.new(KEY, b"email:kim@example.com", hashlib.sha256).hexdigest()[:32]
    assert Pseudonyms(KEY).of("email", "KIM@example.com ") == expected
    assert Pseudonyms(KEY).of("login", "kim@example.com") != expected
    assert Pseudonyms(bytes(32)).of("email", "kim@example.com") != expected


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="16 at least"):
        Pseudonyms(b"short")


@pytest.mark.parametrize("text", ["", "zz" * 16, "00" * 15])
def test_a_key_of_the_settings_that_cannot_be_used_is_refused_with_advice(text):
    with pytest.raises(ValueError, match="openssl rand"):
        key_of(text)


def test_the_anchor_is_the_strongest_identifier_then_the_smallest_pseudonym(admit, event):
    given = [{"type": "cookie", "value": "c"}, {"type": "email", "value": "b@x.test"}, {"type": "email", "value": "a@x.test"}]
    touchpoint = admit("chat", event("agent_said", identifiers=given, references={"order": "O1"})).touchpoint
    emails = [each.pseudonym for each in touchpoint.identifiers if each.type == "email"]
    assert touchpoint.anchor == f"email:{min(emails)}"
    assert [each.type for each in touchpoint.identifiers] == ["email", "email", "cookie", "order"]


@pytest.mark.parametrize("type_", ["order", "case", "conversation"])
def test_an_event_with_nothing_but_a_reference_is_anchored_to_it(admit, event, type_):
    touchpoint = admit("chat", event("agent_said", identifiers=[], references={type_: "N1"})).touchpoint
    assert touchpoint.anchor == f"{type_}:{Pseudonyms(KEY).of(type_, 'N1')}"


def test_the_same_identifier_twice_is_one(admit, event):
    given = [{"type": "email", "value": "a@x.test"}, {"type": "email", "value": "A@X.test "}]
    assert len(admit("chat", event("agent_said", identifiers=given)).touchpoint.identifiers) == 1


def test_no_identifier_leaves_admit_in_clear(admit, event):
    given = [{"type": "email", "value": "kim@example.com"}, {"type": "phone", "value": "+4930123456"}]
    answer = admit("chat", event("agent_said", identifiers=given))
    assert b"kim" not in answer.value
    assert b"4930123456" not in answer.value
