"""What the events of the channels mean."""

from datetime import datetime
from pathlib import Path

import pytest

from streams.avro.examples import example, kinds
from streams.channels.catalogue import CHANNELS
from streams.channels.shown import shown
from streams.channels.vocabulary import kind_flaws
from streams.journeys.touchpoint import Conversation, Indirect, Offer, decode
from streams.settings import CHANNELS as NAMES
from streams.shipped import folder

NOW = 1_772_450_000_000_000


def us(text):
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def test_every_channel_of_the_settings_is_in_the_catalogue():
    assert tuple(CHANNELS) == NAMES


def test_every_kind_of_every_schema_has_a_meaning_and_none_is_left_over():
    assert kind_flaws(folder("schemas")) == []


def test_a_kind_without_a_meaning_is_told(tmp_path):
    for path in folder("schemas").glob("*.avsc"):
        text = path.read_text().replace('"page_viewed"', '"page_dreamt_of"')
        Path(tmp_path / path.name).write_text(text)
    assert {(flaw.file.partition("/")[2], flaw.path) for flaw in kind_flaws(tmp_path, "app")} == {
        ("app.avsc", "kind.page_dreamt_of"),
        ("app.avsc", "kind.page_viewed"),
    }


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_kind_of_a_channel_is_admitted_from_its_example(channel, registry, admit):
    for kind in kinds(registry.current(channel)):
        answer = admit(channel, example(channel, kind))
        touchpoint = answer.touchpoint
        meaning = CHANNELS[channel].kinds[kind]
        assert (touchpoint.channel, touchpoint.kind, touchpoint.direction) == (channel, kind, meaning.direction)
        held = shown(touchpoint)
        part = {"web": "pages", "complaint": "complaints"}.get(meaning.part, f"{meaning.part}s")
        assert held[part][0].get("action", "") == meaning.action
        assert decode(answer.value) == touchpoint
        assert touchpoint.anchor == f"customer_number:{touchpoint.identifiers[0].pseudonym}"


OUTBOUND = [
    "offer_shown",
    "message_sent",
    "conversation_answered",
    "agent_asked",
    "agent_said",
    "promise_made",
    "promise_moved",
    "promise_kept",
    "promise_withdrawn",
    "statement_made",
    "order_shipped",
    "order_delivered",
    "offer_withdrawn",
    "offer_extended",
    "offer_refused",
    "offer_acknowledged",
    "conversation_transferred",
    "conversation_picked_up",
    "complaint_closed",
    "advertisement_seen",
]


def test_usual_directions():
    found = {kind for channel in CHANNELS.values() for kind, meaning in channel.kinds.items() if meaning.direction == "outbound"}
    assert found == set(OUTBOUND)


def test_a_direction_that_the_event_states_counts(admit, event):
    assert admit("phone", event("conversation_started", direction="outbound")).touchpoint.direction == "outbound"


def test_a_kind_without_its_part_still_gives_the_part(admit, event):
    assert admit("chat", event("conversation_started")).touchpoint.conversations == (Conversation(action="started"),)
    refused = admit("phone", event("offer_refused", references={"offer": "OF1"})).touchpoint
    assert refused.offers == (Offer(id="OF1", action="refused"),)


def test_a_part_beside_a_kind_of_another_part_takes_its_documented_default(admit, event):
    touchpoint = admit("website", event("page_viewed", offer={"id": "OF1"}, promise={"what": "delivery"}, order={"status": "x"})).touchpoint
    assert touchpoint.offers[0].action == "shown"
    assert touchpoint.promises[0].action == "made"
    assert touchpoint.orders[0].action == ""
    assert touchpoint.pages[0].action == "page_viewed"


def test_a_stated_action_wins_over_the_kind(admit, event):
    touchpoint = admit("phone", event("conversation_ended", offer={"id": "OF1", "action": "acknowledged"})).touchpoint
    assert touchpoint.offers[0].action == "acknowledged"


def test_offer_and_reference_complete_each_other(admit, event):
    by_part = admit("website", event("offer_shown", offer={"id": "OF1"})).touchpoint
    by_reference = admit("website", event("offer_shown", references={"offer": "OF1"}, offer={"currency": "EUR"})).touchpoint
    assert by_part.references.offer == by_reference.offers[0].id == "OF1"


def test_an_offer_without_any_number_is_not_held(admit, event):
    touchpoint = admit("phone", event("offer_refused")).touchpoint
    assert (touchpoint.kind, touchpoint.offers) == ("offer_refused", ())


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ({"order": "O1", "case": "C1"}, "delivery|order:O1"),
        ({"case": "C1", "conversation": "K1"}, "delivery|case:C1"),
        ({"conversation": "K1"}, "delivery|conversation:K1"),
        ({}, "delivery|event:e1"),
    ],
)
def test_a_promise_without_a_number_is_one_per_what_and_reference(admit, event, references, expected):
    touchpoint = admit("store", event("promise_made", references=references, promise={"what": "delivery"})).touchpoint
    assert touchpoint.promises[0].id == expected


@pytest.mark.parametrize(
    ("zone", "end"),
    [("", "2026-03-30T00:00:00+00:00"), ("Europe/Amsterdam", "2026-03-30T00:00:00+02:00"), ("America/Lima", "2026-03-30T00:00:00-05:00")],
)
def test_a_promised_day_ends_in_its_zone(admit, event, zone, end):
    touchpoint = admit("store", event("promise_made", promise={"id": "P", "due_date": "2026-03-29", "zone": zone})).touchpoint
    assert touchpoint.promises[0].due_until == us(end)


def test_a_promised_time_counts_before_a_day(admit, event):
    promise = {"id": "P", "due_until": NOW, "due_date": "2026-03-29"}
    assert admit("store", event("promise_made", promise=promise)).touchpoint.promises[0].due_until == NOW


@pytest.mark.parametrize(
    ("references", "subject"),
    [
        ({"product": "P1", "order": "O1", "case": "C1"}, "case:C1"),
        ({"product": "P1", "order": "O1"}, "order:O1"),
        ({"product": "P1"}, "product:P1"),
    ],
)
def test_a_statement_is_about_the_most_specific_reference(admit, event, references, subject):
    touchpoint = admit("website", event("statement_made", references=references, statement={"attribute": "status"})).touchpoint
    assert touchpoint.statements[0].subject == subject


def test_what_is_not_said_is_empty(admit, event):
    touchpoint = admit(
        "store", event("conversation_ended", conversation={}, statement={"subject": "a:b", "attribute": "c"}, offer={"id": "1"})
    ).touchpoint
    assert touchpoint.conversations[0].outcome == touchpoint.conversations[0].to_channel == ""
    assert touchpoint.statements[0].price_kind == touchpoint.offers[0].reason == ""
    assert touchpoint.source == "store"


def test_amounts_are_ten_thousandths(admit, event):
    lines = [
        {"product": "P1", "amount": "-12.5"},
        {"product": "P2", "amount": 99999999999999.9999 - 0.9999},
        {"product": "P3", "amount": "0.0001"},
    ]
    order = admit("app", event("order_placed", order={"lines": lines, "amount": "12.50"})).touchpoint.orders[0]
    assert order.amount == 125_000
    assert [line.amount for line in order.lines] == [-125_000, 999_999_999_999_990_000, 1]


def test_no_end_in_another_systems_words_is_the_last_moment_of_the_tables(admit, event):
    offer = admit(
        "website", event("offer_shown", offer={"id": "1", "valid_until": "9999-12-31T00:00:00Z", "valid_from": "0001-01-01T00:00:00Z"})
    ).touchpoint.offers[0]
    assert (offer.valid_from, offer.valid_until) == (us("1900-01-01T00:00:00+00:00"), us("2299-12-31T23:59:59+00:00"))


def test_attributes_and_search_terms_pass_by_the_allow_list_only(admit, event):
    touchpoint = admit(
        "website", event("searched", web={"terms": "my illness"}, attributes={"language": "nl", "diary": "secret"})
    ).touchpoint
    assert touchpoint.attributes == {"language": "nl"}
    assert touchpoint.pages[0].terms == ""


def test_search_terms_pass_where_terms_is_allowed():
    from streams.channels.parts import web

    part = dict.fromkeys(("page", "form", "step", "code", "device"), "") | {"terms": "lamp", "blocking": False, "goal": False}
    assert web(part, "searched", frozenset({"terms"})).terms == "lamp"


def test_a_review_is_known_by_its_number_whichever_way_it_is_given(admit, event):
    by_part = admit("review", event("review_written", indirect={"review": "RV1", "score": 4})).touchpoint
    by_reference = admit("review", event("review_read", references={"content": "RV1"})).touchpoint
    read_on_a_page = admit("website", event("page_viewed", references={"content": "RV1"})).touchpoint
    assert by_part.indirects == (Indirect(action="review_written", review="RV1", score=4.0, best_score=5.0),)
    assert by_reference.indirects == (Indirect(action="review_read", review="RV1"),)
    assert {each.references.content for each in (by_part, by_reference, read_on_a_page)} == {"RV1"}


def test_content_that_is_no_review_is_none(admit, event):
    heard = admit("social", event("recommendation_heard", references={"content": "POST-9"})).touchpoint
    assert (heard.references.content, heard.indirects[0].review) == ("POST-9", "")


def test_what_is_searched_elsewhere_passes_by_the_allow_list_only(admit, event):
    touchpoint = admit("search", event("searched", indirect={"engine": "e", "terms": "my illness"})).touchpoint
    assert touchpoint.indirects == (Indirect(action="searched", engine="e"),)


def test_search_terms_elsewhere_pass_where_terms_is_allowed():
    from streams.channels.parts import indirect
    from streams.journeys.touchpoint import References

    said = dict.fromkeys(("review", "campaign", "creative", "site", "engine", "product"), "") | {"medium": "unknown", "terms": "lamp"}
    part = said | {"score": None, "best_score": 5.0}
    assert indirect(part, "searched", References(), frozenset({"terms"})).terms == "lamp"


def test_an_advertisement_shows_its_offer(admit, event):
    seen = event("advertisement_seen", indirect={"campaign": "spring", "creative": "B3", "medium": "outdoor"}, offer={"id": "OF1"})
    touchpoint = admit("advertisement", seen).touchpoint
    assert touchpoint.indirects == (Indirect(action="advertisement_seen", campaign="spring", creative="B3", medium="outdoor"),)
    assert touchpoint.offers == (Offer(id="OF1", action="shown"),)


def test_what_is_indirect_names_its_product_as_its_reference_where_it_says_no_other(admit, event):
    own = admit("review", event("review_read", references={"product": "P1"}, indirect={"product": "P2"})).touchpoint
    referred = admit("review", event("review_read", references={"product": "P1"}, indirect={})).touchpoint
    assert (own.indirects[0].product, referred.indirects[0].product) == ("P2", "P1")


def test_a_clock_that_runs_ahead_is_corrected(admit, event):
    ahead = 3_600_000_000
    late = event("page_viewed", occurred_at=NOW + ahead - 5, sent_at=NOW + ahead)
    touchpoint = admit("website", late).touchpoint
    assert (touchpoint.occurred_at, touchpoint.corrected_at) == (NOW + ahead - 5, NOW - 5)
    assert admit("website", late, replay="import-1").touchpoint.corrected_at == NOW + ahead - 5
    within = event("page_viewed", occurred_at=NOW, sent_at=NOW + 60_000_000)
    assert admit("website", within).touchpoint.corrected_at == NOW


def test_the_same_content_has_the_same_hash_and_another_one_has_not(admit, event, registry):
    first = admit("website", event("page_viewed")).touchpoint
    again = admit("website", event("page_viewed"), received_at=NOW + 5).touchpoint
    other = admit("website", event("page_viewed", session="s")).touchpoint
    assert first.content_hash == again.content_hash != other.content_hash
    assert 0 <= first.content_hash < 1 << 64
