"""Lint: each rule finds what it is there for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from ca import assembly, lint
from ca.errors import LintFailed
from ca.profiles import Life, Medium, Purpose
from tests.ca.test_structure import fixed_key, plan


def authority(purpose: Purpose) -> x509.Certificate:
    return assembly.authority_certificate(
        organisation="JPKI-TEST",
        purpose=purpose,
        public_key=fixed_key("authority"),
        serial_number=0x067C6A21,
        not_before=datetime(2023, 7, 15, 0, 50, 27, tzinfo=UTC),
    )


def right(purpose: Purpose = Purpose.SIGNATURE, medium: Medium = Medium.CARD) -> tuple[assembly.Plan, lint.Subject]:
    asked = replace(plan(purpose, medium), issuer=_issuer(purpose))
    card = assembly.end_entity(asked) if medium is Medium.PHONE else None
    return asked, subject(asked, assembly.end_entity(asked), card)


def _issuer(purpose: Purpose) -> assembly.Issuer:
    own = authority(purpose)
    identifier = own.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return assembly.Issuer(own.subject, identifier, own.serial_number)


def subject(asked: assembly.Plan, twin: x509.Certificate, card: x509.Certificate | None) -> lint.Subject:
    standard = lint.Standard(
        profile=asked.profile,
        policy=asked.policy,
        authority=authority(asked.profile.purpose),
        crl_point=assembly.crl_point_name(asked.organisation, asked.profile, "Tokyo-to", "Kiyose-shi"),
        responder_url=asked.responder_url,
    )
    return lint.Subject(
        tbs=twin.tbs_certificate_bytes,
        standard=standard,
        holder=asked.holder,
        serial_number=asked.serial_number,
        public_key=asked.public_key,
        card_certificate=card,
    )


def against(examined: lint.Subject, **changes: Any) -> lint.Subject:
    """Return the subject, held against another standard."""
    return replace(examined, standard=replace(examined.standard, **changes))


def assert_found(examined: lint.Subject, *rules: str) -> None:
    with pytest.raises(LintFailed) as raised:
        lint.examine(examined)
    assert {finding.split(":")[0].lstrip("_") for finding in raised.value.findings} == set(rules)


def test_octets_that_are_no_certificate_are_a_finding_not_an_exception() -> None:
    _, examined = right()
    for tbs in (b"", examined.tbs[:-1], examined.tbs + b"\0", examined.tbs[:4], examined.tbs * 2):
        assert_found(replace(examined, tbs=tbs), "structure")


@pytest.mark.parametrize("medium", Medium)
@pytest.mark.parametrize("purpose", Purpose)
def test_what_assembly_makes_passes(purpose: Purpose, medium: Medium) -> None:
    lint.examine(right(purpose, medium)[1])


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"serial_number": 5}, {"serial_number"}),
        ({"public_key": fixed_key("another")}, {"public_key"}),
    ],
)
def test_what_differs_from_the_request_is_found(change: dict[str, Any], rules: set[str]) -> None:
    _, examined = right(Purpose.USER_AUTHENTICATION)
    assert_found(replace(examined, **change), *rules)


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"policy": x509.ObjectIdentifier("1.2.3")}, {"policy"}),
        ({"responder_url": "http://elsewhere"}, {"responder"}),
        ({"crl_point": assembly.authority_name("JPKI-TEST", Purpose.SIGNATURE)}, {"crl_distribution_point"}),
        (
            {"authority": authority(Purpose.SIGNATURE)},
            {"issuer_is_authority", "authority_key_identifier"},
        ),
    ],
)
def test_what_differs_from_the_standard_is_found_although_the_same_octets_passed_against_another(
    change: dict[str, Any], rules: set[str]
) -> None:
    _, examined = right(Purpose.USER_AUTHENTICATION)
    lint.examine(examined)
    assert_found(against(examined, **change), *rules)


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"not_after": datetime(2028, 2, 17, 15, 0, 0, tzinfo=UTC)}, {"validity"}),
        ({"not_after": datetime(2034, 2, 17, 14, 59, 59, tzinfo=UTC)}, {"validity"}),
        ({"not_before": datetime(2023, 1, 1, tzinfo=UTC)}, {"validity"}),
        ({"pseudonym": "997794E9AGCIEK"}, {"subject"}),
        ({"pseudonym": "997794E9AGCIE"}, {"subject"}),
    ],
)
def test_what_differs_from_the_profile_is_found(change: dict[str, Any], rules: set[str]) -> None:
    asked, _ = right(Purpose.USER_AUTHENTICATION)
    changed = replace(asked, **change)
    assert_found(subject(asked, assembly.end_entity(changed), None), *rules)


def test_a_phone_certificate_that_ends_a_second_off_its_card_certificate_is_found() -> None:
    asked, examined = right(Purpose.SIGNATURE, Medium.PHONE)
    assert asked.profile.life is Life.LINKED_CERTIFICATE
    late = assembly.end_entity(replace(asked, not_after=asked.not_after + timedelta(seconds=1)))
    assert_found(replace(examined, tbs=late.tbs_certificate_bytes), "validity")
    assert_found(replace(examined, card_certificate=None), "validity")


def rebuilt(examined: lint.Subject, **changes: Any) -> lint.Subject:
    """Return the subject with its twin built anew, some of it otherwise."""
    own = examined.twin
    builder = (
        x509.CertificateBuilder()
        .issuer_name(changes.get("issuer", own.issuer))
        .subject_name(changes.get("subject", own.subject))
        .serial_number(own.serial_number)
        .not_valid_before(own.not_valid_before_utc)
        .not_valid_after(own.not_valid_after_utc)
        .public_key(changes.get("key", own.public_key()))
    )
    extensions: list[x509.Extension[Any]] = changes.get("extensions", list(own.extensions))
    for extension in extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    twin = builder.sign(assembly.throw_away_key(), changes.get("digest", hashes.SHA256()))
    return replace(examined, tbs=twin.tbs_certificate_bytes)


def test_another_order_and_criticality_and_absence_of_extensions_are_found() -> None:
    _, examined = right(Purpose.USER_AUTHENTICATION)
    extensions = list(examined.twin.extensions)
    assert_found(rebuilt(examined, extensions=extensions[::-1]), "extensions")
    foreign = x509.Extension(x509.OCSPNoCheck.oid, False, x509.OCSPNoCheck())
    loose = [x509.Extension(e.oid, False, e.value) for e in extensions]
    assert_found(rebuilt(examined, extensions=loose), "extensions")
    assert_found(
        rebuilt(examined, extensions=[foreign]),
        "extensions",
        "key_usage",
        "extended_key_usage",
        "policy",
        "issuer_alternative_name",
        "crl_distribution_point",
        "responder",
        "authority_key_identifier",
        "subject_key_identifier",
    )


def test_another_digest_and_a_printable_name_are_found() -> None:
    _, examined = right()
    assert_found(rebuilt(examined, digest=hashes.SHA384()), "version_and_algorithm")
    from cryptography.x509.name import _ASN1Type

    printable = x509.Name(
        [
            x509.NameAttribute(a.oid, str(a.value), _ASN1Type.PrintableString) if a.oid == NameOID.LOCALITY_NAME else a
            for a in examined.twin.subject
        ]
    )
    assert_found(rebuilt(examined, subject=printable), "subject")
    short = x509.Name([a for a in examined.twin.subject if a.oid != NameOID.LOCALITY_NAME])
    assert_found(rebuilt(examined, subject=short), "subject")


def test_the_authoritys_own_key_is_found() -> None:
    _, examined = right()
    assert_found(
        rebuilt(examined, key=examined.standard.authority.public_key()), "public_key", "subject_key_identifier"
    )


def with_names(examined: lint.Subject, names: list[x509.GeneralName]) -> lint.Subject:
    extensions: list[Any] = [
        x509.Extension(e.oid, e.critical, x509.SubjectAlternativeName(names))
        if isinstance(e.value, x509.SubjectAlternativeName)
        else e
        for e in examined.twin.extensions
    ]
    return rebuilt(examined, extensions=extensions)


def test_names_of_the_holder_in_another_order_or_coding_are_found() -> None:
    _, examined = right()
    names = list(examined.twin.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    assert_found(with_names(examined, names[::-1]), "holder_names")
    assert_found(with_names(examined, names[:5]), "holder_names")
    name = names[0]
    assert isinstance(name, x509.OtherName)
    for value in (b"\x13\x01A", b"\x0c\x00"):
        assert_found(with_names(examined, [x509.OtherName(name.type_id, value), *names[1:]]), "holder_names")


def test_names_of_the_holder_in_a_profile_without_them_are_found() -> None:
    _, examined = right(Purpose.USER_AUTHENTICATION)
    _, named = right(Purpose.SIGNATURE)
    alternative = named.twin.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    extensions = [*examined.twin.extensions, alternative]
    assert_found(rebuilt(examined, extensions=extensions), "extensions", "holder_names")


def test_names_of_the_holder_that_are_critical_are_found_although_the_same_shape_passed() -> None:
    _, examined = right()
    lint.examine(examined)
    critical: list[Any] = [
        x509.Extension(e.oid, True, e.value) if isinstance(e.value, x509.SubjectAlternativeName) else e
        for e in examined.twin.extensions
    ]
    assert_found(rebuilt(examined, extensions=critical), "extensions")


def test_what_breaks_a_rule_of_the_shape_is_found_each_time_and_never_taken_for_seen() -> None:
    _, examined = right()
    loose = [x509.Extension(e.oid, False, e.value) for e in examined.twin.extensions]
    wrong = rebuilt(examined, extensions=loose)
    for _ in range(2):
        assert_found(wrong, "extensions")
    assert not wrong.standard.seen


def test_names_that_cannot_be_read_are_a_finding_not_an_exception() -> None:
    _, examined = right()
    tbs = bytearray(examined.twin.tbs_certificate_bytes)
    at = tbs.index(bytes.fromhex("0603551d11"))  # subjectAltName
    tbs[at + 12 : at + 14] = b"\xff\xff"  # inside its first name
    with pytest.raises(LintFailed, match="_holder_names: unreadable"):
        lint.examine(replace(examined, tbs=bytes(tbs)))
