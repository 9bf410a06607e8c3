"""Scores count each planted and each found finding once."""

import pytest

from streams.simulation import Found, Planted, score, simulate
from streams.simulation.truth import EITHER, RESOLVED, read, write


def pseudonym(number):
    return f"p-{number}"


def planted(rule="offer_unknown", subject="offer:O1", customer="1", status="open", also=()):
    return Planted(rule, subject, customer, ("E1", "E2"), 1, "a_story", status, also)


def found(rule="offer_unknown", subject="offer:O1", customer="p-1", status="open", evidence=()):
    return Found(rule, subject, customer, status, evidence)


def test_what_is_planted_and_found_scores_full_marks():
    result = score([planted()], [found()], pseudonym)["offer_unknown"]
    assert (result.planted, result.found, result.precision, result.recall) == (1, 1, 1.0, 1.0)
    assert result.missed == result.unexpected == result.other_status == ()


def test_a_miss_lowers_recall_and_is_named():
    result = score([planted(), planted(subject="offer:O2")], [found()], pseudonym)["offer_unknown"]
    assert (result.precision, result.recall) == (1.0, 0.5)
    assert [miss.subject for miss in result.missed] == ["offer:O2"]


@pytest.mark.parametrize("other", [found(subject="offer:O2"), found(customer="p-2"), found()])
def test_a_finding_of_another_subject_or_customer_or_twice_is_unexpected(other):
    result = score([planted()], [found(), other], pseudonym)["offer_unknown"]
    assert (result.precision, result.recall, result.unexpected) == (0.5, 1.0, (other,))


def test_a_rule_without_truth_is_scored_too():
    result = score([], [found(rule="case_reopened")], pseudonym)["case_reopened"]
    assert (result.planted, result.found, result.precision, result.recall) == (0, 1, 0.0, 1.0)


def test_findings_that_no_longer_hold_are_none():
    result = score([planted()], [found(status="retracted"), found(status="superseded")], pseudonym)["offer_unknown"]
    assert (result.found, result.recall) == (0, 0.0)


def test_a_subject_worded_otherwise_matches_by_a_founding_event():
    rows = [found(subject="order:7", evidence=("E9", "E2"))]
    assert score([planted()], rows, pseudonym)["offer_unknown"].recall == 1.0
    assert score([planted()], [found(subject="order:7", evidence=("E9",))], pseudonym)["offer_unknown"].recall == 0.0


def test_a_sure_match_goes_before_one_by_evidence():
    truth = [planted(), planted(subject="offer:O2")]
    rows = [found(subject="order:7", evidence=("E1",)), found()]
    assert score(truth, rows, pseudonym)["offer_unknown"].precision == 1.0


def test_a_weaker_finding_on_the_same_cause_must_not_stay_open():
    truth = [planted(also=("offer_unannounced",))]
    weaker = found(rule="offer_unannounced", status="resolved")
    assert "offer_unannounced" not in score(truth, [found(), weaker], pseudonym)
    still_open = found(rule="offer_unannounced")
    assert score(truth, [found(), still_open], pseudonym)["offer_unannounced"].unexpected == (still_open,)


def test_another_status_is_told_apart_from_a_miss():
    result = score([planted(status=RESOLVED)], [found()], pseudonym)["offer_unknown"]
    assert result.recall == 1.0
    assert [each.subject for each in result.other_status] == ["offer:O1"]
    assert score([planted(status=EITHER)], [found(status="resolved")], pseudonym)["offer_unknown"].other_status == ()


def test_the_whole_truth_scores_itself_in_full():
    truth = simulate(400, 1).truth
    rows = [found(each.rule, each.subject, pseudonym(each.customer), "open", each.founding) for each in truth]
    result = score(truth, rows, pseudonym)
    assert all((each.precision, each.recall) == (1.0, 1.0) for each in result.values())
    assert sum(each.planted for each in result.values()) == len(truth)


def test_truth_survives_its_file(tmp_path):
    truth = simulate(100, 5).truth
    write(tmp_path / "truth.jsonl", truth)
    assert tuple(read(tmp_path / "truth.jsonl")) == truth


def test_a_broken_truth_names_file_and_line(tmp_path):
    path = tmp_path / "truth.jsonl"
    write(path, simulate(100, 5).truth[:1])
    path.write_text(path.read_text() + '{"rule": "x"}\n')
    with pytest.raises(ValueError, match=r"truth\.jsonl, line 2 .*simulate"):
        list(read(path))
