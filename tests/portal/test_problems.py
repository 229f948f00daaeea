"""The catalogue of problems: every error that can reach an API has a row, in both languages."""

import inspect
from types import ModuleType

import pytest
from django.test import Client

import tsm.errors
import whitelist.errors
from ca import errors as ca_errors
from ca.status import Reason
from portal import api_errors, problems
from portal.accounts import errors as account_errors
from portal.certificates import errors as certificates_errors
from portal.console import errors as console_errors
from portal.handoff import errors as handoff_errors
from portal.handoff import sentences
from portal.helpdesk import errors as helpdesk_errors
from portal.mynaportal import errors as mynaportal_errors
from portal.notices import errors as notices_errors
from portal.phone.sentences import APPLICATION
from portal.providers import errors as provider_errors
from portal.review import errors as review_errors
from portal.screen_lock import errors as screen_lock_errors
from sandbox import errors as sandbox_errors
from sandbox.driver import errors as sandbox_driver_errors
from sandbox.faults import errors as sandbox_fault_errors
from tsm.transports import base as transport_errors
from whitelist.cases import errors as case_errors
from whitelist.review import errors as whitelist_review_errors

# Never reach an API: they stay between workers, elements and keys, or are bases of others.
INSIDE = {
    "sandbox_error", "account_error", "helpdesk_error", "console_error", "provider_error", "review_error",
    "ca_error", "tsm_error", "whitelist_error", "handoff_error", "notices_error", "mynaportal_error",
    "keys_unavailable", "key_not_found", "authorities_halted", "records_behind", "transcript_broken",
    "transcript_unavailable", "restore_refused",
    "no_authority", "generation_out_of_turn", "generation_still_signs", "cause_not_officers",
    "issuance_refused", "linkage_wrong", "public_key_unfit", "public_key_taken", "holder_unfit", "lint_failed",
    "order_refused", "order_malformed", "order_unfit", "possession_unproven", "order_taken", "holder_unknown",
    "holder_elsewhere", "order_too_soon",
    "request_key_taken", "issuance_in_progress", "crl_refused", "leg_failed", "leg_truncated", "key_proof_wrong",
    "read_back_differs", "tsm_master_key_missing", "transport_failed", "reader_not_found", "card_not_present",
    "screen_lock_error", "objection_error",
    "pcsc_unavailable", "element_not_fit", "load_file_refused", "token_refused", "receipt_wrong", "message_malformed",
}  # fmt: skip


def codes(module: ModuleType) -> set[str]:
    """Return the codes of all exceptions that a module defines."""
    classes = inspect.getmembers(module, lambda found: inspect.isclass(found) and issubclass(found, Exception))
    return {str(found.code) for _, found in classes if hasattr(found, "code")}


@pytest.mark.parametrize(
    "module",
    [
        ca_errors,
        tsm.errors,
        whitelist.errors,
        handoff_errors,
        transport_errors,
        account_errors,
        helpdesk_errors,
        console_errors,
        certificates_errors,
        screen_lock_errors,
        notices_errors,
        mynaportal_errors,
        review_errors,
        whitelist_review_errors,
        case_errors,
        provider_errors,
        sandbox_errors,
        sandbox_driver_errors,
        sandbox_fault_errors,
    ],
    ids=lambda module: module.__name__,
)
def test_every_code_has_a_row_or_stays_inside(module: ModuleType) -> None:
    assert codes(module), "a module of errors has codes"
    assert codes(module) <= problems.CATALOGUE.keys() | INSIDE
    assert not problems.CATALOGUE.keys() & INSIDE


def test_a_code_has_one_row_in_one_rooms_table() -> None:
    assert sum(map(len, problems.TABLES)) == len(problems.CATALOGUE)


@pytest.mark.parametrize("code", sorted(problems.CATALOGUE))
def test_a_row_says_cause_remedy_and_a_sentence_in_both_languages(code: str) -> None:
    row = problems.CATALOGUE[code]
    assert 400 <= row.status < 600
    assert row.cause
    assert row.remedy
    assert row.ja.endswith("。")
    assert row.en.endswith(".")
    assert row.en.isascii()


def test_every_reason_to_refuse_an_application_is_worded() -> None:
    # What a citizen could do nothing about is the general sentence's.
    # The last only where a CRL or an OCSP answer is handed in, which no application does.
    general = {Reason.CHAIN_BROKEN, Reason.UNKNOWN_CERTIFICATE, Reason.MALFORMED, Reason.REVOCATION_UNKNOWN}
    assert {str(reason) for reason in Reason} - {str(reason) for reason in general} == APPLICATION.keys()


def test_a_reason_words_the_answer() -> None:
    told = api_errors.body("application_refused", "", reasons=["on_hold"])["citizen"]
    assert "一時保留" in told["ja"]
    assert "on hold" in told["en"]
    refusal = next(iter(sentences.REFUSALS))
    assert api_errors.body("handoff_refused", "", reason=refusal)["citizen"]["ja"] == sentences.REFUSALS[refusal].ja


@pytest.mark.django_db
def test_a_problems_type_leads_to_its_page(client: Client) -> None:
    page = client.get("/problems/phone_in_use")
    assert page.status_code == 200
    assert problems.CATALOGUE["phone_in_use"].ja in page.content.decode()
    assert client.get("/problems/no_such").status_code == 404


@pytest.mark.django_db
def test_what_nobody_foresaw_is_a_problem_without_a_trace(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.handoff import trust

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(trust, "trust_list", broken)
    answer = client.get("/api/v1/trust")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert b"secret detail" not in answer.content
