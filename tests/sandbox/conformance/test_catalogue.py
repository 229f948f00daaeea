"""The catalogue, and how a case is judged: pure."""

from collections.abc import Mapping

import pytest

from ca.profiles import Purpose
from portal.handoff.ways import Format
from sandbox.conformance import catalogue, journeys, judging
from sandbox.conformance.catalogue import CASES, Case, Topic, Visit
from sandbox.conformance.judging import Outcome, Seen, Why
from sandbox.faults.catalogue import CATALOGUE
from sandbox.models import ConformanceTry


def test_there_are_more_than_forty_cases_to_reject_each_made_by_a_fault_or_a_visit() -> None:
    rejected = [case for case in CASES if not case.accepted]
    assert len(rejected) >= 40
    assert len({case.id for case in CASES}) == len(CASES)
    for case in rejected:
        assert case.faults or case.visit is not Visit.ANSWER, case.id
    # For whoever only authenticates, too.
    assert sum(Purpose.USER_AUTHENTICATION in case.purposes for case in rejected) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_case_is_in_two_languages_and_its_faults_can_do_it(case: Case) -> None:
    for text in (case.title, case.done, case.why):
        assert text.ja
        assert text.en
        assert text.ja != text.en
    for name in case.faults:
        fault = CATALOGUE[name]
        # Where the case is tried, the fault strikes.
        assert not fault.purposes or set(case.purposes) <= {Purpose(one) for one in fault.purposes}
        assert not fault.formats or set(case.formats) <= {Format(one) for one in fault.formats}


def named(name: str) -> Case:
    found = catalogue.find(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("case", "accepted", "hits", "asked_records", "outcome", "why"),
    [
        ("signature-wrong", False, {"f": 1}, False, Outcome.PASSED, Why.AS_IT_SHOULD),
        ("signature-wrong", True, {"f": 1}, False, Outcome.FAILED, Why.ACCEPTED),
        ("signature-wrong", True, {"f": 0}, False, Outcome.FAILED, Why.ACCEPTED),
        ("signature-wrong", False, {"f": 0}, False, Outcome.NOT_EXERCISED, Why.NEVER_MET),
        ("result-by-poll", False, {"f": 1, "g": 0}, False, Outcome.PASSED, Why.AS_IT_SHOULD),
        ("good-again", True, {}, False, Outcome.PASSED, Why.AS_IT_SHOULD),
        ("good-again", False, {}, False, Outcome.FAILED, Why.REJECTED),
        ("return-replayed", False, {}, False, Outcome.PASSED, Why.AS_IT_SHOULD),
        ("ocsp-stale", True, {"f": 0}, True, Outcome.NOT_APPLICABLE, Why.ASKS_RECORDS),
        ("ocsp-stale", True, {"f": 0}, False, Outcome.FAILED, Why.STATUS_NOT_ASKED),
        ("status-revoked", True, {"f": 0}, True, Outcome.FAILED, Why.STATUS_NOT_ASKED),
        ("status-revoked", True, {"f": 1}, False, Outcome.FAILED, Why.ACCEPTED),
    ],
)
def test_a_case_is_judged(
    case: str, accepted: bool, hits: Mapping[str, int], asked_records: bool, outcome: Outcome, why: Why
) -> None:
    assert judging.judge(named(case), Seen(accepted, hits, asked_records)) == (outcome, why)


def tries(**outcomes: str) -> list[ConformanceTry]:
    return [ConformanceTry(case=name.replace("_", "-"), outcome=outcome) for name, outcome in outcomes.items()]


def test_conformant_is_who_passed_all_and_accepted_something() -> None:
    good = judging.score(tries(good_again="passed", signature_wrong="passed", pdf_other="not_applicable"))
    assert (good["conformant"], good["percent"], good["of"]) == (True, 100.0, 2)
    for others in (
        tries(good_again="failed", signature_wrong="passed"),
        tries(good_again="not_exercised", signature_wrong="passed"),
        tries(signature_wrong="passed"),
        tries(good_again="passed", signature_wrong="failed"),
        tries(good_again="not_applicable"),
        [],
    ):
        assert not judging.score(others)["conformant"]


def test_the_digest_names_this_catalogue() -> None:
    assert catalogue.digest() == catalogue.digest()
    assert len(catalogue.digest()) == 64
    assert {case.topic for case in CASES} == set(Topic)


def test_a_form_is_sent_as_it_stands() -> None:
    form = journeys.form_of(
        """<form action="/search" method="get"><input name="q"></form>
        <form method="POST" action="/go?x=1"><input type="hidden" name="csrf" value="t&amp;u"><input name="empty">
        <input type="radio" name="way" value="qr"><input type="radio" name="way" value="browser" checked>
        <input type="checkbox" name="news" value="1"><input type="checkbox" name="terms" value="yes" required>
        <select name="branch"><option value="a">A<option value="b" selected>B</select><input name="no" disabled>
        <button name="do" value="start">Go</button><button type="button" name="not">No</button></form>
        <form method="post" action="/other"><input name="late"></form>"""
    )
    assert form is not None
    assert form.action == "/go?x=1"
    assert form.fields == {
        "csrf": "t&u", "empty": "", "way": "browser", "terms": "yes", "branch": "b", "do": "start"
    }  # fmt: skip
    assert journeys.form_of("<p>nothing</p>") is None
