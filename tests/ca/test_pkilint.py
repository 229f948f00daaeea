"""pkilint over everything that the authorities sign: only the accepted findings, each of them, and when it is asked."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import override_settings

from ca import ceremony, clock, crl, issuance, lint, revocation
from ca.errors import LintFailed
from ca.issuance import kinds, steps
from ca.lint import pkix, sampling
from ca.lint.accepted import ACCEPTED, Kind
from ca.models import Generation, Holder, Issuance, JournalEntry, PkilintPass, Realm, ResponderKey
from ca.profiles import PROFILES, Medium, Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone, make_holder
from tests.ca.test_issuance import WorkerKilled, ask, kill_at, refused
from tests.ca.test_lint import authority, rebuilt, right
from tests.ca.test_ocsp import http, path_of, question, several


def everything_signed(realm: Realm) -> Iterator[tuple[Kind, bytes]]:
    """Yield one of each kind of what the authorities sign: four profiles, CRLs and OCSP answers in every status."""
    certificates = issue_all_four(make_holder(realm))
    for certificate in certificates:
        yield Kind.END_ENTITY, bytes(certificate.der)
    for purpose in Purpose:
        yield Kind.AUTHORITY_TWIN, authority(purpose).public_bytes(Encoding.DER)
    for generation in Generation.objects.filter(authority__realm=realm):
        yield Kind.AUTHORITY, bytes(generation.certificate)
    for key in ResponderKey.objects.filter(generation__authority__realm=realm):
        yield Kind.RESPONDER, bytes(key.certificate)
    yield Kind.CRL, bytes(crl.publish(certificates[0].partition).der)  # empty
    answers = [question(certificate) for certificate in certificates]
    yield Kind.OCSP, http("POST", path_of(certificates[0]), answers[0])[2]
    yield Kind.OCSP, http("POST", path_of(certificates[0], "phone"), answers[0])[2]  # unknown
    yield Kind.OCSP, http("POST", path_of(certificates[0]), question(certificates[0], nonce=b"n" * 32))[2]
    now = clock.now(realm)
    revocation.hold(certificates[0], cause=Cause.LOSS, now=now)
    revocation.revoke(certificates[1], cause=Cause.KEY_COMPROMISE, now=now)
    revocation.revoke(certificates[2], cause=Cause.NOT_DELIVERED, now=now)
    for number, certificate in enumerate(certificates):
        yield Kind.CRL, bytes(crl.publish(certificate.partition).der)
        yield Kind.OCSP, http("POST", path_of(certificate), answers[number])[2]
    yield Kind.OCSP, http("POST", path_of(certificates[0]), several(answers[0], answers[2]))[2]


def test_pkilint_finds_the_accepted_in_what_is_signed_and_nothing_else(realm: Realm) -> None:
    found: set[tuple[Kind, str]] = set()
    for kind, der in everything_signed(realm):
        assert [str(finding) for finding in pkix.unexpected(kind, der)] == [], kind
        found |= {(kind, finding.code) for finding in pkix.findings(kind, der)}
    assert found == {(kind, accepted.code) for accepted in ACCEPTED for kind in accepted.kinds}


def test_every_accepted_finding_is_listed_once_with_its_reason() -> None:
    assert len({accepted.code for accepted in ACCEPTED}) == len(ACCEPTED)
    assert all(len(accepted.reason) > 40 for accepted in ACCEPTED)


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("http://localhost:8001/ocsp/test/signature/card", True),
        ("http://ocsp.example.jp/ocsp", True),
        ("http://local host/ocsp", False),
        ("http://a..b/ocsp", False),
        ("not a url", False),
    ],
)
def test_only_a_host_without_a_dot_is_accepted_as_uri(url: str, accepted: bool) -> None:
    _, examined = right(Purpose.USER_AUTHENTICATION)
    extensions: list[Any] = [
        x509.Extension(
            e.oid,
            e.critical,
            x509.AuthorityInformationAccess(
                [x509.AccessDescription(e.value[0].access_method, x509.UniformResourceIdentifier(url))]
            ),
        )
        if isinstance(e.value, x509.AuthorityInformationAccess)
        else e
        for e in examined.twin.extensions
    ]
    twin = rebuilt(examined, extensions=extensions).twin
    assert (pkix.errors(Kind.END_ENTITY, twin.public_bytes(Encoding.DER)) == []) is accepted


def test_what_cannot_be_read_is_an_error_not_an_exception() -> None:
    for kind in Kind:
        for octets in (b"", b"no DER", b"\x30\x03\x02\x01\x05"):
            assert pkix.errors(kind, octets), (kind, octets)


# --- In issuing
def pkilinted(realm: Realm) -> list[bool]:
    entries = JournalEntry.objects.filter(realm=realm, kind="issuance.intended").order_by("sequence")
    return [entry.data["pkilinted"] for entry in entries]


@override_settings(CA_PKILINT_SHARE=0)
def test_the_first_of_each_profile_is_read_and_the_journal_shows_it(realm: Realm) -> None:
    issue_all_four(make_holder(realm))
    assert pkilinted(realm) == [True] * len(PROFILES)
    issue_card(make_holder(realm), key=2)
    assert pkilinted(realm)[-1] is False


@override_settings(CA_PKILINT_SHARE=0)
def test_another_setting_or_generation_is_read_again(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    issue_phone(card, pending=True)
    issue_phone(card, key=11, pending=True)
    with override_settings(CA_PHONE_POLICY_OIDS={"signature": "1.2.392.200149.8.5.1.1.40"}):
        issue_phone(card, key=12, pending=True)
        issue_phone(card, key=13, pending=True)
    with override_settings(RESPONDER_URL="http://ocsp.example.jp"):
        issue_card(make_holder(realm), Purpose.USER_AUTHENTICATION, key=3)
        issue_card(make_holder(realm), Purpose.USER_AUTHENTICATION, key=6)
        issue_card(make_holder(realm), key=7)  # the OCSP URL does not stand in it
    ceremony._create_generation(issuance.newest_generation(realm, Purpose.SIGNATURE).authority, 2)
    issue_card(make_holder(realm), key=4)
    issue_card(make_holder(realm), key=5)
    assert pkilinted(realm) == [True, True, False, True, False, True, False, False, True, False]


@pytest.mark.parametrize(("share", "read"), [(0, False), (1, True)])
def test_of_the_others_the_share_of_the_setting_is_read(realm: Realm, share: float, read: bool) -> None:
    with override_settings(CA_PKILINT_SHARE=share):
        issue_card(make_holder(realm))
        issue_card(make_holder(realm), key=1)
    assert pkilinted(realm)[-1] is read


@override_settings(CA_PKILINT_SHARE=0)
def test_what_passed_is_known_to_every_worker_of_the_same_pkilint_and_to_no_other(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issue_card(make_holder(realm))
    stored = PkilintPass.objects.get()
    assert (stored.generation, stored.serial_number) == (card.generation, card.serial_number)
    assert lint.Passed.of([card.generation]).has(stored.shape)
    monkeypatch.setattr(sampling, "pkilint_version", lambda: "another")
    issue_card(make_holder(realm), key=1)
    assert pkilinted(realm) == [True, True]


@override_settings(CA_PKILINT_SHARE=0)
def test_what_no_intent_was_recorded_of_is_not_stored_as_passed(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ask(make_holder(realm))
    with monkeypatch.context() as patch:
        kill_at(patch, steps, "record_intents")
        with pytest.raises(WorkerKilled):
            issuance.issue(row.pk)
    assert not PkilintPass.objects.exists()


def test_the_share_is_chosen_by_serial_number_and_as_large_as_asked() -> None:
    chosen = [number for number in range(1, 20_001) if sampling.in_share(number, 0.05)]
    assert chosen == [number for number in range(1, 20_001) if sampling.in_share(number, 0.05)]
    assert 900 < len(chosen) < 1100
    assert set(chosen) >= {number for number in range(1, 20_001) if sampling.in_share(number, 0.01)}


@contextmanager
def wrong_policy_uri() -> Iterator[None]:
    """Put a mistake into the table that assembly and our own rules read: only an independent linter sees it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ca.profiles.CPS_URI", "no uri at all")
        kinds._kind.cache_clear()  # what was assembled before
        yield
    kinds._kind.cache_clear()


def test_an_error_of_pkilint_stops_the_signature_and_names_the_rule(realm: Realm, holder: Holder) -> None:
    row = ask(holder)
    with wrong_policy_uri():
        row = refused(row, LintFailed)
    assert row.error_detail.startswith("pkilint pkix.invalid_uri_syntax")
    assert not row.tbs
    entry = JournalEntry.objects.filter(realm=realm).order_by("sequence").last()
    assert entry is not None
    assert (entry.kind, entry.data["code"]) == ("issuance.refused", "lint_failed")
    assert "pkix.invalid_uri_syntax" in entry.data["detail"]
    assert not JournalEntry.objects.filter(realm=realm, kind="issuance.intended").exists()
    # What failed is not taken for seen: the next one is read again.
    issue_card(make_holder(realm), key=1)
    assert pkilinted(realm) == [True]


def test_a_ceremony_does_not_sign_what_pkilint_finds_wrong(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    authority_row = issuance.newest_generation(realm, Purpose.SIGNATURE).authority
    # RFC 5280 4.2.1.9: only who may sign certificates is a CA.
    monkeypatch.setattr("ca.profiles.AUTHORITY_KEY_USAGE", ("crl_sign",))
    with pytest.raises(LintFailed, match="pkilint pkix"):
        ceremony._create_generation(authority_row, 2)
    assert authority_row.generations.count() == 1
    assert Issuance.objects.count() == 0


def test_own_rules_read_every_certificate_whatever_the_share() -> None:
    _, examined = right(Purpose.SIGNATURE, Medium.CARD)
    with override_settings(CA_PKILINT_SHARE=0), pytest.raises(LintFailed, match="_serial_number"):
        lint.examine(rebuilt_serial(examined))


def rebuilt_serial(examined: lint.Subject) -> lint.Subject:
    from dataclasses import replace

    return replace(examined, serial_number=examined.serial_number + 1)


def test_no_process_but_the_one_that_lints_loads_pkilint() -> None:
    program = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup(); "
        "import ca.issuance, ca.ceremony, ca.tasks, ca.responder, portal.urls; assert 'pkilint' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
